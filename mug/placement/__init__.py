"""Note placement: predicts where a chart has notes, given song and prompt; and a prior of chart density."""
