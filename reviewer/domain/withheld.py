"""Findings that people dismissed: not told again, nothing to fix, no weight in a score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reviewer.domain.checklist import Answer, Scorecard, Verdict, score
from reviewer.domain.finding import Finding, OutcomeKind, PlacedFinding
from reviewer.domain.history import KnownFinding, KnownState


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A review without what people dismissed.

    Args:
        findings: All findings; the dismissed ones say by whom and why.
        cards: The answers; a rule whose findings were all dismissed does not apply.
    """

    findings: tuple[PlacedFinding, ...]
    cards: tuple[Scorecard, ...]


def withhold(
    merged: Sequence[PlacedFinding],
    cards: Sequence[Scorecard],
    known: Iterable[KnownFinding],
) -> Withheld:
    """Withhold what people dismissed.

    Findings that are one go together: who dismissed a finding is not told the same again by
    another persona. One that is worse than what was dismissed is told.

    Args:
        merged: All findings; see `review.merge`.
        cards: Everybody's answers.
        known: What is believed of earlier rounds.
    """
    dismissed = {k.fingerprint: k for k in known if k.state is KnownState.DISMISSED}
    if not dismissed:
        return Withheld(findings=tuple(merged), cards=tuple(cards))
    reasons = dismissals(merged, dismissed.values())
    findings = tuple(
        placed
        if (reason := reasons.get(placed.finding.fingerprint)) is None
        else replace(
            placed, outcome=replace(placed.outcome, kind=OutcomeKind.DISMISSED, reason=reason)
        )
        for placed in merged
    )
    return Withheld(findings=findings, cards=tuple(_card(card, reasons) for card in cards))


def dismissals(merged: Sequence[PlacedFinding], known: Iterable[KnownFinding]) -> Mapping[str, str]:
    """Say of each finding that is dismissed, by itself or with its like, by whom and why.

    Args:
        merged: All findings; see `review.merge`.
        known: What people dismissed.

    Returns:
        The words, by fingerprint.
    """
    dismissed = {entry.fingerprint: entry for entry in known}
    groups: dict[str, list[Finding]] = {}
    for placed in merged:
        head = placed.outcome.of or placed.finding.fingerprint
        groups.setdefault(head, []).append(placed.finding)
    reasons: dict[str, str] = {}
    for head, members in groups.items():
        worst = max(member.severity.weight for member in members)
        of = next(
            (
                dismissed[member.fingerprint]
                for member in members
                if member.fingerprint in dismissed
                and (member.fingerprint == head or member.severity.weight >= worst)
            ),
            None,
        )
        if of is not None:
            reasons |= {member.fingerprint: words(of) for member in members}
    return reasons


def words(known: KnownFinding) -> str:
    """Say by whom a finding was dismissed and why."""
    by = f" by {known.by}" if known.by else ""
    because = f": {known.reason}" if known.reason else ""
    return f"dismissed{by}{because}"


def _card(card: Scorecard, reasons: Mapping[str, str]) -> Scorecard:
    answers = tuple(_answer(answer, reasons) for answer in card.answers)
    return replace(card, answers=answers, score=score(answers))


def _answer(answer: Answer, reasons: Mapping[str, str]) -> Answer:
    left = tuple(f for f in answer.findings if f.fingerprint not in reasons)
    if len(left) == len(answer.findings):
        return answer
    if left:
        return replace(answer, findings=left)
    reason = reasons[answer.findings[0].fingerprint]
    return replace(answer, verdict=Verdict.NOT_APPLICABLE, findings=(), reason=reason)
