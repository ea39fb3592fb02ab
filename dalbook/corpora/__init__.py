"""Clips with ids, labels, folds, recordings and sound: toy-city, UrbanSound8K, a folder of recordings."""
