"""Where a chart has notes, given the song and the prompt: the model that says it, and its training."""
