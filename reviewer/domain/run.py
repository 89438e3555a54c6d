"""A run as it is kept: where it stands, what every rule was answered, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from reviewer.domain.checklist import Answer, Verdict
from reviewer.domain.conclusion import ConclusionKind
from reviewer.domain.finding import PlacedFinding
from reviewer.domain.history import KnownState
from reviewer.domain.persona import Severity
from reviewer.domain.pull_request import PullRequestName, Repository
from reviewer.domain.review import Review
from reviewer.domain.status import RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run on one head of a pull request.

    Args:
        id: Names the run, everywhere.
        installation_id: The host's number of the installation.
        repository_id: The host's number of the repository.
        pull_request: Which pull request, by the name that it has now.
        head_sha: The commit that is reviewed; empty before it is known.
        trigger: Why it runs: ``opened``, ``synchronize``, ``command``, ``rerequested``, …
        delivery_id: The delivery that asked for it; empty for none.
        title: The pull request's title; untrusted.
        state: Where it stands.
        reason: Why, for every state but ``completed``.
        conclusion: What its check says; None before it has one.
        score: The overall score from 0 to 100; None where no rule was assessed.
        queued_at: When it was asked for.
        started_at: When it began; None before.
        ended_at: When it ended; None before.
        tokens: Tokens of all its calls.
        cost: US dollars; None where a part of it has no known price.
    """

    id: str
    installation_id: int
    repository_id: int
    pull_request: PullRequestName
    head_sha: str
    trigger: str
    delivery_id: str = ""
    title: str = ""
    state: RunState = RunState.QUEUED
    reason: str = ""
    conclusion: ConclusionKind | None = None
    score: float | None = None
    queued_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    tokens: int = 0
    cost: Decimal | None = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVerdict:
    """What one rule of one persona was answered in a run.

    Args:
        persona: The persona's name.
        persona_version: The version of its rules.
        rule_id: The rule.
        severity: Its weight in the score.
        verdict: The answer.
        reason: Why; may be a model's words.
        asked: Whether a model was asked.
    """

    persona: str
    persona_version: int
    rule_id: str
    severity: Severity
    verdict: Verdict
    reason: str
    asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRecord:
    """A finding of a run, its outcome, and where it stands since.

    Args:
        placed: The finding and what became of it in its run.
        state: Open, fixed or dismissed, as far as later rounds and people told.
    """

    placed: PlacedFinding
    state: KnownState = KnownState.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCursor:
    """The last run of a page; the next page begins after it."""

    queued_at: datetime
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """Which runs are asked for, newest first; what is not set does not narrow.

    Args:
        installation_id: Of this installation.
        repository: Of this repository, in any spelling of upper and lower case.
        repository_id: Of the repository with this number.
        number: Of the pull request with this number.
        states: In one of these states; empty for any.
        since: Queued at this time or later.
        after: Older than the last run of the page before.
        limit: At most this many.
    """

    installation_id: int | None = None
    repository: Repository | None = None
    repository_id: int | None = None
    number: int | None = None
    states: frozenset[RunState] = frozenset()
    since: datetime | None = None
    after: RunCursor | None = None
    limit: int = 50


def verdicts_of(review: Review) -> tuple[RuleVerdict, ...]:
    """Return what every rule of every chosen persona was answered.

    Args:
        review: The result of a run.
    """
    versions = {persona.name: persona.version for persona in review.personas}
    return tuple(_verdict(answer, versions.get(answer.persona, 0)) for answer in review.answers)


def _verdict(answer: Answer, version: int) -> RuleVerdict:
    return RuleVerdict(
        persona=answer.persona,
        persona_version=version,
        rule_id=answer.rule_id,
        severity=answer.severity,
        verdict=answer.verdict,
        reason=answer.explained,
        asked=answer.asked,
    )
