"""Ratings of a chart: stars, long notes, Etterna's skillsets."""
