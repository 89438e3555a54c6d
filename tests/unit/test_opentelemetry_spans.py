"""Spans: names and numbers go to whoever watches, words of a change never do."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from opentelemetry import trace
from typing_extensions import override

from reviewer.adapters.telemetry.opentelemetry_spans import OpenTelemetrySpans


class Kept(trace.NonRecordingSpan):
    """A span that keeps what it is told."""

    def __init__(self, name: str, attributes: Mapping[str, object]) -> None:
        super().__init__(trace.INVALID_SPAN_CONTEXT)
        self.name = name
        self.attributes = dict(attributes)
        self.said: list[object] = []

    @override
    def set_attributes(self, attributes: Mapping[str, object]) -> None:
        self.attributes |= attributes

    @override
    def set_attribute(self, key: str, value: object) -> None:
        self.attributes[key] = value

    @override
    def set_status(self, status: object, description: str | None = None) -> None:
        self.said += [status, description]

    @override
    def record_exception(self, exception: BaseException, *_: object, **__: object) -> None:
        self.said.append(exception)


class KeepingTracer(trace.NoOpTracer):
    """A tracer that keeps its spans."""

    def __init__(self) -> None:
        self.spans: list[Kept] = []

    @override
    def start_span(self, name: str, **known: object) -> Kept:  # type: ignore[override]
        attributes = known["attributes"]
        assert isinstance(attributes, dict)
        self.spans.append(Kept(name, attributes))
        return self.spans[-1]


def test_a_span_has_what_was_known_and_what_became_known() -> None:
    tracer = KeepingTracer()
    with OpenTelemetrySpans(tracer).span("chat m", {"gen_ai.request.model": "m"}) as span:
        span.describe({"gen_ai.usage.input_tokens": 12})
    (kept,) = tracer.spans
    assert kept.name == "chat m"
    assert kept.attributes == {"gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 12}
    assert kept.said == []


def test_a_failure_is_told_by_its_kind_and_without_its_words() -> None:
    tracer = KeepingTracer()

    def failing() -> None:
        with OpenTelemetrySpans(tracer).span("chat m", {}):
            raise ValueError("words of a change")

    with pytest.raises(ValueError, match="words"):
        failing()
    (kept,) = tracer.spans
    assert kept.attributes == {"error.type": "ValueError"}
    assert kept.said == [trace.StatusCode.ERROR, None]


def test_without_anybody_who_watches_nothing_happens() -> None:
    with OpenTelemetrySpans().span("chat m", {"gen_ai.request.model": "m"}) as span:
        span.describe({"gen_ai.usage.output_tokens": 1})
