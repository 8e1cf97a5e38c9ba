"""Layers that the networks share: blocks, attention, S4."""
