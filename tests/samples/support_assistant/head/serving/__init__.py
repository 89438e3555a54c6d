"""Serves the assistant."""
