"""MuG: latent-diffusion generation of osu!mania charts from music."""

__version__ = "0.1.0"
