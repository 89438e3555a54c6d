"""The conclusion of a run: what a check says, from the review and the policy alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from reviewer.domain.finding import Confidence, Finding, OutcomeKind
from reviewer.domain.history import KnownFinding, KnownState
from reviewer.domain.policy import Policy
from reviewer.domain.review import Review
from reviewer.domain.status import RunState


class ConclusionKind(StrEnum):
    """What a check says; the values are GitHub's words for it.

    https://docs.github.com/en/rest/checks/runs#create-a-check-run
    """

    SUCCESS = "success"
    NEUTRAL = "neutral"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What a check says, and why."""

    kind: ConclusionKind
    reason: str


def conclude(review: Review, policy: Policy, known: Collection[KnownFinding] = ()) -> Conclusion:
    """Judge a review by the policy.

    Findings of low confidence never fail a check. A run that could not look everywhere is never
    a success, and without a criterion the review is advisory. Anybody can reply in a thread, and
    the author of a change can resolve it: that ends the talk about a finding and not its weight
    here. Only a dismissal of somebody who may do that takes it off. What earlier rounds found and
    nobody looked at again (`Review.left_open`) weighs as it did.

    Args:
        review: The result of the run.
        policy: What holds for it.
        known: What people were told of in earlier rounds, with what they dismissed.
    """
    conclusion = _conclude(_with_unauthorised(review, known), policy)
    if conclusion.kind is not ConclusionKind.SUCCESS or policy.min_score is None:
        return conclusion
    if _unauthorised(review, known):
        reason = "findings were dismissed by people who may not; the score leaves them out"
        return Conclusion(kind=ConclusionKind.NEUTRAL, reason=reason)
    if review.left_open:
        reason = f"{review.earlier}; the score leaves them out"
        return Conclusion(kind=ConclusionKind.NEUTRAL, reason=reason)
    return conclusion


def _unauthorised(review: Review, known: Collection[KnownFinding]) -> frozenset[str]:
    """Return what nobody dismissed who may; findings that are one go together."""
    by_words = {k.fingerprint for k in known if k.state is KnownState.DISMISSED}
    by_command = {k.fingerprint for k in known if k.state is KnownState.DISMISSED and k.authorised}
    groups: dict[str, set[str]] = {}
    for placed in review.findings:
        if placed.outcome.kind is OutcomeKind.DISMISSED:
            fingerprint = placed.finding.fingerprint
            groups.setdefault(placed.outcome.of or fingerprint, set()).add(fingerprint)
    return frozenset().union(
        *(group for group in groups.values() if group & by_words and not group & by_command)
    )


def _with_unauthorised(review: Review, known: Collection[KnownFinding]) -> Review:
    """Return a review in which such findings count all the same."""
    fingerprints = _unauthorised(review, known)
    findings = tuple(
        replace(placed, outcome=replace(placed.outcome, kind=OutcomeKind.SUMMARY))
        if placed.finding.fingerprint in fingerprints
        else placed
        for placed in review.findings
    )
    return replace(review, findings=findings)


def _conclude(review: Review, policy: Policy) -> Conclusion:
    broken = "; ".join(_broken(review, policy))
    if broken:
        return Conclusion(kind=ConclusionKind.FAILURE, reason=broken)
    if review.state is not RunState.COMPLETED:
        reason = f"{review.state.value}: {review.reason}" if review.reason else review.state.value
        return Conclusion(kind=ConclusionKind.NEUTRAL, reason=reason)
    if policy.min_score is not None and review.score.percent is None:
        return Conclusion(kind=ConclusionKind.NEUTRAL, reason="no rule was assessed: no score")
    if not _has_criterion(policy):
        return Conclusion(kind=ConclusionKind.NEUTRAL, reason="advisory: no criterion is set")
    return Conclusion(kind=ConclusionKind.SUCCESS, reason="no criterion of the policy is broken")


def _has_criterion(policy: Policy) -> bool:
    severity = policy.fail_on.severity
    return severity is not None or bool(policy.fail_on_rules) or policy.min_score is not None


def _broken(review: Review, policy: Policy) -> Iterator[str]:
    sure: list[Finding | KnownFinding] = [
        placed.finding
        for placed in review.shown
        if placed.finding.confidence.at_least(Confidence.MEDIUM)
    ]
    sure += (entry for entry in review.left_open if entry.sure)
    severity = policy.fail_on.severity
    if severity is not None:
        bad = [finding for finding in sure if finding.severity.at_least(severity)]
        if bad:
            some = "1 finding is" if len(bad) == 1 else f"{len(bad)} findings are"
            yield f"{some} {severity.value} or worse"
    rules = dict.fromkeys(f.rule_id for f in sure if f.rule_id in policy.fail_on_rules)
    if rules:
        yield f"broken: {', '.join(rules)}"
    percent = review.score.percent
    if policy.min_score is not None and percent is not None and percent < policy.min_score:
        yield f"the score {review.score} is below {policy.min_score:g} %"
