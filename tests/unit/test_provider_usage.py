"""Counts that providers send: what cannot be is unknown, and no answer can lower a charge."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from reviewer.adapters.providers.usage import anthropic_usage, gemini_usage, openai_usage
from reviewer.domain.completion import Usage

OPENAI = {"prompt_tokens": 5000, "completion_tokens": 800, "total_tokens": 5800}
ANTHROPIC = {"input_tokens": 40, "cache_read_input_tokens": 3000, "output_tokens": 800}
GEMINI = {"promptTokenCount": 5000, "candidatesTokenCount": 300, "thoughtsTokenCount": 500}


@pytest.mark.holds("R50", "P13")
@pytest.mark.parametrize(
    ("read", "said", "field"),
    [
        (openai_usage, OPENAI, "prompt_tokens"),
        (openai_usage, OPENAI, "completion_tokens"),
        (anthropic_usage, ANTHROPIC, "input_tokens"),
        (anthropic_usage, ANTHROPIC, "cache_read_input_tokens"),
        (anthropic_usage, ANTHROPIC, "output_tokens"),
        (gemini_usage, GEMINI, "promptTokenCount"),
        (gemini_usage, GEMINI, "thoughtsTokenCount"),
    ],
)
@pytest.mark.parametrize("count", [-1, 1.5, "7", True, 10**12, [], float("nan")])
def test_a_count_that_cannot_be_makes_the_usage_unknown(
    read: Callable[[object], Usage | None], said: Mapping[str, object], field: str, count: object
) -> None:
    assert read({**said, field: count}) is None


@pytest.mark.parametrize("said", [None, {}, [], "many", 7, {"output": 3}])
@pytest.mark.parametrize("read", [openai_usage, anthropic_usage, gemini_usage])
def test_a_usage_that_says_nothing_is_unknown(
    read: Callable[[object], Usage | None], said: object
) -> None:
    assert read(said) is None


def test_more_cached_than_sent_is_never_less_than_was_said() -> None:
    usage = openai_usage(
        {
            "prompt_tokens": 10,
            "completion_tokens": 1,
            "prompt_tokens_details": {"cached_tokens": 50},
        }
    )

    assert usage == Usage(fresh_input=0, cache_read=50, output=1)


def test_reasoning_that_a_server_counts_beside_the_completion_is_output() -> None:
    usage = openai_usage(
        {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 115,
            "completion_tokens_details": {"reasoning_tokens": 100},
        }
    )

    assert usage == Usage(fresh_input=10, output=105, reasoning=100)
