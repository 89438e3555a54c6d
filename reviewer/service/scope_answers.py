"""Take out of answers what the policy scopes away on some paths; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reviewer.domain.checklist import Answer, Scorecard, Verdict, score
from reviewer.domain.finding import Outcome, OutcomeKind, PlacedFinding
from reviewer.domain.policy import Policy


def scope_answers(
    cards: Iterable[Scorecard], policy: Policy
) -> tuple[tuple[Scorecard, ...], tuple[PlacedFinding, ...]]:
    """Take out of all answers what the policy scopes away.

    Args:
        cards: Everybody's answers.
        policy: What holds, and where.

    Returns:
        The answers without it, and what was taken out, each with the reason.
    """
    scoped: list[Scorecard] = []
    dropped: list[PlacedFinding] = []
    for card in cards:
        answers = []
        for answer in card.answers:
            kept, gone = _scope(answer, policy)
            answers.append(kept)
            dropped += gone
        scoped.append(replace(card, answers=tuple(answers), score=score(answers)))
    return tuple(scoped), tuple(dropped)


def _scope(answer: Answer, policy: Policy) -> tuple[Answer, list[PlacedFinding]]:
    """Drop the findings that the policy scopes away; a fail without findings is no fail."""
    reasons = {f.fingerprint: policy.dropped(f) for f in answer.findings}
    gone = [
        PlacedFinding(finding=f, outcome=Outcome(kind=OutcomeKind.DROPPED, reason=reason))
        for f in answer.findings
        if (reason := reasons[f.fingerprint]) is not None
    ]
    if not gone:
        return answer, gone
    kept = tuple(f for f in answer.findings if reasons[f.fingerprint] is None)
    if kept:
        return replace(answer, findings=kept), gone
    why = gone[0].outcome.reason
    return replace(answer, findings=(), verdict=Verdict.NOT_APPLICABLE, reason=why), gone
