"""What this process carries out at the moment, so that it can be let go of."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Running:
    """The workflows whose bodies run here, by id."""

    def __init__(self) -> None:
        self._tasks: dict[str, set[asyncio.Task[object]]] = {}
        self._acting: Counter[str] = Counter()
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
    def acting(self, workflow_id: str) -> Iterator[None]:
        """Say that a workflow does something while the block runs; else it waits for something.

        Raises:
            asyncio.CancelledError: Nothing more is begun here.
        """
        if self._closing:
            raise asyncio.CancelledError
        self._acting[workflow_id] += 1
        try:
            yield
        finally:
            self._acting[workflow_id] -= 1
            if not self._acting[workflow_id]:
                del self._acting[workflow_id]

    def begin_closing(self) -> None:
        """Begin nothing more; what is being done goes on."""
        self._closing = True

    def let_go_of_waiting(self) -> None:
        """Break off what only waits: for its turn, for another workflow, for another try."""
        for workflow_id in self._tasks.keys() - self._acting.keys():
            self.let_go(workflow_id)

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
