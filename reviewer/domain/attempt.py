"""One attempt of a call as the ledger keeps it: who asked what, and what it used and cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from reviewer.domain.completion import ModelName, Parameters, PromptIdentity, Usage

#: What stands in a row until its attempt ends.
UNFINISHED = "unfinished"


class AttemptOutcome(StrEnum):
    """How an attempt ended."""

    ANSWERED = "answered"
    FAILED = "failed"
    CACHED = "cached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One row of the ledger.

    Args:
        id: Unique id of the attempt.
        run_id: The run.
        repository: ``owner/name`` or the folder's name; what "per repository and day" sums over.
        pull_request: Its number; None for the command line.
        installation: The installation's id; None for the command line.
        persona: The persona's name; empty for calls of none.
        purpose: ``review``, ``hunt``, ``verify``, ``repair``, ``plan``, ``ask`` or ``doctor``.
        rules: The rules that were asked.
        prompt: Which prompt.
        model: Which model was asked.
        model_answered: Which model answered, as the provider names it; empty on failure.
        parameters: What was sent.
        number: Which attempt of the call, from 1.
        outcome: How it ended.
        failure: `FailureKind` value, empty unless it failed; `UNFINISHED` for an attempt that is
            under way, or whose process ended before it did.
        finish: `Finish` value, empty unless it answered.
        usage: What it used; where usage never arrived, what was reserved for it.
        usage_known: Whether the provider said what it used.
        cost: Price in US dollars; None where the price is unknown, never 0 then.
        latency_seconds: From sending to the last byte.
        started_at: When it began, with a time zone.
    """

    id: str
    run_id: str
    repository: str
    pull_request: int | None = None
    installation: int | None = None
    persona: str
    purpose: str
    rules: tuple[str, ...] = ()
    prompt: PromptIdentity
    model: ModelName
    model_answered: str = ""
    parameters: Parameters
    number: int = 1
    outcome: AttemptOutcome
    failure: str = ""
    finish: str = ""
    usage: Usage
    usage_known: bool = True
    cost: Decimal | None = None
    latency_seconds: float = 0.0
    started_at: datetime
