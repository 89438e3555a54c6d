"""Builders: review values for tests and examples, each with a sensible default for everything."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TypedDict

from typing_extensions import Unpack

from reviewer.domain.change import (
    Change,
    FileChange,
    FileStatus,
    Hunk,
    Line,
    LineKind,
    Location,
    NotReviewed,
    NotReviewedReason,
    Side,
)
from reviewer.domain.checklist import Answer, Scorecard, Verdict, score
from reviewer.domain.finding import (
    Confidence,
    Finding,
    Outcome,
    OutcomeKind,
    PlacedFinding,
    fingerprint,
)
from reviewer.domain.persona import Persona, Rule, Severity
from reviewer.domain.review import Review
from reviewer.domain.selection import Choice, ChoiceKind, Selection
from reviewer.domain.signal import Signal, SignalKind
from reviewer.domain.status import RunState

BASE = "5d41402abc4b2a76b9719d911017c592a1b2c3d4"
HEAD = "3f9c2ab47bce5a76b9719d911017c592deadbeef"

#: How many lines of context a hunk has, as git's default.
_CONTEXT_LINES = 3


class FindingOptions(TypedDict, total=False):
    """What a test may set of a finding."""

    rule_id: str
    persona: str
    severity: Severity
    confidence: Confidence
    headline: str
    explanation: str
    remedy: str
    sources: tuple[str, ...]
    co_signers: tuple[str, ...]


def build_file(
    path: str,
    *,
    before: str | None = None,
    after: str | None = None,
    language: str | None = "python",
    texts_known: bool = True,
) -> FileChange:
    """Build a file's change from its two texts, with hunks as git makes them.

    Args:
        path: The path.
        before: The text at the base; None for a new file.
        after: The text at the head; None for a deleted file.
        language: Its language.
        texts_known: Whether the whole texts are known; not so in a bare patch.
    """
    status = FileStatus.MODIFIED
    if before is None:
        status = FileStatus.ADDED
    elif after is None:
        status = FileStatus.DELETED
    return FileChange(
        path=path,
        status=status,
        language=language,
        base_text=before if texts_known else None,
        head_text=after if texts_known else None,
        hunks=_hunks((before or "").splitlines(), (after or "").splitlines()),
    )


def _hunks(before: Sequence[str], after: Sequence[str]) -> tuple[Hunk, ...]:
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    hunks = []
    for group in matcher.get_grouped_opcodes(_CONTEXT_LINES):
        lines: list[Line] = []
        for tag, base_from, base_to, head_from, head_to in group:
            if tag == "equal":
                lines += (
                    Line(
                        LineKind.CONTEXT, base_from + i + 1, head_from + i + 1, after[head_from + i]
                    )
                    for i in range(head_to - head_from)
                )
                continue
            lines += (
                Line(LineKind.REMOVED, i + 1, None, before[i]) for i in range(base_from, base_to)
            )
            lines += (
                Line(LineKind.ADDED, None, i + 1, after[i]) for i in range(head_from, head_to)
            )
        first, last = group[0], group[-1]
        hunks.append(
            Hunk(
                base_start=first[1] + 1,
                base_count=last[2] - first[1],
                head_start=first[3] + 1,
                head_count=last[4] - first[3],
                lines=tuple(lines),
            )
        )
    return tuple(hunks)


def build_unreviewed_file(path: str, reason: NotReviewedReason, detail: str = "") -> FileChange:
    """Build a file that is listed and not reviewed."""
    return FileChange(
        path=path,
        status=FileStatus.MODIFIED,
        not_reviewed=NotReviewed(reason=reason, detail=detail),
    )


def build_change(*files: FileChange, head: str = HEAD) -> Change:
    """Build a change of these files."""
    return Change(base=BASE, head=head, files=files)


def build_rule(rule_id: str, title: str, severity: Severity = Severity.MAJOR) -> Rule:
    """Build a rule with short texts of its own."""
    return Rule(
        id=rule_id,
        title=title,
        severity=severity,
        check=f"{title}.",
        why="It goes wrong in production.",
        problem=f"Not done: {title.lower()}",
        remedy=f"{title}.",
        bad="bad()",
        good="good()",
    )


def build_persona(name: str, *rules: Rule) -> Persona:
    """Build a persona with these rules."""
    title = name.replace("-", " ").title()
    return Persona(
        name=name,
        title=title,
        version=1,
        summary=f"What {title} looks at.",
        charter=f"{title} reads carefully.",
        rules=rules,
    )


def build_finding(
    file: FileChange,
    line: int | None,
    *,
    end_line: int | None = None,
    side: Side = Side.HEAD,
    **options: Unpack[FindingOptions],
) -> Finding:
    """Build a finding in a file.

    Args:
        file: The file.
        line: The first line; None for a finding about the file as a whole.
        end_line: The last line; the first by default.
        side: Which version the lines count in.
        options: Anything else that shall not be the default.
    """
    rule_id = options.get("rule_id", "SEC007")
    location = (
        None
        if line is None
        else Location(path=file.path, side=side, start_line=line, end_line=end_line or line)
    )
    return Finding(
        rule_id=rule_id,
        persona=options.get("persona", "security-sentinel"),
        severity=options.get("severity", Severity.CRITICAL),
        confidence=options.get("confidence", Confidence.HIGH),
        path=file.path,
        location=location,
        headline=options.get("headline", "User input reaches a shell"),
        explanation=options.get(
            "explanation",
            "`q` comes from the query string and becomes part of a shell command.",
        ),
        remedy=options.get("remedy", "Pass a list and no shell, or `shlex.quote(q)`."),
        quote="" if location is None else file.text_at(location),
        sources=options.get("sources", ("ruff S602",)),
        family=rule_id,
        fingerprint=fingerprint(rule_id=rule_id, file=file, location=location, repeat=0),
        co_signers=options.get("co_signers", ()),
    )


def build_placed(
    finding: Finding, kind: OutcomeKind = OutcomeKind.INLINE, reason: str = ""
) -> PlacedFinding:
    """Give a finding its outcome."""
    return PlacedFinding(finding=finding, outcome=Outcome(kind=kind, reason=reason))


def build_answer(
    rule: Rule,
    persona: str,
    verdict: Verdict,
    reason: str = "",
    findings: tuple[Finding, ...] = (),
) -> Answer:
    """Answer a rule."""
    return Answer(
        persona=persona,
        rule_id=rule.id,
        severity=rule.severity,
        verdict=verdict,
        reason=reason or "ruff",
        findings=findings,
    )


def build_scorecard(persona: Persona, *answers: Answer) -> Scorecard:
    """Score a persona's answers."""
    return Scorecard(persona=persona.name, answers=answers, score=score(answers))


