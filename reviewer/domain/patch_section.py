r"""Cuts a patch into one section a file and reads git's extended headers; hunks stay unread.

::

    diff --git a/OLD b/NEW        or "diff --cc PATH" / "diff --combined PATH" (a merge)
    old mode 100644               new mode, new file mode, deleted file mode
    rename from OLD               rename to, copy from, copy to
    index 1111111..2222222 100644
    --- a/OLD                     absent where nothing but the headers changes
    +++ b/NEW
    @@ -1,3 +1,4 @@ heading       or "Binary files … differ", or "GIT binary patch"

A line of a hunk begins with a space, ``+``, ``-`` or ``\``, so ``diff --git`` at the start of a
line is always a new section, and a section that is only listed costs nothing but that search.
Patches of ``diff -u`` have no such line; there the hunks' own counts say where a file ends.
Source: https://git-scm.com/docs/diff-format#generate_patch_text_with_p
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from reviewer.domain.change import FileKind, FileStatus
from reviewer.domain.patch_header import (
    Headers,
    kind_of,
    names_of_header,
    read_header,
    read_plain_names,
    status_of,
    unquote,
    without_prefix,
)
from reviewer.errors import UserError

_GIT_SECTION = re.compile(rb"^diff --(?:git|cc|combined) ", re.MULTILINE)
_PLAIN_SECTION = re.compile(
    rb"^--- [^\n]*\n\+\+\+ [^\n]*\n(?=@@ -)|^Binary files [^\n]* differ\r?$", re.MULTILINE
)
_ENVELOPE = re.compile(rb"From [0-9a-f]{40} |commit [0-9a-f]{40,64}\b|(?:From|Subject|Date): ")
_HUNK = re.compile(rb"^@@ ", re.MULTILINE)
_HUNK_HEADER = re.compile(rb"@@ -[0-9]{1,9}(?:,([0-9]{1,9}))? \+[0-9]{1,9}(?:,([0-9]{1,9}))? @@")
_BINARY_FILES = re.compile(r"Binary files (.+) and (.+) differ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What a patch says about one file, apart from its hunks.

    Args:
        path: The path at the head; at the base for a deleted file.
        status: What happened to the file.
        patch: The whole patch.
        start: Where the section begins in it, in bytes.
        body: Where its first hunk begins; ``end`` where it has none.
        end: Where the section ends.
        base_path: The path at the base where it differs.
        kind: What the file is.
        base_mode: git's octal mode at the base.
        head_mode: git's octal mode at the head.
        base_id: The blob at the base, perhaps shortened; None where it is not said.
        head_id: The blob at the head, perhaps shortened; None where it is not said.
        combined: Whether it compares a merge with more than one parent.
    """

    path: str
    status: FileStatus
    patch: bytes = field(repr=False)
    start: int
    body: int
    end: int
    base_path: str | None = None
    kind: FileKind = FileKind.TEXT
    base_mode: str | None = None
    head_mode: str | None = None
    base_id: str | None = None
    head_id: str | None = None
    combined: bool = False

    @property
    def size_bytes(self) -> int:
        """How long the hunks are, headers and markers included."""
        return self.end - self.body

    def line_of(self, offset: int) -> int:
        """Return the line of the patch, from 1, that this place in it is on."""
        return self.patch.count(b"\n", 0, offset) + 1


def split_patch(patch: bytes, name: str = "patch") -> tuple[Section, ...]:
    """Cut a patch into sections.

    Args:
        patch: The patch as git or diff wrote it; mails and commit messages round it are skipped.
        name: What people call it, for errors.

    Returns:
        One section a file, in order; empty for a patch of nothing but white space.

    Raises:
        UserError: There is text but no diff in it, or a file is described in a way that cannot
            be told apart.
    """
    starts = [match.start() for match in _GIT_SECTION.finditer(patch)]
    first = starts[0] if starts else len(patch)
    sections: list[Section] = []
    if not (starts and _ENVELOPE.match(patch.lstrip())):
        sections.extend(_plain_sections(patch, first, name))
    for start, end in pairwise([*starts, len(patch)]):
        sections.append(_git_section(patch, start, end, name))
    if not sections and patch.strip():
        raise UserError(
            "there is no diff in this text",
            path=name,
            line=1,
            hint="Give the output of `git diff --no-color` or of `diff -u`.",
        )
    return tuple(_join_type_changes(sections))


