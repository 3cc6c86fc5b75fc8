"""Feedback: the log of outputs and what people said of them."""
