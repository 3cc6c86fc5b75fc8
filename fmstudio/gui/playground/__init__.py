"""Playground: talk to a model, and see what it does."""
