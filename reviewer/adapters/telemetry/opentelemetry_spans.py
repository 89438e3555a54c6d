"""Spans through OpenTelemetry's API, which whoever runs the program connects, or nobody.

Without an SDK that somebody configured (``opentelemetry-instrument reviewer review``) the API
itself does nothing. Messages of errors stay out: they may hold words of a change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace

from reviewer import __version__
from reviewer.ports.telemetry import Attribute, Span


class _Watched:
    """A span of OpenTelemetry's."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def describe(self, attributes: Mapping[str, Attribute]) -> None:
        """Add what became known while the work was done."""
        self._span.set_attributes(dict(attributes))


class OpenTelemetrySpans:
    """Opens spans; implements `reviewer.ports.telemetry.Telemetry`.

    Args:
        tracer: Who makes spans; by default the program's own of the configured provider.
    """

    def __init__(self, tracer: trace.Tracer | None = None) -> None:
        self._tracer = tracer or trace.get_tracer("reviewer", __version__)

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, Attribute]) -> Iterator[Span]:
        """Open a span; it ends with the block, failed if the block raises.

        Args:
            name: What is done: ``chat claude-sonnet-5-5``.
            attributes: What is known already; never content.
        """
        with self._tracer.start_as_current_span(
            name,
            kind=trace.SpanKind.CLIENT,
            attributes=dict(attributes),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield _Watched(span)
            except BaseException as error:
                span.set_status(trace.StatusCode.ERROR)
                span.set_attribute("error.type", type(error).__name__)
                raise
