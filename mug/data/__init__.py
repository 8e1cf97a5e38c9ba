"""Training items: audio, note arrays, datasets, latents, shards. No networks here."""
