"""Reads values out of answers that may lack any field: nothing here raises.

GitHub's types say what may be null, and its answers go further: a deleted account, a deleted fork,
a comment without lines. Whatever is not there or is something else reads as empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_NOTHING: Mapping[str, object] = MappingProxyType({})


def mapping(value: object, *names: str) -> Mapping[str, object]:
    """Return the mapping that stands there.

    Args:
        value: Anything out of an answer.
        names: The way down: fields inside fields.
    """
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else _NOTHING


def items(value: object) -> list[Mapping[str, object]]:
    """Return the mappings of a list; what is null in it is left out."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: object) -> str:
    """Return a text, without lone surrogates: those can be encoded nowhere."""
    if not isinstance(value, str):
        return ""
    return value.encode("utf-8", "replace").decode("utf-8")


def number(value: object) -> int | None:
    """Return a whole number; GraphQL writes large ones as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19:  # noqa: PLR2004
        return int(value)
    return None
