"""Stage 6: what people thought of outputs, kept for the next round."""
