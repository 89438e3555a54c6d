"""A run, its calls and its review, as events are made of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from reviewer.domain.attempt import Attempt, AttemptOutcome
from reviewer.domain.checklist import Verdict
from reviewer.domain.completion import ModelName, Parameters, PromptIdentity, Usage
from reviewer.domain.conclusion import ConclusionKind
from reviewer.domain.finding import OutcomeKind
from reviewer.domain.persona import Severity
from reviewer.domain.pull_request import PullRequestName, Repository
from reviewer.domain.review import Review
from reviewer.domain.run import RunRecord
from reviewer.domain.run_event import EventKind, EventStatus, RunEvent
from reviewer.domain.status import RunState
from reviewer.testing.builders import (
    build_answer,
    build_file,
    build_finding,
    build_persona,
    build_placed,
    build_review,
    build_rule,
    build_scorecard,
)

QUEUED = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
STARTED = QUEUED + timedelta(seconds=40)
ENDED = STARTED + timedelta(seconds=90)
MODEL = ModelName(provider="anthropic", model="example-1")

WAITING = RunRecord(
    id="run-1",
    installation_id=7,
    repository_id=70,
    pull_request=PullRequestName(repository=Repository(owner="acme", name="shop"), number=12),
    head_sha="ab" * 20,
    trigger="synchronize",
    delivery_id="delivery-1",
    queued_at=QUEUED,
)
RUNNING = replace(WAITING, state=RunState.RUNNING, started_at=STARTED)
COMPLETED = replace(
    RUNNING,
    state=RunState.COMPLETED,
    conclusion=ConclusionKind.NEUTRAL,
    score=62.5,
    ended_at=ENDED,
    tokens=1_200,
    cost=Decimal("0.03"),
)


def run_numbered(number: int, run: RunRecord = RUNNING) -> RunRecord:
    """Return the same run under another id."""
    return replace(run, id=f"run-{number}")


def told(
    kind: EventKind = EventKind.REVIEW_PROGRESS,
    status: EventStatus = EventStatus.RUNNING,
    *,
    run_id: str = "run-1",
    **data: str | float,
) -> RunEvent:
    """Return an event."""
    return RunEvent(run_id=run_id, kind=kind, status=status, at=STARTED, data=data)


def ended(
    kind: EventKind = EventKind.REVIEW_COMPLETED,
    status: EventStatus = EventStatus.COMPLETED,
    *,
    run_id: str = "run-1",
    **data: str | float,
) -> RunEvent:
    """Return an end."""
    return told(kind, status, run_id=run_id, **data)


def attempt(
    number: int = 1,
    outcome: AttemptOutcome = AttemptOutcome.ANSWERED,
    *,
    failure: str = "",
    cost: Decimal | None = Decimal("0.01"),
    usage: Usage | None = None,
) -> Attempt:
    """Return a call's attempt."""
    return Attempt(
        id=f"attempt-{number}",
        run_id="run-1",
        repository="acme/shop",
        pull_request=12,
        installation=7,
        persona="bug-hunter",
        purpose="hunt",
        prompt=PromptIdentity(name="hunt", version=1, sha256="ab12cd34ef56" * 4),
        model=MODEL,
        parameters=Parameters(max_output_tokens=100),
        number=number,
        outcome=outcome,
        failure=failure,
        usage=usage or Usage(fresh_input=10, cache_read=20, cache_write=30, output=40),
        cost=cost,
        latency_seconds=2.5,
        started_at=STARTED + timedelta(seconds=number),
    )


def review_by_three(model: str | None = "anthropic:example-1") -> Review:
    """Return a review of personas that judged all, some and none of their rules."""
    rules = [build_rule(f"R{number}", "Do it", Severity.MAJOR) for number in range(3)]
    file = build_file("a.py", after="import os\nos.system(q)\n")
    verdicts = {
        "all": (Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE),
        "some": (Verdict.PASS, Verdict.NOT_ASSESSED, Verdict.NOT_ASSESSED),
        "none": (Verdict.NOT_ASSESSED,) * 3,
    }
    personas = {name: build_persona(name, *rules) for name in verdicts}
    cards = tuple(
        build_scorecard(
            personas[name],
            *(
                build_answer(rule, name, verdict)
                for rule, verdict in zip(rules, given, strict=True)
            ),
        )
        for name, given in verdicts.items()
    )
    return build_review(
        model=model,
        personas=tuple(personas.values()),
        scorecards=cards,
        findings=(
            build_placed(build_finding(file, 2)),
            build_placed(build_finding(file, 1, severity=Severity.MINOR), OutcomeKind.SUMMARY),
            build_placed(build_finding(file, 1), OutcomeKind.DROPPED, "refuted"),
        ),
    )
