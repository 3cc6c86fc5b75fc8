"""Texts that end where certain strings begin, however the strings are spread over the pieces that a text comes in."""

from collections.abc import Iterator, Sequence


def until_stop(pieces: Iterator[str], stops: Sequence[str]) -> Iterator[str]:
    """The pieces up to the first stop string, which is not shown; one out for each in, and what was held back at last.

    Text is held back as long as a stop string may begin with it. The pieces after a stop string are never asked for.
    """
    held = ""
    for piece in pieces:
        shown, held, stopped = release(held + piece, stops)
        yield shown
        if stopped:
            return
    if held:
        yield held


def release(text: str, stops: Sequence[str]) -> tuple[str, str, bool]:
    """What of a growing text can be shown, what must wait because a stop string may begin there, and whether one came.

    Of several stop strings the one that begins first counts; nothing from there on is shown.
    """
    found = [place for place in (text.find(stop) for stop in stops) if place >= 0]
    if found:
        return text[: min(found)], "", True
    waiting = max((_begun(text, stop) for stop in stops), default=0)
    return text[: len(text) - waiting], text[len(text) - waiting :], False


def _begun(text: str, stop: str) -> int:
    """How many letters at the end of the text may be the beginning of the stop string."""
    longest = min(len(stop) - 1, len(text))
    return next((length for length in range(longest, 0, -1) if text.endswith(stop[:length])), 0)
