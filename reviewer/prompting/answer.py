"""What a model may say, as values, before and after code has checked it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reviewer.domain.change import Location, Side
from reviewer.domain.checklist import Verdict
from reviewer.domain.finding import Finding
from reviewer.domain.persona import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedFinding:
    """A place that a model claims to break a rule; nothing of it is believed yet.

    Args:
        path: The file, as the prompt named it.
        quote: Verbatim contiguous text that shows it.
        side: Which version the quote is from.
        headline: What is wrong.
        explanation: How it happens, input to effect.
        remedy: The way out.
        severity: Lower than the rule's where the model says so; None for the rule's own.
        suggestion: Replacement text for the quoted lines; None for none.
    """

    path: str
    quote: str
    side: Side = Side.HEAD
    headline: str
    explanation: str
    remedy: str
    severity: Severity | None = None
    suggestion: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedAnswer:
    """A model's verdict on one rule."""

    rule_id: str
    verdict: Verdict
    reason: str
    findings: tuple[ClaimedFinding, ...] = ()


class ReadingState(StrEnum):
    """How much of a model's text could be used."""

    COMPLETE = "complete"
    SALVAGED = "salvaged"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A model's text, read strictly.

    Args:
        state: How much could be used.
        answers: What was fully there.
        problem: What is wrong with the rest, in words that a repair prompt can use.
    """

    state: ReadingState
    answers: tuple[ClaimedAnswer, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedClaim:
    """A claim that code did not believe, and why (``the quote is not in what was sent``)."""

    rule_id: str
    path: str
    headline: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Replacement text that a model offers for the lines that it quoted; not yet checked.

    Args:
        fingerprint: The finding that it would mend.
        location: The lines that it would replace.
        text: What would stand there.
    """

    fingerprint: str
    location: Location
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedAnswers:
    """What is left of a model's answers after every check.

    Args:
        verdicts: One a rule that was asked: verdict and reason.
        findings: Findings whose quote was found, with low confidence until verified.
        dropped: What was not believed.
        proposals: Replacements that were offered with findings that stay; see `suggestion`.
        notes: What code changed in findings that stay (a raised severity taken back, …).
    """

    verdicts: tuple[tuple[str, Verdict, str], ...]
    findings: tuple[Finding, ...]
    dropped: tuple[DroppedClaim, ...]
    proposals: tuple[Proposal, ...] = ()
    notes: tuple[str, ...] = ()
