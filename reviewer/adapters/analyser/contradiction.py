"""Holds a review against itself and against what people dismissed: it may not contradict either.

Whoever has taken an analyser over can lie about what tools and models said. It cannot have a rule
failed and nothing to show for it, hide a finding behind one that is not there, or put words into
the mouths of people.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from reviewer.domain.change import Change
from reviewer.domain.checklist import NO_MODEL, Answer, Scorecard, Verdict
from reviewer.domain.finding import Finding, OutcomeKind, PlacedFinding
from reviewer.domain.history import History, KnownState
from reviewer.domain.rounds import believed
from reviewer.domain.status import RunState
from reviewer.domain.withheld import dismissals

#: Refuses what does not hold, and says why.
Demand = Callable[[bool, str], None]

_LOOKED = frozenset({RunState.COMPLETED, RunState.PARTIAL})


def hold_state(state: RunState, cards: Sequence[Scorecard], change: Change, demand: Demand) -> None:
    """Demand that a review that looked was made by somebody, and a complete one looked everywhere.

    Args:
        state: How the run is said to have ended.
        cards: What was answered.
        change: What was reviewed, as the receiver knows it.
        demand: Refuses.
    """
    demand(state not in _LOOKED or bool(cards), "a review that nobody made")
    if state is not RunState.COMPLETED:
        return
    demand(not change.unlisted, "a complete review of a change that the host does not list whole")
    answers = (answer for card in cards for answer in card.answers)
    demand(not any(map(_is_blind, answers)), "a complete review that could not look somewhere")


def _is_blind(answer: Answer) -> bool:
    return answer.verdict is Verdict.NOT_ASSESSED and not answer.asked and answer.reason != NO_MODEL


def hold_findings(
    cards: Sequence[Scorecard], findings: Sequence[PlacedFinding], demand: Demand
) -> None:
    """Demand that every failed rule shows why, and that nothing hides behind what is not there.

    Args:
        cards: What was answered.
        findings: Every finding with its outcome.
        demand: Refuses.
    """
    live = {
        placed.finding.fingerprint: placed
        for placed in findings
        if placed.outcome.kind is not OutcomeKind.DROPPED
    }
    for card in cards:
        for answer in card.answers:
            failed = answer.verdict is Verdict.FAIL
            demand(failed == bool(answer.findings), "a verdict that its findings contradict")
            shown = all(finding.fingerprint in live for finding in answer.findings)
            demand(shown, "a rule that fails for what is not among the findings")
    for placed in live.values():
        if placed.outcome.kind is OutcomeKind.DUPLICATE:
            other = live.get(placed.outcome.of or "")
            demand(
                other is not None
                and other.outcome.kind is not OutcomeKind.DUPLICATE
                and _covers(other.finding, placed.finding),
                "a duplicate of nothing",
            )


def _covers(one: Finding, other: Finding) -> bool:
    """Tell whether who reads the one is told of the other."""
    return one.path == other.path and one.severity.at_least(other.severity)


def as_people_dismissed(
    findings: Sequence[PlacedFinding], before: History, demand: Demand
) -> tuple[PlacedFinding, ...]:
    """Demand that people dismissed what is said to be dismissed; say by whom and why ourselves.

    Args:
        findings: Every finding with its outcome.
        before: What earlier rounds left behind, as the receiver has read it.
        demand: Refuses.
    """
    known = [k for k in believed(before).known if k.state is KnownState.DISMISSED]
    live = [placed for placed in findings if placed.outcome.kind is not OutcomeKind.DROPPED]
    reasons = dismissals(live, known)
    told = []
    for placed in findings:
        if placed.outcome.kind is OutcomeKind.DISMISSED:
            reason = reasons.get(placed.finding.fingerprint)
            demand(reason is not None, "a dismissal that nobody spoke")
            outcome = replace(placed.outcome, reason=reason or "")
            told.append(PlacedFinding(finding=placed.finding, outcome=outcome))
        else:
            told.append(placed)
    return tuple(told)
