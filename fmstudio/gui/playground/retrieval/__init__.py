"""Answers from documents, with their sources."""
