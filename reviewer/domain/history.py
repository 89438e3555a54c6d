"""What earlier rounds on a pull request left behind: one value that a marker or a database holds.

A round looks at what changed since the one before. A file whose patch is the same, line numbers
apart, is not looked at again: verdicts and findings of a model are carried forward. Only a history
whose signature holds is believed (security.md S15); an unsigned one is a hint that may keep a
comment from being posted twice, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from reviewer.domain.checklist import Verdict
from reviewer.domain.finding import Finding
from reviewer.domain.persona import Severity
from reviewer.domain.status import RunState


class KnownState(StrEnum):
    """Where a finding of an earlier round stands."""

    OPEN = "open"
    FIXED = "fixed"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFinding:
    """A finding that people have been told of.

    Args:
        fingerprint: Which.
        rule_id: Its rule.
        persona: Whose rule it is.
        severity: How bad.
        path: The file.
        headline: What is wrong, as it was told; untrusted.
        state: Where it stands.
        inline: Whether it stands as a comment of its own.
        held: Whether it was told in the summary for want of room beside others; room that is
            there later is for what is new (pains.md P08).
        by: Who dismissed it, by login; empty where nobody did.
        reason: Why, in that person's words; untrusted.
        authorised: Whether the host said that this person may do so, as it does for a command.
        sure: Whether it was told with at least medium confidence.
        by_model: Whether nobody but a model can find it again.
        quote: Names the lines that it quoted; empty for none (`hindsight`).
        suggestion: Names the lines that it proposed; empty for none.
    """

    fingerprint: str
    rule_id: str
    persona: str
    severity: Severity
    path: str
    headline: str
    state: KnownState = KnownState.OPEN
    inline: bool = False
    held: bool = False
    by: str = ""
    reason: str = ""
    authorised: bool = False
    sure: bool = True
    by_model: bool = False
    quote: str = ""
    suggestion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFile:
    """A file as it was reviewed.

    Args:
        path: The path at the head then.
        patch: Names the patch, line numbers apart: the same name, the same change. Empty where
            models were not shown the file, or not all of it, so that they are asked again.
        lines: Short names of its changed lines, to tell later which lines are new; empty where
            there were too many.
        origin: The path by which its findings are named, where it is another one: a file that
            the change adds and a later push renames keeps it (`FileChange.origin`).
        gap: What of it cannot be shown to models, ready to be read; empty for nothing. It is told
            for as long as the file does not change.
    """

    path: str
    patch: str
    lines: frozenset[str] = frozenset()
    origin: str = ""
    gap: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardAnswer:
    """What a model said of one rule apart from what it found: that stands in `HeardFinding`.

    Args:
        persona: Who was asked.
        rule_id: The rule.
        verdict: Never a fail.
        reason: Why, in the model's words; untrusted.
        paths: The files that it is about; empty for all that were reviewed.
    """

    persona: str
    rule_id: str
    verdict: Verdict
    reason: str
    paths: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardFinding:
    """A finding that a model made, with its place in a form that line shifts do not touch.

    Args:
        finding: The finding; its location is the one of the round that made it.
        hunk: The hunk of the file's patch, from 0; None for the file as a whole.
        first: The first line inside the hunk, from 0.
        last: The last line inside the hunk, inclusive.
        around: Names the first of its lines with the ones beside it, as they were.
        turn: Which of the places of the file that read so it is, from 0.
    """

    finding: Finding
    hunk: int | None
    first: int = 0
    last: int = 0
    around: str = ""
    turn: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What models said in one round, as the next one carries it forward.

    Args:
        answers: Verdicts, those carried from earlier rounds among them.
        findings: Findings, likewise.
        whole: Whether everything that was asked was answered.
        unseen: Paths that models were to be shown and were not, or not all of.
        gaps: What of a file cannot be shown to models, by its path.
    """

    answers: tuple[HeardAnswer, ...] = ()
    findings: tuple[HeardFinding, ...] = ()
    whole: bool = False
    unseen: frozenset[str] = frozenset()
    gaps: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What is known from earlier rounds.

    Args:
        generation: How many rounds there were; 0 before the first.
        head_sha: What the last one reviewed; empty before the first.
        state: How the last one ended.
        look: Names who looked and how (personas, rules, prompts, models, configuration): where
            it differs now, nothing is carried forward.
        files: The reviewed files of the last round.
        known: Findings that people have been told of.
        answers: What models answered; empty where their part of the last round was not whole.
        heard: What models found and still stands.
        whole: Whether the last round asked models all that was to be asked. Without it the next
            one looks at everything.
        paused: Whether people asked for silence (``/pause``).
        spent: US dollars of all rounds, as far as prices are known.
        tokens: Tokens of all rounds.
        rounds: When each round of the last hour began, in seconds since 1970 (`gate`).
        trusted: Whether the signature holds; never written, always found out.
    """

    generation: int = 0
    head_sha: str = ""
    state: RunState = RunState.QUEUED
    look: str = ""
    files: tuple[SeenFile, ...] = ()
    known: tuple[KnownFinding, ...] = ()
    answers: tuple[HeardAnswer, ...] = ()
    heard: tuple[HeardFinding, ...] = ()
    whole: bool = False
    paused: bool = False
    spent: Decimal = Decimal(0)
    tokens: int = 0
    rounds: tuple[int, ...] = ()
    trusted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What is different from the round before, for people.

    Args:
        head_sha: What the round before reviewed.
        note: What was looked at again and why, in one sentence: ``no change by the author since
            3f9c2ab``; empty where there is nothing to say.
        fixed: Findings that are gone.
        dismissed: Findings that people dismissed; they are not told again.
        new: Fingerprints of findings that are new.
    """

    head_sha: str
    note: str = ""
    fixed: tuple[KnownFinding, ...] = ()
    dismissed: tuple[KnownFinding, ...] = ()
    new: frozenset[str] = frozenset()
