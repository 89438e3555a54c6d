"""Asks for what the files of a pull request need besides the list: texts, and what the base has."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from reviewer.adapters.github.configuration_files import ATTRIBUTES, folder_entries, read_texts
from reviewer.adapters.github.file_entry import FileEntry, HeadTree
from reviewer.adapters.github.file_reader import BlobAtBase, Contents
from reviewer.adapters.github.git_objects import (
    GRAPHQL_TEXT_BYTES,
    BlobContent,
    BlobReader,
    Fragment,
    Lookup,
    WireBlob,
    look_up,
)
from reviewer.adapters.github.pull_request_reader import read_wire
from reviewer.adapters.github.reading import GitHubReading
from reviewer.domain.change import FileStatus
from reviewer.domain.git_attributes import GitAttributes, read_attributes
from reviewer.domain.pull_request import Repository

#: So many folders are asked for a ``.gitattributes`` of their own.
_MOST_FOLDERS = 100

Answer = Mapping[str, object]


class ContentReader:
    """Reads contents for one pull request.

    Args:
        client: Whom to ask.
        repository: Where.
        base_sha: The commit of the base branch.
    """

    def __init__(self, client: GitHubReading, repository: Repository, *, base_sha: str) -> None:
        self._client = client
        self._repository = repository
        self._base_sha = base_sha
        self._blobs = BlobReader(client, repository)

    async def attributes(
        self, entries: Sequence[FileEntry], tree: HeadTree, root: str
    ) -> GitAttributes:
        """Return what the base says about the files.

        Args:
            entries: The files.
            tree: The head; where it tells of no further ``.gitattributes``, nobody is asked.
            root: The text of the one at the root of the base.
        """
        places = _attribute_places(entries, tree)
        answers = await self._ask(self._at_base(place, Fragment.BLOB_TEXT) for place in places)
        found = {place: answer for place, answer in zip(places, answers, strict=True) if answer}
        return read_attributes({ATTRIBUTES: root, **await read_texts(self._blobs, found)})

    async def contents(self, wanted: Sequence[FileEntry]) -> Contents:
        """Ask for all that the files need, in one question where it fits.

        Args:
            wanted: The files that are not listed only.
        """
        texts = _blobs_of(wanted)
        asked = [blob for blob, entry in texts.items() if _fits(entry)]
        bases = [entry for entry in wanted if entry.asks_for_base]
        links = [entry for entry in wanted if entry.may_be_link]
        answers = await self._ask(
            [
                *(_text_lookup(blob, texts[blob]) for blob in asked),
                *(self._at_base(_base_name(entry), Fragment.BLOB_SIZE) for entry in bases),
                *(self._at_base(_folder(entry), Fragment.NAMES) for entry in links),
            ]
        )
        told = dict(zip(asked, answers, strict=False))
        at_base = zip(bases, answers[len(asked) :], strict=False)
        folders = zip(links, answers[len(asked) + len(bases) :], strict=True)
        modes = ((entry.path, _mode_of(entry, answer)) for entry, answer in folders)
        return Contents(
            blobs=await self._read(texts, told),
            bases={entry.path: _base_blob(answer) for entry, answer in at_base if answer},
            base_modes={path: mode for path, mode in modes if mode is not None},
        )

    async def _read(
        self, texts: Mapping[str, FileEntry], told: Mapping[str, Answer]
    ) -> dict[str, BlobContent]:
        """Return the contents, reading exactly what GraphQL did not give exactly."""

        async def one(blob: str, entry: FileEntry) -> BlobContent:
            answer = told.get(blob, {})
            if entry.status is FileStatus.DELETED:
                return _sized(answer)
            return await self._blobs.complete(blob, answer, shown=entry.patch is not None)

        contents = await asyncio.gather(*(one(blob, entry) for blob, entry in texts.items()))
        return dict(zip(texts, contents, strict=True))

    async def _ask(self, lookups: Iterable[Lookup]) -> list[Answer]:
        return await look_up(self._client, self._repository, list(lookups))

    def _at_base(self, path: str, fragment: Fragment) -> Lookup:
        """Ask for what stands under a name at the base; the name travels as a value."""
        size_bytes = None if fragment is Fragment.BLOB_TEXT else 0
        expression = f"{self._base_sha}:{path}"
        return Lookup(fragment=fragment, expression=expression, size_bytes=size_bytes)


def _attribute_places(entries: Iterable[FileEntry], tree: HeadTree) -> list[str]:
    """Return the paths below the root at which the base may have a ``.gitattributes``.

    Those of the head, and those that the change deletes or renames: what the base has is among
    them, unless its branch went on meanwhile.
    """
    folders = {
        folder
        for entry in entries
        if entry.plain
        for folder in PurePosixPath(entry.path).parents
        if folder.name
    }
    places = sorted(f"{folder}/{ATTRIBUTES}" for folder in folders)
    if tree.complete:
        gone = {entry.base_path or entry.path for entry in entries}
        places = [place for place in places if place in tree.files or place in gone]
    return places[:_MOST_FOLDERS]


def _blobs_of(wanted: Iterable[FileEntry]) -> dict[str, FileEntry]:
    """Return the blobs that have to be read, each with a file that it is the content of."""
    blobs: dict[str, FileEntry] = {}
    for entry in wanted:
        deleted = entry.status is FileStatus.DELETED
        if entry.blob is None or entry.empty or (deleted and entry.patch is not None):
            continue
        if entry.blob not in blobs or not deleted:
            blobs[entry.blob] = entry
    return blobs


def _fits(entry: FileEntry) -> bool:
    """Tell whether GraphQL gives the whole text, as far as the size is known."""
    return entry.size_bytes is None or entry.size_bytes <= GRAPHQL_TEXT_BYTES


def _text_lookup(blob: str, entry: FileEntry) -> Lookup:
    """Ask for a text; of a deleted file without a patch only for what it was."""
    if entry.status is FileStatus.DELETED:
        return Lookup(fragment=Fragment.BLOB_SIZE, oid=blob)
    return Lookup(fragment=Fragment.BLOB_TEXT, oid=blob, size_bytes=entry.size_bytes)


def _base_name(entry: FileEntry) -> str:
    return entry.base_path or entry.path


def _folder(entry: FileEntry) -> str:
    return entry.path.rpartition("/")[0]


def _sized(answer: Answer) -> BlobContent:
    """Return what is known of a blob whose text nobody needs."""
    if not answer:
        return BlobContent()
    blob = read_wire(WireBlob, answer, what="a blob")
    return BlobContent(size_bytes=blob.byteSize, binary=blob.isBinary is True)


def _base_blob(answer: Answer) -> BlobAtBase:
    blob = read_wire(WireBlob, answer, what="a blob of the base")
    return BlobAtBase(oid=blob.oid, binary=blob.isBinary is True)


def _mode_of(entry: FileEntry, answer: Answer) -> str | None:
    """Return git's octal mode of a file in a folder of the base."""
    name = entry.path.rpartition("/")[2]
    return next((f"{item.mode:06o}" for item in folder_entries(answer) if item.name == name), None)
