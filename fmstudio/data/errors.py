"""What can be wrong with data, told apart by whose fault it is: one file's, or the whole request's."""

from fmstudio.errors import StudioError


class DataError(StudioError):
    """Data that cannot be used as asked."""


class Refused(Exception):  # noqa: N818 - an answer about one file, not an error of the job
    """One file that cannot be imported. The message is the reason, as the end of a sentence that names the file."""
