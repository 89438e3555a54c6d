"""Trains the assistant that drafts answers to support mail."""
