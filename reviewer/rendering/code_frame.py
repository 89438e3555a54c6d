"""Code frames: the quoted lines of a finding between two lines of context, with secrets masked.

A line that somebody calls a hard-coded secret is shown with its values masked, in every frame of
the review and whoever else speaks of it: a report must not spread what it warns of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from reviewer.domain.change import Change, FileChange, Location, Side
from reviewer.domain.finding import Finding
from reviewer.domain.sanitiser import cut, fenced, terminal, visible

#: Lines shown before and after the quoted ones, and how many quoted ones at most.
CONTEXT_LINES = 2
QUOTED_LINES = 6

#: How much of a line is looked at, and how much of it is shown, in characters.
_READ_LIMIT = 2_000
_LINE_LIMIT = 200
_QUOTE_LIMIT = 2_000

#: Sources that say "this is a secret": our own scanner and facts, and the linters' passwords.
_SECRET_SOURCES = re.compile(
    r"secret |ruff S10[567]\b|zizmor hardcoded-container-credentials"
    r"|fact (?:password-in-configuration|kubernetes-secret-in-clear|secret-set-in-image)"
)

# A string literal, closed or not, of any language that has quotes.
_LITERAL = re.compile(
    r"""(?P<mark>\"{3}|'{3}|["'`])(?:\\.|(?!(?P=mark)).)*(?P<end>(?P=mark)|$)""", re.DOTALL
)
_KEY_AHEAD = re.compile(r"\s*:|\]\s*=(?!=)")
_ASSIGNED = re.compile(r"([=:]\s*)\S.*")
MASK = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameLine:
    """One line of a frame.

    Args:
        number: Its number on the frame's side.
        text: Safe to show on a terminal; other places escape it once more.
        quoted: Whether the finding speaks of it.
    """

    number: int
    text: str
    quoted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeFrame:
    """The lines around a finding.

    Args:
        side: Which version is shown; a removed line is shown as it was.
        lines: The lines in order.
        more: How many quoted lines are left out at the end.
    """

    side: Side
    lines: tuple[FrameLine, ...]
    more: int


@dataclass(frozen=True, kw_only=True)
class CodeFrames:
    """Makes the frames of one review.

    Args:
        change: Where the lines come from.
        findings: All findings, shown or not: they say which lines hold secrets.
    """

    change: Change
    findings: tuple[Finding, ...]
    _texts: dict[tuple[str, Side], Mapping[int, str]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @cached_property
    def _secret_lines(self) -> frozenset[tuple[str, Side, int]]:
        return frozenset(
            (finding.path, finding.location.side, number)
            for finding in self.findings
            if finding.location is not None
            and any(_SECRET_SOURCES.match(source) for source in finding.sources)
            for number in range(finding.location.start_line, finding.location.end_line + 1)
        )

    def frame(self, location: Location | None) -> CodeFrame | None:
        """Return the frame of a location; None where there is nothing to show."""
        file = None if location is None else self.change.by_path.get(location.path)
        if file is None or location is None:
            return None
        texts = self._lines(file, location.side)
        last = min(location.end_line, location.start_line + QUOTED_LINES - 1)
        numbers = [
            number
            for number in range(location.start_line - CONTEXT_LINES, last + 1 + CONTEXT_LINES)
            # Behind a cut quote no context follows: it would look like what comes next.
            if number in texts and (number <= last or last == location.end_line)
        ]
        if not any(location.start_line <= number <= last for number in numbers):
            return None
        numbers = _without_blank_edges(numbers, texts, location.start_line, last)
        shown = self._shown(file.path, location.side, numbers, texts)
        return CodeFrame(
            side=location.side,
            lines=tuple(
                FrameLine(number=n, text=text, quoted=location.start_line <= n <= last)
                for n, text in zip(numbers, shown, strict=True)
            ),
            more=location.end_line - last,
        )

    def quote(self, finding: Finding) -> str:
        """Return the quote of a finding with secrets masked, verbatim otherwise."""
        location = finding.location
        if location is None:
            return ""
        lines = [
            mask(line)
            if (finding.path, location.side, location.start_line + index) in self._secret_lines
            else line
            for index, line in enumerate(finding.quote.split("\n"))
        ]
        return cut(visible("\n".join(lines)), _QUOTE_LIMIT)

    def suggestion(self, finding: Finding) -> str:
        """Return what may replace the lines of a finding; empty where one of them is a secret."""
        location = finding.location
        if location is None:
            return ""
        lines = range(location.start_line, location.end_line + 1)
        if any((finding.path, location.side, line) in self._secret_lines for line in lines):
            return ""
        # What must change before it may be shown is no text to be applied: hidden characters,
        # our own markers, commands of a comment or a runner.
        plain = finding.suggestion.replace("\r\n", "\n")
        return finding.suggestion if f"\n{plain}\n" in fenced(plain) else ""

    def _lines(self, file: FileChange, side: Side) -> Mapping[int, str]:
        """Return the known lines of one version of a file by number."""
        key = (file.path, side)
        if key not in self._texts:
            text = file.head_text if side is Side.HEAD else file.base_text
            self._texts[key] = (
                _hunk_lines(file, side)
                if text is None
                else dict(enumerate(text.removesuffix("\n").split("\n"), start=1))
            )
        return self._texts[key]

    def _shown(
        self, path: str, side: Side, numbers: Sequence[int], texts: Mapping[int, str]
    ) -> Iterable[str]:
        """Make lines safe together, so that a secret over several lines is seen as one."""
        raw = [cut(texts[number].rstrip("\r"), _READ_LIMIT) for number in numbers]
        lines = terminal("\n".join(raw)).split("\n")
        if len(lines) != len(numbers):
            return [MASK] * len(numbers)
        return [
            cut(mask(text) if (path, side, number) in self._secret_lines else text, _LINE_LIMIT)
            for number, text in zip(numbers, lines, strict=True)
        ]


def _without_blank_edges(
    numbers: list[int], texts: Mapping[int, str], first: int, last: int
) -> list[int]:
    """Drop context that shows nothing: blank lines at the top and the bottom."""
    while numbers[0] < first and not texts[numbers[0]].strip():
        numbers = numbers[1:]
    while numbers[-1] > last and not texts[numbers[-1]].strip():
        numbers = numbers[:-1]
    return numbers


def mask(line: str) -> str:
    """Mask the values in a line that holds a secret; keys and names stay readable."""
    masked, count = _LITERAL.subn(_mask_literal, line)
    if count:
        return masked
    masked, count = _ASSIGNED.subn(rf"\g<1>{MASK}", line, count=1)
    return masked if count else MASK


def _mask_literal(match: re.Match[str]) -> str:
    """Mask a literal, unless it is a key: first in its entry before a colon, or an index."""
    before = match.string[: match.start()].rstrip()
    is_key = match["end"] and _KEY_AHEAD.match(match.string, match.end())
    if is_key and (not before or before[-1] in "{[,-"):
        return match.group()
    return f"{match['mark']}{MASK}{match['end']}"


def _hunk_lines(file: FileChange, side: Side) -> dict[int, str]:
    """Return the lines that the hunks show of one side: all that a bare patch knows."""
    return {
        number: line.text
        for hunk in file.hunks
        for line in hunk.lines
        if (number := line.head_number if side is Side.HEAD else line.base_number) is not None
    }
