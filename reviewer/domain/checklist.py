"""The checklist: every rule ends in exactly one verdict, and code computes the score.

A rule's verdict from mechanical evidence alone:

1. no file that the rule speaks about → ``not_applicable``;
2. a hit on a line that the change touches → ``fail``, with one finding a place;
3. evidence that decides both, which looked everywhere → ``pass``;
4. such evidence that could not look somewhere → ``not_assessed``, with the reason;
5. only evidence without a subject here → ``not_applicable``;
6. everything else needs judgement → ``not_assessed (no model configured)``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from typing_extensions import override

from reviewer.domain.change import Change, FileChange, Location
from reviewer.domain.evidence import (
    Decides,
    Evidence,
    EvidenceKind,
    Examination,
    Hit,
    Unexamined,
)
from reviewer.domain.finding import Confidence, Finding, fingerprint
from reviewer.domain.persona import Persona, Rule, Severity

NO_MODEL = "no model configured"

#: A place of more lines than these is told by its first one.
_LONGEST_PLACE = 100

#: Evidence that may speak of files that nobody reviews: a secret in a lock file is a secret.
_SEE_LISTED_FILES = frozenset({EvidenceKind.FACT, EvidenceKind.SECRET})


class Verdict(StrEnum):
    """How a rule was answered."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"
    NOT_ASSESSED = "not_assessed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The verdict on one rule, with its reason.

    Args:
        persona: The persona's name.
        rule_id: The rule.
        severity: The rule's severity, which weighs in the score.
        verdict: How it was answered.
        reason: Why, ready to be read; never empty.
        findings: The places, for a fail.
        asked: Whether a model was asked, and its answer is in the verdict.
        set_aside: Warnings of tools that are known to be false or to mean little, each with why.
    """

    persona: str
    rule_id: str
    severity: Severity
    verdict: Verdict
    reason: str
    findings: tuple[Finding, ...] = ()
    asked: bool = False
    set_aside: tuple[str, ...] = ()

    @property
    def explained(self) -> str:
        """The reason, and what was set aside on the way to it."""
        if not self.set_aside:
            return self.reason
        return f"{self.reason}; set aside: {_first_and_more(self.set_aside)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Weighted passes over weighted assessed rules, and what was left out of both sums.

    Args:
        passed_weight: Sum of the weights of the rules that passed.
        assessed_weight: Sum of the weights of the rules that passed or failed.
        verdicts: How many rules ended in each verdict.
    """

    passed_weight: int
    assessed_weight: int
    verdicts: tuple[tuple[Verdict, int], ...]

    @property
    def percent(self) -> float | None:
        """The score from 0 to 100; None where no rule was assessed, never 100 then."""
        if self.assessed_weight == 0:
            return None
        return 100 * self.passed_weight / self.assessed_weight

    def count(self, verdict: Verdict) -> int:
        """Return how many rules ended in this verdict."""
        return dict(self.verdicts).get(verdict, 0)

    @override
    def __str__(self) -> str:
        """Return ``71 %``, or ``n/a``; 100 % only where nothing failed."""
        if self.percent is None:
            return "n/a"
        # 99.6 % must not read as 100 %: a score is rounded down.
        return f"{int(self.percent)} %"


