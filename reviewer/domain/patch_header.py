"""Reads the header lines that git and diff write above the hunks of one file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reviewer.domain.change import FileKind, FileStatus

SUBMODULE_MODE = "160000"
SYMLINK_MODE = "120000"

_NOTHING = "/dev/null"
_INDEX = re.compile(r"index ([0-9a-f]{4,64})\.\.([0-9a-f]{4,64})(?: ([0-7]{6}))?")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_OCTAL = tuple(b"%d" % digit for digit in range(8))
_NAMED_ESCAPES = {
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"v": b"\v",
}
# GNU diff has no word for a new file but the time of the epoch, in any time zone.
_EPOCH = re.compile(r"19(?:70-01-01|69-12-31)[ T]")


@dataclass(slots=True, kw_only=True)
class Headers:
    """What the header lines of one section said so far."""

    names: tuple[str, str] | None = None
    base_name: str | None = None
    head_name: str | None = None
    status: FileStatus = FileStatus.MODIFIED
    kind: FileKind = FileKind.TEXT
    base_mode: str | None = None
    head_mode: str | None = None
    base_id: str | None = None
    head_id: str | None = None
    prefixed: bool = True
    compared: bool = False


def unquote(name: str) -> str:
    r"""Turn a name as git writes it (``"a/\303\251"``) into the name itself."""
    match = _QUOTED.fullmatch(name)
    if match is None:
        return name
    raw = match[1].encode("utf-8", "surrogateescape")

    def plain(escape: re.Match[bytes]) -> bytes:
        code = escape[1]
        if code[:1] in _OCTAL:
            return bytes([int(code, 8) & 0xFF])
        return _NAMED_ESCAPES.get(code, code)

    return _ESCAPE.sub(plain, raw).decode("utf-8", "surrogateescape")


def names_of_header(text: str) -> tuple[str, str] | None:
    """Read both names after ``diff --git``; they are told apart by being the same file.

    Names with spaces are not quoted, so ``a/x y b/x y`` is cut where both halves agree. A rename
    with spaces cannot be read here; its ``rename from`` line says it.
    """
    match = re.fullmatch(r'("(?:[^"\\]|\\.)*"|\S+) ("(?:[^"\\]|\\.)*"|\S+)', text)
    if match is not None:
        return unquote(match[1]), unquote(match[2])
    for space in (place.start() for place in re.finditer(" ", text)):
        left, right = unquote(text[:space]), unquote(text[space + 1 :])
        if left == right or ("/" in left and left.partition("/")[2] == right.partition("/")[2]):
            return left, right
    return None


def read_header(headers: Headers, line: str) -> bool:
    """Take in one header line; tell whether the headers go on after it.

    Anything unknown ends them: a rename without hunks may be followed by the next mail.
    """
    for begin, read in _HEADER_READERS:
        if line.startswith(begin):
            read(headers, line.removeprefix(begin))
            return headers.kind is not FileKind.BINARY
    return line.startswith(("similarity index ", "dissimilarity index "))


def _read_new(headers: Headers, value: str) -> None:
    headers.status, headers.head_mode = FileStatus.ADDED, value.strip()


def _read_deleted(headers: Headers, value: str) -> None:
    headers.status, headers.base_mode = FileStatus.DELETED, value.strip()


def _read_old_mode(headers: Headers, value: str) -> None:
    headers.base_mode = value.strip()


def _read_new_mode(headers: Headers, value: str) -> None:
    headers.head_mode = value.strip()


def _read_rename_from(headers: Headers, value: str) -> None:
    headers.status, headers.base_name = FileStatus.RENAMED, unquote(value)


def _read_copy_from(headers: Headers, value: str) -> None:
    headers.status, headers.base_name = FileStatus.COPIED, unquote(value)


def _read_head_name(headers: Headers, value: str) -> None:
    headers.head_name = unquote(value)


def _read_index(headers: Headers, value: str) -> None:
    match = _INDEX.match(f"index {value}")
    if match is None:
        return
    headers.base_id = None if not match[1].strip("0") else match[1]
    headers.head_id = None if not match[2].strip("0") else match[2]
    if match[3]:
        headers.base_mode = headers.base_mode or match[3]
        headers.head_mode = headers.head_mode or match[3]


def _read_minus(headers: Headers, value: str) -> None:
    name = _file_name(value)
    if name == _NOTHING:
        headers.status = FileStatus.ADDED
    elif headers.base_name is None:
        headers.base_name = without_prefix(name, prefixed=headers.prefixed)


def _read_plus(headers: Headers, value: str) -> None:
    headers.compared = True
    name = _file_name(value)
    if name == _NOTHING:
        headers.status = FileStatus.DELETED
    elif headers.head_name is None:
        headers.head_name = without_prefix(name, prefixed=headers.prefixed)


def _read_binary(headers: Headers, _value: str) -> None:
    headers.kind = FileKind.BINARY


_HEADER_READERS = (
    ("new file mode ", _read_new),
    ("deleted file mode ", _read_deleted),
    ("old mode ", _read_old_mode),
    ("new mode ", _read_new_mode),
    ("rename from ", _read_rename_from),
    ("copy from ", _read_copy_from),
    ("rename to ", _read_head_name),
    ("copy to ", _read_head_name),
    ("index ", _read_index),
    ("--- ", _read_minus),
    ("+++ ", _read_plus),
    ("Binary files ", _read_binary),
    ("GIT binary patch", _read_binary),
)


def _file_name(value: str) -> str:
    """Return the name of a ``---`` or ``+++`` line: git ends one with spaces by a tab."""
    return unquote(value.partition("\t")[0] if not value.startswith('"') else value.strip())


def without_prefix(name: str, *, prefixed: bool) -> str:
    """Cut ``a/``, ``b/``, ``i/``, ``w/``, ``c/``, ``o/`` or one of a person's own."""
    return name.partition("/")[2] if prefixed and "/" in name else name


def read_plain_names(headers: Headers, first: str, second: str) -> None:
    """Take in the names of ``diff -u``, which mark a missing file by name or by its time."""
    left, right = _file_name(first), _file_name(second)
    if left == _NOTHING or _EPOCH.match(first.partition("\t")[2]):
        headers.status = FileStatus.ADDED
    elif right == _NOTHING or _EPOCH.match(second.partition("\t")[2]):
        headers.status = FileStatus.DELETED
    if _NOTHING in {left, right}:
        present = right if left == _NOTHING else left
        prefixed = present.startswith(("a/", "b/"))
    else:
        # `diff -ru old new`: the same file below two folders.
        prefixed = left != right and left.partition("/")[2] == right.partition("/")[2] != ""
    headers.base_name = None if left == _NOTHING else without_prefix(left, prefixed=prefixed)
    headers.head_name = None if right == _NOTHING else without_prefix(right, prefixed=prefixed)


def status_of(headers: Headers, *, has_hunks: bool) -> FileStatus:
    """Tell a change of the mode alone from a change of the text."""
    if (
        headers.status is FileStatus.MODIFIED
        and not has_hunks
        and headers.kind is FileKind.TEXT
        and headers.base_mode != headers.head_mode
        and headers.base_id == headers.head_id
    ):
        return FileStatus.MODE_CHANGED
    return headers.status


def kind_of(headers: Headers) -> FileKind:
    """Tell what the file is from its mode at the head, at the base for a deleted file."""
    deleted = headers.status is FileStatus.DELETED
    mode = headers.base_mode if deleted else headers.head_mode
    if mode == SUBMODULE_MODE:
        return FileKind.SUBMODULE
    if mode == SYMLINK_MODE:
        return FileKind.SYMLINK
    return headers.kind
