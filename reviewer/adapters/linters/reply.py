"""What a linter prints, read as data: JSON whose shape is checked before it is believed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from reviewer.errors import CommunicationError


class UnexpectedReplyError(CommunicationError):
    """A linter printed something that it does not print."""


def records(stdout: bytes) -> tuple[Mapping[str, object], ...]:
    """Read a JSON array of objects.

    Args:
        stdout: What the linter printed.

    Raises:
        UnexpectedReplyError: It is something else.
    """
    try:
        value: object = json.loads(stdout)
    except (ValueError, RecursionError) as error:
        raise UnexpectedReplyError("its output is not JSON") from error
    return tuple(mapping(item) for item in sequence(value))


def sequence(value: object) -> Sequence[object]:
    """Return the value as a list.

    Raises:
        UnexpectedReplyError: It is something else.
    """
    if not isinstance(value, list):
        raise UnexpectedReplyError("its output has an unknown form")
    return value


def mapping(value: object) -> Mapping[str, object]:
    """Return the value as an object.

    Raises:
        UnexpectedReplyError: It is something else.
    """
    if not isinstance(value, dict):
        raise UnexpectedReplyError("its output has an unknown form")
    return value


def text(record: Mapping[str, object], key: str) -> str:
    """Return a text of an object.

    Raises:
        UnexpectedReplyError: There is none.
    """
    value = record.get(key)
    if not isinstance(value, str):
        raise UnexpectedReplyError(f'its output has no text "{key}"')
    return value


def number(record: Mapping[str, object], key: str) -> int:
    """Return a whole number of an object.

    Raises:
        UnexpectedReplyError: There is none.
    """
    value = record.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise UnexpectedReplyError(f'its output has no number "{key}"')
    return value
