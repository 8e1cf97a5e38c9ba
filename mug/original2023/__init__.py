"""The checkpoints of the original 2023 program: reading them, and writing ours for it."""
