"""Trained models on disk: reading checkpoints and model folders, writing model folders and their cards."""
