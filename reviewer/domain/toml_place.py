"""Where each key of a TOML text stands: a scan of a text that is known to be valid TOML.

The standard library's parser gives values without places, and an error message without a line
is of little use to a person. This scan follows https://toml.io/en/v1.0.0 as far as places need:
headers, keys, and where strings, arrays and inline tables begin and end.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

#: A key path: names of keys, and numbers of elements counted from 0.
KeyPath = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY_PART = re.compile(
    r"""(?P<bare>[A-Za-z0-9_-]+)|"(?P<basic>(?:[^"\\\n]|\\.)*)"|'(?P<literal>[^'\n]*)'"""
)
_STRING = re.compile(
    # A multi-line string may end in up to two quotes of its own before the closing three.
    r'"""(?:[^\\]|\\.)*?"""(?:""|")?'
    r"|'''.*?'''(?:''|')?"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}#\n]*")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")


@dataclass(slots=True, kw_only=True)
class _Scan:
    """The scan's state; local to one call of `places`."""

    text: str
    position: int = 0
    line: int = 1
    places: dict[KeyPath, int] = field(default_factory=dict)
    elements: dict[KeyPath, int] = field(default_factory=dict)

    def take(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        """Move behind what the expression matches here."""
        match = expression.match(self.text, self.position)
        if match is not None:
            self.line += match.group().count("\n")
            self.position = match.end()
        return match

    def sees(self, word: str) -> bool:
        """Tell whether the word stands here, and move behind it."""
        if not self.text.startswith(word, self.position):
            return False
        self.position += len(word)
        return True

    def remember(self, path: KeyPath) -> None:
        """Keep the line of a key path; the first place wins."""
        self.places.setdefault(path, self.line)


def places(text: str) -> Mapping[KeyPath, int]:
    """Return the line, from 1, of every key, table and array element.

    Args:
        text: Valid TOML; of anything else, the places up to the first trouble are returned.
    """
    scan = _Scan(text=text)
    table: KeyPath = ()
    try:
        while scan.take(_BLANK) is not None and scan.position < len(text):
            before = scan.position
            if scan.sees("[["):
                table = _header(scan, "]]")
            elif scan.sees("["):
                table = _header(scan, "]")
            else:
                _key_and_value(scan, table)
            if scan.position == before:
                break
    except RecursionError:
        pass  # nested deeper than anybody writes: the places so far must do
    return scan.places


def nearest_line(known: Mapping[KeyPath, int], path: Sequence[str | int]) -> int | None:
    """Return the line of the path, or of the nearest thing around it; None for the whole file."""
    for length in range(len(path), 0, -1):
        line = known.get(tuple(path[:length]))
        if line is not None:
            return line
    return None


def _header(scan: _Scan, closing: str) -> KeyPath:
    parts = _key(scan)
    scan.sees(closing)
    path: KeyPath = ()
    for index, part in enumerate(parts):
        path = (*path, part)
        last = index == len(parts) - 1
        if last and closing == "]]":
            scan.remember(path)
            number = scan.elements.get(path, -1) + 1
            scan.elements[path] = number
            path = (*path, number)
        elif path in scan.elements:
            path = (*path, scan.elements[path])
        scan.remember(path)
    return path


def _key(scan: _Scan) -> list[str]:
    parts: list[str] = []
    while True:
        scan.take(_SPACE)
        match = scan.take(_KEY_PART)
        if match is None:
            return parts
        parts.append(_name(match))
        scan.take(_SPACE)
        if not scan.sees("."):
            return parts


def _name(match: re.Match[str]) -> str:
    if match["basic"] is None:
        return match["bare"] or match["literal"] or ""
    return _ESCAPE.sub(_character, match["basic"])


def _character(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2]
    # What is beyond Unicode is no TOML; whoever reads that says so.
    return str(escape[3]) if code is None else chr(min(int(code, 16), sys.maxunicode))


def _key_and_value(scan: _Scan, table: KeyPath) -> None:
    path = table
    for part in _key(scan):
        path = (*path, part)
        scan.remember(path)
    scan.take(_SPACE)
    if scan.sees("="):
        scan.take(_SPACE)
        _value(scan, path)


def _value(scan: _Scan, path: KeyPath) -> None:
    if scan.sees("["):
        number = 0
        while scan.take(_BLANK) is not None and not scan.sees("]"):
            before = scan.position
            scan.remember((*path, number))
            _value(scan, (*path, number))
            scan.take(_BLANK)
            scan.sees(",")
            number += 1
            if scan.position == before:
                return
    elif scan.sees("{"):
        while scan.take(_BLANK) is not None and not scan.sees("}"):
            before = scan.position
            _key_and_value(scan, path)
            scan.take(_BLANK)
            scan.sees(",")
            if scan.position == before:
                return
    elif scan.take(_STRING) is None:
        scan.take(_PLAIN)