def _git_section(patch: bytes, start: int, end: int, name: str) -> Section:
    """Read the headers of a section that begins with ``diff --git``."""
    hunk = _HUNK.search(patch, start, end)
    body = end if hunk is None else hunk.start()
    header_end = min(body, start + 65_536)
    lines = patch[start:header_end].decode("utf-8", "surrogateescape").split("\n")
    first = lines[0].removesuffix("\r")
    if first.startswith(("diff --cc ", "diff --combined ")):
        path = unquote(first.partition(" ")[2].partition(" ")[2])
        if not path:
            raise _unnamed(patch, start, name)
        return Section(
            path=path,
            status=_combinedstatus_of(lines),
            patch=patch,
            start=start,
            body=end,
            end=end,
            combined=True,
        )
    headers = Headers(names=names_of_header(first.removeprefix("diff --git ")))
    if headers.names is not None:
        headers.prefixed = headers.names[0] != headers.names[1]
    for line in lines[1:]:
        if not read_header(headers, line.removesuffix("\r")):
            break
    if headers.kind is FileKind.BINARY:
        body = end
    elif headers.compared and body == end:
        raise UserError(
            "no hunk follows the names of this file",
            path=name,
            line=patch.count(b"\n", 0, start) + 1,
            hint="The patch is cut off or was edited; write it anew.",
        )
    section = _section(headers, patch, (start, body, end))
    if section is None:
        raise _unnamed(patch, start, name)
    return section


def _combinedstatus_of(lines: list[str]) -> FileStatus:
    """Tell what a combined diff says about the file as a whole."""
    if any(line.startswith("new file mode") for line in lines):
        return FileStatus.ADDED
    if any(line.startswith("deleted file mode") for line in lines):
        return FileStatus.DELETED
    return FileStatus.MODIFIED


def _section(headers: Headers, patch: bytes, offsets: tuple[int, int, int]) -> Section | None:
    """Turn headers into a section; None where the file has no name."""
    base_name, head_name = headers.base_name, headers.head_name
    if headers.names is not None:
        left, right = (without_prefix(n, prefixed=headers.prefixed) for n in headers.names)
        base_name, head_name = base_name or left, head_name or right
    if headers.status is FileStatus.DELETED:
        head_name = base_name
    path = head_name or base_name
    if not path:
        return None
    moved = headers.status in {FileStatus.RENAMED, FileStatus.COPIED}
    start, body, end = offsets
    return Section(
        path=path,
        status=status_of(headers, has_hunks=body < end),
        patch=patch,
        start=start,
        body=body,
        end=end,
        base_path=base_name if moved and base_name != path else None,
        kind=kind_of(headers),
        base_mode=None if headers.status is FileStatus.ADDED else headers.base_mode,
        head_mode=None if headers.status is FileStatus.DELETED else headers.head_mode,
        base_id=headers.base_id,
        head_id=headers.head_id,
    )


def _join_type_changes(sections: list[Section]) -> Iterator[Section]:
    """Join the two sections by which git says that a file became a symbolic link or back."""
    index = 0
    while index < len(sections):
        section = sections[index]
        following = sections[index + 1] if index + 1 < len(sections) else None
        index += 1
        if (
            following is not None
            and section.path == following.path
            and section.status is FileStatus.DELETED
            and following.status is FileStatus.ADDED
        ):
            index += 1
            yield replace(following, status=FileStatus.TYPE_CHANGED, base_mode=section.base_mode)
        else:
            yield section


def _plain_sections(patch: bytes, limit: int, name: str) -> Iterator[Section]:
    """Yield the sections of a patch without git's headers, up to a place in it."""
    match = _PLAIN_SECTION.search(patch, 0, limit)
    while match is not None:
        headers = Headers()
        text = match[0].decode("utf-8", "surrogateescape")
        body = end = match.end()
        if text.startswith("Binary"):
            headers.kind = FileKind.BINARY
            names = _BINARY_FILES.match(text)
            first, second = (names[1], names[2]) if names is not None else ("", "")
        else:
            end = _end_of_hunks(patch, body, limit)
            first, second = (line.rstrip("\r")[4:] for line in text.split("\n")[:2])
        read_plain_names(headers, first, second)
        following = _PLAIN_SECTION.search(patch, end, limit)
        if headers.kind is FileKind.TEXT:
            # What stands between this section and the next is this one's to explain.
            end = limit if following is None else following.start()
        section = _section(headers, patch, (match.start(), body, end))
        if section is None:
            raise _unnamed(patch, match.start(), name)
        yield section
        match = following


def _unnamed(patch: bytes, start: int, name: str) -> UserError:
    """Return the error for a section that names no file."""
    return UserError(
        "cannot tell which file this section is about",
        path=name,
        line=patch.count(b"\n", 0, start) + 1,
    )


def _end_of_hunks(patch: bytes, position: int, limit: int) -> int:
    """Follow the hunks by their counts; return where the first line after them begins."""
    while position < limit:
        header = _HUNK_HEADER.match(patch, position)
        if header is None:
            return position
        base_left, head_left = (1 if count is None else int(count) for count in header.groups())
        position = _next_line(patch, position, limit)
        while position < limit and (base_left > 0 or head_left > 0):
            marker = patch[position : position + 1]
            if marker not in b" +-\\\n\r":
                return position
            base_left -= marker in b" -\n\r"
            head_left -= marker in b" +\n\r"
            position = _next_line(patch, position, limit)
        while patch.startswith(b"\\", position):
            position = _next_line(patch, position, limit)
    return position


def _next_line(patch: bytes, position: int, limit: int) -> int:
    """Return where the line after this one begins."""
    end = patch.find(b"\n", position, limit)
    return limit if end < 0 else end + 1
