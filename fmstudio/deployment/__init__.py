"""Exports for other programs, each with the proof that it works there."""
