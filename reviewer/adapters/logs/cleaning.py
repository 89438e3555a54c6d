"""Makes any value fit to be logged: plain, short, without secrets (security.md S17, S22).

Whoever writes a line does not have to think of it: every value of every line goes through here,
those of libraries too. An object that is none of the plain kinds is named by its type; what its
``repr`` would show is nobody's promise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from math import isfinite
from pathlib import PurePath
from uuid import UUID

from reviewer.domain.redactor import redact

#: What a line holds is read by people; what is longer stands elsewhere, in a review or a table.
LONGEST_TEXT = 500
LONGEST_NAME = 64
MOST_ITEMS = 40
MOST_DEPTH = 3

#: A text this much longer is cut before it is searched: nobody may make that long.
_SEARCHED = 8 * LONGEST_TEXT
#: What a cut may have left of a secret that is known by its form.
_EDGE = 300
#: Integers beyond are no figures of ours, and JSON readers disagree about them.
_LARGEST = 2**63
_CACHED = 4_096
_CACHED_LENGTH = 120

#: Names under which only secrets stand. Counts of tokens are plural, and numbers.
_SECRET_NAME = re.compile(
    r"(?:^|[_-])(?:authorization|cookie|password|passwd|secret|token|api_?key|private_?key"
    r"|signature)s?$",
    re.IGNORECASE,
)
#: Names under which somebody's text stands; of it the beginning is enough.
_CONTENT_NAME = re.compile(
    r"(?:^|[_-])(?:content|prompt_text|text|body|diff|patch|answer|completion|quote)$",
    re.IGNORECASE,
)
LONGEST_CONTENT = 80

HIDDEN = "[redacted]"

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]


class Cleaner:
    """Cleans values with the secrets that this process knows.

    Args:
        secrets: Keys and tokens of ours.
    """

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        self._secrets = tuple(secrets)
        self._short = lru_cache(maxsize=_CACHED)(self._redacted)

    def fields(self, fields: Mapping[str, object]) -> dict[str, Plain]:
        """Clean the fields of a line."""
        return dict(self._items(fields, 0))

    def text(self, text: str, longest: int = LONGEST_TEXT) -> str:
        """Redact a text and cut it.

        Args:
            text: Any text.
            longest: Characters that stay at most, the note of the cut left out.
        """
        length = len(text)
        if length > _SEARCHED:
            text = self._redacted(text[:_SEARCHED])[:-_EDGE]
        else:
            text = self._short(text) if length <= _CACHED_LENGTH else self._redacted(text)
        if len(text) > longest or length > _SEARCHED:
            return f"{text[:longest]}… (of {length} characters)"
        return text

    def _redacted(self, text: str) -> str:
        # Lone surrogates are no text: https://www.rfc-editor.org/rfc/rfc8259#section-8.2
        return redact(text.encode("utf-8", "replace").decode(), self._secrets)

    def _items(self, fields: Mapping[str, object], depth: int) -> Iterator[tuple[str, Plain]]:
        for position, (key, value) in enumerate(fields.items()):
            if position == MOST_ITEMS:
                yield "more_fields", len(fields) - MOST_ITEMS
                return
            # Keys of somebody's mapping need not be what its type says.
            name = self.text(str(key), LONGEST_NAME)
            yield name, self._field(name, value, depth)

    def _field(self, name: str, value: object, depth: int) -> Plain:
        if isinstance(value, str | bytes | Sequence | Mapping) and _SECRET_NAME.search(name):
            return HIDDEN
        if isinstance(value, str) and _CONTENT_NAME.search(name):
            return self.text(value, LONGEST_CONTENT)
        return self._value(value, depth)

    def _value(self, value: object, depth: int) -> Plain:
        plain: Plain
        match value:
            case None | bool():
                plain = value
            case Enum():
                plain = self._value(value.value, depth)
            case str() | PurePath() | UUID():
                plain = self.text(str(value))
            case int() | float() | Decimal():
                plain = _number(value)
            case datetime() | date():
                plain = value.isoformat()
            case Mapping() | list() | tuple() | AbstractSet():
                plain = self._many(value, depth)
            case _:
                plain = _named(value)
        return plain

    def _many(
        self, value: Mapping[str, object] | Sequence[object] | AbstractSet[object], depth: int
    ) -> Plain:
        if depth == MOST_DEPTH:
            return _named(value)
        if isinstance(value, Mapping):
            return dict(self._items(value, depth + 1))
        listed = [
            self._value(item, depth + 1) for item, _ in zip(value, range(MOST_ITEMS), strict=False)
        ]
        more = len(value) - len(listed)
        return [*listed, f"… and {more} more"] if more else listed


def _number(value: float | Decimal) -> Plain:
    if isinstance(value, Decimal):
        return str(value)[:LONGEST_NAME]
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    return value if abs(value) < _LARGEST else "<large number>"


def _named(value: object) -> str:
    """Name an object that is not shown by its type."""
    return f"<{type(value).__name__[:LONGEST_NAME]}>"
