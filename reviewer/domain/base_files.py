"""Files of the base that may configure a review: their texts, and those that are not read, and why.

Nothing that stands where a configuration is looked for is left out without a word: who wrote it
believes that it holds (security.md S10, R34).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from typing_extensions import override

from reviewer.domain.glob import matches_any

#: Files that configure anything are short.
BASE_FILE_LIMIT_BYTES = 256_000


class Unread(StrEnum):
    """Why a file of the base is not read."""

    LINK = "link"
    SUBMODULE = "submodule"
    TOO_LONG = "too long"
    NO_TEXT = "no text"

    @property
    def words(self) -> str:
        """What it is."""
        return _WORDS[self][0]

    @property
    def way_out(self) -> str:
        """What to do about it, one sentence."""
        return _WORDS[self][1]


_WORDS = {
    Unread.LINK: (
        "it is a symbolic link",
        "Links are never followed: put the file itself there.",
    ),
    Unread.SUBMODULE: ("it is a submodule", "Put a file there."),
    Unread.TOO_LONG: (
        f"it has more than {BASE_FILE_LIMIT_BYTES // 1000} kB",
        "No configuration needs so much: shorten it.",
    ),
    Unread.NO_TEXT: ("it is no text in UTF-8", "Save it as UTF-8."),
}


def is_looked_for(patterns: Sequence[str], path: str) -> bool:
    """Tell whether a path is one that globs ask for, or a folder in which they look.

    Args:
        patterns: The globs.
        path: The path; what stands there is no file and no folder.
    """
    if matches_any(patterns, path) is not None:
        return True
    return any(pattern.strip("/").startswith(f"{path}/") for pattern in patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadFile:
    """A file of the base that is not read."""

    path: str
    why: Unread


@dataclass(frozen=True, kw_only=True, eq=False)
class FilesAtBase(Mapping[str, str]):
    """Text files of the base by path, in path order.

    Args:
        texts: What was read.
        unread: What stands in a place that was asked for and was not read, in path order.
    """

    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    unread: tuple[UnreadFile, ...] = ()

    @classmethod
    def of(cls, texts: Mapping[str, str], unread: Iterable[UnreadFile] = ()) -> FilesAtBase:
        """Put both in order."""
        return cls(
            texts={path: texts[path] for path in sorted(texts)},
            unread=tuple(sorted(unread, key=lambda file: file.path)),
        )

    @override
    def __getitem__(self, path: str) -> str:
        """Return the text of a file."""
        return self.texts[path]

    @override
    def __iter__(self) -> Iterator[str]:
        """Return the paths of what was read."""
        return iter(self.texts)

    @override
    def __len__(self) -> int:
        """Return how many files were read."""
        return len(self.texts)
