"""The models of the workspace: what there is, where each comes from, and what can be done with it."""
