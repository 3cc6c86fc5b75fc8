"""Pre-training and continued pre-training: the one loop, its settings, checkpoints and jobs."""
