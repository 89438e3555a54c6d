"""How the API writes runs, verdicts, findings and costs, and what it may be asked for."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from reviewer.domain.file_schema import PERSONA_NAME
from reviewer.domain.pull_request import PullRequestName, Repository
from reviewer.domain.run import FindingRecord, RuleVerdict, RunCursor, RunQuery, RunRecord
from reviewer.domain.spending import DayCost
from reviewer.domain.status import RunState

_OWNER = "[A-Za-z0-9][A-Za-z0-9_-]{0,99}"
_NAME = "[A-Za-z0-9._-]{1,100}"
_REPOSITORY = re.compile(f"(?P<owner>{_OWNER})/(?P<name>{_NAME})")
#: A bigint's: https://www.postgresql.org/docs/current/datatype-numeric.html
_LARGEST_ID = 2**63 - 1
_LARGEST_NUMBER = 2**31 - 1
_LONGEST_CURSOR = 300
_MOST_DAYS = 366


def _repository(value: str) -> str:
    match = _REPOSITORY.fullmatch(value)
    if match is None or match["name"] in {".", ".."}:
        message = "must be like owner/name"
        raise ValueError(message)
    return value


def _whole(value: object) -> object:
    # 7.0 is an integer of JSON Schema, and JavaScript knows no other kind of number.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _year(value: datetime) -> datetime:
    # Others cannot be shifted to UTC, and databases differ in what they take.
    if not 2000 <= value.year <= 9000:  # noqa: PLR2004 - long before and after any run
        message = "must be a year from 2000 on"
        raise ValueError(message)
    return value


RepositoryName = Annotated[
    str,
    Field(
        max_length=201,
        description="`owner/name`.",
        examples=["acme/shop"],
        json_schema_extra={"pattern": f"^{_OWNER}/{_NAME}$"},
    ),
    AfterValidator(_repository),
]
HostId = Annotated[int, Field(ge=1, le=_LARGEST_ID)]
PullRequestNumber = Annotated[int, Field(ge=1, le=_LARGEST_NUMBER)]
Moment = Annotated[AwareDatetime, AfterValidator(_year)]
_RUN_ID = re.compile(r"[A-Za-z0-9._:@-]{1,200}")
RunId = Annotated[str, Field(pattern=f"^{_RUN_ID.pattern}$")]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Question(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RunFilters(_Question):
    """Which runs are asked for."""

    repository: RepositoryName | None = None
    number: PullRequestNumber | None = Field(default=None, description="Of this pull request.")
    installation: HostId | None = Field(default=None, description="Of this installation.")
    state: list[RunState] = Field(default=[], max_length=10, description="In one of these states.")
    since: Moment | None = Field(default=None, description="Queued at this time or later.")
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(
        default=None, max_length=_LONGEST_CURSOR, description="`next` of the page before."
    )

    @model_validator(mode="after")
    def _cursor_is_one(self) -> Self:
        if self.cursor is not None:
            read_cursor(self.cursor)
        return self

    def query(self) -> RunQuery:
        """Return what the store is asked."""
        return RunQuery(
            installation_id=self.installation,
            repository=None if self.repository is None else repository_of(self.repository),
            number=self.number,
            states=frozenset(self.state),
            since=self.since,
            after=None if self.cursor is None else read_cursor(self.cursor),
            limit=self.limit,
        )


class CostFilters(_Question):
    """Which costs are asked for."""

    since: date = Field(description="The first day, in UTC.", examples=["2026-11-01"])
    until: date = Field(description="The last day, in UTC.", examples=["2026-11-30"])
    installation: HostId | None = Field(default=None, description="Of this installation.")
    repository: RepositoryName | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until < self.since:
            message = "until must not be before since"
            raise ValueError(message)
        if (self.until - self.since).days >= _MOST_DAYS:
            message = f"at most {_MOST_DAYS} days"
            raise ValueError(message)
        if self.until == date.max:
            message = "until must be before the end of all days"
            raise ValueError(message)
        return self


class ReviewRequest(BaseModel):
    """A review that is wanted."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [{"repository": "acme/shop", "number": 7, "personas": ["type-guardian"]}]
        },
    )

    repository: RepositoryName
    number: Annotated[PullRequestNumber, BeforeValidator(_whole)]
    full: bool = Field(default=False, description="Whether everything is looked at again.")
    personas: list[Annotated[str, Field(max_length=40, pattern=f"^{PERSONA_NAME}$")]] = Field(
        default=[], max_length=20, description="By exactly these; empty lets the change decide."
    )
    panel: Annotated[str, Field(max_length=40, pattern=f"^{PERSONA_NAME}$")] | None = None

    def pull_request(self) -> PullRequestName:
        """Return which pull request."""
        return PullRequestName(repository=repository_of(self.repository), number=self.number)


