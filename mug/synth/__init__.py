"""Music with charts that belongs to nobody, composed and charted from a seed: what models can be trained on freely."""
