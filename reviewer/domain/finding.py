"""A finding: one place that breaks one rule, how sure we are, and what becomes of it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

from reviewer.domain.change import FileChange, Location
from reviewer.domain.persona import Severity


class Confidence(StrEnum):
    """How sure we are: mechanical; a model's that survived verification; the rest."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    def at_least(self, other: Confidence) -> bool:
        """Tell whether this is as sure as the other or surer."""
        order = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One place that breaks one rule.

    Args:
        rule_id: The rule.
        persona: The name of the persona whose rule it is.
        severity: The rule's severity (a model may have lowered it for this finding).
        confidence: How sure we are.
        path: The file.
        location: Where a comment may stand; None when it is about the file as a whole.
        headline: What is wrong, in the reader's words.
        explanation: How it happens, input to effect.
        remedy: The way out.
        quote: The changed lines it speaks of, verbatim.
        sources: What shows it, ready to be read (``ruff S602``, ``pattern PY003/copying-init``).
        family: Findings of one family on one spot are one finding.
        fingerprint: Identity over pushes; see `fingerprint`.
        co_signers: Other personas that say the same, by name.
        habit_kept: Whether the code around it keeps the rule elsewhere; where it does not, the
            finding counts and is told in the summary, but does not stand inline.
        suggestion: What may stand in place of exactly the location's lines, applied and read
            again by code; empty for none.
    """

    rule_id: str
    persona: str
    severity: Severity
    confidence: Confidence
    path: str
    location: Location | None
    headline: str
    explanation: str
    remedy: str
    quote: str
    sources: tuple[str, ...]
    family: str
    fingerprint: str
    co_signers: tuple[str, ...] = ()
    habit_kept: bool = True
    suggestion: str = ""

    @property
    def to_fix(self) -> bool:
        """Whether it counts as "to fix": critical or major, and at least medium confidence."""
        return self.severity.at_least(Severity.MAJOR) and self.confidence.at_least(
            Confidence.MEDIUM
        )

    @property
    def handle(self) -> str:
        """The short name that people type in commands: the fingerprint's first seven digits."""
        return self.fingerprint[:7]


class OutcomeKind(StrEnum):
    """What becomes of a finding; every finding has exactly one."""

    INLINE = "inline"
    FILE_LEVEL = "file-level"
    SUMMARY = "summary"
    DUPLICATE = "duplicate"
    DROPPED = "dropped"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What becomes of a finding, and why.

    Args:
        kind: What.
        reason: Why it is not inline; empty for inline.
        of: The fingerprint of the finding that it duplicates or belongs to.
        held: Whether it stands in the summary for want of room beside others alone.
    """

    kind: OutcomeKind
    reason: str = ""
    of: str | None = None
    held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFinding:
    """A finding with its outcome."""

    finding: Finding
    outcome: Outcome


_WHITE_SPACE = re.compile(r"\s+")


def fingerprint(*, rule_id: str, file: FileChange, location: Location | None, repeat: int) -> str:
    """Name a finding so that it keeps its name over line shifts and renames.

    Neither line numbers nor anybody's prose go in: the rule, the path at the base or under which
    the change first added the file (a rename keeps both), the text of the first line and one line
    around it, all white space folded.

    Args:
        rule_id: The rule.
        file: The file.
        location: Where; None for the whole file.
        repeat: How many findings with the same ingredients came before, from 0.

    Returns:
        Forty hexadecimal digits.
    """
    text = "" if location is None else _around(file, location)
    ingredients = (rule_id, file.first_path, text, str(repeat))
    return hashlib.sha256("\0".join(ingredients).encode("utf-8", "surrogatepass")).hexdigest()[:40]


def _around(file: FileChange, location: Location) -> str:
    """Return the first line of the location with one line before and after, folded."""
    shown = file.shown(location.side)
    first = location.start_line
    near = [shown[number] for number in (first - 1, first, first + 1) if number in shown]
    return "\n".join(_WHITE_SPACE.sub(" ", text).strip() for text in near)
