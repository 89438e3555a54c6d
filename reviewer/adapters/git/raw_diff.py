"""Asks git which files differ and how; never with a name as an option, never through a filter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reviewer.adapters.git.objects import decode_path
from reviewer.adapters.git.process import Git
from reviewer.domain.change import FileKind, FileStatus
from reviewer.domain.patch_header import SUBMODULE_MODE, SYMLINK_MODE

#: Beyond so many candidates git does not look for renames with edits (its own default).
_RENAME_LIMIT = 1_000
_OPTIONS = (
    "-r",
    f"-l{_RENAME_LIMIT}",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-relative",
    "--ignore-submodules=dirty",
    "--submodule=short",
    "--full-index",
)
_RENAMES = ("--find-renames=50%", "--find-copies=50%")
#: ``--text``: what is binary we decide ourselves, before; an attribute of the change does not.
_PATCH_OPTIONS = (
    "--patch",
    "--text",
    "--unified=3",
    "--inter-hunk-context=0",
    "--diff-algorithm=myers",
    "--indent-heuristic",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)
#: One call's pathspecs; a single argument may not exceed 128 kB and all together 2 MB on Linux.
_PATHSPEC_BYTES = 96_000

_STATUS = {
    "A": FileStatus.ADDED,
    "C": FileStatus.COPIED,
    "D": FileStatus.DELETED,
    "M": FileStatus.MODIFIED,
    "R": FileStatus.RENAMED,
    "T": FileStatus.TYPE_CHANGED,
}
_NO_MODE = "000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEntry:
    """One file that differs.

    Args:
        path: The path at the head; at the base for a deleted file.
        base_path: The path at the base where it differs.
        status: What happened to it; None for a file with an open merge conflict.
        base_mode: git's octal mode at the base, None for a new file.
        head_mode: git's octal mode at the head, None for a deleted file.
        base_blob: The object at the base, None for a new file.
        head_blob: The object at the head; None for a deleted file, and for a file of the working
            tree that git has not stored.
    """

    path: str
    base_path: str | None = None
    status: FileStatus | None
    base_mode: str | None = None
    head_mode: str | None = None
    base_blob: str | None = None
    head_blob: str | None = None

    @property
    def kind(self) -> FileKind:
        """What the modes say that the file is at the head (at the base, where it was deleted)."""
        mode = self.head_mode or self.base_mode
        if mode == SUBMODULE_MODE:
            return FileKind.SUBMODULE
        return FileKind.SYMLINK if mode == SYMLINK_MODE else FileKind.TEXT

    @property
    def key(self) -> tuple[str, str]:
        """The paths at base and head: what names a section of a patch."""
        return self.base_path or self.path, self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What git is asked to compare.

    Args:
        command: ``diff-tree``, ``diff-index`` or ``diff``, with what it compares.
        configuration: Settings for it.
    """

    command: tuple[str, ...]
    configuration: tuple[str, ...] = ()

    @classmethod
    def trees(cls, base: str, head: str) -> Comparison:
        """Compare two commits."""
        return cls(command=("diff-tree", base, head))

    @classmethod
    def index(cls, base: str) -> Comparison:
        """Compare the index with a commit."""
        return cls(command=("diff-index", "--cached", base))

    @classmethod
    def working_tree(cls, base: str, filters: tuple[str, ...]) -> Comparison:
        """Compare the working tree with a commit, with the given settings against filters."""
        return cls(command=("diff", base), configuration=filters)


async def raw_entries(git: Git, comparison: Comparison) -> tuple[RawEntry, ...]:
    """List the files that differ, in the order of git."""
    name, *what = comparison.command
    output = await git.output(
        name,
        "--raw",
        "-z",
        *_OPTIONS,
        *_RENAMES,
        *what,
        "--",
        configuration=comparison.configuration,
    )
    entries = list(_parse(output))
    merged = {entry.path for entry in entries if entry.status is not None}
    # A file in conflict is listed twice where the working tree has a version of it.
    return tuple(entry for entry in entries if entry.status is not None or entry.path not in merged)


async def patch_texts(
    git: Git,
    comparison: Comparison,
    entries: Sequence[RawEntry],
    *,
    everything: bool,
    renames: bool = True,
) -> list[bytes]:
    """Return the patches of some files.

    Args:
        git: Where.
        comparison: What is compared.
        entries: The files; a rename brings both its names, so that git pairs them again.
        everything: Whether these are all the files there are: then git needs no names.
        renames: Whether git looks for renames.
    """
    name, *what = comparison.command
    detection = _RENAMES if renames else ("--no-renames",)
    options = (*_OPTIONS, *_PATCH_OPTIONS, *detection, *what, "--")
    chunks = [()] if everything else _pathspecs(entries)
    return [
        await git.output(name, *options, *paths, configuration=comparison.configuration)
        for paths in chunks
    ]


def _pathspecs(entries: Sequence[RawEntry]) -> Iterator[tuple[str, ...]]:
    """Yield the names of files in groups that fit on a command line."""
    group: dict[str, None] = {}
    length = 0
    for entry in entries:
        for path in dict.fromkeys(entry.key):
            group[path] = None
            length += len(path.encode("utf-8", "surrogateescape")) + 1
        if length > _PATHSPEC_BYTES:
            yield tuple(group)
            group, length = {}, 0
    if group:
        yield tuple(group)


def _parse(output: bytes) -> Iterator[RawEntry]:
    """Read ``--raw -z``: https://git-scm.com/docs/git-diff#_raw_output_format."""
    fields = iter(output.split(b"\0"))
    for header in fields:
        if not header:
            continue
        base_mode, head_mode, base_blob, head_blob, letter = header[1:].decode("ascii").split(" ")
        entry = RawEntry(
            path=decode_path(next(fields)),
            status=_STATUS.get(letter[0]),
            base_mode=None if base_mode == _NO_MODE else base_mode,
            head_mode=None if head_mode == _NO_MODE else head_mode,
            base_blob=base_blob if base_blob.strip("0") else None,
            head_blob=head_blob if head_blob.strip("0") else None,
        )
        if letter[0] in "RC":
            entry = replace(entry, base_path=entry.path, path=decode_path(next(fields)))
        yield entry
