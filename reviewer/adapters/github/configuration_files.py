"""Reads the files of the base that may configure a review: all of them in one question."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import Field

from reviewer.adapters.github.git_objects import BlobReader, Fragment, Lookup, WireBlob, look_up
from reviewer.adapters.github.pull_request_reader import Wire, read_wire
from reviewer.adapters.github.reading import GitHubReading
from reviewer.domain.base_files import (
    BASE_FILE_LIMIT_BYTES,
    FilesAtBase,
    Unread,
    UnreadFile,
    is_looked_for,
)
from reviewer.domain.glob import matches_any
from reviewer.domain.pull_request import Repository
from reviewer.errors import GitHubError

ATTRIBUTES = ".gitattributes"
_WILDCARD = re.compile(r"[*?\[\]]")
#: Git's modes of a regular file, as GraphQL writes them: whole numbers, not octal digits.
_REGULAR_MODES = frozenset({0o100644, 0o100755, 0o100664})
_ODD_MODES = {0o120000: Unread.LINK, 0o160000: Unread.SUBMODULE}


class WireTreeEntry(Wire):
    """One entry of a folder, as GraphQL writes it."""

    name: str
    mode: int
    content: Mapping[str, object] | None = Field(default=None, alias="object")

    @property
    def regular(self) -> bool:
        """Whether it is a file, and no folder, symbolic link or submodule."""
        return self.mode in _REGULAR_MODES

    @property
    def odd(self) -> Unread | None:
        """Why it cannot be read as a file; None where it can, or is a folder."""
        return _ODD_MODES.get(self.mode)


class WireFolder(Wire):
    """A folder, as GraphQL writes it."""

    entries: tuple[WireTreeEntry, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    """What globs ask for: files of the root by name, and folders."""

    files: tuple[str, ...]
    folders: tuple[str, ...]


class Asked(Protocol):
    """Somebody who has asked for objects already; `opening.Opening` is one."""

    async def objects(self, lookups: Sequence[Lookup]) -> list[Mapping[str, object]] | None:
        """Return one answer to each lookup; None where others were asked for."""
        ...


async def read_configuration(
    client: GitHubReading,
    repository: Repository,
    commit: str,
    patterns: Sequence[str],
    *,
    asked: Asked | None = None,
) -> FilesAtBase:
    """Read the text files of a commit that match one of the globs.

    Args:
        client: Whom to ask.
        repository: Where.
        commit: The commit's id.
        patterns: Files of the root by their names, or globs inside one folder. A name without
            a slash means the root, because GitHub searches no folders for us.
        asked: Who may know the answers already; None for nobody.

    Returns:
        The texts by path, in path order. Symbolic links, submodules, files that are too long
        and files that are not UTF-8 are told.

    Raises:
        GitHubError: The commit is not there, or GitHub did not answer as agreed: then nobody
            may go on as if nothing were configured.
    """
    places = _places(patterns)
    lookups = configuration_lookups(commit, patterns)
    answers = None if asked is None else await asked.objects(lookups)
    if answers is None:
        answers = await look_up(client, repository, lookups)
    root, *others = answers
    if not root:
        raise GitHubError(f"the base commit {commit[:12]} is not in {repository}")
    modes = {entry.name: entry for entry in folder_entries(root)}
    found = {
        name: answer
        for name, answer in zip(places.files, others[: len(places.files)], strict=True)
        if answer and name in modes and modes[name].regular
    }
    odd = {name: entry.odd for name, entry in modes.items()}
    for folder, answer in zip(places.folders, others[len(places.files) :], strict=True):
        for entry in folder_entries(answer):
            odd[f"{folder}/{entry.name}"] = entry.odd
            if entry.regular and entry.content:
                found[f"{folder}/{entry.name}"] = entry.content
    wanted = {path: found[path] for path in sorted(found) if matches_any(patterns, path)}
    texts = await read_texts(BlobReader(client, repository), wanted)
    others_there = [
        UnreadFile(path=path, why=why)
        for path, why in odd.items()
        if why is not None and is_looked_for(patterns, path)
    ]
    return FilesAtBase.of(texts, [*texts.unread, *others_there])


async def read_texts(
    reader: BlobReader, answers: Mapping[str, Mapping[str, object]]
) -> FilesAtBase:
    """Return the texts of short files that are UTF-8.

    Args:
        reader: Reads what GraphQL did not give exactly.
        answers: What GraphQL gave (`Fragment.BLOB_TEXT`), by path.
    """
    blobs = {path: read_wire(WireBlob, answer, what=path) for path, answer in answers.items()}
    short = [path for path, blob in blobs.items() if blob.byteSize <= BASE_FILE_LIMIT_BYTES]
    contents = await asyncio.gather(
        *(reader.complete(blobs[path].oid, answers[path], shown=False) for path in short)
    )
    texts = {path: content.text for path, content in zip(short, contents, strict=True)}
    unread = dict.fromkeys(blobs.keys() - set(short), Unread.TOO_LONG)
    unread |= {path: Unread.NO_TEXT for path, text in texts.items() if text is None}
    return FilesAtBase.of(
        {path: text for path, text in texts.items() if text is not None},
        [UnreadFile(path=path, why=why) for path, why in unread.items()],
    )


def _places(patterns: Iterable[str]) -> _Places:
    """Turn globs into what can be asked for."""
    files: dict[str, None] = {}
    folders: dict[str, None] = {}
    for pattern in patterns:
        folder, _, name = pattern.strip("/").rpartition("/")
        if _WILDCARD.search(folder or name):
            raise ValueError(f"{pattern} is neither a file of the root nor a glob in one folder")
        (folders if folder else files)[folder or name] = None
    return _Places(files=tuple(files), folders=tuple(folders))


def configuration_lookups(commit: str, patterns: Sequence[str]) -> Sequence[Lookup]:
    """Return what is asked: the root's names, then its files, then the folders.

    Args:
        commit: The commit's id.
        patterns: As for `read_configuration`.
    """
    places = _places(patterns)
    return (
        Lookup(fragment=Fragment.NAMES, expression=f"{commit}:"),
        *(
            Lookup(fragment=Fragment.BLOB_TEXT, expression=f"{commit}:{name}")
            for name in places.files
        ),
        *(
            Lookup(fragment=Fragment.FILES, expression=f"{commit}:{folder}")
            for folder in places.folders
        ),
    )


def folder_entries(answer: Mapping[str, object]) -> tuple[WireTreeEntry, ...]:
    """Return the entries of a folder; none where there is no such folder."""
    return read_wire(WireFolder, answer, what="a folder of the base").entries or ()
