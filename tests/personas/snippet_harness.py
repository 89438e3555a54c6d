"""Turns the snippets beside these tests into changes, and lets the real examiners judge them.

A file ``snippets/RULE.toml`` holds the snippets of one rule::

    [[bad]]                     # the rule must fail here
    path = "shop/basket.py"     # where the text stands at the head
    text = '''…'''              # the whole text at the head; without it the file is deleted
    base = '''…'''              # the whole text at the base; without it the file is new
    line = 3                    # optional: the first line of one of the findings
    size = 2000000              # optional: the blob's size in bytes
    kind = "binary"             # optional: text (default), binary, submodule, symlink
    tree = [".dockerignore"]    # optional: further paths of the head tree, unchanged
    [bad.files]                 # optional: further new files of the change, path = text
    "Dockerfile" = '''…'''

    [[good]]                    # the rule must not fail here
    verdict = "not_applicable"  # optional: the exact verdict; without it, where the rule has
                                # evidence that decides both, a pass
"""

from __future__ import annotations

import asyncio
import difflib
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reviewer.adapters.facts.examiner import FactExaminer
from reviewer.adapters.linters.hadolint import HadolintExaminer
from reviewer.adapters.linters.ruff import RuffExaminer
from reviewer.adapters.linters.zizmor import ZizmorExaminer
from reviewer.adapters.patterns.examiner import PatternExaminer
from reviewer.domain.change import (
    Change,
    FileChange,
    FileKind,
    FileStatus,
    Hunk,
    Line,
    LineKind,
    Location,
)
from reviewer.domain.checklist import Answer, Verdict, answer_mechanically
from reviewer.domain.evidence import Examination
from reviewer.domain.language import language_of
from reviewer.domain.persona import Persona, Rule
from reviewer.domain.persona_file import parse_persona

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reviewer.ports.examiner import Examiner

