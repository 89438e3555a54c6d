"""A change out of a patch; inside the repository that it was made in, with whole texts.

Nothing of a patch ever becomes a path on disk: base texts are found by the ids on its ``index``
lines, in the object store, and the head text is the base text with the hunks applied.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reviewer.adapters.git.commit_tree import CommitTree
from reviewer.adapters.git.objects import blob_sizes, read_blobs, tree_paths
from reviewer.adapters.git.process import Git
from reviewer.adapters.git.range import Range, resolve
from reviewer.adapters.git.repository import top_of
from reviewer.domain.base_files import FilesAtBase
from reviewer.domain.change import Change, FileChange, FileKind, FileStatus
from reviewer.domain.classification import TEXT_LIMIT_BYTES, Classifier
from reviewer.domain.diff import file_of_section, normalise_patch, refuse_repeated
from reviewer.domain.git_attributes import GitAttributes
from reviewer.domain.patch_section import Section, split_patch
from reviewer.errors import UserError

#: No person reads more, and what is reviewed is bounded file by file far below this.
PATCH_LIMIT_BYTES = 64_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Home:
    """The repository around a patch."""

    git: Git
    base: CommitTree


class PatchWorkspace:
    """Reads a change from a patch; implements `ports.workspace.Workspace`.

    Args:
        patch: The patch.
        name: What people call it (its file, ``-`` for standard input), for errors.
        folder: Where the person is: the repository round it lends base texts and configuration.
        environment: The environment of this program; git gets a few names of it.
    """

    def __init__(
        self, patch: bytes, *, name: str, folder: Path, environment: Mapping[str, str]
    ) -> None:
        self._patch = patch
        self._name = name
        self._git = Git(folder, environment)
        self._home: _Home | None = None
        self._searched = False

    async def change(self, *, excluded: Sequence[str] = ()) -> Change:
        """Read the change; see `ports.workspace.Workspace.change`.

        Args:
            excluded: Globs of files that the configuration excludes; they are listed only.

        Raises:
            UserError: It is no patch, a damaged one, or too large.
        """
        if len(self._patch) > PATCH_LIMIT_BYTES:
            raise UserError(
                f"the patch has {len(self._patch) // 1_000_000} MB; "
                f"at most {PATCH_LIMIT_BYTES // 1_000_000} MB are read",
                path=self._name,
                hint="Review a range of the repository instead: it reads only what it reviews.",
            )
        sections = split_patch(normalise_patch(self._patch), self._name)
        refuse_repeated(sections, self._name)
        home = await self._find_home()
        base_texts = {} if home is None else await _base_texts(home.git, sections)
        attributes = GitAttributes()
        if home is not None:
            attributes = await home.base.attributes(section.path for section in sections)
        classifier = Classifier(attributes=attributes, excluded=tuple(excluded))
        files = await asyncio.to_thread(self._files, sections, classifier, base_texts)
        paths = None
        if home is not None and base_texts:
            paths = _head_paths(tree_paths(await home.base.listing()), files)
        return Change(base="patch", head="patch", files=files, head_paths=paths)

    async def base_files(self, patterns: Sequence[str]) -> FilesAtBase:
        """Return text files of HEAD; empty outside a repository."""
        home = await self._find_home()
        return FilesAtBase() if home is None else await home.base.files(patterns)

    async def _find_home(self) -> _Home | None:
        """Find the repository around the patch, once; it needs a commit to be of use."""
        if not self._searched:
            self._searched = True
            try:
                git = self._git.at(await top_of(self._git))
                endpoints = await resolve(git, Range.index())
            except UserError:
                # A patch is reviewed anywhere, also where there is no git at all.
                return None
            self._home = _Home(git=git, base=CommitTree(git, endpoints.base))
        return self._home

    def _files(
        self,
        sections: Sequence[Section],
        classifier: Classifier,
        base_texts: Mapping[str, str],
    ) -> tuple[FileChange, ...]:
        """Put the files together, in the order of the patch."""
        return tuple(
            file_of_section(
                section,
                classifier,
                base_text=base_texts.get(section.base_id or ""),
                name=self._name,
            )
            for section in sections
        )


async def _base_texts(git: Git, sections: Sequence[Section]) -> dict[str, str]:
    """Read the base texts that the repository has, by the id on the patch's ``index`` line."""
    asked = {
        section.base_id
        for section in sections
        if section.base_id is not None
        and section.kind is FileKind.TEXT
        and section.status not in {FileStatus.ADDED, FileStatus.TYPE_CHANGED}
    }
    sizes = await blob_sizes(git, asked)
    short = [blob for blob, size_bytes in sizes.items() if size_bytes <= TEXT_LIMIT_BYTES]
    texts: dict[str, str] = {}
    for blob, content in (await read_blobs(git, short)).items():
        try:
            texts[blob] = content.decode("utf-8")
        except UnicodeDecodeError:
            # Without a valid text at the base, the patch alone is what is known.
            continue
    return texts


def _head_paths(base: frozenset[str], files: Sequence[FileChange]) -> frozenset[str]:
    """Return the paths after the patch, where it was made in this repository."""
    gone = {file.path for file in files if file.status is FileStatus.DELETED}
    gone |= {
        file.base_path
        for file in files
        if file.status is FileStatus.RENAMED and file.base_path is not None
    }
    return frozenset((base - gone) | {file.path for file in files} - gone)
