"""What a model sees: tokens, attention, layers, embeddings."""
