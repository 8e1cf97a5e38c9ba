"""Conditioning of the denoiser: audio encoders and the prompt embedder."""
