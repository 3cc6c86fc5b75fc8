"""A prompt over the rows of a table."""
