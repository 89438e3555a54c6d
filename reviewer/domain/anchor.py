"""Where a finding of an earlier round stands in the file as it is now.

Two cases. The patch is the same: the finding stands on the same lines of the same hunk, whatever
their numbers are now. The patch is another one: the finding stands where its lines still read as
they did, with the same line around the first one, so that its fingerprint is the same; where they
do not, it is gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from reviewer.domain.change import FileChange, Line, Location, Side
from reviewer.domain.finding import Finding, fingerprint
from reviewer.domain.history import HeardFinding

#: Places that read the same, like a closing bracket, are no help in finding one from there on.
_MOST_PLACES = 50

_WHITE_SPACE = re.compile(r"\s+")


def anchored(finding: Finding, file: FileChange) -> HeardFinding:
    """Return a finding with its place inside the file's patch.

    Args:
        finding: The finding.
        file: The file that it was made in.
    """
    location = finding.location
    if location is not None:
        for number, hunk in enumerate(file.hunks):
            inside = [
                index
                for index, line in enumerate(hunk.lines)
                if (at := _number(line, location.side)) is not None
                and location.start_line <= at <= location.end_line
            ]
            if inside:
                around = _around(finding, file, location)
                places = [place.start_line for place in _like(finding, file, around)]
                return HeardFinding(
                    finding=finding,
                    hunk=number,
                    first=inside[0],
                    last=inside[-1],
                    around=around,
                    turn=sum(start < location.start_line for start in places),
                )
    return HeardFinding(finding=finding, hunk=None)


def in_same_patch(heard: HeardFinding, file: FileChange) -> Finding | None:
    """Return a finding where it stands in a file whose patch has not changed.

    Args:
        heard: The finding, with its place inside the patch.
        file: The file now.

    Returns:
        None where the place does not read as it did: the patch is another one.
    """
    finding = heard.finding
    if heard.hunk is None or finding.location is None:
        return replace(finding, path=file.path, location=None)
    if heard.hunk >= len(file.hunks):
        return None
    lines = file.hunks[heard.hunk].lines[heard.first : heard.last + 1]
    side = finding.location.side
    numbers = [number for line in lines if (number := _number(line, side)) is not None]
    if not numbers:
        return None
    location = Location(path=file.path, side=side, start_line=numbers[0], end_line=numbers[-1])
    moved = _moved(finding, file, location)
    return moved if moved.quote == finding.quote else None


def still_standing(heard: HeardFinding, file: FileChange) -> Finding | None:
    """Return a finding where it stands in a file whose patch has changed.

    Args:
        heard: The finding.
        file: The file now.

    Returns:
        None where its lines, or the line around the first of them, read differently.
    """
    finding = heard.finding
    if finding.location is None:
        return replace(finding, path=file.path) if _quoted(finding, file) else None
    places = _like(finding, file, heard.around)
    if not places:
        return None
    # Where one of several like it is gone, nobody can tell which; the last one stays.
    return _moved(finding, file, places[min(heard.turn, len(places) - 1)])


def _around(finding: Finding, file: FileChange, place: Location) -> str:
    return fingerprint(rule_id=finding.rule_id, file=file, location=place, repeat=0)


def _like(finding: Finding, file: FileChange, around: str) -> list[Location]:
    """Return the places that read like a finding's lines and the ones beside the first of them."""
    if finding.location is None:
        return []
    side = finding.location.side
    return [
        place
        for place in _places(finding.quote, file, side)
        if _around(finding, file, place) == around
    ]


def _places(quote: str, file: FileChange, side: Side) -> Iterator[Location]:
    """Yield the places, with a changed line each, that read like a quote; not more than matter."""
    wanted = [_folded(text) for text in quote.split("\n")]
    found = 0
    for hunk in file.hunks:
        lines = [(n, _folded(line.text)) for line in hunk.lines if (n := _number(line, side))]
        for index in range(len(lines) - len(wanted) + 1):
            run = lines[index : index + len(wanted)]
            start, end = run[0][0], run[-1][0]
            if [text for _, text in run] != wanted or file.locate(side, start, end) is None:
                continue
            yield Location(path=file.path, side=side, start_line=start, end_line=end)
            found += 1
            if found == _MOST_PLACES:
                return


def _quoted(finding: Finding, file: FileChange) -> bool:
    """Tell whether what a finding about a file as a whole quotes is in the file still."""
    quote = [_folded(text) for text in finding.quote.split("\n") if text.strip()]
    shown = "\n".join(_folded(line.text) for hunk in file.hunks for line in hunk.lines)
    whole = "\n".join(_folded(text) for text in (file.head_text or "").split("\n"))
    return any("\n".join(quote) in text for text in (shown, whole))


def _moved(finding: Finding, file: FileChange, location: Location) -> Finding:
    quote = file.text_at(location)
    # What replaces lines fits only where they are the same to the last blank.
    suggestion = finding.suggestion if quote == finding.quote else ""
    return replace(finding, path=file.path, location=location, quote=quote, suggestion=suggestion)


def _number(line: Line, side: Side) -> int | None:
    return line.head_number if side is Side.HEAD else line.base_number


def _folded(text: str) -> str:
    return _WHITE_SPACE.sub(" ", text).strip()
