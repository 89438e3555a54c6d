"""Changes out of git repositories and patches; the only place that starts git."""
