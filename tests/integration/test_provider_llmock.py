"""The adapters against llmock, a server of ten providers' formats that breaks on demand."""

from __future__ import annotations

from typing import Any

import pytest

from reviewer.domain.completion import Completion, Failure, FailureKind, Finish
from reviewer.ports.model import CompletionError
from tests.contract.provider_calls import KEY, request

pytest.importorskip("httpx")
pytest.importorskip("llmock")

from reviewer.adapters.http import HttpClient
from reviewer.adapters.providers.factory import base_url_of, provider_for

pytestmark = pytest.mark.loopback

PROVIDERS = ("openai", "anthropic", "gemini")
MODELS = {
    "openai": "gpt-5.4-mini",
    "anthropic": "claude-sonnet-5-5",
    "gemini": "gemini-3.8-flash",
}
every_provider = pytest.mark.parametrize("provider", PROVIDERS)


def address(llmock: Any, provider: str) -> str:  # noqa: ANN401
    """Use the older version of Gemini, the only one that llmock knows."""
    version = "/v1beta" if provider == "gemini" else ""
    return f"{llmock.base_url(provider)}{version}#{MODELS[provider]}"


async def ask(llmock: Any, provider: str, *, timeout_seconds: float = 5) -> Completion:  # noqa: ANN401
    asked = request(f"{provider}:{address(llmock, provider)}")
    async with HttpClient(allowed=[base_url_of(asked.model)]) as http:
        return await provider_for(asked.model, KEY, http=http).complete(
            asked, timeout_seconds=timeout_seconds
        )


async def failure(llmock: Any, provider: str, *, timeout_seconds: float = 5) -> Failure:  # noqa: ANN401
    with pytest.raises(CompletionError) as caught:
        await ask(llmock, provider, timeout_seconds=timeout_seconds)
    return caught.value.failure


@every_provider
async def test_what_is_scripted_is_read(llmock: Any, provider: str) -> None:  # noqa: ANN401
    llmock.reply("All is well.")

    completion = await ask(llmock, provider)

    assert completion.text == "All is well."
    assert completion.finish is Finish.STOP
    assert completion.usage is not None
    assert completion.usage.input > 0
    assert completion.usage.output > 0
    assert len(llmock.requests) == 1


@every_provider
async def test_a_rate_limit_says_when_to_come_back(llmock: Any, provider: str) -> None:  # noqa: ANN401
    llmock.rate_limit(retry_after=3)

    said = await failure(llmock, provider)

    assert (said.kind, said.retry_after_seconds) == (FailureKind.RATE_LIMITED, 3.0)


@every_provider
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, FailureKind.INVALID),
        (401, FailureKind.AUTHENTICATION),
        (403, FailureKind.AUTHENTICATION),
        (404, FailureKind.INVALID),
        (500, FailureKind.TRANSIENT),
        (503, FailureKind.TRANSIENT),
        (529, FailureKind.TRANSIENT),
    ],
)
async def test_every_status_has_its_kind(
    llmock: Any,  # noqa: ANN401
    provider: str,
    status: int,
    kind: FailureKind,
) -> None:
    llmock.fail(status)

    assert (await failure(llmock, provider)).kind is kind


@every_provider
async def test_a_prompt_that_is_too_long_is_known(llmock: Any, provider: str) -> None:  # noqa: ANN401
    llmock.context_overflow()

    assert (await failure(llmock, provider)).kind is FailureKind.CONTEXT_OVERFLOW


@every_provider
@pytest.mark.parametrize("fault", ["truncate", "disconnect", "corrupt"])
@pytest.mark.parametrize("after_chunks", [0, 1, 2])
async def test_a_broken_stream_is_never_an_answer(
    llmock: Any,  # noqa: ANN401
    provider: str,
    fault: str,
    after_chunks: int,
) -> None:
    llmock.reply("one two three four five six seven eight nine ten")
    getattr(llmock, fault)(after_chunks=after_chunks)

    said = await failure(llmock, provider)

    expected = FailureKind.PROTOCOL if fault == "corrupt" else FailureKind.TRANSIENT
    assert said.kind is expected


@every_provider
async def test_a_stream_that_stalls_is_given_up_in_time(llmock: Any, provider: str) -> None:  # noqa: ANN401
    llmock.stall(seconds=20)

    said = await failure(llmock, provider, timeout_seconds=0.5)

    assert (said.kind, said.sent) == (FailureKind.TRANSIENT, True)
