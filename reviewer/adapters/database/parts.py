"""Cuts long lists into parts: a statement takes a bounded number of values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")

#: SQLite takes 32,766 (https://www.sqlite.org/limits.html), PostgreSQL 32,767.
_MOST_VALUES = 1_000


def in_parts(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yield the items in parts that one statement takes.

    Args:
        items: All of them.
    """
    for start in range(0, len(items), _MOST_VALUES):
        yield items[start : start + _MOST_VALUES]
