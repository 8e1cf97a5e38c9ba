"""Musical time from audio: a network that hears beats, downbeats and tempo."""
