"""Persona Reviewer: reviews a change with the personas that fit it, and says why."""

__version__ = "0.1.0"
