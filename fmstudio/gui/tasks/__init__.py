"""Many tasks, one model: an adapter for each task, and who can do what."""