def build_selection(chosen: Sequence[tuple[str, str]], others: Sequence[Choice] = ()) -> Selection:
    """Build a selection: names with reasons, then the choices that were not taken."""
    return Selection(
        choices=(
            *(
                Choice(
                    persona=name,
                    kind=ChoiceKind.CHOSEN,
                    reason=reason,
                    signals=(
                        Signal(kind=SignalKind.ADDED, detail=reason, path="app/api.py", line=12),
                    ),
                )
                for name, reason in chosen
            ),
            *others,
        )
    )


class ReviewOptions(TypedDict, total=False):
    """What a test may set of a review."""

    state: RunState
    reason: str
    personas: tuple[Persona, ...]
    selection: Selection
    scorecards: tuple[Scorecard, ...]
    findings: tuple[PlacedFinding, ...]
    notices: tuple[str, ...]
    injection_suspected: bool
    model: str | None


def build_review(change: Change | None = None, **options: Unpack[ReviewOptions]) -> Review:
    """Build a review; a completed one of one new file where nothing else is said."""
    if change is None:
        change = build_change(
            build_file("app/api.py", after="def ping() -> str:\n    return 'pong'\n")
        )
    return Review(
        state=options.get("state", RunState.COMPLETED),
        reason=options.get("reason", ""),
        change=change,
        personas=options.get("personas", ()),
        selection=options.get("selection", Selection(choices=())),
        scorecards=options.get("scorecards", ()),
        findings=options.get("findings", ()),
        notices=options.get("notices", ()),
        injection_suspected=options.get("injection_suspected", False),
        model=options.get("model"),
    )
