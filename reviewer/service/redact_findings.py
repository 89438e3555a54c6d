"""Take secrets of the change out of findings before they are kept: a database lives long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reviewer.domain.finding import PlacedFinding
from reviewer.domain.redactor import redact


def redact_findings(findings: Sequence[PlacedFinding]) -> tuple[PlacedFinding, ...]:
    """Return findings whose every text is fit to be kept.

    What is published quotes the change itself and is redacted there; names and places stay as
    they are, because later rounds know findings by them.

    Args:
        findings: What was found.
    """
    return tuple(_redacted(placed) for placed in findings)


def _redacted(placed: PlacedFinding) -> PlacedFinding:
    finding = placed.finding
    return replace(
        placed,
        finding=replace(
            finding,
            headline=redact(finding.headline),
            explanation=redact(finding.explanation),
            remedy=redact(finding.remedy),
            quote=redact(finding.quote),
            suggestion=redact(finding.suggestion),
        ),
    )
