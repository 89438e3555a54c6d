"""The client with the real adapters against llmock, which breaks on demand and judges us."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from reviewer.domain.completion import (
    CompletionRequest,
    FailureKind,
    ModelName,
    Parameters,
    PromptIdentity,
)
from reviewer.ports.model import CompletionError, Model

pytest.importorskip("httpx")
pytest.importorskip("tenacity")
pytest.importorskip("llmock")

from reviewer.adapters.http import HttpClient
from reviewer.adapters.providers.factory import base_url_of, provider_for
from reviewer.adapters.system_clock import SystemClock
from reviewer.domain.completion import Completion
from reviewer.llm.ceilings import Account
from reviewer.llm.client import LLMClient
from reviewer.llm.journal import JustRun
from reviewer.testing.memory_ledger import MemoryLedger

pytestmark = pytest.mark.loopback

# llmock knows the older versions of the vendors' interfaces; the names only choose the profile.
MODELS = {
    "openai": ("", "gpt-5.4-mini"),
    "anthropic": ("", "claude-sonnet-5-5"),
    "gemini": ("/v1beta", "gemini-3.8-flash"),
}
every_provider = pytest.mark.parametrize("provider", list(MODELS))
LONG = "one two three four five six seven eight nine ten"


class Reviewed:
    """One call of the client, with everything real but the provider.

    Args:
        server: llmock's handle.
        provider: Whose format.
        timeout_seconds: The longest that an attempt may take.
    """

    def __init__(
        self,
        server: Any,  # noqa: ANN401 - llmock is not there where it is not installed
        provider: str,
        timeout_seconds: float = 10.0,
    ) -> None:
        path, name = MODELS[provider]
        self.model = ModelName(
            provider=provider, model=name, base_url=server.base_url(provider) + path
        )
        self.ledger = MemoryLedger()
        self.timeout_seconds = timeout_seconds

    async def ask(self) -> Completion:
        """Ask the model something."""
        async with HttpClient(allowed=[base_url_of(self.model)]) as http:

            def adapter(model: ModelName) -> Model:
                return provider_for(model, "a-key-for-tests", http=http)

            client = LLMClient(
                models=adapter,
                ledger=self.ledger,
                journal=JustRun(),
                clock=SystemClock(),
                account=Account(run_id="run-1", repository="octo/shop"),
                timeout_seconds=self.timeout_seconds,
            )
            return await client.complete(
                CompletionRequest(
                    model=self.model,
                    prompt=PromptIdentity(name="review", version=1, sha256="0" * 64),
                    system="You review changes.",
                    prefix="1 import os\n",
                    question="What is wrong here?",
                    parameters=Parameters(max_output_tokens=500),
                )
            )

    @property
    def outcomes(self) -> list[str]:
        """How the attempts ended, as the ledger says."""
        return [row.failure or row.outcome.value for row in self.ledger.rows]


@every_provider
async def test_a_rate_limit_is_waited_for(llmock: Any, provider: str) -> None:  # noqa: ANN401
    llmock.rate_limit(times=2, retry_after=0.4)
    reviewed = Reviewed(llmock, provider)

    await reviewed.ask()

    assert reviewed.outcomes == ["rate_limited", "rate_limited", "answered"]
    llmock.assert_resilient(strict=True)


@every_provider
async def test_a_fault_that_says_no_time_is_backed_off_from(llmock: Any, provider: str) -> None:  # noqa: ANN401
    llmock.fail(500, times=2)
    reviewed = Reviewed(llmock, provider)

    await reviewed.ask()

    assert reviewed.outcomes == ["transient", "transient", "answered"]
    llmock.assert_resilient(strict=True)


@every_provider
@pytest.mark.parametrize("status", [503, 529])
async def test_an_overloaded_provider_is_survived(
    llmock: Any,  # noqa: ANN401
    provider: str,
    status: int,
) -> None:
    llmock.fail(status, times=2, retry_after=0.3)
    reviewed = Reviewed(llmock, provider)

    await reviewed.ask()

    assert reviewed.outcomes == ["transient", "transient", "answered"]
    assert [row.cost for row in reviewed.ledger.rows[:2]] == [0, 0]
    llmock.assert_resilient(strict=True)


@pytest.mark.holds("P16")
@every_provider
async def test_an_outage_ends_a_call_after_three_attempts(llmock: Any, provider: str) -> None:  # noqa: ANN401
    llmock.fail(503, times=None, retry_after=0.3)
    reviewed = Reviewed(llmock, provider)

    with pytest.raises(CompletionError) as raised:
        await reviewed.ask()

    assert raised.value.failure.kind is FailureKind.TRANSIENT
    assert len(llmock.requests) == len(reviewed.outcomes) == 3
    llmock.assert_resilient(strict=True)


@pytest.mark.holds("P14")
@every_provider
@pytest.mark.parametrize("fault", ["truncate", "disconnect"])
async def test_half_an_answer_is_asked_again(
    llmock: Any,  # noqa: ANN401
    provider: str,
    fault: str,
) -> None:
    llmock.reply(LONG, times=2)
    getattr(llmock, fault)(after_chunks=2)
    reviewed = Reviewed(llmock, provider)

    completion = await reviewed.ask()

    assert completion.text == LONG
    assert reviewed.outcomes == ["transient", "answered"]
    assert not reviewed.ledger.rows[0].usage_known
    llmock.assert_resilient(strict=True)


@every_provider
async def test_a_stream_that_stalls_is_left_and_asked_again(llmock: Any, provider: str) -> None:  # noqa: ANN401
    llmock.reply(LONG, times=2)
    llmock.stall(seconds=20)
    reviewed = Reviewed(llmock, provider, timeout_seconds=1.2)

    completion = await reviewed.ask()

    assert completion.text == LONG
    assert reviewed.outcomes == ["transient", "answered"]
    llmock.assert_resilient(strict=True)


@pytest.mark.holds("P16")
@every_provider
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_what_cannot_succeed_is_not_tried_again(
    llmock: Any,  # noqa: ANN401
    provider: str,
    status: int,
) -> None:
    llmock.fail(status)
    reviewed = Reviewed(llmock, provider)

    with pytest.raises(CompletionError):
        await reviewed.ask()

    assert len(llmock.requests) == 1
    assert reviewed.ledger.rows[0].cost == 0
    llmock.assert_resilient(strict=True)


@every_provider
async def test_a_quota_of_requests_is_kept_by_eight_at_once(llmock: Any, provider: str) -> None:  # noqa: ANN401
    llmock.limits(rpm=600)
    reviewed = Reviewed(llmock, provider)

    answers = await asyncio.gather(*(reviewed.ask() for _ in range(8)))

    assert len(answers) == 8
    llmock.assert_resilient(strict=True)
