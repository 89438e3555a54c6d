"""Runs the structural patterns of persona files with ast-grep, in this process, on text alone.

All patterns of a language are one ``any`` rule, because parsing and walking a file cost far more
than asking; each node that it finds is then asked which patterns it matches.
Rules: https://ast-grep.github.io/reference/rule.html · Python: https://ast-grep.github.io/guide/api-usage/py-api.html
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from reviewer.domain.change import Change, FileChange, Side
from reviewer.domain.evidence import (
    Evidence,
    EvidenceKind,
    Examination,
    Hit,
    Pattern,
    Unexamined,
)
from reviewer.domain.pattern_text import holds, required_by
from reviewer.domain.subject import Subject, subjects

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_KIND = EvidenceKind.PATTERN

_PARSED = frozenset(
    {
        "bash", "c", "cpp", "csharp", "css", "dart", "elixir", "go", "haskell", "hcl", "html",
        "java", "javascript", "json", "kotlin", "lua", "markdown", "nix", "php", "python", "ruby",
        "rust", "scala", "solidity", "swift", "tsx", "typescript", "yaml",
    }
)  # fmt: skip

#: Languages that ast-grep parses, by the names that ``domain.language`` gives them. Any other
#: name makes it panic, which Python sees as a BaseException.
#: https://ast-grep.github.io/reference/languages.html
LANGUAGES: Mapping[str, str] = MappingProxyType(
    {name: name for name in sorted(_PARSED)} | {"terraform": "hcl"}
)

#: 9.8 MB of Python took 686 MB of memory.
LIMIT_BYTES = 1_000_000

#: Relations walk up and down the tree, so that time grows with the square of its depth; people
#: stay below 100.
_DEEPEST = 400
#: Only nodes with this much text are walked into to measure depth: whatever is nested this much
#: deeper than ``_DEEPEST`` has at least this much text at that depth.
_WORTH_A_LOOK = 800

_LIMIT_SECONDS = 10.0
_LONGEST_RANGE = 20
_ERROR: Mapping[str, object] = {"kind": "ERROR"}
_HALF = 0.5


class PatternExaminer:
    """Examines files in the languages that the asked patterns are written for."""

    @property
    def kind(self) -> EvidenceKind:
        """Which evidence it gives."""
        return _KIND

    async def examine(self, change: Change, evidence: Sequence[Evidence]) -> Examination:
        """Look for every pattern of the evidence; see `reviewer.ports.examiner`."""
        patterns = {
            piece.pattern.code: piece.pattern for piece in evidence if piece.pattern is not None
        }
        by_language: dict[str, list[Pattern]] = {}
        for pattern in patterns.values():
            by_language.setdefault(pattern.language, []).append(pattern)
        # ast-grep is written in Rust and lets other threads run only between its calls; in a
        # thread of its own it at least never holds up the linters' pipes for a whole change.
        return await asyncio.to_thread(_examine, change, by_language)


def check_pattern(pattern: Pattern) -> str | None:
    """Say what is wrong with a pattern, in one line; None where ast-grep accepts it.

    Args:
        pattern: A pattern as a persona file has it.
    """
    from ast_grep_py import SgRoot  # noqa: PLC0415 - 13 ms, and heavy

    language = LANGUAGES.get(pattern.language)
    if language is None:
        return f"ast-grep does not parse {pattern.language}"
    root = SgRoot("", language).root()
    config: Any = {"rule": {"any": [dict(pattern.rule)]}}
    try:
        root.find_all(config)
    except (RuntimeError, ValueError, TypeError) as error:
        return _first_words(error)
    except Exception as error:
        # ast-grep has no exception of its own for an unknown key: it raises a bare Exception.
        if type(error) is not Exception:
            raise
        return _first_words(error)
    return _does_not_parse(pattern.rule, language)


def _first_words(error: Exception) -> str:
    """Return what ast-grep says before its stack trace, innermost cause last, in one line."""
    said = str(error).split("Stack backtrace", 1)[0]
    causes = [line.strip().split(": ", 1)[-1] for line in said.splitlines() if line.strip()]
    skipped = {"cannot get matcher", "Caused by:", "`rule` is not configured correctly."}
    return " ".join(cause for cause in causes if cause not in skipped) or "not a rule"


def _does_not_parse(rule: object, language: str) -> str | None:
    """Find a pattern that ast-grep accepts although its text is no code (``f(``)."""
    from ast_grep_py import SgRoot  # noqa: PLC0415 - see above

    if isinstance(rule, list):
        return next((said for item in rule if (said := _does_not_parse(item, language))), None)
    if not isinstance(rule, Mapping):
        return None
    for key, value in rule.items():
        if key == "pattern" and isinstance(value, str):
            root = SgRoot(value.replace("$", "_"), language).root()
            if root.find(kind="ERROR") is not None:
                return f"the pattern `{value}` is not {language}"
        elif (said := _does_not_parse(value, language)) is not None:
            return said
    return None


def _examine(change: Change, by_language: Mapping[str, Sequence[Pattern]]) -> Examination:
    """Run the patterns of every language over its files."""
    seen = Examination()
    deadline = time.monotonic() + _LIMIT_SECONDS
    for name, patterns in by_language.items():
        language = LANGUAGES.get(name)
        if language is None:
            seen += _codes_blind(patterns, f"ast-grep does not parse {name}")
            continue
        found, blind = subjects(change, _KIND, among=_written_in(name), limit_bytes=LIMIT_BYTES)
        seen += Examination(unexamined=blind)
        if not found:
            continue
        sound, faults = _sound(patterns)
        seen += faults
        needs = {pattern.code: required_by(pattern.rule) for pattern in sound}
        for subject in found if sound else ():
            lowered = subject.text.lower()
            worth_asking = [pattern for pattern in sound if holds(needs[pattern.code], lowered)]
            if time.monotonic() > deadline:
                seen += _blind(subject, "no time was left for its patterns")
            else:
                seen += _look(subject, language, worth_asking)
    return seen


def _written_in(language: str) -> Callable[[FileChange], bool]:
    return lambda file: file.language == language


def _sound(patterns: Sequence[Pattern]) -> tuple[list[Pattern], Examination]:
    """Leave out the patterns that ast-grep refuses: one of them would spoil all."""
    faults = {pattern.code: check_pattern(pattern) for pattern in patterns}
    seen = Examination()
    for code, fault in faults.items():
        if fault is not None:
            gap = Unexamined(kind=_KIND, code=code, reason=f"pattern {code}: {fault}")
            seen += Examination(unexamined=(gap,))
    return [pattern for pattern in patterns if faults[pattern.code] is None], seen


def _codes_blind(patterns: Sequence[Pattern], reason: str) -> Examination:
    return Examination(
        unexamined=tuple(Unexamined(kind=_KIND, code=p.code, reason=reason) for p in patterns)
    )


def _blind(subject: Subject, reason: str) -> Examination:
    gap = Unexamined(kind=_KIND, path=subject.file.path, reason=reason)
    return Examination(unexamined=(gap,))


def _look(subject: Subject, language: str, patterns: Sequence[Pattern]) -> Examination:
    """Run the patterns over one file."""
    from ast_grep_py import SgRoot  # noqa: PLC0415 - see above

    root = SgRoot(subject.text, language).root()
    if root.kind() == "ERROR":
        return _blind(subject, "does not parse")
    if is_deep(root, len(subject.text)):
        return _blind(subject, "nested too deeply")
    # The bindings take keywords and answer any mapping; their stubs know TypedDicts only.
    rules: list[tuple[str, Any]] = [(p.code, dict(p.rule)) for p in patterns]
    config: Any = {"rule": {"any": [_ERROR, *(rule for _, rule in rules)]}}
    hits: list[Hit] = []
    astray = 0
    for node in root.find_all(config):
        if node.kind() == "ERROR":
            astray += _length(node)
            continue
        first, last = _lines(node)
        # Asking which patterns matched costs as much as finding, and only changed lines count.
        if subject.file.locate(Side.HEAD, first, last) is None:
            continue
        hits += (
            Hit(kind=_KIND, code=code, path=subject.file.path, start_line=first, end_line=last)
            for code, rule in rules
            if node.matches(**rule)
        )
    if astray > _HALF * len(subject.text):
        return _blind(subject, "does not parse")
    return Examination(hits=tuple(dict.fromkeys(hits)))


def _length(node: SgNode) -> int:
    where = node.range()
    return where.end.index - where.start.index


def is_deep(root: SgNode, size: int) -> bool:
    """Tell whether the tree is deeper than anything that people write."""
    if size < _WORTH_A_LOOK:
        return False
    level = [root]
    for _ in range(_DEEPEST):
        level = [
            child for node in level for child in node.children() if _length(child) > _WORTH_A_LOOK
        ]
        if not level:
            return False
    return True


def _lines(node: SgNode) -> tuple[int, int]:
    """Return the lines that a hit speaks of: for a statement with a body only what is before it."""
    where = node.range()
    first, last = where.start.line + 1, where.end.line + 1
    if last == first:
        return first, last
    if where.end.column == 0:
        last -= 1
    inner = node.field("definition") or node
    body = inner.field("body") or inner.field("consequence")
    if body is not None:
        return first, max(first, min(last, body.range().start.line))
    return first, last if last - first < _LONGEST_RANGE else first
