"""What can go wrong with a model to talk to, as one sentence each."""

from fmstudio.errors import StudioError


class ModelError(StudioError):
    """A model that cannot be opened or run as asked."""
