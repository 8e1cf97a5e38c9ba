"""How hard a chart is, and of what kind: stars, long notes, Etterna's skillsets."""
