"""A line on a person's terminal that says what is being done, once it takes long."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.status import Status

#: Nobody needs to be told about less.
PATIENCE_SECONDS = 0.5


class TerminalProgress:
    """Tells the stages of a run on standard error; silent for quick runs and for pipes.

    Args:
        enabled: Whether to show anything.
        colour: Whether colours are wanted.
    """

    def __init__(self, *, enabled: bool, colour: bool = True) -> None:
        self._timer = threading.Timer(PATIENCE_SECONDS, self._show) if enabled else None
        self._colour = colour
        self._lock = threading.Lock()
        self._name = ""
        self._status: Status | None = None
        self._over = False

    @classmethod
    def for_person(cls, *, wanted: bool, colour: bool) -> TerminalProgress:
        """Return one that shows itself only where a person sits."""
        return cls(enabled=wanted and sys.stderr.isatty(), colour=colour)

    def stage(self, name: str) -> None:
        """Begin a stage."""
        with self._lock:
            self._name = name
            if self._status is not None:
                self._status.update(f"{name} …")

    def __enter__(self) -> Self:
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._over = True
            if self._status is not None:
                self._status.stop()

    def _show(self) -> None:
        from rich.console import Console
        from rich.status import Status

        with self._lock:
            if self._over:
                return
            console = Console(stderr=True, no_color=not self._colour)
            self._status = Status(f"{self._name} …", console=console)
            self._status.start()
