"""What models take, compared with what others wrote down, and the bounds of parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest

from reviewer.domain.completion import ModelName, Parameters
from reviewer.errors import UserError
from reviewer.llm.bounds import bounded, check_parameters, output_tokens
from reviewer.llm.profiles import ModelProfile, Sampling, profile_of
from tests.unit.model_example import request

ANTHROPIC = (
    *("claude-fable-5", "claude-fable-5-2", "claude-mythos-5-2", "claude-opus-5-5"),
    *("claude-opus-5", "claude-opus-4-8", "claude-opus-4-7", "claude-opus-4-6"),
    *("claude-opus-4-5", "claude-opus-4-1", "claude-sonnet-5-5", "claude-sonnet-5"),
    *("claude-sonnet-4-6", "claude-sonnet-4-5", "claude-sonnet-4-0", "claude-haiku-5-5"),
    "claude-haiku-4-5",
)
OPENAI = (
    *("gpt-6-astra", "gpt-6.1-sol", "gpt-6.1-terra", "gpt-6-sol", "gpt-6-luna"),
    *("gpt-5.6-sol", "gpt-5.6-luna", "gpt-5.5", "gpt-5.5-pro", "gpt-5.4", "gpt-5.4-mini"),
    *("gpt-5.4-pro", "gpt-5.3", "gpt-5.3-chat-latest", "gpt-5.2", "gpt-5.2-pro", "gpt-5.1"),
    *("gpt-5.1-codex", "gpt-5", "gpt-5-mini", "gpt-5-pro", "gpt-4.1", "gpt-4o", "o3", "o4-mini"),
)
GEMINI = (
    *("gemini-3.8-flash", "gemini-3.7-flash", "gemini-3.5-flash", "gemini-3.5-flash-lite"),
    *("gemini-3.1-pro-preview", "gemini-3-pro-preview", "gemini-2.5-pro", "gemini-2.5-flash"),
)


def of(provider: str, model: str) -> ModelProfile:
    return profile_of(ModelName(provider=provider, model=model))


@pytest.mark.parametrize("name", ANTHROPIC)
def test_what_we_send_to_claude_agrees_with_pydantic_ai(name: str) -> None:
    anthropic = pytest.importorskip("pydantic_ai.profiles.anthropic")
    theirs = anthropic.anthropic_model_profile(name)
    ours = of("anthropic", name)

    assert ours.known
    assert ours.sampling is Sampling.NEVER  # so that no model is sent what it refuses
    assert bool(ours.efforts) == theirs["anthropic_supports_effort"]
    if ours.efforts:
        assert ("xhigh" in ours.efforts) == theirs["anthropic_supports_xhigh_effort"]
        assert ("max" in ours.efforts) == theirs["anthropic_supports_max_effort"]
    assert ours.json_schema == theirs["supports_json_schema_output"]
    assert ours.reasons_by_default == theirs["thinking_enabled_by_default"]
    assert ours.can_disable_reasoning != theirs["thinking_always_enabled"]
    if theirs["anthropic_max_output_tokens"] is not None:
        assert ours.max_output_tokens == theirs["anthropic_max_output_tokens"]


@pytest.mark.parametrize("name", OPENAI)
def test_what_we_send_to_gpt_agrees_with_pydantic_ai(name: str) -> None:
    openai = pytest.importorskip("pydantic_ai.profiles.openai")
    theirs: Mapping[str, object] = openai.openai_model_profile(name)
    ours = of("openai", name)

    assert ours.known
    assert ("none" in ours.efforts) == theirs["openai_supports_reasoning_effort_none"]
    assert bool(ours.efforts) == theirs["openai_supports_reasoning"]
    assert ours.reasons_by_default == theirs["thinking_enabled_by_default"]
    assert ours.can_disable_reasoning != theirs["thinking_always_enabled"]
    assert (ours.sampling is Sampling.NEVER) == theirs["thinking_always_enabled"]
    assert (ours.sampling is Sampling.ALWAYS) == (not theirs["openai_supports_reasoning"])
    assert ours.explicit_cache == theirs["openai_supports_prompt_cache_breakpoints"]
    pinned = theirs.get("openai_reasoning_efforts")
    if isinstance(pinned, frozenset):
        assert set(ours.efforts) == pinned


@pytest.mark.parametrize("name", GEMINI)
def test_what_we_send_to_gemini_agrees_with_pydantic_ai(name: str) -> None:
    google = pytest.importorskip("pydantic_ai.profiles.google")
    theirs: Mapping[str, object] = google.google_model_profile(name)
    ours = of("gemini", name)

    assert ours.known
    assert bool(ours.efforts) == theirs["google_supports_thinking_level"]
    levels = theirs.get("google_thinking_levels")
    if isinstance(levels, frozenset):
        assert {effort.upper() for effort in ours.efforts} == levels


@pytest.mark.parametrize("name", [*ANTHROPIC, *OPENAI, *GEMINI])
def test_how_much_a_model_holds_agrees_with_the_prices_record(name: str) -> None:
    data = pytest.importorskip("genai_prices.data_snapshot")
    ours = next(
        profile
        for provider in ("anthropic", "openai", "gemini")
        if (profile := of(provider, name)).known
    )
    provider = {"c": "anthropic", "g": "openai", "o": "openai"}[name[0]]
    provider = "google" if name.startswith("gemini") else provider
    _, model = data.get_snapshot().find_provider_model(name, None, provider, None)

    # Of some models the record does not say it.
    if model.context_window is not None:
        assert ours.context_tokens == pytest.approx(model.context_window, rel=0.06)


@pytest.mark.holds("P16")
def test_nothing_optional_is_sent_to_a_model_that_nobody_knows() -> None:
    asked = request(
        model=ModelName(provider="openai", model="gpt-9"),
        parameters=Parameters(max_output_tokens=10, temperature=0.1, top_p=0.2, effort="low"),
    )

    sent = bounded(asked, profile_of(asked.model))

    assert sent.parameters == Parameters(max_output_tokens=10)


@pytest.mark.parametrize(
    ("provider", "model", "effort", "sampled"),
    [
        ("openai", "gpt-5.4", None, True),
        ("openai", "gpt-5.4", "high", False),
        ("openai", "gpt-5.6-sol", None, False),
        ("openai", "gpt-5.6-sol", "none", True),
        ("openai", "gpt-6.1-sol", None, False),
        ("openai", "gpt-4.1-mini", None, True),
        ("anthropic", "claude-sonnet-4-6", None, False),
        ("gemini", "gemini-3.8-flash", None, False),
        ("gemini", "gemini-2.5-flash", None, True),
        ("compatible", "Qwen/Qwen3-Coder-30B", None, True),
        ("compatible", "something-else", None, False),
    ],
)
def test_sampling_is_set_where_a_model_takes_it(
    provider: str, model: str, effort: str | None, *, sampled: bool
) -> None:
    asked = request(
        model=ModelName(provider=provider, model=model),
        parameters=Parameters(max_output_tokens=10, effort=effort),
    )

    sent = bounded(asked, profile_of(asked.model)).parameters

    assert (sent.temperature, sent.top_p) == ((0.2, 0.6) if sampled else (None, None))


def test_the_longest_prefix_decides() -> None:
    assert of("anthropic", "claude-opus-4-5-20251101").context_tokens == 200_000
    assert of("anthropic", "claude-opus-4-6").context_tokens == 1_000_000
    assert of("openai", "gpt-5.4-mini-2026-03-17").context_tokens == 400_000


def test_claude_behind_a_gateway_still_has_short_tokens() -> None:
    assert of("compatible", "anthropic/claude-sonnet-5.5").characters_per_token == 1.9


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (Parameters(max_output_tokens=0), "max_output_tokens is 0 for openai:example-1"),
        (Parameters(max_output_tokens=10_001), "Choose 1 to 10,000"),
        (Parameters(max_output_tokens=1, temperature=-0.1), r"temperature is -0\.1"),
        (Parameters(max_output_tokens=1, temperature=math.nan), "temperature is nan"),
        (Parameters(max_output_tokens=1, top_p=1.01), r"top_p is 1\.01"),
        (Parameters(max_output_tokens=1, effort="ultra"), "Choose low or high"),
    ],
)
def test_a_value_out_of_its_bounds_is_told_with_them(parameters: Parameters, words: str) -> None:
    profile = ModelProfile(max_output_tokens=10_000, efforts=("low", "high"))

    with pytest.raises(UserError, match=words):
        check_parameters(request().model, profile, parameters)


def test_an_effort_is_a_word_of_some_vendor_even_where_a_model_takes_none() -> None:
    profile = ModelProfile(max_output_tokens=10_000)
    check_parameters(request().model, profile, Parameters(max_output_tokens=1, effort="high"))

    with pytest.raises(UserError, match="none, minimal, low"):
        check_parameters(request().model, profile, Parameters(max_output_tokens=1, effort="hgih"))


def test_a_request_beyond_any_model_is_refused() -> None:
    with pytest.raises(UserError, match="longer than any model reads"):
        bounded(request(prefix="x" * 8_000_001), ModelProfile(max_output_tokens=10_000))


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "answer\n"])
def test_a_schema_s_name_is_what_every_vendor_takes(name: str) -> None:
    with pytest.raises(UserError, match="schema's name"):
        bounded(replace(request(), schema_name=name), ModelProfile(max_output_tokens=10_000))


def test_a_model_without_schemas_is_sent_none() -> None:
    profile = ModelProfile(max_output_tokens=10_000, json_schema=False)

    assert bounded(request(), profile).schema is None


def test_an_answer_is_never_longer_than_the_model_gives() -> None:
    assert output_tokens(ModelProfile(max_output_tokens=100), 8_000) == 100
    assert output_tokens(ModelProfile(max_output_tokens=10_000), 8_000) == 8_000
