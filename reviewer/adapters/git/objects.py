"""Reads trees and blobs of a repository in bulk, one process a question."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reviewer.adapters.git.process import Git

_CHECKED = re.compile(rb"([0-9a-f]{40,64}) blob (\d+)")
_LINK, _SUBMODULE = b"120000", b"160000"
_LISTED = re.compile(rb"([0-7]{6}) (\w+) ([0-9a-f]{40,64})\t([^\0]+)\0")


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeEntry:
    """One file of a tree."""

    mode: str
    blob: str
    path: str

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return self.mode == _LINK.decode()


def decode_path(path: bytes) -> str:
    """Decode a path, which git takes as bytes, so that it can be encoded back."""
    return path.decode("utf-8", "surrogateescape")


async def list_tree(git: Git, tree: str) -> bytes:
    """List every file of a tree, in git's own form; `tree_entries` reads it."""
    return await git.output("ls-tree", "-r", "-z", "--full-tree", "--end-of-options", tree)


def tree_entries(listing: bytes, *, name: bytes = b"") -> Iterator[TreeEntry]:
    """Yield the regular files of a listing, in path order.

    Args:
        listing: What `list_tree` returned.
        name: Only files whose path holds this; a whole tree may have 100,000 files.
    """
    if name and name not in listing:
        return
    for match in _LISTED.finditer(listing):
        mode, kind, blob, path = match.groups()
        if kind == b"blob" and mode != _LINK and name in path:
            yield TreeEntry(mode=mode.decode(), blob=blob.decode(), path=decode_path(path))


def other_entries(listing: bytes) -> Iterator[TreeEntry]:
    """Yield the symbolic links and submodules of a listing, in path order.

    Args:
        listing: What `list_tree` returned.
    """
    for match in _LISTED.finditer(listing):
        mode, _, identity, path = match.groups()
        if mode in {_LINK, _SUBMODULE}:
            yield TreeEntry(mode=mode.decode(), blob=identity.decode(), path=decode_path(path))


def tree_paths(listing: bytes) -> frozenset[str]:
    """Return every path of a listing."""
    text = listing.decode("utf-8", "surrogateescape")
    return frozenset(entry.partition("\t")[2] for entry in text.split("\0") if entry)


async def blob_sizes(git: Git, blobs: Iterable[str]) -> dict[str, int]:
    """Return the size of each blob in bytes; what is no blob or not there is left out.

    Args:
        git: Where.
        blobs: Ids, perhaps shortened; the answer goes by what was asked.
    """
    asked = sorted(set(blobs))
    if not asked:
        return {}
    output = await git.output("cat-file", "--batch-check", stdin=_lines(asked))
    answers = output.split(b"\n")
    matches = zip(asked, (_CHECKED.fullmatch(line) for line in answers), strict=False)
    return {blob: int(match[2]) for blob, match in matches if match is not None}


async def read_blobs(git: Git, blobs: Iterable[str]) -> Mapping[str, bytes]:
    """Return the content of each blob; ask only for blobs whose size is known."""
    asked = sorted(set(blobs))
    if not asked:
        return {}
    output = await git.output("cat-file", "--batch", stdin=_lines(asked))
    contents: dict[str, bytes] = {}
    position = 0
    for blob in asked:
        end = output.index(b"\n", position)
        match = _CHECKED.fullmatch(output, position, end)
        position = end + 1
        if match is not None:
            size = int(match[2])
            contents[blob] = output[position : position + size]
            position += size + 1
    return contents


def _lines(names: Iterable[str]) -> bytes:
    """Return the question that ``cat-file --batch`` reads."""
    return "".join(f"{name}\n" for name in names).encode("ascii")
