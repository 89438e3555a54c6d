"""Turns a finding into a row and back."""

from __future__ import annotations

from reviewer.adapters.database.service_tables import FindingRow
from reviewer.domain.change import Location, Side
from reviewer.domain.finding import Confidence, Finding, Outcome, OutcomeKind, PlacedFinding
from reviewer.domain.history import KnownState
from reviewer.domain.persona import Severity
from reviewer.domain.run import FindingRecord


def finding_columns(run_id: str, position: int, placed: PlacedFinding) -> dict[str, object]:
    """Return the columns of a finding; it begins as open, or dismissed where it is."""
    finding, outcome = placed.finding, placed.outcome
    location = finding.location
    dismissed = outcome.kind is OutcomeKind.DISMISSED
    return {
        "run_id": run_id,
        "position": position,
        "fingerprint": finding.fingerprint,
        "persona": finding.persona,
        "rule_id": finding.rule_id,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "path": finding.path,
        "side": None if location is None else location.side.value,
        "start_line": None if location is None else location.start_line,
        "end_line": None if location is None else location.end_line,
        "headline": finding.headline,
        "explanation": finding.explanation,
        "remedy": finding.remedy,
        "quote": finding.quote,
        "suggestion": finding.suggestion,
        "sources": list(finding.sources),
        "co_signers": list(finding.co_signers),
        "family": finding.family,
        "habit_kept": finding.habit_kept,
        "outcome": outcome.kind.value,
        "outcome_reason": outcome.reason,
        "outcome_of": outcome.of,
        "state": (KnownState.DISMISSED if dismissed else KnownState.OPEN).value,
    }


def record_of(row: FindingRow) -> FindingRecord:
    """Return the finding of a row."""
    finding = Finding(
        rule_id=row.rule_id,
        persona=row.persona,
        severity=Severity(row.severity),
        confidence=Confidence(row.confidence),
        path=row.path,
        location=_location_of(row),
        headline=row.headline,
        explanation=row.explanation,
        remedy=row.remedy,
        quote=row.quote,
        sources=tuple(row.sources),
        family=row.family,
        fingerprint=row.fingerprint,
        co_signers=tuple(row.co_signers),
        habit_kept=row.habit_kept,
        suggestion=row.suggestion,
    )
    outcome = Outcome(kind=OutcomeKind(row.outcome), reason=row.outcome_reason, of=row.outcome_of)
    return FindingRecord(
        placed=PlacedFinding(finding=finding, outcome=outcome), state=KnownState(row.state)
    )


def _location_of(row: FindingRow) -> Location | None:
    if row.side is None or row.start_line is None or row.end_line is None:
        return None
    return Location(
        path=row.path, side=Side(row.side), start_line=row.start_line, end_line=row.end_line
    )
