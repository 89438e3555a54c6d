r"""A quote becomes a place: the model says what it saw, code finds out where that stands.

The law (pains.md P01, P04, P05; security.md R28):

1. A quote is one contiguous run of lines of what was *sent* of that path and that side. Forgiven
   are: trailing white space, common indentation, a first line without its indentation, a
   surrounding code fence, and our own gutter (line numbers, ``+``/``-``) copied along, with the
   lines that it marks as the other side's.
2. One line may be quoted in part, when the part has `_SHORTEST_PART` characters, ends where words
   end and stands on exactly one changed line.
3. Nothing else is forgiven: lines left out (``...``), put together from several places, reworded
   or taken from the other side are not in the text.
4. A quote with a changed line of its side stands on these changed lines, inside one hunk. One of
   context lines of a hunk is about the file (what it says may come from a removal next to it).
   One of lines outside every hunk speaks of code that this change does not touch, and is refused.
5. Of several places the first changed one counts; copied line numbers decide between equals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reviewer.domain.change import Location, Side
from reviewer.prompting.sent import SentFile

#: A quote shows something; a whole file is no evidence.
MOST_LINES = 100

#: In characters that are not white space; fewer fit everywhere.
_SHORTEST_PART = 8

#: A line that stands in a file more often than this is no help in finding a place.
_MOST_PLACES = 1_000

#: Our own gutter first (`layout`: number, one mark, text); then those that a model may make of it.
_GUTTERS = (
    re.compile(r"(?P<second>\d{1,9})(?:(?P<mark>[+\- ])|\Z)"),
    re.compile(r"\s?(?P<mark>[+\- ])"),
    re.compile(r"\s*(?:(?P<first>\d{1,9})\s+)?(?P<second>\d{1,9})(?!\w)\s?[|│:]?"),
    re.compile(
        r"\s*(?:(?P<first>\d{1,9})\s+)?(?P<second>\d{1,9})(?!\w)\s?[|│:]?\s?(?P<mark>[+\- ])"
    ),
)
_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})")
_ELISION = re.compile(r"\s*(?:#|//|--|/\*|<!--)?\s*(?:\.{3,}|…|\[(?:\.{3}|…)\])\s*(?:\*/|-->)?\s*")

NOT_SENT = "the quote is not in what was sent"
OTHER_SIDE = "the quote stands on the other side of the change"
ELIDED = "the quote leaves lines out"
RECOMBINED = "the quote puts lines together that do not stand together"
NOTHING = "the quote shows nothing"
TOO_LONG = f"the quote is longer than {MOST_LINES} lines"
UNTOUCHED = "the quote is of code that this change does not touch"
AMBIGUOUS = "the quote fits several lines"
ONLY_CONTEXT = "the quote holds no changed line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A quote that was found.

    Args:
        location: The changed lines in it; None where it stands for the file as a whole.
        quoted: All lines of the quote.
        text: The quoted lines as they were sent.
        partial: Whether only a part of the line was quoted.
        note: Why there is no location.
    """

    location: Location | None
    quoted: Location
    text: str
    partial: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlocated:
    """A quote that was not found, and why, ready to be read."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One way to understand a quote, with the line numbers that it claims to begin at."""

    lines: tuple[str, ...]
    begins: frozenset[int] = frozenset()


def locate(sent: SentFile, side: Side, quote: str) -> Located | Unlocated:
    """Find a quote in what was sent of a file.

    Args:
        sent: What was sent.
        side: The side that the quote is said to be from.
        quote: The model's words.

    Returns:
        The place, or why there is none.
    """
    lines = _lines(quote)
    if not any(character.isalnum() for line in lines for character in line):
        return Unlocated(reason=NOTHING)
    if len(lines) > MOST_LINES:
        return Unlocated(reason=TOO_LONG)
    readings = tuple(_readings(lines, side))
    for reading in readings:
        starts = _starts(sent, side, reading.lines)
        if starts:
            return _choose(sent, side, reading, starts)
    for reading in readings:
        if len(reading.lines) == 1 and (part := _part(sent, side, reading.lines[0])) is not None:
            return part
    return Unlocated(reason=_why_not(sent, side, readings))


def _lines(quote: str) -> tuple[str, ...]:
    lines = [line.rstrip() for line in quote.replace("\r\n", "\n").split("\n")]
    lines = _without_blank_ends(lines)
    if lines and _FENCE.match(lines[0]):
        lines = lines[1:]
        if lines and _FENCE.fullmatch(lines[-1]):
            lines = lines[:-1]
    return tuple(_without_blank_ends(lines))


def _without_blank_ends(lines: list[str]) -> list[str]:
    first, last = 0, len(lines)
    while first < last and not lines[first]:
        first += 1
    while last > first and not lines[last - 1]:
        last -= 1
    return lines[first:last]


