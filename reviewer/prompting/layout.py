"""One file of a change as text for a model: numbered hunks and the functions around them.

::

    ## app/orders.py | modified | python
    @@
    12 def total(items):              unchanged, line 12 at the head
    13+    return sum(map(price, items))      added, line 13 at the head
    13-    return sum(items)                  removed, line 13 at the base

A line of ours begins with ``##`` or ``@@``, every line of others with its number and one mark, so
that no text of a change can pass for structure. What is shown is redacted, has hidden characters
named (security.md S7, R11) and long lines cut (R40); `Section` keeps it line by line, so that a
quote can be held against exactly this.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from reviewer.domain.change import FileChange, FileStatus, Hunk, LineKind, Side
from reviewer.domain.sanitiser import LABEL_LIMIT, cut, label, one_line, visible
from reviewer.prompting.enclosing import Block, Blocks

#: Longer lines are cut: nobody writes them by hand, and they hide things (pains.md P06).
LINE_LIMIT = 1_000

#: How large a file's text may become by the code around its hunks, in units of its own diff.
GROWTH = 1.5
#: A small file gets this much around it in any case, in characters.
LEAST_AROUND = 400
#: A function longer than this is shown by its head alone.
_LONGEST_BLOCK = 12_000
_LONGEST_SIGNATURE_LINES = 6
#: What git writes about a file besides its lines: names, modes, ids.
_DIFF_HEADER = 130
_HEADING_LIMIT = 80
#: From here on a part ends at the next gap instead of in the middle of a hunk.
_NEARLY_FULL = 0.7

_MARKS = {LineKind.CONTEXT: " ", LineKind.ADDED: "+", LineKind.REMOVED: "-"}
_GAP = "@@"


class Row(NamedTuple):
    """One line as it is shown, with its numbers."""

    mark: str
    base_number: int | None
    head_number: int | None
    text: str

    def render(self) -> str:
        """Return number, mark and text."""
        number = self.base_number if self.mark == "-" else self.head_number
        return f"{number}{self.mark}{self.text}" if self.text else f"{number}{self.mark}".rstrip()


class CutLine(NamedTuple):
    """A line that is not shown to its end."""

    side: Side
    number: int
    length: int


@dataclass(frozen=True, kw_only=True)
class Section:
    """A file, or a part of a large one, as it is shown.

    Args:
        file: The file.
        part: Which part, from 1.
        parts: How many there are.
        text: What is shown, our lines included.
        head: Head line number to the text that is shown.
        base: Base line number to the text that is shown.
        cuts: The lines that are not shown to their end.
    """

    file: FileChange
    part: int = 1
    parts: int = 1
    text: str = field(repr=False)
    head: Mapping[int, str] = field(repr=False)
    base: Mapping[int, str] = field(repr=False)
    cuts: tuple[CutLine, ...] = ()

    @property
    def path(self) -> str:
        """The file's path, exactly as git has it."""
        return self.file.path

    def holds(self, side: Side, number: int) -> bool:
        """Tell whether a line is shown here."""
        return number in (self.head if side is Side.HEAD else self.base)


def lay_out(
    file: FileChange, *, part_characters: int, least_around: int = LEAST_AROUND
) -> tuple[Section, ...]:
    """Lay a file out; every changed line is in exactly one section.

    Args:
        file: A reviewed file.
        part_characters: A larger file is divided into parts of at most so many characters, as far
            as its lines allow; of other scripts, bytes count, as tokens do.
        least_around: The code around the hunks that is shown in any case, in characters; more of
            it where the file's own diff is large.
    """
    shown = _Shown(file)
    around = sorted(_around(file, shown, least_around))
    parts = list(_divided(_regions(file, shown, around), part_characters))
    return tuple(
        Section(
            file=file,
            part=number,
            parts=len(parts),
            text="\n".join((_header(file, number, len(parts)), *(text for text, _ in lines))),
            head={r.head_number: r.text for _, r in lines if r and r.head_number is not None},
            base={r.base_number: r.text for _, r in lines if r and r.base_number is not None},
            cuts=tuple(shown.cut_in([r for _, r in lines if r])),
        )
        for number, lines in enumerate(parts, 1)
    )


