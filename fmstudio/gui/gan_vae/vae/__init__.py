"""What a VAE keeps of a picture: reconstructions, latents, the map, the prior."""
