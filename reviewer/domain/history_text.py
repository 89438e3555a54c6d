"""A history as a short text that a comment's marker can hold, and back, within bounds.

The text is strict JSON, compressed, in base64, whose alphabet cannot end an HTML comment. What
looks like a secret is taken out before: base64 would hide it from everybody but a thief.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from pydantic import TypeAdapter, ValidationError

from reviewer.domain.history import History
from reviewer.domain.redactor import redact
from reviewer.errors import ResourceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is read of a history.

    Args:
        characters: How long its text may be.
        json_bytes: How much may come out of it.
    """

    characters: int
    json_bytes: int


#: What a marker may take of a comment of 60,000 bytes, in characters.
TEXT_LIMIT = 20_000

#: What may come out of such a text, in bytes: a few kilobytes can be made to swell to gigabytes.
JSON_LIMIT = 1_000_000

_MARKER_LIMITS = Limits(characters=TEXT_LIMIT, json_bytes=JSON_LIMIT)

#: A database holds what a marker has no room for; of no pull request more than this.
RECORD_LIMIT = 400_000
RECORD_LIMITS = Limits(characters=RECORD_LIMIT, json_bytes=20_000_000)

#: Where people's, models' and the change's own words stand; names and digests pass as they are.
_WORDS = frozenset({"headline", "explanation", "remedy", "quote", "suggestion", "reason"})


def encode(history: History) -> str:
    """Write a history for a marker.

    Args:
        history: The history, cut to size before (`remember.bounded`).

    Raises:
        ResourceError: It is too long.
    """
    text = history_text(history)
    if len(text) > TEXT_LIMIT:
        message = f"a history of {len(text):,} characters does not fit into {TEXT_LIMIT:,}"
        raise ResourceError(message)
    return text


def text_size(history: History) -> int:
    """Return how many characters a history takes."""
    return len(history_text(history))


def decode(text: str, limits: Limits = _MARKER_LIMITS) -> History | None:
    """Read a history; None where the text is none.

    Args:
        text: What `encode` or `history_text` wrote; anything else is refused within bounds.
        limits: How much is read; as much as a marker may hold by default.
    """
    if len(text) > limits.characters:
        return None
    try:
        unpacking = zlib.decompressobj()
        document = unpacking.decompress(base64.b64decode(text, validate=True), limits.json_bytes)
    except (ValueError, zlib.error):  # what is no ASCII is no error of base64's own
        return None
    if not unpacking.eof or unpacking.unused_data:
        return None
    try:
        return replace(_adapter().validate_json(document, strict=True), trusted=False)
    except ValidationError:
        return None


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[History]:
    return TypeAdapter(History)


def history_text(history: History) -> str:
    """Write a history, however long; whether it is trusted is not part of it.

    Equal histories make equal texts.
    """
    values = _adapter().dump_python(history, exclude={"trusted"}, exclude_defaults=True)
    document = json.dumps(
        _without_secrets(values), default=_plain, ensure_ascii=False, separators=(",", ":")
    )
    # A path may hold bytes that are no UTF-8: it becomes another one, and its file a new one.
    packed = zlib.compress(document.encode("utf-8", "replace"), 9)
    return base64.b64encode(packed).decode("ascii")


def _plain(value: object) -> object:
    """Write a set in order, so that equal histories make equal texts, and a price exactly."""
    return sorted(value) if isinstance(value, frozenset) else str(value)


def _without_secrets(value: object) -> object:
    if isinstance(value, Mapping):
        return {
            key: redact(entry)
            if key in _WORDS and isinstance(entry, str)
            else _without_secrets(entry)
            for key, entry in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_without_secrets(entry) for entry in value]
    return value
