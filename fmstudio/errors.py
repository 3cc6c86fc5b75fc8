"""Errors meant for the person at the screen."""


class StudioError(Exception):
    """Something a person can act on.

    The message is one sentence that names the thing, what is wrong with it and what to do. Whoever shows it (window,
    command line) shows that sentence and no traceback.
    """
