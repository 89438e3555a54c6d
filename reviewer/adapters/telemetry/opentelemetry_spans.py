"""Spans through OpenTelemetry's API, which whoever runs the program connects, or nobody.

Without an SDK that somebody configured (``opentelemetry-instrument reviewer review``, or the
service's ``otlp_endpoint``) the API itself does nothing. Messages of errors stay out: they may hold
words of a change. What attributes say is redacted and cut all the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry import trace
from opentelemetry.context import Context

from reviewer import __version__
from reviewer.domain.redactor import redact
from reviewer.ports.telemetry import Attribute, Span

#: Names, ids and short reasons; nothing else has a place in an attribute.
LONGEST_ATTRIBUTE = 200

_TRACE_ID_BYTES = 16
#: What the trace that begins now is known by.
_KEY: ContextVar[str] = ContextVar("trace_key", default="")


class _Watched:
    """A span of OpenTelemetry's."""

    def __init__(self, span: trace.Span, secrets: Sequence[str]) -> None:
        self._span = span
        self._secrets = secrets
        self.error_told = False

    def describe(self, attributes: Mapping[str, Attribute]) -> None:
        """Add what became known while the work was done."""
        self.error_told = self.error_told or "error.type" in attributes
        self._span.set_attributes(_cleaned(attributes, self._secrets))


class OpenTelemetrySpans:
    """Opens spans and traces; implements `reviewer.ports.telemetry.Tracing`.

    Args:
        tracer: Who makes spans; by default the program's own of the configured provider.
        inside: Whether spans are of work inside this process and not of calls of others.
        secrets: Values that no attribute shows, in any form.
    """

    def __init__(
        self,
        tracer: trace.Tracer | None = None,
        *,
        inside: bool = False,
        secrets: Sequence[str] = (),
    ) -> None:
        self._tracer = tracer or trace.get_tracer("reviewer", __version__)
        self._kind = trace.SpanKind.INTERNAL if inside else trace.SpanKind.CLIENT
        self._secrets = tuple(secrets)

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, Attribute]) -> Iterator[Span]:
        """Open a span; it ends with the block, failed if the block raises.

        Args:
            name: What is done: ``chat claude-sonnet-5-5``.
            attributes: What is known already; never content.
        """
        started = self._tracer.start_span(
            name, kind=self._kind, attributes=_cleaned(attributes, self._secrets)
        )
        with _watching(started, self._secrets) as watched:
            yield watched

    @contextmanager
    def trace(self, name: str, attributes: Mapping[str, Attribute], *, key: str) -> Iterator[Span]:
        """Open the root of a trace, whatever is under way around it.

        Args:
            name: What is done.
            attributes: What is known already; never content.
            key: Names the piece of work. The trace's id follows from it where the provider is
                that of `adapters.telemetry.otlp`, so that a run that is begun again, here or in
                another process, is one trace.
        """
        token = _KEY.set(key)
        try:
            started = self._tracer.start_span(
                name,
                context=Context(),
                kind=self._kind,
                attributes=_cleaned(attributes, self._secrets),
            )
        finally:
            _KEY.reset(token)
        with _watching(started, self._secrets) as watched:
            yield watched


def wanted_trace_id() -> int | None:
    """Return the id that the trace which begins now is to have; None for any."""
    key = _KEY.get()
    if not key:
        return None
    # An id of zeros is none: https://www.w3.org/TR/trace-context/#trace-id
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:_TRACE_ID_BYTES], "big") or 1


def current_trace_id() -> str:
    """Return the id of the trace that is under way, in hexadecimal; empty for none."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else ""


@contextmanager
def _watching(started: trace.Span, secrets: Sequence[str]) -> Iterator[_Watched]:
    """Let a span be the current one for the time of the block, and end it."""
    with trace.use_span(
        started, end_on_exit=True, record_exception=False, set_status_on_exception=False
    ) as span:
        watched = _Watched(span, secrets)
        try:
            yield watched
        except BaseException as error:
            span.set_status(trace.StatusCode.ERROR)
            # Who did the work knows better what went wrong than the class of the error says.
            if not watched.error_told:
                span.set_attribute("error.type", type(error).__name__)
            raise


def _cleaned(attributes: Mapping[str, Attribute], secrets: Sequence[str]) -> dict[str, Attribute]:
    def clean(text: str) -> str:
        # Redacted before it is cut: half a secret is not recognised.
        return redact(text[: 8 * LONGEST_ATTRIBUTE], secrets)[:LONGEST_ATTRIBUTE]

    def cleaned(value: Attribute) -> Attribute:
        if isinstance(value, str):
            return clean(value)
        return tuple(clean(part) for part in value) if isinstance(value, tuple) else value

    return {name: cleaned(value) for name, value in attributes.items()}
