"""Diffusion of log-mel spectrograms: music in a style, without charts."""
