"""The first stage: note planes to latents and back."""
