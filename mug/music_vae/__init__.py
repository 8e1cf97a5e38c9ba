"""MusicVAE: short clips of drums to one latent vector and back."""
