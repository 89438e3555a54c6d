"""What the second look says of findings: it may take away or lower, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reviewer.domain.checklist import Verdict
from reviewer.domain.finding import Confidence, Finding
from reviewer.domain.persona import Severity
from reviewer.domain.sanitiser import cut_words, one_line
from reviewer.prompting.answer import CheckedAnswers, DroppedClaim, ReadingState

_SHORTEST_HANDLE = 7
_REASON_WORDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedVerdict:
    """What a model says of one finding.

    Args:
        handle: The finding, as the prompt named it; see `handles`.
        holds: Whether it stands up.
        severity: How bad it is, in the model's eyes.
        reason: Why.
    """

    handle: str
    holds: bool
    severity: Severity
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictReading:
    """A text of ``verify``, read strictly; the same words as `answer.Reading`."""

    state: ReadingState
    verdicts: tuple[ClaimedVerdict, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Findings after the second look.

    Args:
        findings: Those that stay, in their order.
        dropped: Those that were refuted, with the reason.
        unanswered: Handles that nothing was said of; their findings stay with low confidence.
    """

    findings: tuple[Finding, ...]
    dropped: tuple[DroppedClaim, ...] = ()
    unanswered: tuple[str, ...] = ()


def handles(findings: Sequence[Finding]) -> Mapping[str, Finding]:
    """Name findings for a prompt: the first digits of their fingerprints, as many as it takes."""
    length = _SHORTEST_HANDLE
    prints = {finding.fingerprint for finding in findings}
    while len({name[:length] for name in prints}) < len(prints):
        length += 1
    return {finding.fingerprint[:length]: finding for finding in findings}


def apply_verdicts(findings: Sequence[Finding], verdicts: Sequence[ClaimedVerdict]) -> Verified:
    """Take away what the second look refutes, lower what it finds less bad.

    A mechanical finding stays as it is, whatever is said. Of several verdicts on one finding the
    one that refutes counts, else the lowest severity. Verdicts on unknown handles count nothing.

    Args:
        findings: The findings that were asked about, named by `handles`.
        verdicts: What was said.

    Returns:
        What is left: confidence medium where a verdict confirms, low where none was given.
    """
    said: dict[str, list[ClaimedVerdict]] = {}
    for verdict in verdicts:
        said.setdefault(verdict.handle, []).append(verdict)
    kept: list[Finding] = []
    dropped: list[DroppedClaim] = []
    unanswered: list[str] = []
    names = {finding.fingerprint: name for name, finding in handles(findings).items()}
    for finding in findings:
        name = names[finding.fingerprint]
        words = said.get(name, [])
        refuted = next((verdict for verdict in words if not verdict.holds), None)
        if finding.confidence is Confidence.HIGH:
            kept.append(finding)
        elif not words:
            unanswered.append(name)
            kept.append(finding)
        elif refuted is not None:
            dropped.append(_refuted(finding, refuted))
        else:
            kept.append(_confirmed(finding, words))
    return Verified(findings=tuple(kept), dropped=tuple(dropped), unanswered=tuple(unanswered))


def _refuted(finding: Finding, verdict: ClaimedVerdict) -> DroppedClaim:
    reason = cut_words(one_line(verdict.reason), _REASON_WORDS)
    return DroppedClaim(
        rule_id=finding.rule_id,
        path=finding.path,
        headline=finding.headline,
        reason=f"refuted on a second look: {reason or 'no reason given'}",
    )


def _confirmed(finding: Finding, verdicts: Sequence[ClaimedVerdict]) -> Finding:
    severities = [finding.severity, *(verdict.severity for verdict in verdicts)]
    return replace(
        finding,
        confidence=Confidence.MEDIUM,
        severity=min(severities, key=lambda severity: severity.weight),
    )


def after_verification(checked: CheckedAnswers, verified: Verified) -> CheckedAnswers:
    """Carry the second look over to a persona's answers.

    A rule that failed for refuted findings alone is not assessed: the first look saw a fault,
    the second did not, and neither is a pass.

    Args:
        checked: The answers that the findings came from.
        verified: What is left of findings, of this persona's and perhaps of others'.

    Returns:
        The answers with the findings that stay.
    """
    staying = {finding.fingerprint: finding for finding in verified.findings}
    refuted = {(claim.rule_id, claim.path, claim.headline) for claim in verified.dropped}
    findings = tuple(
        staying.get(finding.fingerprint, finding)
        for finding in checked.findings
        if finding.fingerprint in staying
        or (finding.rule_id, finding.path, finding.headline) not in refuted
    )
    failing = {finding.rule_id for finding in findings}
    reasons = {claim.rule_id: claim.reason for claim in verified.dropped}
    own = {(f.rule_id, f.path, f.headline) for f in checked.findings}
    return replace(
        checked,
        verdicts=tuple(
            (rule_id, Verdict.NOT_ASSESSED, reasons.get(rule_id, reason))
            if verdict is Verdict.FAIL and rule_id not in failing
            else (rule_id, verdict, reason)
            for rule_id, verdict, reason in checked.verdicts
        ),
        findings=findings,
        dropped=(
            *checked.dropped,
            *(c for c in verified.dropped if (c.rule_id, c.path, c.headline) in own),
        ),
    )