def _readings(lines: tuple[str, ...], side: Side) -> Iterator[_Reading]:
    """Read a quote as it is, and with every gutter that all of its lines may have."""
    yield _Reading(lines=lines)
    for gutter in _GUTTERS:
        reading = _without(gutter, lines, side)
        if reading is not None:
            yield reading


def _without(gutter: re.Pattern[str], lines: tuple[str, ...], side: Side) -> _Reading | None:
    """Take a gutter off; lines that it marks as the other side's are no part of the run."""
    bare: list[str] = []
    begins: frozenset[int] = frozenset()
    other = "-" if side is Side.HEAD else "+"
    for line in lines:
        match = gutter.match(line)
        if match is None and line:
            return None
        marks = {} if match is None else match.groupdict()
        if marks.get("mark") == other:
            continue
        if not bare:
            begins = frozenset(int(n) for n in (marks.get("first"), marks.get("second")) if n)
        bare.append(line if match is None else line[match.end() :])
    text = _without_blank_ends(bare)
    return _Reading(lines=tuple(text), begins=begins) if text else None


def _starts(sent: SentFile, side: Side, quoted: Sequence[str]) -> tuple[int, ...]:
    """Return where these lines stand, one after the other."""
    shown = sent.lines(side)
    return tuple(
        start
        for start in sent.places(side, quoted[0])[:_MOST_PLACES]
        if start + len(quoted) - 1 in shown
        and all(
            start + offset in shown and shown[start + offset].strip() == line.strip()
            for offset, line in enumerate(quoted)
        )
        and _indented_alike([shown[start + offset] for offset in range(len(quoted))], quoted)
    )


def _indented_alike(shown: Sequence[str], quoted: Sequence[str]) -> bool:
    """Tell whether two runs differ by nothing but one common indentation."""
    gaps = [
        len(_indentation(one)) - len(_indentation(other))
        for one, other in zip(shown, quoted, strict=True)
        if other.strip()
    ]
    agree = all(
        _indentation(one).endswith(_indentation(other))
        or _indentation(other).endswith(_indentation(one))
        for one, other in zip(shown, quoted, strict=True)
        if other.strip()
    )
    # A model often begins at the first letter of the first line and goes on as the file does.
    return agree and (len(set(gaps)) == 1 or (set(gaps[1:]) == {0} and gaps[0] > 0))


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _choose(
    sent: SentFile, side: Side, reading: _Reading, starts: Sequence[int]
) -> Located | Unlocated:
    """Take the first place with a changed line, else one inside a hunk."""
    length = len(reading.lines)
    ordered = sorted(starts, key=lambda start: (start not in reading.begins, start))
    shown = sent.lines(side)
    places = [
        Location(path=sent.file.path, side=side, start_line=start, end_line=start + length - 1)
        for start in ordered
    ]
    for place in places:
        location = sent.file.locate(side, place.start_line, place.end_line)
        if location is not None:
            return Located(location=location, quoted=place, text=_text(shown, place))
    for place in places:
        if any(
            hunk.contains(side, number)
            for hunk in sent.file.hunks
            for number in (place.start_line, place.end_line)
        ):
            return Located(location=None, quoted=place, text=_text(shown, place), note=ONLY_CONTEXT)
    return Unlocated(reason=UNTOUCHED)


def _text(shown: Mapping[int, str], place: Location) -> str:
    return "\n".join(shown[number] for number in range(place.start_line, place.end_line + 1))


def _part(sent: SentFile, side: Side, line: str) -> Located | Unlocated | None:
    """Find a part of one changed line; None where no changed line holds it."""
    part = line.strip()
    if sum(not character.isspace() for character in part) < _SHORTEST_PART:
        return None
    shown = sent.lines(side)
    found = [n for n in sent.file.changed(side) if n in shown and _holds(shown[n], part)]
    if not found:
        return None
    if len(found) > 1:
        return Unlocated(reason=AMBIGUOUS)
    place = Location(path=sent.file.path, side=side, start_line=found[0], end_line=found[0])
    return Located(location=place, quoted=place, text=shown[found[0]], partial=True)


def _holds(line: str, part: str) -> bool:
    """Tell whether a line holds the part as whole words."""
    position = line.find(part)
    while position >= 0:
        before, after = line[:position][-1:], line[position + len(part) :][:1]
        if not (_is_word(before) and _is_word(part[0])) and not (
            _is_word(after) and _is_word(part[-1])
        ):
            return True
        position = line.find(part, position + 1)
    return False


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _why_not(sent: SentFile, side: Side, readings: Sequence[_Reading]) -> str:
    other = Side.BASE if side is Side.HEAD else Side.HEAD
    if any(_starts(sent, other, reading.lines) for reading in readings):
        return OTHER_SIDE
    if any(_ELISION.fullmatch(line) for line in readings[0].lines):
        return ELIDED
    for reading in readings:
        lines = [line for line in reading.lines if line.strip()]
        if len(lines) > 1 and all(sent.places(side, line) for line in lines):
            return RECOMBINED
    return NOT_SENT
