"""Choosing a model: what there is, its row, loading and linking."""
