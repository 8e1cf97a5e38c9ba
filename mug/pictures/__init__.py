"""Charts and statistics as pictures."""
