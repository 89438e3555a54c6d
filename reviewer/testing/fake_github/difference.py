"""What a pull request changes, file by file, as GitHub's list of files tells it.

A patch is hunks only. It is left out for binary files, for files whose patch is too large, and
where nothing but the name or the mode changed:
https://docs.github.com/en/repositories/creating-and-managing-repositories/repository-limits
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_STATUS = {
    "A": "added",
    "D": "removed",
    "M": "modified",
    "R": "renamed",
    "C": "copied",
    "T": "changed",
}
_NO_OBJECT = "0" * 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What GitHub shows of a change at most.

    Args:
        patch_lines: Lines of one file's patch.
        patch_bytes: Bytes of one file's patch.
        diff_lines: Lines of all patches.
        diff_files: Files in the media type ``diff``.
        files: Files in the list of files.
        tree_entries: Entries of one answer about a tree.
        blob_text_bytes: Bytes of a text that GraphQL gives.
    """

    patch_lines: int = 20_000
    patch_bytes: int = 500_000
    diff_lines: int = 20_000
    diff_files: int = 300
    files: int = 3_000
    tree_entries: int = 100_000
    blob_text_bytes: int = 512_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a hunk.

    Args:
        text: With its sign.
        left: Its number in the base; None on an added line.
        right: Its number in the head; None on a removed line.
        position: How far below the first hunk's header it stands.
        hunk: Which hunk, from 0.
    """

    text: str
    left: int | None
    right: int | None
    position: int
    hunk: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDifference:
    """One changed file.

    Args:
        filename: Its path at the head; of a removed file, at the base.
        previous_filename: Its path at the base, where it was renamed.
        status: GitHub's word.
        sha: The blob at the head; of a removed file, at the base; None for a submodule.
        patch: Its hunks; None where there are none.
        additions: How many lines are added, also where the patch is left out.
        deletions: How many lines are removed.
    """

    filename: str
    previous_filename: str | None
    status: str
    sha: str | None
    patch: str | None
    additions: int = 0
    deletions: int = 0

    def lines(self) -> Iterator[Line]:
        """Yield the lines of all hunks."""
        left = right = 0
        hunk = -1
        for position, text in enumerate((self.patch or "").split("\n")):
            header = _HUNK.match(text)
            if header is not None:
                left, right, hunk = int(header[1]), int(header[3]), hunk + 1
                continue
            sign = text[:1]
            if sign not in {" ", "+", "-"}:
                continue  # "\ No newline at end of file"
            yield Line(
                text=text,
                left=None if sign == "+" else left,
                right=None if sign == "-" else right,
                position=position,
                hunk=hunk,
            )
            left += sign != "+"
            right += sign != "-"


def read_difference(raw: bytes) -> list[FileDifference]:
    """Read what `GitStore.difference` returned."""
    header, _, patches = raw.partition(b"\0\0")
    words = header.decode("utf-8", "replace").split("\0") if header else []
    sections = _sections(patches.decode("utf-8", "replace"))
    found = []
    place = 0
    while place < len(words) and words[place]:
        before, after, old, new, code = words[place].split(" ")
        renamed = code[0] in "RC"
        names = words[place + 1 : place + (3 if renamed else 2)]
        place += 3 if renamed else 2
        section = next(sections)
        if code[0] == "T":
            next(sections)  # git shows it as one file that goes and one that comes
            section = ""
        patch = section[section.index("\n@@ ") + 1 :] if "\n@@ " in section else None
        gone = new == _NO_OBJECT
        submodule = "160000" in (before[1:] if gone else after)
        file = FileDifference(
            filename=names[-1],
            previous_filename=names[0] if renamed else None,
            status=_STATUS.get(code[0], "changed"),
            sha=None if submodule else old if gone else new,
            patch=patch,
        )
        lines = list(file.lines())
        found.append(
            replace(
                file,
                additions=sum(1 for line in lines if line.left is None),
                deletions=sum(1 for line in lines if line.right is None),
            )
        )
    return found


def within(files: Iterable[FileDifference], limits: Limits) -> list[FileDifference]:
    """Leave out the patches that GitHub leaves out, and the files beyond its limit."""
    shown = []
    lines = 0
    for file in list(files)[: limits.files]:
        patch = file.patch
        if patch is not None:
            count = patch.count("\n") + 1
            large = count > limits.patch_lines or len(patch.encode()) > limits.patch_bytes
            lines += 0 if large else count
            if large or lines > limits.diff_lines:
                patch = None
        shown.append(file if patch is file.patch else replace(file, patch=None))
    return shown


def _sections(text: str) -> Iterator[str]:
    """Yield the part of each file, without the newline at its end."""
    current: list[str] = []
    for line in text.split("\n"):
        if line.startswith("diff --git ") and current:
            yield "\n".join(current)
            current = []
        current.append(line)
    if current and current[-1] == "":
        current.pop()
    if current:
        yield "\n".join(current)
