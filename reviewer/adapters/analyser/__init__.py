"""The analyser in a child process: it holds a model's key and no token (security.md S2)."""
