"""The secret scanner: no program, only patterns of our own."""
