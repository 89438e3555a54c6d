"""Attempts of calls for tests of what keeps, sums and shows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from reviewer.domain.attempt import Attempt, AttemptOutcome
from reviewer.domain.completion import ModelName, Parameters, PromptIdentity, Usage

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

_ATTEMPT = Attempt(
    id="a",
    run_id="run",
    repository="shop",
    persona="type-guardian",
    purpose="review",
    prompt=PromptIdentity(name="review", version=1, sha256="cd" * 32),
    model=ModelName(provider="anthropic", model="example-1"),
    parameters=Parameters(max_output_tokens=100),
    outcome=AttemptOutcome.ANSWERED,
    usage=Usage(fresh_input=10, output=2),
    cost=Decimal("0.01"),
    started_at=NOON,
)


def an_attempt(identity: str = "a", **fields: Any) -> Attempt:  # noqa: ANN401 - fields of any type
    """Return an attempt of a usual kind.

    Args:
        identity: Its id.
        fields: What differs from the usual.
    """
    return replace(_ATTEMPT, id=identity, **fields)
