"""Runs a linter that reads one file from stdin over several files, two at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reviewer.adapters.linters.process import Failed, Limits, Ran, private_folder, run
from reviewer.adapters.linters.reply import UnexpectedReplyError
from reviewer.domain.evidence import EvidenceKind, Examination, Unexamined
from reviewer.domain.subject import Subject

_SIDE_BY_SIDE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A file as the linter gets it.

    Args:
        subject: The file of the change.
        text: What stands on stdin.
        lines: For a text that was stretched: the file's line of each line of the text.
    """

    subject: Subject
    text: str
    lines: tuple[int, ...] = ()

    @property
    def path(self) -> str:
        """The file's path."""
        return self.subject.file.path

    def line(self, number: int) -> int:
        """Turn a line of the text into the file's line."""
        if not self.lines:
            return max(1, number)
        return self.lines[min(max(1, number), len(self.lines)) - 1]


#: Reads the answer about one file; returns the reason where it is no answer.
Reader = Callable[[Sheet, Ran], Examination | str]


async def examine_each(
    program: Path,
    arguments: Sequence[str],
    sheets: Sequence[Sheet],
    *,
    kind: EvidenceKind,
    read: Reader,
    limits: Limits,
) -> Examination:
    """Run the linter once a file.

    Args:
        program: The linter.
        arguments: What it is started with, the same for every file.
        sheets: The files.
        kind: Which evidence it gives.
        read: Reads what it printed.
        limits: How much one call may use.

    Returns:
        All examinations in the order of the files; a file without an answer is unexamined.
    """
    gate = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def one(sheet: Sheet, folder: Path) -> Examination:
        async with gate:
            outcome = await run(
                program, arguments, folder=folder, stdin=sheet.text.encode(), limits=limits
            )
        try:
            read_out = outcome.reason if isinstance(outcome, Failed) else read(sheet, outcome)
        except UnexpectedReplyError as error:
            read_out = f"{kind.value}: {error}"
        if isinstance(read_out, Examination):
            return read_out
        gap = Unexamined(kind=kind, path=sheet.path, reason=read_out)
        return Examination(unexamined=(gap,))

    with private_folder() as folder:
        seen = sum(await asyncio.gather(*(one(sheet, folder) for sheet in sheets)), Examination())
    return replace(seen, unexamined=tuple(dict.fromkeys(seen.unexamined)))
