"""The same bytes read by the vendors' own clients and by our adapters."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reviewer.domain.completion import Completion
from tests.contract.provider_calls import KEY, request
from tests.contract.provider_streams import (
    TEXT,
    anthropic_stream,
    gemini_stream,
    openai_stream,
)

httpx = pytest.importorskip("httpx")
httpx2 = pytest.importorskip("httpx2")

from reviewer.adapters.http import HttpClient  # noqa: E402 - needs httpx
from reviewer.adapters.providers.factory import base_url_of, provider_for  # noqa: E402

EVENT_STREAM = {"content-type": "text/event-stream"}


async def ours(model: str, body: bytes) -> Completion:
    asked = request(model)
    transport = httpx.MockTransport(
        lambda _: httpx.Response(200, headers=EVENT_STREAM, content=body)
    )
    async with HttpClient(allowed=[base_url_of(asked.model)], transport=transport) as http:
        return await provider_for(asked.model, KEY, http=http).complete(asked, timeout_seconds=5)


@pytest.fixture
def serving(allowed_program: Callable[[Path | str], None]) -> Callable[[bytes], Any]:
    """A client for a vendor's package that answers with these bytes."""
    allowed_program(shutil.which("uname") or "uname")  # their user agents name the platform

    def client(body: bytes) -> Any:  # noqa: ANN401 - of a package that need not be here
        return httpx2.Client(
            transport=httpx2.MockTransport(
                lambda _: httpx2.Response(200, headers=EVENT_STREAM, content=body)
            )
        )

    return client


async def test_openai_reads_what_we_read(serving: Callable[[bytes], Any]) -> None:
    openai = pytest.importorskip("openai")
    body = openai_stream()
    with serving(body) as client:
        chunks = list(
            openai.OpenAI(api_key=KEY, http_client=client).chat.completions.create(
                model="gpt-6-sol", messages=[{"role": "user", "content": "x"}], stream=True
            )
        )
    said = chunks[-1].usage

    completion = await ours("openai:gpt-6-sol", body)

    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert completion.text == text == TEXT
    assert completion.model_answered == chunks[0].model
    assert completion.usage is not None
    assert completion.usage.input == said.prompt_tokens
    assert completion.usage.total == said.total_tokens
    assert completion.usage.cache_read == said.prompt_tokens_details.cached_tokens
    assert completion.usage.cache_write == said.prompt_tokens_details.cache_write_tokens
    assert completion.usage.reasoning == said.completion_tokens_details.reasoning_tokens


@pytest.mark.parametrize(
    "last",
    [{}, {"input_tokens": 180, "cache_read_input_tokens": 1020}, {"input_tokens": None}],
)
async def test_anthropic_reads_what_we_read(
    serving: Callable[[bytes], Any], last: dict[str, object]
) -> None:
    anthropic = pytest.importorskip("anthropic")
    genai_prices = pytest.importorskip("genai_prices")
    body = anthropic_stream(**last)
    with (
        serving(body) as client,
        anthropic.Anthropic(api_key=KEY, http_client=client).messages.stream(
            model="claude-sonnet-5-5",
            max_tokens=5,
            messages=[{"role": "user", "content": "x"}],
        ) as stream,
    ):
        message = stream.get_final_message()

    completion = await ours("anthropic:claude-sonnet-5-5", body)

    assert completion.text == message.content[-1].text == TEXT
    assert completion.model_answered == message.model
    assert completion.provider_request_id == message.id
    assert completion.usage is not None
    assert completion.usage.fresh_input == message.usage.input_tokens
    assert completion.usage.cache_read == message.usage.cache_read_input_tokens
    assert completion.usage.cache_write == message.usage.cache_creation_input_tokens
    assert completion.usage.output == message.usage.output_tokens
    priced = genai_prices.extract_usage(message.model_dump(), provider_id="anthropic").usage
    assert completion.usage.input == priced.input_tokens
    assert completion.usage.output == priced.output_tokens


async def test_gemini_reads_what_we_read(serving: Callable[[bytes], Any]) -> None:
    genai = pytest.importorskip("google.genai")
    types = pytest.importorskip("google.genai.types")
    body = gemini_stream()
    with serving(body) as client:
        options = types.HttpOptions(httpx_client=client)
        chunks = list(
            genai.Client(api_key=KEY, http_options=options).models.generate_content_stream(
                model="gemini-3.8-flash", contents="x"
            )
        )
    said = chunks[-1].usage_metadata

    completion = await ours("gemini:gemini-3.8-flash", body)

    assert completion.text == "".join(chunk.text or "" for chunk in chunks) == TEXT
    assert completion.model_answered == chunks[-1].model_version
    assert completion.provider_request_id == chunks[-1].response_id
    assert completion.usage is not None
    assert completion.usage.input == said.prompt_token_count
    assert completion.usage.cache_read == said.cached_content_token_count
    assert completion.usage.reasoning == said.thoughts_token_count
    assert completion.usage.total == said.total_token_count
