"""The shape of the JSON document, version 1: what stands under which key, and what it means.

Compatible growth adds keys; a key that goes or changes its meaning makes version 2. The published
schema (`schemas/review.v1.schema.json`) is generated from these classes and their docstrings.
"""

from __future__ import annotations

from dataclasses import dataclass

from reviewer.domain.change import FileKind, FileStatus, Side
from reviewer.domain.checklist import Verdict
from reviewer.domain.evidence import EvidenceKind
from reviewer.domain.finding import Confidence, OutcomeKind
from reviewer.domain.persona import Origin, Severity
from reviewer.domain.selection import ChoiceKind
from reviewer.domain.signal import SignalKind
from reviewer.domain.status import RunState

#: Raised when a key goes or changes its meaning.
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorRecord:
    """What wrote the document.

    Args:
        name: Always ``persona-reviewer``.
        version: Its version.
    """

    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """One file of the change, reviewed or not.

    Args:
        path: The path at the head; at the base for a deleted file.
        base_path: The path at the base where it differs.
        status: What happened to the file.
        kind: What the file is.
        language: Its language, where one is known.
        added_lines: How many lines the change adds; 0 for a file that is not reviewed.
        removed_lines: How many lines the change removes; 0 for a file that is not reviewed.
        reviewed: Whether the personas looked into it.
        not_reviewed: Why not.
    """

    path: str
    base_path: str | None
    status: FileStatus
    kind: FileKind
    language: str | None
    added_lines: int
    removed_lines: int
    reviewed: bool
    not_reviewed: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRecord:
    """What was reviewed.

    Args:
        base: The base commit's id, or a word for what it is.
        head: The head commit's id, or a word for what it is.
        files: Every file, in the order of git.
    """

    base: str
    head: str
    files: tuple[FileRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRecord:
    """One thing in the change that speaks for a persona.

    Args:
        kind: What was seen.
        detail: The same in words.
        path: Where.
        line: The head line; null for the file as a whole.
        strong: Whether it wakes the persona by itself.
        weight: How much it speaks for the persona.
    """

    kind: SignalKind
    detail: str
    path: str
    line: int | None
    strong: bool
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceRecord:
    """What was decided about one persona.

    Args:
        persona: Its name.
        decision: What was decided.
        reason: Why, in one phrase.
        signals: What speaks for it, strongest first.
    """

    persona: str
    decision: ChoiceKind
    reason: str
    signals: tuple[SignalRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRecord:
    """Weighted passes over weighted assessed rules.

    Args:
        percent: From 0 to 100; null where no rule was assessed.
        passed_weight: Sum of the weights of the rules that passed.
        assessed_weight: Sum of the weights of the rules that passed or failed.
        verdicts: How many rules ended in each verdict.
    """

    percent: float | None
    passed_weight: int
    assessed_weight: int
    verdicts: dict[Verdict, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRecord:
    """The verdict on one rule.

    Args:
        rule: The rule's id.
        title: What the rule asks for.
        severity: The rule's severity.
        verdict: How it was answered.
        reason: Why.
        set_aside: Warnings of tools that are known to be false or to mean little, each with why.
        findings: The fingerprints of its findings.
    """

    rule: str
    title: str
    severity: Severity
    verdict: Verdict
    reason: str
    set_aside: tuple[str, ...]
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorecardRecord:
    """One chosen persona's answers and score.

    Args:
        persona: Its name.
        title: Its name in sentences.
        version: The version of its checklist.
        origin: Where it comes from.
        score: Its score.
        answers: One a rule, in the order of its file.
    """

    persona: str
    title: str
    version: int
    origin: Origin
    score: ScoreRecord
    answers: tuple[AnswerRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationRecord:
    """A range of lines that a comment may stand on.

    Args:
        side: Which version the numbers count in.
        start_line: First line, from 1.
        end_line: Last line, inclusive.
    """

    side: Side
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRecord:
    """What became of a finding.

    Args:
        kind: What.
        reason: Why it is not inline; empty for inline.
        of: The fingerprint of the finding that it duplicates or belongs to.
    """

    kind: OutcomeKind
    reason: str
    of: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRecord:
    """One place that breaks one rule.

    Args:
        fingerprint: Its identity, which line shifts and renames do not change.
        rule: The rule's id.
        persona: The persona whose rule it is.
        co_signers: Other personas that say the same.
        severity: How bad it is.
        confidence: How sure we are.
        to_fix: Whether it counts as "to fix"; the rest is "to consider".
        path: The file.
        location: Where; null when it is about the file as a whole.
        headline: What is wrong.
        explanation: How it happens, input to effect.
        remedy: The way out.
        suggestion: What may stand in place of the location's lines, exactly; null for none.
        quote: The lines it speaks of; secrets are masked.
        sources: What shows it.
        outcome: What became of it.
    """

    fingerprint: str
    rule: str
    persona: str
    co_signers: tuple[str, ...]
    severity: Severity
    confidence: Confidence
    to_fix: bool
    path: str
    location: LocationRecord | None
    headline: str
    explanation: str
    remedy: str
    suggestion: str | None
    quote: str
    sources: tuple[str, ...]
    outcome: OutcomeRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class HitRecord:
    """A result of another analyser on a changed line that no rule claims.

    Args:
        tool: The analyser.
        kind: How its results came in.
        code: Its rule's id.
        path: The file.
        side: Which version the numbers count in.
        start_line: First line, from 1; null for the file as a whole.
        end_line: Last line, inclusive; null for the file as a whole.
        message: Its own words.
    """

    tool: str
    kind: EvidenceKind
    code: str
    path: str
    side: Side
    start_line: int | None
    end_line: int | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRecord:
    """Tokens, in three disjoint input buckets and one output bucket.

    Args:
        fresh_input: Input neither read from nor written to the provider's cache.
        cache_read: Input read from it.
        cache_write: Input written to it.
        output: Output, reasoning included.
        reasoning: The part of the output that was reasoning.
    """

    fresh_input: int
    cache_read: int
    cache_write: int
    output: int
    reasoning: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRecord:
    """What the run used of models.

    Args:
        models: Models that were asked.
        prompts: Prompts that were used: name, version and hash.
        usage: Tokens; what never arrived counts as it was reserved.
        cost_dollars: Price, exact; null where a part of it has no known price.
        ceiling_dollars: What the run might have spent; null without such a ceiling.
        calls: Attempts that reached a provider.
        cached: Calls that kept answers served, at no cost.
        failed: Attempts that failed.
        uncertain: Attempts that are charged at their reservation.
    """

    models: tuple[str, ...]
    prompts: tuple[str, ...]
    usage: UsageRecord
    cost_dollars: str | None
    ceiling_dollars: str | None
    calls: int
    cached: int
    failed: int
    uncertain: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRecord:
    """A review by Persona Reviewer.

    Args:
        schema_version: The version of this format.
        generator: What wrote the document.
        state: Where the run ended.
        reason: Why, for every state but ``completed``.
        headline: The verdict in one line.
        injection_suspected: Whether text was seen that hides or speaks to the reviewer.
        model: The model that answered; null for mechanical evidence alone.
        ledger: What was used of models; null without one.
        change: What was reviewed.
        selection: One choice a persona.
        score: The score over all rules of all chosen personas.
        scorecards: One a chosen persona, in the order of the selection.
        findings: Every finding, best first, each with its outcome.
        notices: What people must know apart from findings.
        other_analysers: Results of other analysers that no rule claims.
        seconds: How long each stage took; the only part that differs between runs.
    """

    schema_version: int
    generator: GeneratorRecord
    state: RunState
    reason: str
    headline: str
    injection_suspected: bool
    model: str | None
    ledger: LedgerRecord | None
    change: ChangeRecord
    selection: tuple[ChoiceRecord, ...]
    score: ScoreRecord
    scorecards: tuple[ScorecardRecord, ...]
    findings: tuple[FindingRecord, ...]
    notices: tuple[str, ...]
    other_analysers: tuple[HitRecord, ...]
    seconds: dict[str, float]
