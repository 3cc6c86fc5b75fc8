"""Curves on axes: live, hovered, zoomed and saved."""
