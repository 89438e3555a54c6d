"""Structural patterns as data, run by ast-grep; the only folder that imports it."""
