"""A Songs folder as a training set: beatmap.txt and features.db."""
