"""Linters as separate programs that only parse: found by package, fed in private, limited."""
