"""What this process carries out at the moment, so that it can be let go of."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Running:
    """The workflows whose bodies run here, by id."""

    def __init__(self) -> None:
        self._tasks: dict[str, set[asyncio.Task[object]]] = {}
        self._waiting: set[asyncio.Task[object]] = set()
        self._closing = False

    @property
    def ids(self) -> frozenset[str]:
        """Which."""
        return frozenset(self._tasks)

    @contextmanager
    def hold(self, workflow_id: str) -> Iterator[None]:
        """Count the current task as the workflow's while the block runs."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a workflow runs outside of the loop")
        tasks = self._tasks.setdefault(workflow_id, set())
        tasks.add(task)
        try:
            yield
        finally:
            tasks.discard(task)
            if not tasks:
                self._tasks.pop(workflow_id, None)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Say that what the current task waits for may be waited for by anybody, at any time."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a workflow runs outside of the loop")
        if self._closing:
            raise asyncio.CancelledError
        self._waiting.add(task)
        try:
            yield
        finally:
            self._waiting.discard(task)

    def begin_closing(self) -> None:
        """Let go of whatever only waits, from now on."""
        self._closing = True
        for task in self._waiting:
            task.cancel()

    def let_go(self, workflow_id: str | None = None) -> int:
        """Break a workflow off where it stands, or all of them; return how many tasks.

        Whatever was not kept is done again by whoever takes it up; a workflow that the engine
        has cancelled is taken up by nobody.
        """
        chosen = [self._tasks.get(workflow_id, set())] if workflow_id else self._tasks.values()
        tasks = [task for group in chosen for task in group]
        for task in tasks:
            task.cancel()
        return len(tasks)
