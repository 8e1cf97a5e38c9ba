"""Etterna's skillset ratings (MSD): an estimate, or the calculator itself. See docs/msd.md."""
