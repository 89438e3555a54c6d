"""Fakes and builders that ship, so that others can test against the same ports."""
