"""Clips with ids, labels, folds, recordings and sound: toy-city, UrbanSound8K, ESC-50, a folder of recordings."""
