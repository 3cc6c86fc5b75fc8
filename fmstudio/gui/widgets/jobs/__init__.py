"""Asking the engine, and a job in one line."""
