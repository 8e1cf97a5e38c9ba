"""MusicVAE: short clips of steps, such as drums or the notes of a chart, to one latent vector and back."""
