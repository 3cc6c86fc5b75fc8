"""Data: what a model learns from, brought in, looked at, cleaned and joined."""
