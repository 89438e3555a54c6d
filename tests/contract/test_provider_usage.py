"""What a call used, against `genai_prices.extract_usage` and the vendors' own types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from reviewer.adapters.providers.usage import anthropic_usage, gemini_usage, openai_usage
from reviewer.domain.completion import Usage

genai_prices = pytest.importorskip("genai_prices")

OPENAI = (
    {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    {
        "prompt_tokens": 5000,
        "completion_tokens": 800,
        "total_tokens": 5800,
        "prompt_tokens_details": {"cached_tokens": 3000, "cache_write_tokens": 1500},
        "completion_tokens_details": {"reasoning_tokens": 500},
    },
    {
        "prompt_tokens": 7,
        "completion_tokens": 0,
        "total_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": None},
    },
)
ANTHROPIC = (
    {"input_tokens": 100, "output_tokens": 20},
    {
        "input_tokens": 40,
        "cache_read_input_tokens": 3000,
        "cache_creation_input_tokens": 1500,
        "cache_creation": {"ephemeral_5m_input_tokens": 1500, "ephemeral_1h_input_tokens": 0},
        "output_tokens": 800,
        "output_tokens_details": {"thinking_tokens": 500},
    },
    {"input_tokens": 1, "cache_read_input_tokens": None, "output_tokens": 1},
)
GEMINI = (
    {"promptTokenCount": 100, "candidatesTokenCount": 20, "totalTokenCount": 120},
    {
        "promptTokenCount": 5000,
        "cachedContentTokenCount": 4096,
        "candidatesTokenCount": 300,
        "thoughtsTokenCount": 500,
        "totalTokenCount": 5800,
    },
    {"promptTokenCount": 9, "totalTokenCount": 9},
)


def assert_equal(ours: Usage | None, usage: Any) -> None:  # noqa: ANN401 - of an optional package
    assert ours is not None
    assert ours.input == usage.input_tokens
    assert ours.cache_read == (usage.cache_read_tokens or 0)
    assert ours.cache_write == (usage.cache_write_tokens or 0)
    assert ours.output == (usage.output_tokens or 0)


@pytest.mark.parametrize("said", OPENAI)
def test_openai_usage_is_read_as_the_price_list_reads_it(said: Mapping[str, object]) -> None:
    body = {"model": "gpt-5.4-mini", "usage": said}

    theirs = genai_prices.extract_usage(body, provider_id="openai", api_flavor="chat")

    assert_equal(openai_usage(said), theirs.usage)


@pytest.mark.parametrize("said", ANTHROPIC)
def test_anthropic_usage_is_read_as_the_price_list_reads_it(said: Mapping[str, object]) -> None:
    body = {"model": "claude-sonnet-5-5", "usage": said}

    theirs = genai_prices.extract_usage(body, provider_id="anthropic")

    assert_equal(anthropic_usage(said), theirs.usage)


@pytest.mark.parametrize("said", GEMINI)
def test_gemini_usage_is_read_as_the_price_list_reads_it(said: Mapping[str, object]) -> None:
    body = {"modelVersion": "gemini-3.8-flash", "usageMetadata": said}

    theirs = genai_prices.extract_usage(body, provider_id="google")

    assert_equal(gemini_usage(said), theirs.usage)
