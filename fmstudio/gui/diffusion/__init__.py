"""The diffusion laboratory: forward, reverse, editing, between two pictures."""
