"""Note placement: the model that predicts where a chart has notes, given song and prompt, and its training."""
