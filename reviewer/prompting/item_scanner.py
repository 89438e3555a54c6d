"""The scanner: finds the complete items of one array in a model's text, in linear time.

It looks for the first object that has the array as a key of its own, with brackets counted and
strings skipped, and takes only items whose last bracket was seen. Nothing is ever closed,
repaired or guessed; what was cut off is not there.

What may stand around the object: a byte order mark, thoughts (``<think>…</think>``), prose, one
code fence. What makes it unusable: no such object, two that differ, nesting deeper than
`_DEEPEST`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

#: In characters; 64 k tokens of output are some 300,000.
LONGEST_TEXT = 2_000_000

#: Brackets within brackets; an answer has six.
_DEEPEST = 12

#: An item stands in the array, which stands in the object.
_ITEM_DEPTH = 2

#: How many objects are tried before the text is given up.
_TRIES = 8

#: JSON's numbers have no end, ours are small.
_LONGEST_NUMBER = 18

# Possessive, so that a string that never ends is read once.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?P<closed>")?|[\[\]{}]', re.DOTALL)
_OBJECT = re.compile(r'\{(?=\s*+")')
_THOUGHT = re.compile(r"\s*+<(think|thinking|thought|reasoning)>", re.IGNORECASE)
_CLOSES = {"]": "[", "}": "{"}


class FaultyItemError(ValueError):
    """An item is not JSON as it must be; the text says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What was found.

    Args:
        items: The decoded items, each with its place in the array; those that could not be
            decoded as the reason.
        complete: Whether the object around the array is there to its end, and valid.
        ignored: Other keys of that object.
        problem: What is wrong, in words that a repair prompt can use; empty where nothing is.
    """

    items: tuple[object, ...] = ()
    complete: bool = False
    ignored: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outline:
    """Where an object and the items of its array begin and end; ``end`` is -1 where it is cut."""

    start: int
    end: int
    spans: tuple[tuple[int, int], ...]


def scan(text: str, key: str, *, most: int) -> Scan:
    """Find the complete items of an array; it raises nothing, whatever the text.

    Args:
        text: The model's text.
        key: The key whose value is the array.
        most: How many items are decoded; the rest is named as a problem.

    Returns:
        What was there.
    """
    cut = len(text) > LONGEST_TEXT
    text = without_thoughts(text[:LONGEST_TEXT].lstrip("\ufeff"))
    outline = _outline(text, key, 0)
    if isinstance(outline, str):
        return Scan(problem=outline)
    found = _decode(text, key, outline, most=most)
    if outline.end >= 0:
        second = _outline(text, key, outline.end)
        if isinstance(second, _Outline):
            other = _decode(text, key, second, most=most)
            if other.items != found.items[: len(other.items)]:
                return Scan(problem="there are two JSON objects, and they differ")
    if cut and not found.problem:
        return Scan(
            items=found.items,
            ignored=found.ignored,
            problem=f"the text is longer than {LONGEST_TEXT:,} characters",
        )
    return found


def find_object(text: str, key: str) -> Mapping[str, object] | str:
    """Find the one object that has an array; it raises nothing, whatever the text.

    Args:
        text: The model's text.
        key: The key of the array.

    Returns:
        The whole object, decoded; or what is wrong, in words.
    """
    text = without_thoughts(text[:LONGEST_TEXT].lstrip("\ufeff"))
    outline = _outline(text, key, 0)
    if isinstance(outline, str):
        return outline
    if outline.end < 0:
        return "the JSON ends before it is complete"
    if isinstance(_outline(text, key, outline.end), _Outline):
        return "there are two JSON objects"
    try:
        whole = _load(text[outline.start : outline.end])
    except FaultyItemError as error:
        return f"the JSON is not valid: {error}"
    return whole if isinstance(whole, dict) else "there is no JSON object"


def without_thoughts(text: str) -> str:
    """Take away what a model that thinks aloud wrote before its answer."""
    opening = _THOUGHT.match(text)
    if opening is None:
        return text
    closing = re.compile(f"</{opening[1]}>", re.IGNORECASE).search(text, opening.end())
    return "" if closing is None else text[closing.end() :]


def _outline(text: str, key: str, position: int) -> _Outline | str:
    """Find the first object from a position on that has the array; else say what is wrong."""
    problem = ""
    for tries, match in enumerate(_OBJECT.finditer(text, position)):
        if tries == _TRIES:
            break
        outline = _trace(text, key, match.start())
        if isinstance(outline, _Outline):
            return outline
        problem = problem or outline
    return problem or "there is no JSON object"


def _trace(text: str, key: str, start: int) -> _Outline | str:
    """Follow the brackets of one object to its end."""
    trace = _Trace(array=re.compile(rf'"{re.escape(key)}"\s*+:\s*+\['))
    end = -1
    for token in _TOKEN.finditer(text, start):
        mark = text[token.start()]
        if mark == '"':
            if token["closed"] is None:
                break
            trace.string(text, token.start())
        elif mark in "[{":
            if len(trace.open) == _DEEPEST:
                return "the JSON is nested too deeply"
            trace.opening(mark, token.start())
        elif not trace.closing(mark, token.end()):
            break
        elif not trace.open:
            end = token.end()
            break
    if trace.arrays == 0:
        return f'there is no JSON object with the array "{key}"'
    if trace.arrays > 1:
        return f'the array "{key}" stands twice in one object'
    return _Outline(start=start, end=end, spans=tuple(trace.spans))


class _Trace:
    """The open brackets at one point of a text, and the items that ended before it."""

    def __init__(self, *, array: re.Pattern[str]) -> None:
        self.open: list[str] = []
        self.spans: list[tuple[int, int]] = []
        self.arrays = 0
        self._array = array
        self._inside = False
        self._item_start = 0

    def string(self, text: str, start: int) -> None:
        """Pass a string; in the object itself it may be the array's key."""
        if len(self.open) == 1 and self._array.match(text, start):
            self.arrays += 1
            self._inside = True

    def opening(self, mark: str, start: int) -> None:
        """Pass an opening bracket."""
        if len(self.open) == _ITEM_DEPTH:
            self._item_start = start
        self.open.append(mark)

    def closing(self, mark: str, end: int) -> bool:
        """Pass a closing bracket; tell whether it closes what is open."""
        if not self.open or self.open.pop() != _CLOSES[mark]:
            return False
        if self._inside and mark == "}" and len(self.open) == _ITEM_DEPTH:
            self.spans.append((self._item_start, end))
        self._inside = self._inside and len(self.open) > 1
        return True


