"""Trains the classifier that sorts support mail."""
