"""From labels to a table of what is where in the recordings: train, validate, save, predict, and the object for it."""
