"""Nothing secret of a change is kept with its findings, and a finding stays the same one."""

from __future__ import annotations

import pytest

from reviewer.domain.finding import Outcome, OutcomeKind, PlacedFinding
from reviewer.service.redact_findings import redact_findings
from reviewer.testing.builders import build_file, build_finding
from tests.guards import CANARIES

TOKEN = CANARIES["GITHUB_TOKEN"]


@pytest.mark.holds("S17", "R27")
def test_secrets_of_a_change_are_not_kept_with_its_findings() -> None:
    line = f'TOKEN = "{TOKEN}"'
    found = build_finding(
        build_file("app.py", after=f"{line}\n"),
        line=1,
        headline=f"A token: {TOKEN}",
        explanation=f"It is {TOKEN}.",
        remedy=f"Revoke {TOKEN}.",
    )
    placed = PlacedFinding(finding=found, outcome=Outcome(kind=OutcomeKind.INLINE))
    (kept,) = redact_findings([placed])
    assert TOKEN not in str(kept)
    assert "[redacted github-token]" in kept.finding.quote
    assert kept.outcome == placed.outcome
    same = ("fingerprint", "path", "location", "rule_id", "severity")
    assert [getattr(kept.finding, name) for name in same] == [getattr(found, name) for name in same]


def test_a_finding_without_secrets_is_kept_as_it_is() -> None:
    found = build_finding(build_file("app.py", after="X = 1\n"), line=1)
    placed = PlacedFinding(finding=found, outcome=Outcome(kind=OutcomeKind.INLINE))
    assert redact_findings([placed]) == (placed,)
