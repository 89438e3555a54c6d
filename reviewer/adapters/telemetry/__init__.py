"""Spans for whoever watches; the only place that knows OpenTelemetry."""
