"""Writes what happens in runs to the log, one line an event."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import structlog

from reviewer.adapters.logs.line import FIRST
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


#: Names that a line, or the call that writes it, gives a meaning.
_TAKEN = frozenset(
    {*FIRST, "error", "exc_info", "extra", "left_out", "stack_info", "stacklevel"}
) - {"delivery_id", "installation_id"}


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
                **{_free(name): value for name, value in event.data.items()},
                "run_id": event.run_id,
                "sequence": event.sequence,
                "status": event.status.value,
            },
        )


def _free(name: str) -> str:
    return f"data_{name}" if name in _TAKEN else name
