"""How charts are made, in figures: what returns, columns, hands, chords, long notes, density, spreads."""
