"""Conversion of checkpoints from and to the original 2023 program."""
