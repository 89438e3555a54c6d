"""Logs: JSON lines on the standard error stream; the only place that knows structlog."""
