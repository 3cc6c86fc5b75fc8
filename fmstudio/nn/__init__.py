"""Layers and optimisers that model families share."""
