"""Songs with charts, composed from a seed: nobody owns them, so models can be trained on them freely."""
