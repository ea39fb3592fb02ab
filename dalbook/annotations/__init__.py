"""Tables of what is where in recordings: merged, onto segments, and in the formats of other programs."""
