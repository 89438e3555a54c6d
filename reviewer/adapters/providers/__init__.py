"""Model providers, one wire format to a module: each sends a request once, reads strictly."""
