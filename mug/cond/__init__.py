"""What conditions the denoiser: the audio encoders and the prompt embedder."""
