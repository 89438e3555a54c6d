"""The door's lines of the log."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager

import structlog
from structlog.contextvars import bound_contextvars

from reviewer.adapters.logs.line import free_names
from reviewer.ports.door_watch import Field, Level

_NAME = "reviewer.server"
_NUMBERS = {name.lower(): number for name, number in logging.getLevelNamesMapping().items()}


class DoorLog:
    """Writes what the door says: the lines of `ports.door_watch.DoorWatch`."""

    def __init__(self) -> None:
        self._logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(_NAME)
        self._level = logging.getLogger(_NAME)

    def bound(self, **ids: str | int) -> AbstractContextManager[None]:
        """Let every line of the block carry ids."""
        return bound_contextvars(**ids)

    def log(self, level: Level, event: str, **fields: Field) -> None:
        """Write a line."""
        number = _NUMBERS[level]
        # Most lines of the door are for those who look for something: asked before they are made.
        if self._level.isEnabledFor(number):
            self._logger.log(number, event, **free_names(fields))