def _decode(text: str, key: str, outline: _Outline, *, most: int) -> Scan:
    """Decode the whole object where it is there and valid, else item by item."""
    problem = "the JSON ends before it is complete"
    if outline.end >= 0 and len(outline.spans) <= most:
        try:
            whole = _load(text[outline.start : outline.end])
        except FaultyItemError as error:
            problem = f"the JSON is not valid: {error}"
        else:
            if isinstance(whole, dict) and isinstance(items := whole[key], list):
                ignored = tuple(name for name in whole if name != key)
                return Scan(items=tuple(items), complete=True, ignored=ignored)
    elif outline.end >= 0:
        problem = f"there are more than {most} items"
    items = tuple(_load_or_error(text[begin:end]) for begin, end in outline.spans[:most])
    return Scan(items=items, problem=problem)


def _load_or_error(text: str) -> object:
    try:
        return _load(text)
    except FaultyItemError as error:
        return error


def _load(text: str) -> object:
    try:
        value: object = _DECODER.decode(text)
    except FaultyItemError:
        raise
    except (ValueError, RecursionError) as error:
        where = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        said = error.msg if isinstance(error, json.JSONDecodeError) else "a value is too large"
        said = said.removesuffix(" at")
        raise FaultyItemError(f"{said}{where}") from None
    return value


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise FaultyItemError("a key stands twice in one object")
    return value


def _number(text: str) -> float:
    if len(text) > _LONGEST_NUMBER:
        raise FaultyItemError("a number is too long")
    value = float(text) if set(text) & set(".eE") else int(text)
    if value in {float("inf"), float("-inf")}:
        raise FaultyItemError("a number is too large")
    return value


def _constant(text: str) -> object:
    raise FaultyItemError(f"{text} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs,
    parse_int=_number,
    parse_float=_number,
    parse_constant=_constant,
)
