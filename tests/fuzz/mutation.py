"""Changes an input a little, by chance that a seed decides: bytes, lines, pieces, and JSON values.

Coverage finds the way into a parser; a dictionary and a sense for JSON find it without coverage.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random

#: No input grows beyond this; length itself is what the benchmark of bounds is for.
LONGEST = 16_384

#: Pieces that mean something to one reader or another.
PIECES: tuple[bytes, ...] = tuple(
    piece.encode("utf-8", "surrogatepass")
    for piece in (
        *("@@ -1 +1 @@", "@@ -0,0 +1,2 @@", "diff --git a/x b/x\n", "--- a/x\n", "+++ b/x\n", "+"),
        *("-", " ", "\\ No newline at end of file", "rename from x\n", "/dev/null", "GIT binary"),
        *("@user", "@org/team", "#1", "GH-1", "a/b#1", "fixes #2", "https://e.example/", "www.e.x"),
        *(
            "<!--",
            "-->",
            "<!-- persona-reviewer:finding",
            "![x](y)",
            "[a]: b",
            "[^1]",
            "<img src=x>",
        ),
        *(
            "`",
            "``",
            "```",
            "~~~",
            "```suggestion",
            "\\",
            "|",
            "> ",
            "- ",
            "1. ",
            "    ",
            "\t",
            "$x$",
        ),
        *("&lt;", "&#64;", "&#x40;", "&amp;", "&commat;", "javascript:", "mailto:", "::", "##["),
        *(
            "/review",
            "/ask",
            "/dismiss 0123456",
            "/review full as a,b",
            "\u200b",
            "\u202e",
            "\ufe0f",
        ),
        *(
            "\ufeff",
            "\x00",
            "\x1b[2J",
            "\r\n",
            "\r",
            "\n\n",
            "\u2028",
            "\x85",
            "\U000e0041",
            "\ud800",
        ),
        *("\uff20", "\uff03", "{", "}", "[", "]", '"', "'", '"""', "'''", ",", ":", "=", "null"),
        *("true", "1e999", "NaN", "-1", "0", "99999999999999999999", "9" * 5_000, "\u0663", "0x1"),
        *(
            "+++\n",
            "---\n",
            "[[rules]]",
            "[match]",
            "a.b.c = 1",
            "schema = 1",
            "\\u0000",
            "\\ud800",
        ),
        *(
            "&a [*a]",
            "!!python/object",
            "<<: *x",
            '"\\UFFFFFFFF"',
            "? ",
            "- - - -",
            "{{ x }}",
            "{% if",
        ),
        *("data: ", "event: x", "<think>", "</think>", "```json", '"answers":[', '"verdicts":[]'),
        *("%41", "..", "//", "file:///", "C:\\", "FROM x AS y\n", "RUN <<E\n", "\\\n", "\udcff"),
    )
)
_VALUES: tuple[object, ...] = (
    *(None, True, False, 0, -1, 1, 10**12, 1.5, "", "x", "\ud800", "../x", [], {}, [None]),
    *({"a": None}, [[]], "1", "9" * 30, "NaN", -(2**63), 2**64),
)


def mutated(data: bytes, others: Sequence[bytes], chance: Random) -> bytes:
    """Change an input by one to six small changes.

    Args:
        data: The input.
        others: More inputs, of which pieces are taken.
        chance: Decides.
    """
    for _ in range(chance.choice((1, 1, 2, 3, 6))):
        data = chance.choice(_CHANGES)(data, others, chance)
    return data[:LONGEST]


def _span(data: bytes, chance: Random) -> tuple[int, int]:
    start = chance.randint(0, len(data))
    return start, min(len(data), start + chance.choice((0, 1, 1, 2, 4, 16, 64)))


def _piece(data: bytes, _others: Sequence[bytes], chance: Random) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + chance.choice(PIECES) * chance.choice((1, 1, 1, 2, 3)) + data[end:]


def _byte(data: bytes, _others: Sequence[bytes], chance: Random) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + chance.randbytes(end - start) + data[end:]


def _drop(data: bytes, _others: Sequence[bytes], chance: Random) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + data[end:]


def _double(data: bytes, _others: Sequence[bytes], chance: Random) -> bytes:
    start, end = _span(data, chance)
    return data[:end] + data[start:end] * chance.choice((1, 2, 8)) + data[end:]


def _line(data: bytes, others: Sequence[bytes], chance: Random) -> bytes:
    lines = data.split(b"\n")
    source = chance.choice(others).split(b"\n") if others else lines
    index = chance.randrange(len(lines))
    how = chance.randrange(4)
    if how == 0:
        del lines[index]
    elif how == 1:
        lines.insert(index, chance.choice(source))
    elif how == 2:
        lines[index] = chance.choice(source)
    else:
        other = chance.randrange(len(lines))
        lines[index], lines[other] = lines[other], lines[index]
    return b"\n".join(lines)


def _cut(data: bytes, others: Sequence[bytes], chance: Random) -> bytes:
    start, _ = _span(data, chance)
    other = chance.choice(others) if others else data
    tail, _ = _span(other, chance)
    return data[:start] + (other[tail:] if chance.random() < 0.5 else b"")


def _json(data: bytes, others: Sequence[bytes], chance: Random) -> bytes:
    """Change one value of a JSON text; what is no JSON gets a piece."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return _piece(data, others, chance)
    return json.dumps(_changed(value, chance)).encode("utf-8", "surrogatepass")


def _changed(value: object, chance: Random) -> object:
    """Go down by chance, and null, retype, remove, double or rename what is there."""
    inner = isinstance(value, dict | list) and len(value) > 0
    if not inner or chance.random() < 0.15:
        return chance.choice(_VALUES)
    if isinstance(value, list):
        index = chance.randrange(len(value))
        how = chance.randrange(6)
        if how == 0:
            return [*value[:index], *value[index + 1 :]]
        if how == 1:
            return [*value, value[index]]
        return [*value[:index], _changed(value[index], chance), *value[index + 1 :]]
    if isinstance(value, dict):
        key = chance.choice(list(value))
        how = chance.randrange(6)
        if how == 0:
            return {name: part for name, part in value.items() if name != key}
        if how == 1:
            return {**value, f"{key}x": value[key]}
        return {**value, key: _changed(value[key], chance)}
    return value


_CHANGES: tuple[Callable[[bytes, Sequence[bytes], Random], bytes], ...] = (
    *(_piece, _piece, _piece, _byte, _drop, _double, _line, _line, _cut, _json, _json, _json),
)
