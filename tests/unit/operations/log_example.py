"""Logs of a test: lines that were written, each read back as JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from reviewer.adapters.logs.json_lines import LogSettings, json_logs

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@dataclass
class Written:
    """What was written, and the time that sampling sees."""

    stream: io.StringIO = field(default_factory=io.StringIO)
    seconds: float = 0.0

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def last(self) -> dict[str, object]:
        return self.lines[-1]


@contextmanager
def logging_to_memory(
    *, secrets: Sequence[str] = (), level: str = "info", most_alike: int = 50, trace_id: str = ""
) -> Iterator[Written]:
    """Set logs up for the time of a block."""
    written = Written()
    settings = LogSettings(
        level=level,
        secrets=secrets,
        stream=written.stream,
        time=lambda: written.seconds,
        now=lambda: NOW,
        most_alike=most_alike,
        trace_id=lambda: trace_id,
    )
    with json_logs(settings):
        yield written
