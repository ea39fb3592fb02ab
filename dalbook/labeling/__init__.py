"""The labeler: label sounds by ear while the model picks the next clip."""