class _Shown:
    """The lines of a file as they are shown, by side and number."""

    def __init__(self, file: FileChange) -> None:
        base, head = _numbered(file, Side.BASE), _numbered(file, Side.HEAD)
        self.head_lines = _whole(file.head_text, head)
        self._base_lines = _whole(file.base_text, base)
        self._texts = {
            Side.HEAD: _cleaned(self.head_lines, head),
            Side.BASE: _cleaned(self._base_lines, base),
        }

    def text(self, side: Side, number: int) -> str:
        """Return a line as it is shown."""
        return self._texts[side][number][:LINE_LIMIT]

    def row(self, mark: str, base: int | None, head: int | None) -> Row:
        """Return a line with its numbers; without a base number that holds the same text."""
        if head is not None:
            return Row(mark, base, head, self.text(Side.HEAD, head))
        return Row(mark, base, head, self.text(Side.BASE, base or 0))

    def unchanged(self, head: int, shift: int) -> Row:
        """Return a line outside every hunk; its base number where the base is known to hold it."""
        base: int | None = head - shift
        known = self._base_lines is not None and 0 < (base or 0) <= len(self._base_lines)
        if not known or self._texts[Side.BASE][base or 0] != self._texts[Side.HEAD][head]:
            base = None
        return self.row(" ", base, head)

    def cut_in(self, rows: Iterable[Row]) -> Iterator[CutLine]:
        """Yield the lines that are not shown to their end."""
        for row in rows:
            side, number = (
                (Side.HEAD, row.head_number)
                if row.head_number is not None
                else (Side.BASE, row.base_number)
            )
            if number is not None and len(self._texts[side][number]) > LINE_LIMIT:
                yield CutLine(side, number, len(self._texts[side][number]))


def _numbered(file: FileChange, side: Side) -> dict[int, str]:
    """Return the lines of the hunks on one side, as they are."""
    return {
        number: line.text.removesuffix("\r")
        for hunk in file.hunks
        for line in hunk.lines
        if (number := line.head_number if side is Side.HEAD else line.base_number) is not None
    }


def _whole(text: str | None, hunks: Mapping[int, str]) -> Sequence[str] | None:
    """Return all lines of a text; None where it is unknown or is not the one of the hunks."""
    if text is None or not hunks:
        return None
    lines = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
    fits = all(0 < n <= len(lines) and lines[n - 1] == line for n, line in hunks.items())
    return lines if fits else None


def _cleaned(lines: Sequence[str] | None, hunks: Mapping[int, str]) -> Mapping[int, str]:
    """Clean all lines at once, so that a secret of several lines is seen as a whole."""
    numbers = range(1, len(lines) + 1) if lines is not None else hunks.keys()
    texts = lines if lines is not None else hunks.values()
    clean = unicodedata.normalize("NFC", visible("\n".join(texts))).split("\n")
    return dict(zip(numbers, clean, strict=True)) if hunks else {}


class _Region(NamedTuple):
    """Lines that stand together, and what git calls the function around them."""

    heading: str
    rows: list[Row]


def _regions(file: FileChange, shown: _Shown, around: Sequence[int]) -> Iterator[_Region]:
    """Yield the lines to be shown, in order; a gap lies between two regions."""
    region = _Region("", [])
    following = 0
    for position, heading, row in _placed(file, shown, around):
        if region.rows and position > following:
            yield region
            region = _Region(heading, [])
        elif not region.rows:
            region = _Region(heading, [])
        region.rows.append(row)
        following = position + (row.head_number is not None)
    yield region


def _placed(
    file: FileChange, shown: _Shown, around: Sequence[int]
) -> Iterator[tuple[int, str, Row]]:
    """Yield every line to be shown with the head line at which it stands, in order."""
    next_around = 0
    following, shift = 1, 0  # the next head line, and how far it lies from its base line
    for hunk in sorted(file.hunks, key=lambda hunk: (_first(hunk), hunk.base_start)):
        position = _first(hunk)
        while next_around < len(around) and around[next_around] < position:
            number = around[next_around]
            yield number, "", shown.unchanged(number, shift)
            next_around += 1
        # Where the whole text is known, the heads of functions are shown as lines of their own.
        heading = cut(one_line(hunk.heading), _HEADING_LIMIT) if file.head_text is None else ""
        for line in hunk.lines:
            # Of hunks that overlap, unchanged lines are shown once.
            if line.kind is LineKind.CONTEXT and (line.head_number or 0) < following:
                continue
            position = line.head_number or position
            row = shown.row(_MARKS[line.kind], line.base_number, line.head_number)
            yield position, heading, row
            position += line.head_number is not None
        following = max(following, _first(hunk) + hunk.head_count)
        shift = following - hunk.base_start - hunk.base_count - (hunk.base_count == 0)
    for number in around[next_around:]:
        yield number, "", shown.unchanged(number, shift)


