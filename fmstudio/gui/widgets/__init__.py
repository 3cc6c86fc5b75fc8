"""Reusable parts of panels. Each knows its data and the theme, none knows a panel or the engine."""