def score(answers: Iterable[Answer]) -> Score:
    """Compute a score from verdicts and severities alone, whatever their order."""
    answers = tuple(answers)
    counts = Counter(answer.verdict for answer in answers)
    passed = sum(a.severity.weight for a in answers if a.verdict is Verdict.PASS)
    failed = sum(a.severity.weight for a in answers if a.verdict is Verdict.FAIL)
    return Score(
        passed_weight=passed,
        assessed_weight=passed + failed,
        verdicts=tuple((verdict, counts[verdict]) for verdict in Verdict),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """One persona's answers and score."""

    persona: str
    answers: tuple[Answer, ...]
    score: Score


def answer_mechanically(
    persona: Persona,
    change: Change,
    examination: Examination,
    *,
    disabled: Sequence[tuple[str, str]] = (),
) -> Scorecard:
    """Answer every rule of a persona from mechanical evidence.

    Args:
        persona: The persona.
        change: What is reviewed.
        examination: Everything that the examiners saw.
        disabled: Rule ids that the configuration switches off, each with its reason.

    Returns:
        One answer a rule, in the order of the persona's file.
    """
    claimed = _claims(persona, examination)
    reasons = dict(disabled)
    answers = tuple(
        _switched_off(persona, rule, reasons[rule.id])
        if rule.id in reasons
        else _answer(persona, rule, change, examination, claimed.get(rule.id, ()))
        for rule in persona.rules
    )
    return Scorecard(persona=persona.name, answers=answers, score=score(answers))


def _switched_off(persona: Persona, rule: Rule, reason: str) -> Answer:
    return Answer(
        persona=persona.name,
        rule_id=rule.id,
        severity=rule.severity,
        verdict=Verdict.NOT_APPLICABLE,
        reason=reason,
    )


def _claims(persona: Persona, examination: Examination) -> dict[str, list[tuple[Evidence, Hit]]]:
    """Give each hit to the one rule of the persona that names its code most exactly."""
    claimed: dict[str, list[tuple[Evidence, Hit]]] = {}
    pieces = [(rule, evidence) for rule in persona.rules for evidence in rule.evidence]
    for hit in examination.hits:
        strength, best = 0, None
        for rule, evidence in pieces:
            claim = evidence.claim(hit)
            if claim > strength:
                strength, best = claim, (rule, evidence)
        if best is not None:
            claimed.setdefault(best[0].id, []).append((best[1], hit))
    return claimed


def _answer(
    persona: Persona,
    rule: Rule,
    change: Change,
    examination: Examination,
    claimed: Sequence[tuple[Evidence, Hit]],
) -> Answer:
    files = rule.applies.files(change)
    found = tuple(_findings(persona, rule, change, files, claimed))
    if found:
        verdict = Verdict.FAIL
        reason = ", ".join(dict.fromkeys(source for f in found for source in f.sources))
    elif not files and not _speaks_of_the_change(rule):
        verdict, reason = Verdict.NOT_APPLICABLE, "no file of this change that it speaks about"
    else:
        verdict, reason = _without_hit(rule, files, examination)
    return Answer(
        persona=persona.name,
        rule_id=rule.id,
        severity=rule.severity,
        verdict=verdict,
        reason=reason,
        findings=found,
        set_aside=_set_aside(rule, change, examination),
    )


def _speaks_of_the_change(rule: Rule) -> bool:
    """Tell whether a fact may speak about files that nobody reviews (a committed data file)."""
    return any(piece.kind is EvidenceKind.FACT for piece in rule.evidence)


def _without_hit(
    rule: Rule, files: Sequence[FileChange], examination: Examination
) -> tuple[Verdict, str]:
    """Decide a rule that no evidence has hit."""
    blind: list[Unexamined] = []
    undecided = False
    idle: list[str] = []
    looked: list[str] = []
    for evidence in rule.evidence:
        gaps = [
            gap
            for gap in examination.unexamined
            for path in (_paths(evidence, files) or ("",))
            if gap.concerns(evidence, path)
        ]
        without_subject = [
            entry.reason
            for entry in examination.inapplicable
            if entry.kind is evidence.kind and entry.code in evidence.codes
        ]
        if without_subject:
            idle += without_subject
        elif gaps:
            blind += gaps
        elif evidence.kind is not EvidenceKind.FACT and not _paths(evidence, files):
            idle.append("no file of this change that its evidence speaks about")
        elif evidence.decides is Decides.BOTH:
            looked.append(_source(evidence.kind, evidence.codes))
        else:
            # A look that can only find fault: no hit, no verdict.
            undecided = True
    if blind:
        return Verdict.NOT_ASSESSED, _blindness(blind)
    if looked:
        return Verdict.PASS, "nothing found by " + ", ".join(dict.fromkeys(looked))
    if idle and not undecided:
        return Verdict.NOT_APPLICABLE, idle[0]
    return Verdict.NOT_ASSESSED, NO_MODEL


def _set_aside(rule: Rule, change: Change, examination: Examination) -> tuple[str, ...]:
    """Name the warnings on changed lines that make no finding: none is dropped without a word."""
    named = [
        f"{_source(aside.hit.kind, (aside.hit.code,))} at {aside.hit.path}:{aside.hit.start_line}"
        f" ({aside.reason})"
        for aside in examination.set_aside
        if any(evidence.claim(aside.hit) for evidence in rule.evidence)
        and (file := change.by_path.get(aside.hit.path)) is not None
        and _locate(file, aside.hit) is not None
    ]
    return tuple(dict.fromkeys(named))


def _blindness(gaps: Iterable[Unexamined]) -> str:
    """Say why nobody could look, and where: ``no head text (a.py and 2 more)``."""
    paths: dict[str, dict[str, None]] = {}
    for gap in gaps:
        paths.setdefault(gap.reason, {}).update({gap.path: None} if gap.path else {})
    return "; ".join(f"{reason}{_where(list(where))}" for reason, where in paths.items())


def _where(paths: Sequence[str]) -> str:
    return f" ({_first_and_more(paths)})" if paths else ""


def _first_and_more(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{words[0]} and {len(words) - 1} more"


def _paths(evidence: Evidence, files: Sequence[FileChange]) -> tuple[str, ...]:
    language = evidence.pattern.language if evidence.pattern is not None else None
    return tuple(
        file.path
        for file in files
        if evidence.speaks_about(file.path) and language in {None, file.language}
    )


def _source(kind: EvidenceKind, codes: Sequence[str]) -> str:
    return f"{kind.value} {', '.join(codes)}"


def _findings(
    persona: Persona,
    rule: Rule,
    change: Change,
    files: Sequence[FileChange],
    claimed: Sequence[tuple[Evidence, Hit]],
) -> Iterable[Finding]:
    """Turn hits into findings: those on changed lines, one a place, in the order of the change."""
    order = {file.path: index for index, file in enumerate(change.files)}
    allowed = {file.path for file in files}
    repeats: Counter[str] = Counter()
    habits = _Habits(rule, change)
    seen: set[tuple[str, Location | None, str]] = set()
    for evidence, hit in sorted(
        claimed, key=lambda pair: (order.get(pair[1].path, -1), pair[1].start_line or 0)
    ):
        file = change.by_path.get(hit.path)
        if file is None or (hit.path not in allowed and hit.kind not in _SEE_LISTED_FILES):
            continue
        location = _locate(file, hit)
        if hit.start_line is not None and location is None:
            continue
        key = (hit.path, location, hit.code)
        if key in seen:
            continue
        seen.add(key)
        first = fingerprint(rule_id=rule.id, file=file, location=location, repeat=0)
        repeat = repeats[first]
        repeats[first] += 1
        yield Finding(
            rule_id=rule.id,
            persona=persona.name,
            severity=rule.severity,
            confidence=Confidence.HIGH,
            path=hit.path,
            location=location,
            headline=hit.headline or evidence.problem or rule.problem,
            explanation=_explanation(rule, evidence, hit),
            remedy=evidence.remedy or rule.remedy,
            quote="" if location is None else file.text_at(location),
            sources=(_source(hit.kind, (hit.tool, hit.code) if hit.tool else (hit.code,)),),
            family=rule.family or rule.id,
            habit_kept=habits.kept_around(file),
            fingerprint=first
            if repeat == 0
            else fingerprint(rule_id=rule.id, file=file, location=location, repeat=repeat),
        )


class _Habits:
    """Tells whether the code around a finding keeps the rule at all, at the base.

    A file is judged by its own text at the base; a new file by those files of its language that
    the change edits, which is looked up once a language. Where nothing is known, the habit is
    taken to be kept.
    """

    def __init__(self, rule: Rule, change: Change) -> None:
        self._habit = rule.habit
        self._files = change.files
        self._of_language: dict[str | None, bool] = {}

    def kept_around(self, file: FileChange) -> bool:
        if not self._habit:
            return True
        if file.base_text:
            return self._is_in([file.base_text])
        if file.language not in self._of_language:
            others = [f.base_text for f in self._files if f.language == file.language]
            self._of_language[file.language] = self._is_in([text for text in others if text])
        return self._of_language[file.language]

    def _is_in(self, texts: Sequence[str]) -> bool:
        return not texts or any(re.search(self._habit, text) for text in texts)


def _locate(file: FileChange, hit: Hit) -> Location | None:
    if hit.start_line is None:
        return None
    place = file.locate(hit.side, hit.start_line, hit.end_line or hit.start_line)
    if place is not None and place.end_line - place.start_line >= _LONGEST_PLACE:
        # Nobody reads so much, and a thousand such quotes of one file are its length a thousand
        # times: whoever says "from here to the end" is told from here.
        return replace(place, end_line=place.start_line)
    return place


def _explanation(rule: Rule, evidence: Evidence, hit: Hit) -> str:
    """Say what was seen, then why it matters.

    Evidence that explains itself is written for readers, and a linter's own sentence before it
    would only say the same in worse words. A rule's general reason needs it.
    """
    seen = hit.message.strip().rstrip(".")
    if evidence.why or not seen:
        return (evidence.why or rule.why).strip()
    return f"{seen}. {rule.why.strip()}"
