"""The door's lines of the log."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager

import structlog
from structlog.contextvars import bound_contextvars

from reviewer.adapters.logs.line import free_names
from reviewer.ports.door_watch import Field, Level


class DoorLog:
    """Writes what the door says: the lines of `ports.door_watch.DoorWatch`."""

    def __init__(self) -> None:
        self._logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("reviewer.server")

    def bound(self, **ids: str | int) -> AbstractContextManager[None]:
        """Let every line of the block carry ids."""
        return bound_contextvars(**ids)

    def log(self, level: Level, event: str, **fields: Field) -> None:
        """Write a line."""
        number = logging.getLevelNamesMapping()[level.upper()]
        self._logger.log(number, event, **free_names(fields))
