"""The first stage: note arrays to latents and back."""
