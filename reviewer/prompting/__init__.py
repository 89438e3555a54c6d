"""Prompt files become requests; a model's text becomes answers, strictly. Pure."""
