"""The built-in corpus: a city of sounds, synthesized from a seed."""
