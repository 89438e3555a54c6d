"""ruff: Python's linter, with bandit's rules as ``S``, over copies of the changed Python files.

One call looks at all files; what it cannot be told is taken from nowhere:
no configuration, no cache, no ``# noqa`` of the change, exactly the codes that are asked for.
Options: https://docs.astral.sh/ruff/configuration/#full-command-line-interface
"""

from __future__ import annotations

import asyncio
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path, PurePosixPath

from reviewer.adapters.linters import reply
from reviewer.adapters.linters.notebook import Notebook, read_notebook
from reviewer.adapters.linters.process import (
    DEFAULT_LIMITS,
    Failed,
    Limits,
    Ran,
    find_program,
    private_folder,
    run,
)
from reviewer.domain.change import Change, FileChange
from reviewer.domain.evidence import (
    Evidence,
    EvidenceKind,
    Examination,
    Hit,
    SetAside,
    Unexamined,
)
from reviewer.domain.false_alarm import false_alarm
from reviewer.domain.subject import Subject, subjects

_KIND = EvidenceKind.RUFF
_LANGUAGES = frozenset({"python", "jupyter"})
_LIMIT_BYTES = 2_000_000
_SIDE_BY_SIDE = 2

#: The newest that ruff knows, so that nobody's syntax is too new for it.
_TARGET_VERSION = "py315"

_OPTIONS = (
    "check",
    "--isolated",
    "--no-cache",
    "--ignore-noqa",
    "--no-respect-gitignore",
    "--exit-zero",
    "--output-format=json",
    f"--target-version={_TARGET_VERSION}",
)

#: Rules about a file's own name, which ruff never learns.
_ABOUT_NAMES = frozenset({"A005", "INP001", "N999"})

#: ruff calls what the parser did not understand this instead of a code.
_NO_SYNTAX = frozenset({"", "invalid-syntax"})

_NO_EFFECT = re.compile(r"Selection `([A-Z]+[0-9]*)` has no effect because preview is not enabled")
_REFUSED = re.compile(r"Unknown rule selector|removed and cannot be selected")

#: A statement that holds others: what is wrong with it is told on its first line.
_BLOCK = re.compile(r"\s*(?:@|(?:async\s+)?(?:def|for|with)\b|(?:class|if|try|while|match)\b)")
_LONGEST_RANGE = 20


@dataclass(frozen=True, kw_only=True)
class _Sheet:
    """A file as ruff sees it.

    Args:
        subject: The file of the change.
        name: The name that the copy gets.
        notebook: What leads from cells to lines, for a notebook.
        line_starts: For a text with bare carriage returns, which are lines to ruff and not to
            git: the offsets at which ruff's rows begin.
    """

    subject: Subject
    name: str
    notebook: Notebook | None = None
    line_starts: tuple[int, ...] = ()

    @property
    def path(self) -> str:
        return self.subject.file.path

    def line(self, row: int, cell: int | None) -> int | None:
        """Turn ruff's row into the file's line."""
        if self.notebook is not None:
            return None if cell is None else self.notebook.line(cell, row)
        if not self.line_starts:
            return row
        start = self.line_starts[min(row, len(self.line_starts)) - 1]
        return bisect_right(self._ends, start - 1) + 1

    def text_of(self, line: int) -> str:
        """Return a line of the file; empty where there is none."""
        return self._lines[line - 1] if 1 <= line <= len(self._lines) else ""

    @cached_property
    def _lines(self) -> list[str]:
        return self.subject.text.split("\n")

    @cached_property
    def _ends(self) -> list[int]:
        """The offsets at which the file's lines end."""
        return list(accumulate((len(line) + 1 for line in self._lines), initial=-1))[1:]


