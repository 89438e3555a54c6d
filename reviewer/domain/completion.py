"""One call of a language model as values: what is asked, what came back, what it used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from typing_extensions import override


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelName:
    """Which model, where: ``anthropic:claude-sonnet-5-5``, ``compatible:http://127.0.0.1:8080/v1#name``.

    Args:
        provider: ``anthropic``, ``openai``, ``gemini`` or ``compatible``.
        model: The provider's own name of the model.
        base_url: Where it is reached, without a trailing slash; empty for the provider's own.
    """

    provider: str
    model: str
    base_url: str = ""

    @override
    def __str__(self) -> str:
        """Return the form that configuration uses."""
        if self.base_url:
            return f"{self.provider}:{self.base_url}#{self.model}"
        return f"{self.provider}:{self.model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptIdentity:
    """Which prompt: name, version and sha256 of its file; shown as ``review/v3@ab12cd34ef56``."""

    name: str
    version: int
    sha256: str

    @override
    def __str__(self) -> str:
        """Return the short form that is shown and stored."""
        return f"{self.name}/v{self.version}@{self.sha256[:12]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What a call may set; None is never sent. Bounds are checked before the network.

    Args:
        max_output_tokens: Upper bound of the answer, reasoning included.
        temperature: 0 to 1.
        top_p: 0 to 1.
        effort: Reasoning effort where a model takes one (``low``, ``medium``, …).
    """

    max_output_tokens: int
    temperature: float | None = None
    top_p: float | None = None
    effort: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionRequest:
    """Everything of one call but the key.

    The text is system, then prefix, then question. The prefix is byte-identical for all calls
    about one batch of the change, so that providers' prompt caches pay for it once; nothing
    that differs between personas stands before it.

    Args:
        model: Which model.
        prompt: Which prompt made the text.
        system: The contract; ours alone, never text of a change.
        prefix: The batch of the change, fenced; cacheable together with ``system``.
        question: The persona, its checklist, and the contract again.
        schema_name: Name of the answer's schema, at most 64 characters.
        schema: JSON Schema of the answer in the portable subset; None for plain text.
        parameters: What the call sets.
        run_id: The run that it belongs to.
        persona: The persona's name; empty for calls of none.
        purpose: ``review``, ``hunt``, ``verify``, ``repair``, ``plan``, ``ask`` or ``doctor``.
        rules: The rules that are asked, for the ledger.
        content_key: Key of everything that may change the answer, the nonce left out; equal
            keys mean that the same answer may be used again.
    """

    model: ModelName
    prompt: PromptIdentity
    system: str
    prefix: str
    question: str
    schema_name: str = "answer"
    schema: Mapping[str, object] | None = field(default=None, hash=False)
    parameters: Parameters
    run_id: str = ""
    persona: str = ""
    purpose: str = "review"
    rules: tuple[str, ...] = ()
    content_key: str = ""


class Finish(StrEnum):
    """Why the model stopped."""

    STOP = "stop"
    LENGTH = "length"
    FILTER = "content_filter"
    REFUSAL = "refusal"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call, in three disjoint input buckets and one output bucket.

    Args:
        fresh_input: Input tokens neither read from nor written to a cache.
        cache_read: Input tokens read from the provider's cache.
        cache_write: Input tokens written to the provider's cache.
        output: Output tokens, reasoning included.
        reasoning: The part of ``output`` that was reasoning.
    """

    fresh_input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0

    @property
    def input(self) -> int:
        """All input tokens."""
        return self.fresh_input + self.cache_read + self.cache_write

    @property
    def total(self) -> int:
        """Input and output tokens."""
        return self.input + self.output

    def __add__(self, other: Usage) -> Usage:
        """Add two usages bucket by bucket."""
        return Usage(
            fresh_input=self.fresh_input + other.fresh_input,
            cache_read=self.cache_read + other.cache_read,
            cache_write=self.cache_write + other.cache_write,
            output=self.output + other.output,
            reasoning=self.reasoning + other.reasoning,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What came back.

    Args:
        text: The model's text; untrusted.
        finish: Why it stopped.
        usage: What it used; None where the provider did not say.
        model_answered: The model that answered, as the provider names it.
        provider_request_id: The provider's id of the call, empty where it gives none.
        latency_seconds: From sending to the last byte.
        from_cache: Whether our own result cache answered, at no cost.
    """

    text: str
    finish: Finish
    usage: Usage | None
    model_answered: str
    provider_request_id: str = ""
    latency_seconds: float = 0.0
    from_cache: bool = False


class FailureKind(StrEnum):
    """How a call failed; decides whether it is tried again (llm.md, section 3.2 and 7)."""

    TRANSIENT = "transient"  # 408, 409, 5xx, 529, network, time-out: tried again
    RATE_LIMITED = "rate_limited"  # 429 with a way back: tried again after Retry-After
    BILLING = "billing"  # 402, spend limits, credit: never again
    AUTHENTICATION = "authentication"  # 401, 403
    PARAMETER = "parameter"  # 400 naming a parameter: dropped once, remembered
    SCHEMA_UNSUPPORTED = "schema_unsupported"  # 400 about the schema: once without it
    CONTEXT_OVERFLOW = "context_overflow"  # the input is too long: never the same input again
    INVALID = "invalid"  # other 4xx
    PROTOCOL = "protocol"  # 200 with HTML, a redirect, too long, cut off, unreadable
    CIRCUIT_OPEN = "circuit_open"  # our own breaker
    DEFERRED = "deferred"  # Retry-After over the limit: for a later run
    BUDGET = "budget"  # our own ceiling
    DEADLINE = "deadline"  # the run's time is over
    CANCELLED = "cancelled"  # given up by us while it was under way


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How one attempt failed.

    Args:
        kind: Decides what happens next.
        message: The provider's words, redacted and cut.
        status: HTTP status, None without an answer.
        retry_after_seconds: What the provider asks to wait.
        parameter: The parameter that was refused.
        sent: Whether the request may have reached the model (then it may cost).
    """

    kind: FailureKind
    message: str
    status: int | None = None
    retry_after_seconds: float | None = None
    parameter: str = ""
    sent: bool = True
