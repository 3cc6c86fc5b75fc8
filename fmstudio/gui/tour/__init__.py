"""A tour of the real window through the whole life cycle, with pictures."""
