"""MuG: latent-diffusion generation of osu!mania charts from music."""
