"""Spans of what a review does, for whoever watches it; never with content."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

Attribute = str | int | float | bool | tuple[str, ...]


class Span(Protocol):
    """One piece of work that is being watched."""

    def describe(self, attributes: Mapping[str, Attribute]) -> None:
        """Add what became known while the work was done."""
        ...


class Telemetry(Protocol):
    """Opens spans. Names and attributes follow OpenTelemetry's conventions for generative AI.

    https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
    """

    def span(self, name: str, attributes: Mapping[str, Attribute]) -> AbstractContextManager[Span]:
        """Open a span; it ends with the block, failed if the block raises."""
        ...


class Tracing(Telemetry, Protocol):
    """Opens spans, and traces of whole pieces of work."""

    def trace(
        self, name: str, attributes: Mapping[str, Attribute], *, key: str
    ) -> AbstractContextManager[Span]:
        """Open the root of a trace, whatever is under way around it.

        Args:
            name: What is done: ``review``, ``delivery``.
            attributes: What is known already; never content.
            key: Names the piece of work; what is done again under it is in the same trace.
        """
        ...


class _Unwatched:
    """A span that nobody looks at."""

    def describe(self, attributes: Mapping[str, Attribute]) -> None:
        """Forget what became known."""


class NoTelemetry:
    """What is used where nobody watches."""

    def span(self, name: str, attributes: Mapping[str, Attribute]) -> AbstractContextManager[Span]:
        """Open a span that goes nowhere."""
        del name, attributes
        return nullcontext(_Unwatched())

    def trace(
        self, name: str, attributes: Mapping[str, Attribute], *, key: str
    ) -> AbstractContextManager[Span]:
        """Open a trace that goes nowhere."""
        del name, attributes, key
        return nullcontext(_Unwatched())
