"""Symbolic music: MIDI, piano rolls, drum grids, prepared pieces; no networks."""
