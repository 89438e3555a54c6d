"""What happens in a run, as values that are logged, counted, audited and streamed.

::

    review.started        running                   a run began
    review.progress       running                   it came to a stage
    review.completed      completed                 the run ended; nothing follows
    review.partial        partial                   … so with this and the three below
    review.skipped        skipped
    review.superseded     superseded
    review.failed         failed
    persona.started       running                   a persona looks
    persona.completed     completed, partial        … judged all, or some, of its rules
    persona.failed        failed                    … could judge none of them
    completion.chunk      running                   an answer begins to arrive
    completion.completed  answered, cached, failed  an attempt of a call ended
    context.compressed    compressed                not everything was shown
    run.paused            paused                    the run waits, and says for what
    run.resumed           running                   it goes on

The status is always said and never read out of words; what an event may say is the table
`STATUSES`. Events carry figures, names and reasons; never code, prompts or a model's text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from reviewer.domain.status import RunState

Datum = str | int | float

#: Reasons are sentences; more of one helps nobody and is kept in the run's row.
LONGEST_TEXT = 300


class EventKind(StrEnum):
    """What happened."""

    REVIEW_STARTED = "review.started"
    REVIEW_PROGRESS = "review.progress"
    REVIEW_COMPLETED = "review.completed"
    REVIEW_PARTIAL = "review.partial"
    REVIEW_SKIPPED = "review.skipped"
    REVIEW_SUPERSEDED = "review.superseded"
    REVIEW_FAILED = "review.failed"
    PERSONA_STARTED = "persona.started"
    PERSONA_COMPLETED = "persona.completed"
    PERSONA_FAILED = "persona.failed"
    COMPLETION_CHUNK = "completion.chunk"
    COMPLETION_COMPLETED = "completion.completed"
    CONTEXT_COMPRESSED = "context.compressed"
    RUN_PAUSED = "run.paused"
    RUN_RESUMED = "run.resumed"


class EventStatus(StrEnum):
    """How it stands with what the event is about."""

    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    PARTIAL = "partial"
    SKIPPED = "skipped"
    SUPERSEDED = "superseded"
    FAILED = "failed"
    ANSWERED = "answered"
    CACHED = "cached"
    COMPRESSED = "compressed"


class FailureCause(StrEnum):
    """What kind of thing failed, where a run could not do all of its work."""

    MODEL = "model"
    CODE_HOST = "code_host"
    DATABASE = "database"
    BUDGET = "budget"
    LIMIT = "limit"  # time, memory or size
    TOOL = "tool"  # a linter or a parser gave no evidence
    CONFIGURATION = "configuration"  # a person can mend it
    INTERNAL = "internal"  # a defect of ours


#: The event that tells each final state of a run.
ENDINGS: Mapping[RunState, EventKind] = MappingProxyType(
    {
        RunState.COMPLETED: EventKind.REVIEW_COMPLETED,
        RunState.PARTIAL: EventKind.REVIEW_PARTIAL,
        RunState.SKIPPED: EventKind.REVIEW_SKIPPED,
        RunState.SUPERSEDED: EventKind.REVIEW_SUPERSEDED,
        RunState.FAILED: EventKind.REVIEW_FAILED,
    }
)

#: Kinds after which nothing follows.
FINAL = frozenset(ENDINGS.values())

#: What each kind may say of how it stands.
STATUSES: Mapping[EventKind, frozenset[EventStatus]] = MappingProxyType(
    {
        EventKind.REVIEW_STARTED: frozenset({EventStatus.RUNNING}),
        EventKind.REVIEW_PROGRESS: frozenset({EventStatus.RUNNING}),
        **{kind: frozenset({EventStatus(state.value)}) for state, kind in ENDINGS.items()},
        EventKind.PERSONA_STARTED: frozenset({EventStatus.RUNNING}),
        EventKind.PERSONA_COMPLETED: frozenset({EventStatus.COMPLETED, EventStatus.PARTIAL}),
        EventKind.PERSONA_FAILED: frozenset({EventStatus.FAILED}),
        EventKind.COMPLETION_CHUNK: frozenset({EventStatus.RUNNING}),
        EventKind.COMPLETION_COMPLETED: frozenset(
            {EventStatus.ANSWERED, EventStatus.CACHED, EventStatus.FAILED}
        ),
        EventKind.CONTEXT_COMPRESSED: frozenset({EventStatus.COMPRESSED}),
        EventKind.RUN_PAUSED: frozenset({EventStatus.PAUSED}),
        EventKind.RUN_RESUMED: frozenset({EventStatus.RUNNING}),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """One thing that happened in a run.

    Args:
        run_id: The run.
        sequence: Its place in the run, from 1; 0 until the bus that publishes it gives one.
        kind: What happened.
        status: How it stands; one of what `STATUSES` allows the kind.
        at: When, with a time zone.
        data: What else is known: names, reasons, figures. Texts are cut at `LONGEST_TEXT`.

    Raises:
        ValueError: The status does not go with the kind; a defect of ours.
    """

    run_id: str
    sequence: int = 0
    kind: EventKind
    status: EventStatus
    at: datetime
    data: Mapping[str, Datum] = field(default_factory=lambda: MappingProxyType({}), hash=False)

    def __post_init__(self) -> None:
        if self.status not in STATUSES[self.kind]:
            message = f"{self.kind.value} cannot say {self.status.value}"
            raise ValueError(message)
        cut = {name: _cut(value) for name, value in self.data.items()}
        object.__setattr__(self, "data", MappingProxyType(cut))

    @property
    def final(self) -> bool:
        """Whether nothing follows."""
        return self.kind in FINAL


def _cut(value: Datum) -> Datum:
    if not isinstance(value, str) or len(value) <= LONGEST_TEXT:
        return value
    return f"{value[: LONGEST_TEXT - 1]}…"
