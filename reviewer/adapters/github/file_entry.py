"""What GitHub lists about the files of a pull request, put together with the tree of its head.

The files API tells no modes and no sizes; the tree of the head does, and it tells what is a
symbolic link or a submodule. Names are compared whole and never become a path on disk.
Source: https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reviewer.adapters.github.git_objects import git_id
from reviewer.adapters.github.pull_request_reader import FreeText, Sha, Wire, read_wire
from reviewer.domain.change import FileKind, FileStatus
from reviewer.domain.patch_header import SUBMODULE_MODE, SYMLINK_MODE
from reviewer.ports.workspace import MovedOnError

_STATUS = {
    "added": FileStatus.ADDED,
    "removed": FileStatus.DELETED,
    "modified": FileStatus.MODIFIED,
    "renamed": FileStatus.RENAMED,
    "copied": FileStatus.COPIED,
    "changed": FileStatus.TYPE_CHANGED,
}
_SUBMODULE = re.compile(r"(?:@@ [^\n]*\n)?(?:[-+]Subproject commit [0-9a-f]{40,64}\n?)+")
#: A deleted symbolic link looks like a deleted text of one line that ends without a newline.
_ONE_BARE_LINE = re.compile(r"@@ -1 \+0,0 @@[^\n]*\n-[^\n]*\n\\ No newline[^\n]*\n?")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


#: What may happen to a file without any of its lines being changed.
_SAME_CONTENT = frozenset({FileStatus.MODIFIED, FileStatus.RENAMED, FileStatus.COPIED})
#: No folder or file of git's can have such a name.
_NO_NAMES = frozenset({"", ".", ".."})


class _WireFile(Wire):
    """One file of a pull request."""

    filename: FreeText
    status: str
    sha: Sha | None = None
    additions: int = 0
    deletions: int = 0
    patch: FreeText | None = None
    previous_filename: FreeText | None = None


class _WireTreeFile(Wire):
    """One entry of a tree."""

    path: FreeText
    mode: str
    type: str
    sha: Sha
    size: int | None = None


class _WireTree(Wire):
    """A tree with all its folders."""

    tree: tuple[_WireTreeFile, ...]
    truncated: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeFile:
    """A file of the head: its mode, object and size."""

    mode: str
    blob: str
    size_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadTree:
    """The files of the head.

    Args:
        files: By path.
        complete: Whether these are all; GitHub ends a list at 100,000 entries or 7 MB.
    """

    files: Mapping[str, TreeFile]
    complete: bool

    @property
    def paths(self) -> frozenset[str] | None:
        """Every path, where all are known."""
        return frozenset(self.files) if self.complete else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One file of a pull request, as GitHub lists it.

    Args:
        path: The path at the head; at the base for a deleted file.
        base_path: The path at the base where it differs.
        status: What happened to it.
        blob: The object at the head, at the base for a deleted file; None where GitHub is silent.
        added: How many lines GitHub counts as added.
        removed: How many lines GitHub counts as removed.
        patch: The hunks; None where GitHub shows none.
        mode: git's octal mode at the head, None where it is not known.
        base_mode: git's octal mode at the base, None where it is not known.
        size_bytes: The size at the head, None where it is not known.
    """

    path: str
    base_path: str | None = None
    status: FileStatus
    blob: str | None = None
    added: int = 0
    removed: int = 0
    patch: str | None = None
    mode: str | None = None
    base_mode: str | None = None
    size_bytes: int | None = None

    @property
    def kind(self) -> FileKind:
        """What the file is: by its mode, else by what only a submodule's patch holds."""
        mode = self.mode or self.base_mode
        if mode == SYMLINK_MODE:
            return FileKind.SYMLINK
        silent = mode is None and self.patch is not None
        if mode == SUBMODULE_MODE or (silent and _SUBMODULE.fullmatch(self.patch or "")):
            return FileKind.SUBMODULE
        return FileKind.TEXT

    @property
    def empty(self) -> bool:
        """Whether its object is the empty file."""
        return self.blob is not None and self.blob == git_id(b"", self.blob)

    @property
    def uncounted(self) -> bool:
        """Whether GitHub shows no lines and counts none: nothing to show, or nothing shown."""
        return self.patch is None and self.added == self.removed == 0

    @property
    def plain(self) -> bool:
        """Whether git could have its names; only such names are asked for."""
        return all(_is_plain(name) for name in (self.path, self.base_path) if name is not None)

    @property
    def asks_for_base(self) -> bool:
        """Whether only the base tells if it is the same content under another name or mode."""
        return self.uncounted and self.plain and self.status in _SAME_CONTENT

    @property
    def may_be_link(self) -> bool:
        """Whether it is deleted and may have been a symbolic link."""
        return (
            self.status is FileStatus.DELETED
            and self.base_mode is None
            and self.plain
            and _ONE_BARE_LINE.fullmatch(self.patch or "") is not None
        )


