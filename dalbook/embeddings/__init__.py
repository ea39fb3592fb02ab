"""From a clip to a vector: the embedders, their cache, and the files they are kept in."""
