"""What a chart is, and every text format that charts are read from and written to. No torch here."""