def _is_plain(path: str) -> bool:
    return "\0" not in path and _NO_NAMES.isdisjoint(path.split("/"))


def read_entries(listing: Iterable[object]) -> tuple[FileEntry, ...]:
    """Read the list of files.

    Args:
        listing: What GitHub listed, all pages.

    Returns:
        The files in GitHub's order, each path once: a file that changes its type may be listed
        as one that goes and one that comes.

    Raises:
        GitHubError: Something that GitHub promises is not there.
    """
    entries: dict[str, FileEntry] = {}
    for value in listing:
        wire = read_wire(_WireFile, value, what="the list of files")
        entry = FileEntry(
            path=wire.filename,
            base_path=_other_name(wire),
            status=_STATUS.get(wire.status, FileStatus.MODIFIED),
            blob=wire.sha,
            added=wire.additions,
            removed=wire.deletions,
            patch=wire.patch or None,
        )
        before = entries.get(entry.path)
        if before is not None and before.status is FileStatus.DELETED:
            entry = replace(entry, status=FileStatus.TYPE_CHANGED)
        entries[entry.path] = entry
    return tuple(entries.values())


def _other_name(wire: _WireFile) -> str | None:
    """Return the name at the base where it is another one."""
    if _STATUS.get(wire.status) not in {FileStatus.RENAMED, FileStatus.COPIED}:
        return None
    return None if wire.previous_filename == wire.filename else wire.previous_filename


def read_tree(value: object) -> HeadTree:
    """Read the tree of the head.

    Raises:
        GitHubError: Something that GitHub promises is not there.
    """
    wire = read_wire(_WireTree, value, what="the tree of the head")
    return HeadTree(
        files={
            file.path: TreeFile(mode=file.mode, blob=file.sha, size_bytes=file.size)
            for file in wire.tree
            if file.type != "tree"
        },
        complete=not wire.truncated,
    )


def with_tree(entries: Sequence[FileEntry], tree: HeadTree) -> tuple[FileEntry, ...]:
    """Give the files the modes and sizes of the head.

    Raises:
        MovedOnError: The list is that of another head.
    """
    return tuple(_with_tree(entry, tree) for entry in entries)


def _with_tree(entry: FileEntry, tree: HeadTree) -> FileEntry:
    file = tree.files.get(entry.path)
    # Names that are no UTF-8 are shown with replacements, and two may look the same.
    if tree.complete and _REPLACEMENT not in entry.path:
        gone = entry.status is FileStatus.DELETED
        same = file is not None and entry.blob in {None, file.blob}
        if gone == (file is not None) or not (gone or same):
            raise MovedOnError
    if file is None or entry.status is FileStatus.DELETED:
        return entry
    size_bytes = file.size_bytes if file.mode not in {SUBMODULE_MODE, SYMLINK_MODE} else None
    return replace(entry, mode=file.mode, size_bytes=size_bytes, blob=entry.blob or file.blob)
