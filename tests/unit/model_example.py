"""Requests, clients and failures for the tests of the model client."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TypedDict

from typing_extensions import Unpack

from reviewer.domain.budget import Ceiling
from reviewer.domain.completion import (
    CompletionRequest,
    Failure,
    FailureKind,
    ModelName,
    Parameters,
    PromptIdentity,
)
from reviewer.llm.ceilings import Account
from reviewer.llm.client import LLMClient, ModelMemory
from reviewer.llm.journal import JustRun
from reviewer.llm.pricing import Pricing, StatedPrice
from reviewer.llm.profiles import ModelProfile, Sampling
from reviewer.ports.completion_cache import CompletionCache
from reviewer.ports.journal import Journal
from reviewer.ports.ledger import Ledger
from reviewer.ports.model import Model
from reviewer.ports.telemetry import Telemetry
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.memory_ledger import MemoryLedger

MODEL = ModelName(provider="openai", model="example-1")
UNPRICED = ModelName(provider="compatible", model="example-local", base_url="http://127.0.0.1:9/v1")
PRICE = StatedPrice(input=Decimal(1), output=Decimal(10), cache_write=Decimal("1.25"))
PRICING = Pricing(stated={str(MODEL): PRICE})
SCHEMA = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


def takes_everything(model: ModelName) -> ModelProfile:
    """Return a profile that drops nothing."""
    del model
    return ModelProfile(sampling=Sampling.ALWAYS, efforts=("low", "high"), max_output_tokens=10_000)


def request(
    content_key: str = "",
    *,
    model: ModelName = MODEL,
    question: str = "What is wrong here?",
    prefix: str = "1 import os\n",
    persona: str = "type-guardian",
    purpose: str = "review",
    schema: dict[str, object] | None = None,
    parameters: Parameters | None = None,
) -> CompletionRequest:
    """Build a request."""
    return CompletionRequest(
        model=model,
        prompt=PromptIdentity(name="review", version=1, sha256="ab12cd34ef56" * 4),
        system="You review changes.",
        prefix=prefix,
        question=question,
        schema=SCHEMA if schema is None else schema,
        parameters=parameters or Parameters(max_output_tokens=1_000, effort="low"),
        run_id="run-1",
        persona=persona,
        purpose=purpose,
        rules=("PY001",),
        content_key=content_key,
    )


def failure(kind: FailureKind, *, status: int | None = None, **more: Unpack[_More]) -> Failure:
    """Build a failure."""
    return Failure(kind=kind, message=f"it is {kind.value}", status=status, **more)


class _More(TypedDict, total=False):
    retry_after_seconds: float
    parameter: str
    sent: bool


class Options(TypedDict, total=False):
    """What a test may set of a client."""

    journal: Journal
    cache: CompletionCache
    memory: ModelMemory
    telemetry: Telemetry
    secrets: Sequence[str]
    ceilings: Sequence[Ceiling]
    deadline_seconds: float
    timeout_seconds: float
    pricing: Pricing
    ledger: Ledger


class Setting:
    """A client with everything around it.

    Args:
        model: What answers.
        clock: What waits; the model's own.
        options: What the client is given besides.
    """

    def __init__(
        self, model: Model, clock: FakeClock | None = None, **options: Unpack[Options]
    ) -> None:
        self.clock = clock or FakeClock()
        self.ledger = MemoryLedger()
        given: Options = {
            "journal": JustRun(),
            "pricing": PRICING,
            "ledger": self.ledger,
            **options,
        }
        self.client = LLMClient(
            models=lambda _: model,
            clock=self.clock,
            account=Account(run_id="run-1", repository="octo/shop"),
            profiles=takes_everything,
            chance=lambda: 0.5,
            **given,
        )
