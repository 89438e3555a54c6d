"""Sampling: of a line that is said again and again, the first few of each stretch of time.

Only what informs is sampled. A warning, an error, and a line that accounts for something (how a
review began and ended, what became of a delivery) is always written; but not the warnings whose
number a stranger decides. Nothing goes silently: the next line of the same kind says how many were
left out before it.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from typing_extensions import override

#: Kinds of lines that are counted; the longest silent is forgotten first.
_MOST_KINDS = 1_000
_LONGEST_KIND = 200


@dataclass(slots=True)
class _Stretch:
    """One stretch of time of one kind of line."""

    began: float
    said: int = 0
    left_out: int = 0


class Sampling(logging.Filter):
    """Lets the first lines of a kind pass.

    Args:
        time: Tells seconds that only ever grow.
        most: Lines of one kind in a stretch.
        stretch_seconds: How long a stretch is.
        always: Lines that are never left out, by what they say.
        strangers: Lines that anybody can cause, by what they say: sampled whatever their level.
    """

    def __init__(
        self,
        time: Callable[[], float],
        *,
        most: int = 50,
        stretch_seconds: float = 10.0,
        always: Collection[str] = (),
        strangers: Collection[str] = (),
    ) -> None:
        super().__init__()
        self._time = time
        self._most = most
        self._seconds = stretch_seconds
        self._always = frozenset(always)
        self._strangers = frozenset(strangers)
        self._kinds: OrderedDict[tuple[str, int, str], _Stretch] = OrderedDict()

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a line is written, and note on it how many were not."""
        said = _said(record)
        told = record.levelno >= logging.WARNING or said in self._always
        if told and said not in self._strangers:
            return True
        stretch = self._stretch((record.name, record.levelno, said))
        now = self._time()
        if now - stretch.began >= self._seconds:
            stretch.began = now
            stretch.said = 0
        if stretch.said >= self._most:
            stretch.left_out += 1
            return False
        stretch.said += 1
        if stretch.left_out:
            record.left_out = stretch.left_out
            stretch.left_out = 0
        return True

    def _stretch(self, kind: tuple[str, int, str]) -> _Stretch:
        if kind not in self._kinds:
            self._kinds[kind] = _Stretch(began=self._time())
            if len(self._kinds) > _MOST_KINDS:
                self._kinds.popitem(last=False)
        self._kinds.move_to_end(kind)
        return self._kinds[kind]


def _said(record: logging.LogRecord) -> str:
    """Return what a line says, without the values in it."""
    said = record.msg.get("event", "") if isinstance(record.msg, dict) else record.msg
    return said[:_LONGEST_KIND] if isinstance(said, str) else ""
