"""A change out of a git repository: a range, a commit, the index or the working tree.

Git is asked for the list of files, then for sizes, then for texts, and for a patch of only those
files that are reviewed; a generated file of 17 MB is never read or compared. What is binary,
generated or too large is decided here, by the base's attributes, never by those of the change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reviewer.adapters.git.commit_tree import CommitTree
from reviewer.adapters.git.file_builder import (
    Material,
    judge_by_name,
    listed_file,
    reviewed_file,
)
from reviewer.adapters.git.objects import (
    blob_sizes,
    decode_path,
    list_tree,
    read_blobs,
    tree_paths,
)
from reviewer.adapters.git.process import Git
from reviewer.adapters.git.range import Endpoints, Range, RangeKind, resolve
from reviewer.adapters.git.raw_diff import Comparison, RawEntry, patch_texts, raw_entries
from reviewer.adapters.git.repository import top_of
from reviewer.adapters.git.working_tree import WorkingTree
from reviewer.domain.base_files import FilesAtBase
from reviewer.domain.change import Change, FileChange, FileKind, FileStatus, NotReviewed
from reviewer.domain.classification import TEXT_LIMIT_BYTES, Classifier
from reviewer.domain.patch_section import Section, split_patch


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """A repository with the commits of the range found."""

    git: Git
    endpoints: Endpoints
    base: CommitTree
    comparison: Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    """Which files differ, and which there are at the head."""

    entries: tuple[RawEntry, ...]
    head_paths: frozenset[str]
    untracked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Status:
    """What ``git status`` says about the working tree."""

    changed: frozenset[str]
    untracked: tuple[RawEntry, ...]


class GitWorkspace:
    """Reads a change from a git repository; implements `ports.workspace.Workspace`.

    Args:
        folder: Any folder inside the repository.
        wanted: What is compared with what.
        environment: The environment of this program; git gets a few names of it.
    """

    def __init__(self, folder: Path, wanted: Range, environment: Mapping[str, str]) -> None:
        self._git = Git(folder, environment)
        self._wanted = wanted
        self._opened: _Opened | None = None

    async def change(self, *, excluded: Sequence[str] = ()) -> Change:
        """Read the change; see `ports.workspace.Workspace.change`.

        Args:
            excluded: Globs of files that the configuration excludes; they are listed only.

        Raises:
            UserError: The repository or the range is not what a person meant.
            CommunicationError: Git failed in a way that is not known.
            ResourceError: Git took too long or printed too much.
        """
        opened = await self._open()
        listing = await self._list(opened)
        sizes, disk_sizes, attributes = await asyncio.gather(
            blob_sizes(opened.git, _blobs(listing.entries)),
            asyncio.to_thread(self._disk_sizes, opened, listing),
            opened.base.attributes(entry.path for entry in listing.entries),
        )
        classifier = Classifier(attributes=attributes, excluded=tuple(excluded))
        judged = {
            entry: judge_by_name(entry, classifier, sizes, disk_sizes) for entry in listing.entries
        }
        wanted = [entry for entry, reason in judged.items() if reason is None]
        contents, disk_contents, sections = await asyncio.gather(
            read_blobs(opened.git, (blob for blob in _blobs(wanted) if blob in sizes)),
            asyncio.to_thread(self._disk_contents, opened, wanted),
            _sections(opened, wanted, listing),
        )
        material = Material(
            classifier=classifier,
            sizes=sizes,
            disk_sizes=disk_sizes,
            contents=contents,
            disk_contents=disk_contents,
            sections=sections,
            untracked=listing.untracked,
        )
        files = await asyncio.to_thread(_build, judged, material)
        return Change(
            base=opened.endpoints.base,
            head=opened.endpoints.head or self._wanted.kind.value,
            files=files,
            head_paths=listing.head_paths,
        )

    async def base_files(self, patterns: Sequence[str]) -> FilesAtBase:
        """Return text files of the base; see `ports.workspace.Workspace.base_files`.

        The base of the working tree and of the index is HEAD.
        """
        opened = await self._open()
        return await opened.base.files(patterns)

    async def _open(self) -> _Opened:
        """Find the repository and the commits, once."""
        if self._opened is None:
            git = self._git.at(await top_of(self._git, need_files=self._needs_files))
            endpoints = await resolve(git, self._wanted)
            self._opened = _Opened(
                git=git,
                endpoints=endpoints,
                base=CommitTree(git, endpoints.base),
                comparison=await self._comparison(git, endpoints),
            )
        return self._opened

    @property
    def _needs_files(self) -> bool:
        """Whether the range needs a working tree."""
        return self._wanted.kind in {RangeKind.WORKING_TREE, RangeKind.INDEX}

    async def _comparison(self, git: Git, endpoints: Endpoints) -> Comparison:
        """Return what git has to compare."""
        if endpoints.head is not None:
            return Comparison.trees(endpoints.base, endpoints.head)
        if self._wanted.kind is RangeKind.INDEX:
            return Comparison.index(endpoints.base)
        return Comparison.working_tree(endpoints.base, await git.working_tree_filters())

    async def _list(self, opened: _Opened) -> _Listing:
        """List the files that differ and the files of the head."""
        git = opened.git
        if opened.endpoints.head is not None:
            entries, tree, _ = await asyncio.gather(
                raw_entries(git, opened.comparison),
                list_tree(git, opened.endpoints.head),
                opened.base.listing(),
            )
            return _Listing(entries=entries, head_paths=tree_paths(tree))
        entries, known, status, _ = await asyncio.gather(
            raw_entries(git, opened.comparison),
            git.output("ls-files", "-z"),
            self._status(opened),
            opened.base.listing(),
        )
        paths = {decode_path(path) for path in known.split(b"\0") if path}
        if status is None:
            return _Listing(entries=entries, head_paths=frozenset(paths))
        # Without leave to refresh the index, git also lists files that were only touched.
        entries = tuple(entry for entry in entries if entry.path in status.changed)
        gone = {entry.path for entry in entries if entry.status is FileStatus.DELETED}
        gone |= {entry.key[0] for entry in entries if entry.status is FileStatus.RENAMED}
        untracked = frozenset(entry.path for entry in status.untracked)
        return _Listing(
            entries=tuple(
                sorted((*entries, *status.untracked), key=lambda entry: _bytes(entry.path))
            ),
            untracked=untracked,
            head_paths=frozenset(
                paths - gone | untracked | {entry.path for entry in entries} - gone
            ),
        )

    async def _status(self, opened: _Opened) -> _Status | None:
        """Ask which files of the working tree are really changed, and which git does not know."""
        if self._wanted.kind is not RangeKind.WORKING_TREE:
            return None
        output = await opened.git.output(
            "status",
            "--porcelain=v1",
            "-z",
            "--no-renames",
            "--untracked-files=all",
            "--ignore-submodules=dirty",
            configuration=opened.comparison.configuration,
        )
        states: dict[bool, list[str]] = {True: [], False: []}
        for field in output.split(b"\0"):
            if field:
                states[field.startswith(b"??")].append(decode_path(field[3:]).removesuffix("/"))
        tree = WorkingTree(opened.git.folder)

        def look() -> tuple[RawEntry, ...]:
            found = ((path, tree.look(path)) for path in states[True])
            return tuple(
                RawEntry(path=path, status=FileStatus.ADDED, head_mode=file.mode)
                for path, file in found
                if file is not None and file.mode
            )

        return _Status(changed=frozenset(states[False]), untracked=await asyncio.to_thread(look))

    def _disk_sizes(self, opened: _Opened, listing: _Listing) -> dict[str, int]:
        """Look up the sizes of the files that git has not stored."""
        tree = WorkingTree(opened.git.folder)
        found = ((path, tree.look(path)) for path in self._on_disk(listing.entries))
        return {path: file.size_bytes for path, file in found if file is not None}

    def _disk_contents(self, opened: _Opened, wanted: Sequence[RawEntry]) -> dict[str, bytes]:
        """Read the files that git has not stored."""
        tree = WorkingTree(opened.git.folder)
        found = ((path, tree.read(path, TEXT_LIMIT_BYTES)) for path in self._on_disk(wanted))
        return {path: content for path, content in found if content is not None}

    def _on_disk(self, entries: Sequence[RawEntry]) -> list[str]:
        """Return the paths whose head is the file on disk."""
        if self._wanted.kind is not RangeKind.WORKING_TREE:
            return []
        return [
            entry.path
            for entry in entries
            if entry.head_blob is None
            and entry.head_mode is not None
            and entry.kind is FileKind.TEXT
        ]


def _blobs(entries: Sequence[RawEntry]) -> list[str]:
    """Return the blobs of files that have lines."""
    return [
        blob
        for entry in entries
        if entry.kind is FileKind.TEXT
        for blob in (entry.base_blob, entry.head_blob)
        if blob is not None
    ]


async def _sections(
    opened: _Opened, wanted: Sequence[RawEntry], listing: _Listing
) -> dict[tuple[str, str], Section]:
    """Ask for the patch of the files that are reviewed, by their paths at base and head."""
    tracked = [entry for entry in wanted if entry.path not in listing.untracked]
    if not tracked:
        return {}
    everything = len(tracked) + len(listing.untracked) == len(listing.entries)
    sections = await _patches(opened, tracked, everything=everything, renames=True)
    missing = [entry for entry in tracked if entry.key not in sections]
    if missing:
        # With fewer files to choose from, git has paired renames in another way: then these
        # files are shown as what they are without any pairing.
        alone = await _patches(opened, missing, everything=False, renames=False)
        sections.update(alone)
    return sections


async def _patches(
    opened: _Opened, entries: Sequence[RawEntry], *, everything: bool, renames: bool
) -> dict[tuple[str, str], Section]:
    """Ask git for patches and cut them into sections."""
    patches = await patch_texts(
        opened.git, opened.comparison, entries, everything=everything, renames=renames
    )
    return {
        (section.base_path or section.path, section.path): section
        for patch in patches
        for section in split_patch(patch, "git's patch")
    }


def _build(
    judged: Mapping[RawEntry, NotReviewed | None], material: Material
) -> tuple[FileChange, ...]:
    """Put every file together, in the order of git."""
    files: list[FileChange] = []
    for entry, reason in judged.items():
        if reason is not None:
            files.append(listed_file(entry, material, reason))
            continue
        file = reviewed_file(_unpaired(entry, material), material)
        if file is not None:
            files.append(file)
    return tuple(files)


def _unpaired(entry: RawEntry, material: Material) -> RawEntry:
    """Turn a rename whose patch shows a new file into that new file."""
    alone = material.sections.get((entry.path, entry.path))
    if entry.base_path is None or entry.key in material.sections or alone is None:
        return entry
    return replace(entry, status=FileStatus.ADDED, base_path=None, base_mode=None, base_blob=None)


def _bytes(path: str) -> bytes:
    """Return a path as git orders it."""
    return path.encode("utf-8", "surrogateescape")
