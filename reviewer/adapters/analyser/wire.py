"""What passes between the two processes: JSON of our own values, read strictly.

Unknown fields, other types, infinite numbers and deep nesting are refused; how long a text may be
is bounded where it is read from the pipe. A review travels without the change, without the
personas but for their names, and without scores: the receiver has or computes them (`fit`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Generic, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from reviewer.domain.checklist import Answer
from reviewer.domain.evidence import Hit
from reviewer.domain.finding import PlacedFinding
from reviewer.domain.history import Heard, Since
from reviewer.domain.material import Material, ModelTerms, Question, Reply
from reviewer.domain.model_use import ModelUse
from reviewer.domain.review import Review
from reviewer.domain.run_event import FailureCause
from reviewer.domain.selection import Selection
from reviewer.domain.status import RunState
from reviewer.errors import ConfigurationError, ReviewerError, UserError

#: Defaults for everything that stands inside, too.
_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

_Value = TypeVar("_Value")


class UnreadableError(ReviewerError):
    """What came is not what is agreed; the text says where and never what stood there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What the analyser is to do.

    Args:
        material: What it works on.
        question: What is asked; None for a review.
        terms: What is asked for of models.
    """

    material: Material
    question: Question | None = None
    terms: ModelTerms = field(default_factory=ModelTerms)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentCard:
    """A persona's answers; the score is computed by the receiver."""

    persona: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentReview:
    """A review as it travels; the fields are those of `domain.review.Review`."""

    state: RunState
    reason: str
    cause: FailureCause | None
    personas: tuple[str, ...]
    selection: Selection
    scorecards: tuple[SentCard, ...]
    findings: tuple[PlacedFinding, ...]
    notices: tuple[str, ...]
    other_analysers: tuple[Hit, ...]
    injection_suspected: bool
    model: str | None
    model_use: ModelUse | None
    since: Since | None
    look: str
    heard: Heard

    @classmethod
    def of(cls, review: Review) -> SentReview:
        """Take out what does not travel."""
        return cls(
            state=review.state,
            reason=review.reason,
            cause=review.cause,
            personas=tuple(persona.name for persona in review.personas),
            selection=review.selection,
            scorecards=tuple(
                SentCard(persona=card.persona, answers=card.answers) for card in review.scorecards
            ),
            findings=review.findings,
            notices=review.notices,
            other_analysers=review.other_analysers,
            injection_suspected=review.injection_suspected,
            model=review.model,
            model_use=review.model_use,
            since=review.since,
            look=review.look,
            heard=review.heard,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SentError:
    """Why there is nothing: a person's mistake with its place, or what could not be done."""

    message: str
    mistake: bool = False
    configuration: bool = False
    path: str | None = None
    line: int | None = None
    hint: str | None = None
    others: tuple[SentError, ...] = ()

    @classmethod
    def of(cls, error: ReviewerError) -> SentError:
        """Take an error apart."""
        if not isinstance(error, UserError):
            return cls(message=str(error))
        others = error.others if isinstance(error, ConfigurationError) else ()
        return cls(
            message=error.message,
            mistake=True,
            configuration=isinstance(error, ConfigurationError),
            path=error.path,
            line=error.line,
            hint=error.hint,
            others=tuple(cls.of(other) for other in others),
        )

    @property
    def error(self) -> ReviewerError:
        """The error, put together again."""
        if self.configuration:
            return self.as_configuration()
        if self.mistake:
            return UserError(self.message, path=self.path, line=self.line, hint=self.hint)
        return ReviewerError(self.message)

    def as_configuration(self) -> ConfigurationError:
        """Return the error of a file, with what else is wrong in it."""
        return ConfigurationError(
            self.message,
            path=self.path,
            line=self.line,
            hint=self.hint,
            others=[other.as_configuration() for other in self.others],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the analyser gives back; exactly one of these."""

    review: SentReview | None = None
    reply: Reply | None = None
    error: SentError | None = None


class _Codec(Generic[_Value]):
    """Writes and reads one kind of value.

    Args:
        adapter: Of a tuple of one: only what has no configuration of its own can be given one.
    """

    def __init__(self, adapter: TypeAdapter[tuple[_Value]]) -> None:
        self._adapter = adapter

    def write(self, value: _Value) -> tuple[bytes, _Value]:
        """Return what is sent, and the value as it will be read."""
        try:
            # A read-only mapping is written as the dictionary that it shows.
            return self._adapter.dump_json((value,), fallback=dict, warnings=False), value
        except PydanticSerializationError:
            plain = self._adapter.dump_python((value,), mode="json", fallback=dict, warnings=False)
            content = json.dumps(_writable(plain)).encode()
            return content, self.read(content)

    def read(self, content: bytes) -> _Value:
        """Return the value.

        Raises:
            UnreadableError: It is not exactly one.
        """
        try:
            (value,) = self._adapter.validate_json(content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"][1:]) or "the text"
            raise UnreadableError(f"{place[:200]}: {first['type']}") from None
        return value


def _writable(value: object) -> object:
    """Replace halves of characters, which UTF-8 cannot hold; no text that is real has any."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    if isinstance(value, Mapping):
        return {str(_writable(key)): _writable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_writable(inner) for inner in value]
    return value


@cache
def _tasks() -> _Codec[Task]:
    return _Codec(TypeAdapter(tuple[Task], config=_STRICT))


@cache
def _outcomes() -> _Codec[Outcome]:
    return _Codec(TypeAdapter(tuple[Outcome], config=_STRICT))


def write_task(task: Task) -> tuple[bytes, Task]:
    """Write a task.

    Returns:
        What is sent, and the task as it will be read: halves of characters become U+FFFD.
    """
    return _tasks().write(task)


def read_task(content: bytes) -> Task:
    """Read a task.

    Raises:
        UnreadableError: It is not exactly one.
    """
    return _tasks().read(content)


def write_outcome(outcome: Outcome) -> bytes:
    """Write what came of a task."""
    content, _ = _outcomes().write(outcome)
    return content


def read_outcome(content: bytes) -> Outcome:
    """Read what came of a task.

    Raises:
        UnreadableError: It is not exactly one.
    """
    outcome = _outcomes().read(content)
    given = [part for part in (outcome.review, outcome.reply, outcome.error) if part is not None]
    if len(given) != 1:
        raise UnreadableError(f"{len(given)} outcomes instead of one")
    return outcome


def prepare() -> None:
    """Build the codecs now; whoever waits for the other side anyway has the time."""
    _outcomes()