PERSONAS = Path(__file__).parents[2] / "personas"
SNIPPETS = Path(__file__).parent / "snippets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """One small change with the verdict that a rule must reach on it."""

    rule_id: str
    is_bad: bool
    number: int
    path: str
    text: str | None = None
    base: str | None = None
    line: int | None = None
    size: int | None = None
    kind: str = FileKind.TEXT.value
    tree: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    verdict: str | None = None
    about: str = ""

    @property
    def name(self) -> str:
        """Name the snippet as a person finds it: file, sort and number from 1."""
        return f"{self.rule_id}.toml {'bad' if self.is_bad else 'good'} {self.number} {self.about}"


@cache
def personas() -> tuple[Persona, ...]:
    """Return every persona that ships."""
    return tuple(
        parse_persona(path.read_text(encoding="utf-8"), path=path.name)
        for path in sorted(PERSONAS.glob("*.toml"))
    )


def rules() -> Iterator[tuple[Persona, Rule]]:
    """Yield every rule with its persona."""
    for persona in personas():
        for rule in persona.rules:
            yield persona, rule


def snippets_of(rule_id: str) -> tuple[Snippet, ...]:
    """Return the snippets of a rule, none where it has no file."""
    path = SNIPPETS / f"{rule_id}.toml"
    if not path.exists():
        return ()
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    if unknown := data.keys() - {"bad", "good"}:
        message = f"{path}: unknown keys {sorted(unknown)}"
        raise ValueError(message)
    return tuple(
        Snippet(
            rule_id=rule_id,
            is_bad=sort == "bad",
            number=number,
            **{**entry, "tree": tuple(entry.get("tree", ()))},
        )
        for sort in ("bad", "good")
        for number, entry in enumerate(data.get(sort, ()), start=1)
    )


def change_of(snippet: Snippet) -> Change:
    """Build the change that a snippet stands for."""
    main = file_change(
        snippet.path,
        base=snippet.base,
        head=snippet.text,
        kind=FileKind(snippet.kind),
        size=snippet.size,
    )
    more = [file_change(path, base=None, head=text) for path, text in snippet.files.items()]
    files = (main, *more)
    head_paths = {file.path for file in files if file.status is not FileStatus.DELETED}
    return Change(
        base="base", head="head", files=files, head_paths=frozenset(head_paths | {*snippet.tree})
    )


def without(text: str | None, location: Location) -> str:
    """Return the text without the lines of a location."""
    lines = (text or "").split("\n")
    return "\n".join(lines[: location.start_line - 1] + lines[location.end_line :])


def file_change(
    path: str,
    *,
    base: str | None,
    head: str | None,
    kind: FileKind = FileKind.TEXT,
    size: int | None = None,
) -> FileChange:
    """Build one file of a change from its whole texts, the hunks by difflib."""
    if base is None:
        status = FileStatus.ADDED
    elif head is None:
        status = FileStatus.DELETED
    else:
        status = FileStatus.MODIFIED
    is_text = kind is FileKind.TEXT
    size_bytes = len((head or "").encode()) if size is None else size
    return FileChange(
        path=path,
        status=status,
        kind=kind,
        hunks=tuple(_hunks(_lines(base), _lines(head))) if is_text else (),
        base_text=base,
        head_text=head if is_text else None,
        head_size_bytes=None if head is None and is_text else size_bytes,
        language=language_of(path, (head or base or "").partition("\n")[0]),
    )


def _lines(text: str | None) -> list[str]:
    return [] if text is None else text.removesuffix("\n").split("\n")


def _hunks(base: Sequence[str], head: Sequence[str]) -> Iterator[Hunk]:
    matcher = difflib.SequenceMatcher(a=base, b=head, autojunk=False)
    for group in matcher.get_grouped_opcodes(3):
        lines: list[Line] = []
        for tag, base_from, base_to, head_from, head_to in group:
            if tag == "equal":
                lines += (
                    Line(
                        LineKind.CONTEXT, base_from + i + 1, head_from + i + 1, base[base_from + i]
                    )
                    for i in range(base_to - base_from)
                )
                continue
            lines += (
                Line(LineKind.REMOVED, i + 1, None, base[i]) for i in range(base_from, base_to)
            )
            lines += (Line(LineKind.ADDED, None, i + 1, head[i]) for i in range(head_from, head_to))
        first, last = group[0], group[-1]
        yield Hunk(
            base_start=first[1] + 1 if last[2] > first[1] else first[1],
            base_count=last[2] - first[1],
            head_start=first[3] + 1 if last[4] > first[3] else first[3],
            head_count=last[4] - first[3],
            lines=tuple(lines),
        )


@cache
def examiners() -> tuple[Examiner, ...]:
    """Return the examiners that the program itself uses."""
    return (
        RuffExaminer(),
        HadolintExaminer(),
        ZizmorExaminer(),
        PatternExaminer(),
        FactExaminer(),
    )


async def judge(snippets: Sequence[Snippet], persona: Persona, rule: Rule) -> tuple[Answer, ...]:
    """Let the persona's examiners look at each snippet, and answer the rule."""
    limit = asyncio.Semaphore(4)

    async def one(snippet: Snippet) -> Answer:
        async with limit:
            return await _judge_one(snippet, persona, rule)

    return tuple(await asyncio.gather(*(one(snippet) for snippet in snippets)))


async def _judge_one(snippet: Snippet, persona: Persona, rule: Rule) -> Answer:
    change = change_of(snippet)
    kinds = {evidence.kind for evidence in rule.evidence}
    examination = Examination()
    for examiner in examiners():
        # The whole persona's evidence of the kind, so that the longest claim really wins.
        evidence = [e for r in persona.rules for e in r.evidence if e.kind is examiner.kind]
        if examiner.kind in kinds:
            examination += await examiner.examine(change, evidence)
    scorecard = answer_mechanically(persona, change, examination)
    return next(answer for answer in scorecard.answers if answer.rule_id == rule.id)


def complaint(snippet: Snippet, rule: Rule, answer: Answer) -> str | None:
    """Say in words what is wrong with an answer; None where it is as the snippet says."""
    told = f"{snippet.name}: {answer.verdict} ({answer.reason})"
    starts = [f.location.start_line for f in answer.findings if f.location is not None]
    if snippet.is_bad:
        if answer.verdict is not Verdict.FAIL:
            return f"{told}, must fail"
        if snippet.line is not None and snippet.line not in starts:
            return f"{told}, lines {starts}, must name line {snippet.line}"
        return None
    if answer.verdict is Verdict.FAIL:
        return f"{told}, lines {starts}, must not fail"
    decided = any(evidence.decides == "both" for evidence in rule.evidence)
    expected = snippet.verdict or (Verdict.PASS.value if decided else None)
    if expected is not None and answer.verdict != expected:
        return f"{told}, must be {expected}"
    return None
