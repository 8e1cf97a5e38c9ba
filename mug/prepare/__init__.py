"""Turns a Songs folder into a training set: beatmap.txt and features.db."""
