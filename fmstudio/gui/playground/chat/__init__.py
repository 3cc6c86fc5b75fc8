"""A conversation with a model, and texts that it completes."""
