"""The laboratory of GANs and VAEs."""