class RuffExaminer:
    """Examines Python files and notebooks with ruff.

    Args:
        program: ruff's program; the installed package's own by default.
        limits: How much one call may use.
    """

    def __init__(self, program: Path | None = None, *, limits: Limits = DEFAULT_LIMITS) -> None:
        self._program = program
        self._limits = limits

    @property
    def kind(self) -> EvidenceKind:
        """Which evidence it gives."""
        return _KIND

    async def examine(self, change: Change, evidence: Sequence[Evidence]) -> Examination:
        """Look for the codes that the evidence names; see `reviewer.ports.examiner`."""
        asked = sorted({code for piece in evidence if piece.kind is _KIND for code in piece.codes})
        found, blind = subjects(change, _KIND, among=_is_python, limit_bytes=_LIMIT_BYTES)
        sheets, foreign = _sheets(found)
        seen = Examination(unexamined=(*blind, *foreign))
        if not asked or not sheets:
            return seen
        program = self._program or find_program("ruff", "ruff")
        if program is None:
            return seen + _blind("ruff is not installed")
        codes = [code for code in asked if code not in _ABOUT_NAMES]
        seen += _without(set(asked) - set(codes), "ruff cannot judge a file's name from a copy")
        seen += await self._look(program, sheets, codes)
        return replace(seen, unexamined=tuple(dict.fromkeys(seen.unexamined)))

    async def _look(
        self, program: Path, sheets: Sequence[_Sheet], codes: Sequence[str]
    ) -> Examination:
        """Look at all files at once; where ruff refuses a code, without that code."""
        outcome = await self._call(program, sheets, codes)
        if not isinstance(outcome, Ran) or not _REFUSED.search(outcome.stderr):
            return await self._settle(program, sheets, codes, outcome)
        known = await self._known_codes(program)
        kept = [code for code in codes if any(name.startswith(code) for name in known)]
        unknown = _without(set(codes) - set(kept), "ruff does not know it")
        if not kept or len(kept) == len(codes):
            return unknown + _blind("ruff refused the codes that were asked for")
        outcome = await self._call(program, sheets, kept)
        return unknown + await self._settle(program, sheets, kept, outcome)

    async def _settle(
        self,
        program: Path,
        sheets: Sequence[_Sheet],
        codes: Sequence[str],
        outcome: Ran | Failed,
    ) -> Examination:
        """Read the answer; where there is none, look at each file alone to find the culprit."""
        read = _read(outcome, sheets, codes)
        if isinstance(read, Examination):
            return read
        if len(sheets) == 1:
            return _blind(read, sheets[0].path)
        gate = asyncio.Semaphore(_SIDE_BY_SIDE)

        async def alone(sheet: _Sheet) -> Examination:
            async with gate:
                single = await self._call(program, [sheet], codes)
            again = _read(single, [sheet], codes)
            return again if isinstance(again, Examination) else _blind(again, sheet.path)

        return sum(await asyncio.gather(*(alone(sheet) for sheet in sheets)), Examination())

    async def _call(
        self, program: Path, sheets: Sequence[_Sheet], codes: Sequence[str]
    ) -> Ran | Failed:
        with private_folder() as folder:
            _copy(sheets, folder)
            options = (*_OPTIONS, f"--select={','.join(codes)}", ".")
            return await run(program, options, folder=folder, limits=self._limits)

    async def _known_codes(self, program: Path) -> frozenset[str]:
        """Ask ruff for the codes that can be selected."""
        with private_folder() as folder:
            options = ("rule", "--all", "--output-format=json")
            outcome = await run(program, options, folder=folder, limits=self._limits)
        if not isinstance(outcome, Ran) or outcome.exit_code != 0:
            return frozenset()
        try:
            rules = reply.records(outcome.stdout)
        except reply.UnexpectedReplyError:
            return frozenset()
        # A new rule may have a name and no code yet.
        codes = (rule.get("code") for rule in rules if not _is_removed(rule))
        return frozenset(code for code in codes if isinstance(code, str))


def _is_removed(rule: Mapping[str, object]) -> bool:
    status = rule.get("status")
    return isinstance(status, dict) and "Removed" in status


def _is_python(file: FileChange) -> bool:
    return file.language in _LANGUAGES or file.path.endswith(".ipynb")


def _blind(reason: str, path: str = "") -> Examination:
    return Examination(unexamined=(Unexamined(kind=_KIND, reason=reason, path=path),))


def _without(codes: Iterable[str], reason: str) -> Examination:
    """Say that some codes were not looked for."""
    return Examination(
        unexamined=tuple(
            Unexamined(kind=_KIND, code=code, reason=f"{code}: {reason}") for code in sorted(codes)
        )
    )


def _sheets(found: Sequence[Subject]) -> tuple[list[_Sheet], list[Unexamined]]:
    """Prepare the copies, under names that say only what ruff must know."""
    sheets: list[_Sheet] = []
    foreign: list[Unexamined] = []
    for number, subject in enumerate(found):
        path = PurePosixPath(subject.file.path)
        if path.suffix == ".ipynb":
            notebook = read_notebook(subject.text)
            reason = _not_python(notebook)
            if reason:
                foreign.append(Unexamined(kind=_KIND, path=subject.file.path, reason=reason))
            else:
                sheets.append(
                    _Sheet(subject=subject, name=f"notebook_{number}.ipynb", notebook=notebook)
                )
            continue
        # ruff treats stubs and packages in their own way. Only a package needs a folder of its
        # own; a folder a file costs more to remove than ruff needs to read them all.
        suffix = ".pyi" if path.suffix == ".pyi" else ".py"
        name = f"{number}/__init__{suffix}"
        sheets.append(
            _Sheet(
                subject=subject,
                name=name if path.stem == "__init__" else f"module_{number}{suffix}",
                line_starts=_line_starts(subject.text),
            )
        )
    return sheets, foreign


