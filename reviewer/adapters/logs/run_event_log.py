"""Writes what happens in runs to the log, one line an event."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import structlog

from reviewer.adapters.logs.line import free_names
from reviewer.domain.run_event import FINAL, EventKind, EventStatus, RunEvent

#: What accounts for something; sampling leaves none of it out.
ALWAYS = frozenset(
    kind.value
    for kind in FINAL | {EventKind.REVIEW_STARTED, EventKind.RUN_PAUSED, EventKind.RUN_RESUMED}
)

#: How much an operator has to know of it; what is not here informs.
_LEVELS: Mapping[tuple[EventKind, EventStatus], int] = {
    (EventKind.REVIEW_FAILED, EventStatus.FAILED): logging.ERROR,
    (EventKind.REVIEW_PARTIAL, EventStatus.PARTIAL): logging.WARNING,
    (EventKind.PERSONA_FAILED, EventStatus.FAILED): logging.WARNING,
    (EventKind.COMPLETION_COMPLETED, EventStatus.FAILED): logging.WARNING,
    (EventKind.COMPLETION_CHUNK, EventStatus.RUNNING): logging.DEBUG,
}


class RunEventLog:
    """Logs events; implements `ports.run_events.EventHandler`."""

    def __init__(self) -> None:
        self._logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("reviewer.run")

    def heard(self, event: RunEvent) -> None:
        """Write one line."""
        self._logger.log(
            _LEVELS.get((event.kind, event.status), logging.INFO),
            event.kind.value,
            **{
                **free_names(event.data),
                "run_id": event.run_id,
                "sequence": event.sequence,
                "status": event.status.value,
            },
        )
