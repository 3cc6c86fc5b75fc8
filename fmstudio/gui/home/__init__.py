"""Home: the life of a model, what this workspace has of it, and the next step."""