class Run(_Answer):
    """A run."""

    id: str
    state: RunState
    reason: str = Field(description="Why, for every state but `completed`.")
    repository: str
    number: int
    title: str = Field(description="The pull request's title: somebody's text.")
    head_sha: str
    installation: int
    trigger: str
    delivery: str
    conclusion: str | None = Field(description="What its check says; null before it has one.")
    score: float | None = Field(description="0 to 100; null where no rule was assessed.")
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    tokens: int
    cost: str | None = Field(description="US dollars; null where a part has no known price.")

    @classmethod
    def of(cls, run: RunRecord) -> Self:
        """Write a run."""
        return cls(
            id=run.id,
            state=run.state,
            reason=run.reason,
            repository=str(run.pull_request.repository),
            number=run.pull_request.number,
            title=run.title,
            head_sha=run.head_sha,
            installation=run.installation_id,
            trigger=run.trigger,
            delivery=run.delivery_id,
            conclusion=None if run.conclusion is None else run.conclusion.value,
            score=run.score,
            queued_at=run.queued_at,
            started_at=run.started_at,
            ended_at=run.ended_at,
            tokens=run.tokens,
            cost=None if run.cost is None else f"{run.cost:f}",
        )


class RunList(_Answer):
    """A page of runs, newest first."""

    runs: list[Run]
    next: str | None = Field(description="The `cursor` of the next page; null on the last one.")


class Verdict(_Answer):
    """What one rule was answered."""

    persona: str
    persona_version: int
    rule: str
    severity: str
    verdict: str
    reason: str
    asked: bool = Field(description="Whether a model was asked.")

    @classmethod
    def of(cls, verdict: RuleVerdict) -> Self:
        """Write a verdict."""
        return cls(
            persona=verdict.persona,
            persona_version=verdict.persona_version,
            rule=verdict.rule_id,
            severity=verdict.severity.value,
            verdict=verdict.verdict.value,
            reason=verdict.reason,
            asked=verdict.asked,
        )


class FoundPlace(_Answer):
    """A finding, what became of it, and where it stands."""

    fingerprint: str
    rule: str
    persona: str
    severity: str
    confidence: str
    path: str
    start_line: int | None
    end_line: int | None
    headline: str
    outcome: str
    reason: str = Field(description="Why it does not stand inline; empty where it does.")
    state: str

    @classmethod
    def of(cls, record: FindingRecord) -> Self:
        """Write a finding."""
        finding, outcome = record.placed.finding, record.placed.outcome
        location = finding.location
        return cls(
            fingerprint=finding.fingerprint,
            rule=finding.rule_id,
            persona=finding.persona,
            severity=finding.severity.value,
            confidence=finding.confidence.value,
            path=finding.path,
            start_line=None if location is None else location.start_line,
            end_line=None if location is None else location.end_line,
            headline=finding.headline,
            outcome=outcome.kind.value,
            reason=outcome.reason,
            state=record.state.value,
        )


class RunReport(_Answer):
    """One run in full."""

    run: Run
    verdicts: list[Verdict]
    findings: list[FoundPlace]


class DayCosts(_Answer):
    """What calls of one repository cost on one day."""

    day: date
    installation: int | None
    repository: str
    calls: int
    tokens: int
    cost: str = Field(description="US dollars of the calls whose price is known.")
    unpriced_calls: int

    @classmethod
    def of(cls, cost: DayCost) -> Self:
        """Write a day's costs."""
        return cls(
            day=cost.day,
            installation=cost.installation_id,
            repository=cost.repository,
            calls=cost.calls,
            tokens=cost.tokens,
            cost=f"{cost.dollars:f}",
            unpriced_calls=cost.unpriced,
        )


class CostList(_Answer):
    """What days cost, oldest first."""

    days: list[DayCosts]
    total: str = Field(description="US dollars of all of them.")


class Cancelled(_Answer):
    """That a run is given up."""

    state: Literal["cancelled"] = "cancelled"


class Ordered(_Answer):
    """That a review is ordered."""

    state: Literal["ordered"] = "ordered"
    delivery: str = Field(description="What the run, once it is there, has as its `delivery`.")


class Deleted(_Answer):
    """What was deleted."""

    rows: dict[str, int] = Field(description="How many rows of each kind went.")


def repository_of(name: str) -> Repository:
    """Return the repository of a name that was validated."""
    owner, _, rest = name.partition("/")
    return Repository(owner=owner, name=rest)


def write_cursor(cursor: RunCursor) -> str:
    """Write where a page ends; what is in it is nobody's business."""
    text = f"{cursor.queued_at.isoformat()} {cursor.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str) -> RunCursor:
    """Read where a page ended.

    Raises:
        ValueError: It is no cursor of ours.
    """
    try:
        padded = text + "=" * (-len(text) % 4)
        moment, _, run_id = base64.b64decode(padded, b"-_", validate=True).decode().partition(" ")
        queued_at = _year(datetime.fromisoformat(moment))
    except (ValueError, binascii.Error):
        queued_at, run_id = datetime.min, ""  # noqa: DTZ901 - refused below, as one without a zone
    if queued_at.tzinfo is None or _RUN_ID.fullmatch(run_id) is None:
        message = "is no cursor: take `next` of the page before"
        raise ValueError(message)
    return RunCursor(queued_at=queued_at, id=run_id)
