"""Readers: one module a family of file formats, each imported when the first file of its kind is met."""
