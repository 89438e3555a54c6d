"""The tree that a change starts from: what may configure a review, and its ``.gitattributes``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from reviewer.adapters.git.objects import (
    TreeEntry,
    blob_sizes,
    list_tree,
    other_entries,
    read_blobs,
    tree_entries,
)
from reviewer.adapters.git.process import Git
from reviewer.domain.base_files import (
    BASE_FILE_LIMIT_BYTES,
    FilesAtBase,
    Unread,
    UnreadFile,
    is_looked_for,
)
from reviewer.domain.git_attributes import GitAttributes, read_attributes
from reviewer.domain.glob import matches_any

_ATTRIBUTES = ".gitattributes"


class CommitTree:
    """The files of one commit.

    Args:
        git: Where.
        tree: Full id of the commit or tree.
    """

    def __init__(self, git: Git, tree: str) -> None:
        self._git = git
        self._tree = tree
        self._listing: bytes | None = None

    async def listing(self) -> bytes:
        """Return the listing of the tree, asked for once."""
        if self._listing is None:
            self._listing = await list_tree(self._git, self._tree)
        return self._listing

    async def files(self, patterns: Sequence[str]) -> FilesAtBase:
        """Return the text files that match one of the globs, by path, in path order."""
        listing = await self.listing()
        entries = tree_entries(listing)
        found = await self._texts(
            entry for entry in entries if matches_any(patterns, entry.path) is not None
        )
        others = (
            UnreadFile(path=entry.path, why=Unread.LINK if entry.is_link else Unread.SUBMODULE)
            for entry in other_entries(listing)
            if is_looked_for(patterns, entry.path)
        )
        return FilesAtBase.of(found, [*found.unread, *others])

    async def attributes(self, paths: Iterable[str]) -> GitAttributes:
        """Return what the tree's ``.gitattributes`` files say about these paths."""
        entries = [
            entry
            for entry in tree_entries(await self.listing(), name=_ATTRIBUTES.encode())
            if entry.path.rpartition("/")[2] == _ATTRIBUTES
        ]
        if not entries:
            return GitAttributes()
        folders = {folder for path in paths for folder in PurePosixPath(path).parents}
        return read_attributes(
            await self._texts(
                entry for entry in entries if PurePosixPath(entry.path).parent in folders
            )
        )

    async def _texts(self, entries: Iterable[TreeEntry]) -> FilesAtBase:
        """Read the entries that are text and not too long."""
        wanted = list(entries)
        sizes = await blob_sizes(self._git, (entry.blob for entry in wanted))
        short = [entry for entry in wanted if sizes.get(entry.blob, 0) <= BASE_FILE_LIMIT_BYTES]
        contents = await read_blobs(self._git, (entry.blob for entry in short))
        texts: dict[str, str] = {}
        unread = {entry.path: Unread.TOO_LONG for entry in wanted if entry not in short}
        for entry in short:
            content = contents.get(entry.blob)
            if content is None:
                continue
            try:
                texts[entry.path] = content.decode("utf-8")
            except UnicodeDecodeError:
                unread[entry.path] = Unread.NO_TEXT
        return FilesAtBase.of(
            texts, [UnreadFile(path=path, why=why) for path, why in unread.items()]
        )
