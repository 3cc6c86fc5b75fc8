"""Datasets to fine-tune on: their rows as a model reads them, and what training would find in them."""