def _not_python(notebook: Notebook | None) -> str:
    if notebook is None:
        return "not a notebook that can be read"
    if notebook.language not in {"", "python", "ipython"}:
        return f"a notebook in {notebook.language[:20]}"
    return ""


def _line_starts(text: str) -> tuple[int, ...]:
    if "\r" not in text.replace("\r\n", "\n"):
        return ()
    return (0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text)))


def _copy(sheets: Iterable[_Sheet], folder: Path) -> None:
    for sheet in sheets:
        place = folder / sheet.name
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(sheet.subject.text.encode())


def _read(
    outcome: Ran | Failed, sheets: Sequence[_Sheet], codes: Sequence[str]
) -> Examination | str:
    """Turn ruff's answer into an examination, or say why it is none."""
    if isinstance(outcome, Failed):
        return outcome.reason
    if outcome.exit_code != 0:
        return f"ruff {outcome.ending}"
    by_name = {sheet.name: sheet for sheet in sheets}
    seen = _without(set(_NO_EFFECT.findall(outcome.stderr)), "only in ruff's preview")
    unread = [line for line in outcome.stderr.splitlines() if "Failed to" in line]
    if unread:
        # We write valid UTF-8 under good names, so this is rare; but it must not read as a pass.
        return "ruff could not read every file"
    try:
        for record in reply.records(outcome.stdout):
            seen += _entry(record, by_name, codes)
    except reply.UnexpectedReplyError as error:
        return f"ruff: {error}"
    # One syntax error leads to the next; the first says where to look.
    first = {(gap.path, gap.code): gap for gap in reversed(seen.unexamined)}
    return replace(seen, unexamined=tuple(reversed(first.values())))


def _entry(
    record: Mapping[str, object], by_name: Mapping[str, _Sheet], codes: Sequence[str]
) -> Examination:
    """Turn one diagnostic into a hit, or into "does not parse"."""
    copy = Path(reply.text(record, "filename"))
    sheet = by_name.get(copy.name) or by_name.get(f"{copy.parent.name}/{copy.name}")
    if sheet is None:
        raise reply.UnexpectedReplyError("it speaks of a file that it was not given")
    raw_code, raw_cell = record.get("code"), record.get("cell")
    code = raw_code if isinstance(raw_code, str) else ""
    cell = raw_cell if isinstance(raw_cell, int) else None
    message = reply.text(record, "message")
    start, end = _span(record)
    line = sheet.line(start, cell)
    if code in _NO_SYNTAX:
        where = "" if line is None else f" (line {line})"
        return _blind(f"does not parse: {message[:120]}{where}", sheet.path)
    if not code.startswith(tuple(codes)):
        return Examination()
    if line is None:
        return _blind("a cell of the notebook cannot be found in its file", sheet.path)
    source = sheet.text_of(line)
    if cell is not None:
        # A line of a notebook is a JSON string; its quotes are what matters here.
        source = source.strip().removesuffix(",").strip('"').replace('\\"', '"')
    hit = Hit(
        kind=_KIND,
        code=code,
        path=sheet.path,
        message=message,
        start_line=line,
        end_line=_last_line(sheet, line, sheet.line(end, cell) or line),
    )
    reason = false_alarm(code, message, source)
    if reason:
        return Examination(set_aside=(SetAside(hit=hit, reason=reason),))
    return Examination(hits=(hit,))


def _span(record: Mapping[str, object]) -> tuple[int, int]:
    """Return the first and the last row of a diagnostic."""
    start, end = reply.mapping(record.get("location")), reply.mapping(record.get("end_location"))
    first, last = reply.number(start, "row"), reply.number(end, "row")
    if last > first and reply.number(end, "column") == 1:
        last -= 1  # the end is exclusive, and a row that it only touches is not in it
    return first, max(first, last)


def _last_line(sheet: _Sheet, first: int, last: int) -> int:
    """Narrow a range that spans a whole block or more than anyone reads to its first line."""
    if last == first:
        return first
    if last - first >= _LONGEST_RANGE:
        return first
    opening = sheet.subject.file.added.get(first)
    if opening is None:
        opening = sheet.text_of(first)
    return first if _BLOCK.match(opening) else last
