"""Turns runs, and what their rules were answered, into rows and back."""

from __future__ import annotations

from reviewer.adapters.database.service_tables import (
    PersonaVerdictRow,
    PullRequestRow,
    RepositoryRow,
    RunRow,
)
from reviewer.domain.checklist import Verdict
from reviewer.domain.conclusion import ConclusionKind
from reviewer.domain.persona import Severity
from reviewer.domain.pull_request import PullRequestName, Repository
from reviewer.domain.run import RuleVerdict, RunRecord
from reviewer.domain.status import RunState


def advanced_columns(run: RunRecord) -> dict[str, object]:
    """Return the columns of a run that change while it goes on."""
    return {
        "head_sha": run.head_sha,
        "state": run.state.value,
        "reason": run.reason,
        "conclusion": None if run.conclusion is None else run.conclusion.value,
        "score": run.score,
        "tokens": run.tokens,
        "cost_dollars": run.cost,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
    }


def run_of(row: RunRow, pull_request: PullRequestRow, repository: RepositoryRow) -> RunRecord:
    """Return the run of a row that was read with its pull request and repository."""
    return RunRecord(
        id=row.id,
        installation_id=row.installation_id,
        repository_id=repository.id,
        pull_request=PullRequestName(
            repository=Repository(owner=repository.owner, name=repository.name),
            number=pull_request.number,
        ),
        head_sha=row.head_sha,
        trigger=row.trigger,
        delivery_id=row.delivery_id,
        title=pull_request.title,
        state=RunState(row.state),
        reason=row.reason,
        conclusion=None if row.conclusion is None else ConclusionKind(row.conclusion),
        score=row.score,
        queued_at=row.queued_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        tokens=row.tokens,
        cost=row.cost_dollars,
    )


def verdict_columns(run_id: str, position: int, verdict: RuleVerdict) -> dict[str, object]:
    """Return the columns of what a rule was answered."""
    return {
        "run_id": run_id,
        "position": position,
        "persona": verdict.persona,
        "persona_version": verdict.persona_version,
        "rule_id": verdict.rule_id,
        "severity": verdict.severity.value,
        "verdict": verdict.verdict.value,
        "reason": verdict.reason,
        "asked": verdict.asked,
    }


def verdict_of(row: PersonaVerdictRow) -> RuleVerdict:
    """Return what a rule was answered."""
    return RuleVerdict(
        persona=row.persona,
        persona_version=row.persona_version,
        rule_id=row.rule_id,
        severity=Severity(row.severity),
        verdict=Verdict(row.verdict),
        reason=row.reason,
        asked=row.asked,
    )
