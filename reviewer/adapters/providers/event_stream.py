"""Reads server-sent events out of chunks of any size.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event.

    Args:
        name: Its name, empty where it has none.
        data: Its data lines, joined by line feeds.
        ended: Whether the empty line that ends it arrived.
    """

    name: str
    data: str
    ended: bool = True


class EventStream:
    """Takes chunks, gives events; linear in the bytes however they are cut."""

    def __init__(self) -> None:
        self._line: list[bytes] = []
        self._after_carriage_return = False
        self._first_line = True
        self._name = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Take a chunk and give the events that it completes."""
        if not chunk:
            return
        if self._after_carriage_return and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        self._after_carriage_return = chunk.endswith(b"\r")
        first, *others = _LINE_END.split(chunk)
        self._line.append(first)
        for piece in others:
            yield from self._end_line()
            self._line.append(piece)

    def close(self) -> Iterator[Event]:
        """Give the last event, which some servers do not end with an empty line.

        One that was cut off comes out too; only its data can tell.
        """
        yield from self._end_line()
        yield from self._dispatch(ended=False)

    def _end_line(self) -> Iterator[Event]:
        line = b"".join(self._line).decode("utf-8", "replace")
        self._line.clear()
        if self._first_line:
            line = line.removeprefix(_BYTE_ORDER_MARK)
            self._first_line = False
        if not line:
            yield from self._dispatch()
            return
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._name = value

    def _dispatch(self, *, ended: bool = True) -> Iterator[Event]:
        if self._data:
            yield Event(name=self._name, data="\n".join(self._data), ended=ended)
        self._name = ""
        self._data = []
