"""Datasets of text: documents, statistics, cleaning, tokens."""
