"""What a chart is, and the readers and writers of every chart format. No torch here."""
