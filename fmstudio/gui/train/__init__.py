"""Train: a run from its settings to its model."""
