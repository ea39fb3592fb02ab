"""How fast the engine is, and what a full experiment costs."""
