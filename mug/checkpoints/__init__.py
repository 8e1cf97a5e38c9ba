"""Trained models on disk: model folders, their cards, export."""
