"""How a GAN learns, what it draws, and walks through its latent space."""
