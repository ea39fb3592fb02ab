"""Clips with ids, labels, folds and sound: toy-city, UrbanSound8K, a folder of recordings."""
