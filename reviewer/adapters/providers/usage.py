"""What a call used, in three disjoint input buckets, out of three providers' ways to say it.

A count that cannot be (negative, no integer, beyond any context) makes the whole usage unknown:
then the call stays charged at what was reserved for it, which no answer can lower.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from reviewer.domain.completion import Usage

#: No context window comes near; a larger count is a broken or lying server.
_LARGEST = 100_000_000


class _NotACountError(ValueError):
    pass


def mapping(value: object) -> Mapping[str, object]:
    """Return a JSON object, or an empty one where something else stands."""
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _count(source: Mapping[str, object], name: str) -> int:
    """Read a count; absent and null are zero."""
    value = source.get(name)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST:
        raise _NotACountError(name)
    return value


def openai_usage(said: object) -> Usage | None:
    """Read ``usage`` of a chat completion.

    ``prompt_tokens`` includes ``cached_tokens`` and ``cache_write_tokens``
    (https://developers.openai.com/api/docs/guides/prompt-caching).

    Args:
        said: The value of ``usage``.

    Returns:
        The usage; None where it says nothing or nonsense.
    """
    usage = mapping(said)
    if "prompt_tokens" not in usage or "completion_tokens" not in usage:
        return None
    try:
        details = mapping(usage.get("prompt_tokens_details"))
        read, written = _count(details, "cached_tokens"), _count(details, "cache_write_tokens")
        prompt, output = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
        reasoning = _count(mapping(usage.get("completion_tokens_details")), "reasoning_tokens")
        if reasoning and _count(usage, "total_tokens") == prompt + output + reasoning:
            # xAI counts reasoning beside the completion, not in it; the total gives it away.
            output += reasoning
    except _NotACountError:
        return None
    return Usage(
        fresh_input=max(0, prompt - read - written),
        cache_read=read,
        cache_write=written,
        output=max(output, reasoning),
        reasoning=reasoning,
    )


def anthropic_usage(said: object) -> Usage | None:
    """Read ``usage`` of a message.

    ``input_tokens`` excludes both cache counts
    (https://platform.claude.com/docs/en/build-with-claude/prompt-caching).

    Args:
        said: The value of ``usage``, with what ``message_delta`` said laid over it.

    Returns:
        The usage; None where it says nothing or nonsense.
    """
    usage = mapping(said)
    if "input_tokens" not in usage or "output_tokens" not in usage:
        return None
    try:
        output = _count(usage, "output_tokens")
        reasoning = _count(mapping(usage.get("output_tokens_details")), "thinking_tokens")
        return Usage(
            fresh_input=_count(usage, "input_tokens"),
            cache_read=_count(usage, "cache_read_input_tokens"),
            cache_write=_count(usage, "cache_creation_input_tokens"),
            output=max(output, reasoning),
            reasoning=reasoning,
        )
    except _NotACountError:
        return None


def gemini_usage(said: object) -> Usage | None:
    """Read ``usageMetadata``.

    ``promptTokenCount`` includes ``cachedContentTokenCount``; ``candidatesTokenCount`` excludes
    ``thoughtsTokenCount`` (https://ai.google.dev/api/generate-content#UsageMetadata).

    Args:
        said: The value of ``usageMetadata``.

    Returns:
        The usage; None where it says nothing or nonsense.
    """
    usage = mapping(said)
    if "promptTokenCount" not in usage:
        return None
    try:
        read = _count(usage, "cachedContentTokenCount")
        prompt = _count(usage, "promptTokenCount") + _count(usage, "toolUsePromptTokenCount")
        reasoning = _count(usage, "thoughtsTokenCount")
        return Usage(
            fresh_input=max(0, prompt - read),
            cache_read=read,
            output=_count(usage, "candidatesTokenCount") + reasoning,
            reasoning=reasoning,
        )
    except _NotACountError:
        return None
