"""Pages of the built book in which a model learns, without a kernel."""
