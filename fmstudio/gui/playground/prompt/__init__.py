"""Prompts with variables and examples, kept in versions."""
