"""What a cassette holds: one JSON document a line, the first about the run, then one a call.

It holds no prompt, no code and no key: of a request only who asked, by which prompt, and a hash of
what was asked. Answers stand in it as the models gave them, with secrets taken out; a model may
quote the change in them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from reviewer.domain.completion import (
    Completion,
    CompletionRequest,
    Failure,
    FailureKind,
    Finish,
    Usage,
)
from reviewer.domain.redactor import redact

FORMAT: Literal[1] = 1

Tokens = Annotated[int, Field(ge=0, le=10**12)]
Words = Annotated[str, Field(max_length=1_000)]
#: A provider may ask to wait for a month; more is kept as this, because a recorder must never end
#: a run that was paid.
_MOST_SECONDS = 10_000_000.0
Seconds = Annotated[float, Field(ge=0, le=_MOST_SECONDS, allow_inf_nan=False)]


class _Record(BaseModel):
    """A document of a cassette: nothing unknown, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Head(_Record):
    """The first line: what the answers hang on besides the change.

    Args:
        format: Version of this format.
        generator: Which program wrote it.
        started_at: When the run began, ISO 8601 with a time zone; its date is what models were
            told.
        model: The model that answered, as configuration writes it.
        models: Every model that was asked.
        language: Tag of the language of findings.
        configuration: What else the run was configured with; the wiring's own business.
        entries: How many lines follow.
    """

    format: Literal[1] = FORMAT
    generator: Words
    started_at: Words
    model: Words
    models: Annotated[tuple[Words, ...], Field(strict=False, max_length=100)] = ()
    language: Words = "en"
    configuration: Mapping[str, object] = {}
    entries: Annotated[int, Field(ge=0, le=100_000)] = 0

    def start(self) -> datetime:
        """Return when the run began.

        Raises:
            ValueError: What stands there is no time with a zone.
        """
        start = datetime.fromisoformat(self.started_at)
        if start.tzinfo is None:
            message = "started_at has no time zone"
            raise ValueError(message)
        return start


class _UsageRecord(_Record):
    fresh_input: Tokens = 0
    cache_read: Tokens = 0
    cache_write: Tokens = 0
    output: Tokens = 0
    reasoning: Tokens = 0


class _AnswerRecord(_Record):
    text: str
    finish: Annotated[Finish, Field(strict=False)]
    usage: _UsageRecord | None = None
    model_answered: Words
    latency_seconds: Seconds = 0.0


class _FailureRecord(_Record):
    kind: Annotated[FailureKind, Field(strict=False)]
    message: str
    status: int | None = None
    retry_after_seconds: Seconds | None = None
    parameter: Words = ""
    sent: bool = True


class Entry(_Record):
    """One call: whose it was, what it was a call of, and how it ended."""

    request: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    persona: Words = ""
    purpose: Words
    prompt: Words
    model: Words
    answer: _AnswerRecord | None = None
    failure: _FailureRecord | None = None

    @classmethod
    def of(
        cls, request: CompletionRequest, ended: Completion | Failure, secrets: tuple[str, ...]
    ) -> Entry:
        """Keep how a call ended, with secrets taken out.

        Args:
            request: What was asked.
            ended: What came back.
            secrets: Secrets of our own.
        """
        answer = failure = None
        if isinstance(ended, Completion):
            answer = _AnswerRecord(
                text=redact(ended.text, secrets),
                finish=ended.finish,
                usage=None if ended.usage is None else _usage_record(ended.usage),
                model_answered=redact(ended.model_answered, secrets)[:200],
                latency_seconds=round(max(0.0, ended.latency_seconds), 3),
            )
        else:
            failure = _FailureRecord(
                kind=ended.kind,
                message=redact(ended.message, secrets),
                status=ended.status,
                retry_after_seconds=None
                if ended.retry_after_seconds is None
                else min(max(0.0, ended.retry_after_seconds), _MOST_SECONDS),
                parameter=ended.parameter[:1_000],
                sent=ended.sent,
            )
        return cls(
            request=digest(request),
            persona=request.persona,
            purpose=request.purpose,
            prompt=str(request.prompt),
            model=str(request.model),
            answer=answer,
            failure=failure,
        )

    def ended(self) -> Completion | Failure:
        """Return how the call ended.

        Raises:
            ValueError: The line holds neither an answer nor a failure, or both.
        """
        if (self.answer is None) == (self.failure is None):
            message = "a call has either an answer or a failure"
            raise ValueError(message)
        if self.answer is not None:
            said = self.answer
            return Completion(
                text=said.text,
                finish=said.finish,
                usage=None if said.usage is None else Usage(**said.usage.model_dump()),
                model_answered=said.model_answered,
                latency_seconds=said.latency_seconds,
            )
        assert self.failure is not None  # noqa: S101 - one of them is there
        return Failure(**self.failure.model_dump())


def _usage_record(usage: Usage) -> _UsageRecord:
    return _UsageRecord(
        fresh_input=usage.fresh_input,
        cache_read=usage.cache_read,
        cache_write=usage.cache_write,
        output=usage.output,
        reasoning=usage.reasoning,
    )


def digest(request: CompletionRequest) -> str:
    """Hash what was asked, without nonce, date and run: equal for equal content.

    Args:
        request: What is sent. One without a content key is taken as it is.
    """
    content = request.content_key or json.dumps((request.system, request.prefix, request.question))
    parameters = request.parameters
    parts = (
        content,
        str(request.model),
        str(request.prompt),
        request.purpose,
        request.persona,
        request.schema is not None,
        parameters.max_output_tokens,
        parameters.temperature,
        parameters.top_p,
        parameters.effort,
    )
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
