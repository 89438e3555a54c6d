"""What each model takes: one record a model, matched by the longest prefix of its name.

The facts are the vendors' own, as of November 2026; a development test compares them with
``pydantic_ai.profiles``. Of a model that no record knows nothing is assumed: nothing optional is
sent to it. The answer's schema is no option in this sense: it is asked of every model, because a
server that refuses it says so, which costs nothing and is remembered (`llm.adaptation`).

Claude models older than the 5 family take sampling parameters under ``anthropic-version:
2023-06-01`` alone; we speak a newer one, so that no Claude model is sent any.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reviewer.domain.completion import ModelName


class Sampling(StrEnum):
    """When a model takes ``temperature`` and ``top_p``."""

    NEVER = "never"
    ALWAYS = "always"
    WITHOUT_REASONING = "without reasoning"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProfile:
    """What one model takes and holds.

    Args:
        known: Whether a record of ours says so; else everything below is a cautious guess.
        sampling: When it takes ``temperature`` and ``top_p``.
        efforts: The reasoning efforts that it takes; empty for none.
        reasons_by_default: Whether it reasons when no effort is sent.
        can_disable_reasoning: Whether its reasoning can be switched off.
        json_schema: Whether it answers in a JSON schema natively.
        max_output_tokens: The longest answer, reasoning included.
        context_tokens: How much input and output it holds; None where nobody says.
        cache_min_tokens: The shortest prefix that its prompt cache keeps; None for no cache.
        explicit_cache: Whether it takes OpenAI's ``prompt_cache_breakpoint`` (and charges for
            what it writes to its cache).
        characters_per_token: Of diffs and code, at the cautious end; real usage corrects it.
    """

    known: bool = True
    sampling: Sampling = Sampling.NEVER
    efforts: tuple[str, ...] = ()
    reasons_by_default: bool = False
    can_disable_reasoning: bool = False
    json_schema: bool = True
    max_output_tokens: int
    context_tokens: int | None = None
    cache_min_tokens: int | None = None
    explicit_cache: bool = False
    characters_per_token: float = 3.2


_LOW_TO_MAX = ("low", "medium", "high", "xhigh", "max")
_UP_TO_XHIGH = ("none", "low", "medium", "high", "xhigh")
_UP_TO_MAX = ("none", *_LOW_TO_MAX)
_LOW_TO_HIGH = ("low", "medium", "high")

#: Longer answers than this are refused by many servers whose limits nobody knows.
_UNKNOWN = ModelProfile(known=False, max_output_tokens=32_000)


def _claude(
    *,
    efforts: tuple[str, ...] = (),
    reasons: bool = False,
    can_disable: bool = True,
    json_schema: bool = True,
    output: int = 128_000,
    context: int = 1_000_000,
    cache_min: int = 1_024,
    ratio: float = 1.9,
) -> ModelProfile:
    """Return a record of a Claude model.

    Cache minima: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
    """
    return ModelProfile(
        efforts=efforts,
        reasons_by_default=reasons,
        can_disable_reasoning=can_disable,
        json_schema=json_schema,
        max_output_tokens=output,
        context_tokens=context,
        cache_min_tokens=cache_min,
        characters_per_token=ratio,
    )


def _gpt(
    *,
    sampling: Sampling = Sampling.WITHOUT_REASONING,
    efforts: tuple[str, ...] = _UP_TO_MAX,
    reasons: bool = True,
    output: int = 128_000,
    context: int = 1_050_000,
    explicit: bool = False,
) -> ModelProfile:
    """Return a record of an OpenAI model; its prompt cache begins at 1,024 tokens."""
    return ModelProfile(
        sampling=sampling,
        efforts=efforts,
        reasons_by_default=reasons,
        can_disable_reasoning="none" in efforts or not reasons,
        max_output_tokens=output,
        context_tokens=context,
        cache_min_tokens=1_024,
        explicit_cache=explicit,
    )


def _gemini(
    *,
    efforts: tuple[str, ...],
    sampling: Sampling = Sampling.NEVER,
    can_disable: bool = False,
    cache_min: int = 4_096,
) -> ModelProfile:
    """Return a record of a Gemini model; of the 3 family the vendor advises to keep sampling."""
    return ModelProfile(
        sampling=sampling,
        efforts=efforts,
        reasons_by_default=True,
        can_disable_reasoning=can_disable,
        max_output_tokens=65_536,
        context_tokens=1_000_000,
        cache_min_tokens=cache_min,
    )


#: Models of open weights, on servers that take the usual parameters; how much they hold is the
#: server's setting.
_OPEN = ModelProfile(sampling=Sampling.ALWAYS, max_output_tokens=32_000)
_ALWAYS_REASONS = _gpt(sampling=Sampling.NEVER, efforts=_LOW_TO_MAX, explicit=True)

_ALWAYS_THINKS = _claude(efforts=_LOW_TO_MAX, reasons=True, can_disable=False, cache_min=512)

_ANTHROPIC = {
    "claude-fable-5": _ALWAYS_THINKS,
    "claude-mythos-5": _ALWAYS_THINKS,
    "claude-opus-5-5": _ALWAYS_THINKS,
    "claude-opus-5": _claude(efforts=_LOW_TO_MAX, reasons=True),
    "claude-sonnet-5-5": _claude(efforts=_LOW_TO_MAX, reasons=True, cache_min=512),
    "claude-sonnet-5": _claude(efforts=_LOW_TO_MAX, reasons=True),
    "claude-haiku-5-5": _claude(efforts=_LOW_TO_MAX, reasons=True, cache_min=512),
    "claude-opus-4-8": _claude(efforts=_LOW_TO_MAX, cache_min=4_096),
    "claude-opus-4-7": _claude(efforts=_LOW_TO_MAX, cache_min=4_096),
    "claude-opus-4-6": _claude(efforts=(*_LOW_TO_HIGH, "max"), cache_min=4_096, ratio=2.4),
    "claude-opus-4-5": _claude(
        efforts=_LOW_TO_HIGH, output=64_000, context=200_000, cache_min=4_096, ratio=2.4
    ),
    "claude-sonnet-4-6": _claude(efforts=(*_LOW_TO_HIGH, "max"), cache_min=2_048, ratio=2.4),
    "claude-sonnet-4-5": _claude(output=64_000, context=200_000, ratio=2.4),
    "claude-haiku-4-5": _claude(output=64_000, context=200_000, cache_min=4_096, ratio=2.4),
    "claude-opus-4-1": _claude(output=32_000, context=200_000, ratio=2.4),
    "claude-opus-4": _claude(json_schema=False, output=32_000, context=200_000, ratio=2.4),
    "claude-sonnet-4": _claude(json_schema=False, output=64_000, context=200_000, ratio=2.4),
}

_OPENAI = {
    "gpt-6-astra": _ALWAYS_REASONS,
    "gpt-6.1-sol": _ALWAYS_REASONS,
    # Four days old when this was written; the vendor says that they follow gpt-6.1-sol.
    "gpt-6.2-": _ALWAYS_REASONS,
    "gpt-6.1-terra": _gpt(explicit=True),
    "gpt-6-sol": _gpt(explicit=True),
    "gpt-6-luna": _gpt(explicit=True),
    "gpt-5.6-": _gpt(explicit=True),
    "gpt-5.5": _gpt(efforts=_UP_TO_XHIGH, context=1_000_000),
    "gpt-5.5-pro": _gpt(sampling=Sampling.NEVER, efforts=("medium", "high", "xhigh")),
    "gpt-5.4": _gpt(efforts=_UP_TO_XHIGH, reasons=False),
    "gpt-5.4-mini": _gpt(efforts=_UP_TO_XHIGH, reasons=False, context=400_000),
    "gpt-5.4-nano": _gpt(efforts=_UP_TO_XHIGH, reasons=False, context=400_000),
    "gpt-5.4-pro": _gpt(sampling=Sampling.NEVER, efforts=("medium", "high", "xhigh")),
    "gpt-5.3": _gpt(efforts=_UP_TO_XHIGH, reasons=False, output=16_384, context=128_000),
    "gpt-5.3-codex": _gpt(efforts=_UP_TO_XHIGH, reasons=False, context=400_000),
    "gpt-5.3-chat": _gpt(
        sampling=Sampling.NEVER, efforts=("medium",), output=16_384, context=128_000
    ),
    "gpt-5.2": _gpt(efforts=_UP_TO_XHIGH, reasons=False, context=400_000),
    "gpt-5.2-chat": _gpt(
        sampling=Sampling.NEVER, efforts=("medium",), output=16_384, context=128_000
    ),
    "gpt-5.2-pro": _gpt(
        sampling=Sampling.NEVER, efforts=("medium", "high", "xhigh"), context=400_000
    ),
    "gpt-5.1": _gpt(efforts=("none", *_LOW_TO_HIGH), reasons=False, context=400_000),
    "gpt-5.1-chat": _gpt(
        sampling=Sampling.NEVER, efforts=("medium",), output=16_384, context=128_000
    ),
    "gpt-5.1-codex": _gpt(sampling=Sampling.NEVER, efforts=_LOW_TO_HIGH, context=400_000),
    "gpt-5": _gpt(sampling=Sampling.NEVER, efforts=("minimal", *_LOW_TO_HIGH), context=400_000),
    "gpt-5-pro": _gpt(sampling=Sampling.NEVER, efforts=("high",), context=400_000),
    "gpt-4.1": _gpt(
        sampling=Sampling.ALWAYS, efforts=(), reasons=False, output=32_768, context=1_000_000
    ),
    "gpt-4o": _gpt(
        sampling=Sampling.ALWAYS, efforts=(), reasons=False, output=16_384, context=128_000
    ),
    "o3": _gpt(sampling=Sampling.NEVER, efforts=_LOW_TO_HIGH, output=100_000, context=200_000),
    "o4-mini": _gpt(sampling=Sampling.NEVER, efforts=_LOW_TO_HIGH, output=100_000, context=200_000),
}

_GEMINI = {
    "gemini-3": _gemini(efforts=_LOW_TO_HIGH),
    "gemini-3-pro": _gemini(efforts=("low", "high")),
    "gemini-3.5-flash": _gemini(efforts=("minimal", *_LOW_TO_HIGH)),
    # The 2.5 family takes a budget of thinking tokens in place of an effort.
    "gemini-2.5": _gemini(efforts=(), sampling=Sampling.ALWAYS, can_disable=True, cache_min=2_048),
    "gemini-2.5-pro": _gemini(efforts=(), sampling=Sampling.ALWAYS, cache_min=2_048),
}

_COMPATIBLE = dict.fromkeys(
    (
        *("codestral", "deepseek", "devstral", "gemma", "glm", "gpt-oss", "granite", "kimi"),
        *("llama", "ministral", "mistral", "mixtral", "phi", "qwen", "smollm", "starcoder"),
    ),
    _OPEN,
)

_RECORDS = {
    "anthropic": _ANTHROPIC,
    "openai": _OPENAI,
    "gemini": _GEMINI,
    "compatible": _COMPATIBLE,
}


def profile_of(model: ModelName) -> ModelProfile:
    """Find what a model takes.

    Args:
        model: Any model; behind a compatible server also ``vendor/name`` as gateways and hubs
            write it.

    Returns:
        The record with the longest prefix of the name; for a model that none knows, one that
        takes nothing optional.
    """
    name = model.model.lower()
    if model.provider == "compatible":
        name = name.rpartition("/")[2]
    records = _RECORDS.get(model.provider, {})
    fitting = [prefix for prefix in records if name.startswith(prefix)]
    if fitting:
        return records[max(fitting, key=len)]
    if "claude" in name:  # behind a gateway: its tokens are short wherever it runs
        return ModelProfile(
            known=False,
            max_output_tokens=_UNKNOWN.max_output_tokens,
            characters_per_token=1.9,
        )
    return _UNKNOWN
