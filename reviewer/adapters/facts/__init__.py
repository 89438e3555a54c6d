"""Facts about a change, run by the names that persona files use."""
