"""What models refused: dropped from the call that met it and from every later one.

A provider that answers 400 and names a parameter, or that cannot take the answer's schema, is
asked once more without it. Each step takes something away, so that there are at most a few.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from reviewer.domain.completion import (
    CompletionRequest,
    Failure,
    FailureKind,
    ModelName,
    Parameters,
)

#: Our parameter, and the words that vendors have for it.
_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("temperature", ("temperature",)),
    ("top_p", ("top_p", "topp", "top-p")),
    ("effort", ("effort", "thinking", "reasoning")),
)

#: A model that refused this many different schemas takes none; one alone may be too large.
_SCHEMAS_TO_GIVE_UP = 2


class Refusals:
    """What each model refused so far; shared by the runs of a process."""

    def __init__(self) -> None:
        self._parameters: dict[ModelName, set[str]] = {}
        self._schemas: dict[ModelName, set[str]] = {}

    def without_refused(self, request: CompletionRequest) -> CompletionRequest:
        """Return the request without what its model refused before."""
        for name in self._parameters.get(request.model, ()):
            request = _without(request, name)
        schemas = self._schemas.get(request.model, set())
        refused = len(schemas) >= _SCHEMAS_TO_GIVE_UP or _key(request.schema) in schemas
        return replace(request, schema=None) if refused else request

    def learn(self, request: CompletionRequest, failure: Failure) -> bool:
        """Remember what a model refused.

        Args:
            request: What was sent.
            failure: What came back.

        Returns:
            Whether the next request of this kind differs from this one; if not, the failure
            stands.
        """
        if failure.kind is FailureKind.SCHEMA_UNSUPPORTED and request.schema is not None:
            self._schemas.setdefault(request.model, set()).add(_key(request.schema))
            return True
        if failure.kind is FailureKind.PARAMETER:
            name = _parameter(failure)
            if name and _is_set(request, name):
                self._parameters.setdefault(request.model, set()).add(name)
                return True
        return False


def _parameter(failure: Failure) -> str:
    """Find our name of the parameter that a provider named, in its field or in its words."""
    for text in (failure.parameter.lower(), failure.message.lower()):
        for name, words in _WORDS:
            if any(word in text for word in words):
                return name
    return ""


def _is_set(request: CompletionRequest, name: str) -> bool:
    return getattr(request.parameters, name) is not None


def _without(request: CompletionRequest, name: str) -> CompletionRequest:
    kept = request.parameters
    return replace(
        request,
        parameters=Parameters(
            max_output_tokens=kept.max_output_tokens,
            temperature=None if name == "temperature" else kept.temperature,
            top_p=None if name == "top_p" else kept.top_p,
            effort=None if name == "effort" else kept.effort,
        ),
    )


def _key(schema: Mapping[str, object] | None) -> str:
    return json.dumps(schema, sort_keys=True)