def _first(hunk: Hunk) -> int:
    """Return the head line at which a hunk begins; one that adds nothing names the line before."""
    return hunk.head_start + (1 if hunk.head_count == 0 else 0)


def _around(file: FileChange, shown: _Shown, least: int) -> frozenset[int]:
    """Choose the head lines outside the hunks that are worth their place."""
    lines = shown.head_lines
    if lines is None or file.status is FileStatus.ADDED:
        return frozenset()
    inside = {line.head_number for hunk in file.hunks for line in hunk.lines if line.head_number}
    own = sum(len(line.text) + 2 for hunk in file.hunks for line in hunk.lines)
    numbers = sum(len(str(hunk.head_start)) * len(hunk.lines) for hunk in file.hunks)
    room = max(least, (GROWTH - 1) * (own + _DIFF_HEADER) - numbers)
    blocks = Blocks(lines)
    signatures: dict[int, None] = {}
    whole: dict[Block, None] = {}
    for number in _focus(file):
        chain = blocks.around(number)
        if chain:
            whole[chain[0]] = None
        for block in chain:
            end = min(block.body, block.head + _LONGEST_SIGNATURE_LINES)
            signatures.update(dict.fromkeys(range(block.head, end)))
    chosen: set[int] = set()
    wanted = [list(signatures)]
    wanted += sorted((list(range(b.start, b.end + 1)) for b in whole), key=len)
    for group in wanted:
        new = [n for n in group if n not in inside and n not in chosen]
        cost = sum(len(lines[n - 1]) + len(str(n)) + 2 for n in new)
        if cost <= min(room, _LONGEST_BLOCK):
            room -= cost
            chosen.update(new)
    return frozenset(chosen)


def _focus(file: FileChange) -> Iterator[int]:
    """Yield the head lines that are changed, or next to which lines are removed."""
    for hunk in file.hunks:
        following = _first(hunk)
        for line in hunk.lines:
            if line.kind is LineKind.ADDED and line.head_number is not None:
                yield line.head_number
            elif line.kind is LineKind.REMOVED:
                yield following
            if line.head_number is not None:
                following = line.head_number + 1


_Shape = tuple[str, Row | None]


def _divided(regions: Iterable[_Region], limit: int) -> Iterator[list[_Shape]]:
    """Divide regions into parts of at most so many characters, at gaps where that is possible."""
    part: list[_Shape] = []
    size = 0
    for region in regions:
        if size > limit * _NEARLY_FULL:
            yield part
            part, size = [], 0
        if part or region.heading:
            part.append((f"{_GAP} {region.heading}".rstrip(), None))
        for row in region.rows:
            text = row.render()
            cost = 1 + (len(text) if text.isascii() else len(text.encode("utf-8", "replace")))
            if part and size + cost > limit:
                yield part
                part, size = [], 0
            part.append((text, row))
            size += cost
    # A file without hunks is renamed, or its mode changes: its header says so.
    yield part


def _header(file: FileChange, part: int, parts: int) -> str:
    """Say which file it is and what happens to it."""
    words = [f"## {path_label(file.path)}", _what_happens(file)]
    if file.language is not None:
        words.append(file.language)
    if file.base_mode and file.head_mode and file.base_mode != file.head_mode:
        words.append(f"mode {file.base_mode} to {file.head_mode}")
    if parts > 1:
        words.append(f"part {part} of {parts}")
    return " | ".join(words)


def _what_happens(file: FileChange) -> str:
    if file.base_path is not None:
        return f"{file.status.value} from {path_label(file.base_path)}"
    return file.status.value.replace("_", " ")


def path_label(path: str) -> str:
    """Return a path as it is shown to a model: on one line, visible, not endless."""
    return cut(label(path), LABEL_LIMIT)
