"""Cassettes: the answers of a run with models, kept in a file and given again without any."""
