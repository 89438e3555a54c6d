"""Writes down what comes at the same time in one transaction.

One commit costs as much as the rest of writing a delivery down: whoever comes while one is being
made waits for the next, together with everybody else who does. Nobody is told that something is
written down before its transaction is.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import sqlalchemy as sa
from dbos import DBOSClient, EnqueueOptions
from dbos import error as dbos_error

from reviewer.ports.engine import EngineError

Result = TypeVar("Result")

#: So many at once: what a transaction holds up is held up for milliseconds.
_MOST_AT_ONCE = 100

#: So many that come while one transaction is made are a crowd; what works here waits until it is
#: gone, since a delivery has to be acknowledged at once and a review has not.
_CROWD = 5
_GONE_SECONDS = 0.15
_LONGEST_COURTESY_SECONDS = 2.0
_LOOK_SECONDS = 0.05

#: Does something with the database in a thread, and raises an `EngineError` where it cannot.
Ask = Callable[[Callable[[], list[bool]]], Awaitable[list[bool]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """What waits to be written down, and who waits for it."""

    options: EnqueueOptions
    texts: Sequence[str]
    written: asyncio.Future[bool]


class Intake:
    """Enqueues workflows, many in one transaction.

    Args:
        ask: Does something with the database in a thread.
        database: Connections of the engine's database.
        client: Enqueues.
        answer_seconds: How long whoever comes waits.
    """

    def __init__(
        self, ask: Ask, database: sa.Engine, client: DBOSClient, *, answer_seconds: float
    ) -> None:
        self._ask = ask
        self._database = database
        self._client = client
        self._answer_seconds = answer_seconds
        self._waiting: deque[_Entry] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._crowded_at = float("-inf")

    async def calm(self) -> None:
        """Wait until no crowd comes in any more, and never for long."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _LONGEST_COURTESY_SECONDS
        while loop.time() < min(until, self._crowded_at + _GONE_SECONDS):  # noqa: ASYNC110 - it moves
            await asyncio.sleep(_LOOK_SECONDS)

    async def add(self, options: EnqueueOptions, *texts: str) -> bool:
        """Enqueue a workflow once; False where one with its id was enqueued before.

        Args:
            options: Which, where, under which id.
            texts: What it is given.

        Raises:
            EngineError: It is not enqueued, or it is not known whether it is.
        """
        entry = _Entry(
            options=options, texts=texts, written=asyncio.get_running_loop().create_future()
        )
        self._waiting.append(entry)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        try:
            async with asyncio.timeout(self._answer_seconds):
                return await entry.written
        except TimeoutError as error:
            raise EngineError("the engine's database does not answer") from error

    async def _write(self) -> None:
        while self._waiting:
            batch: list[_Entry] = []
            while self._waiting and len(batch) < _MOST_AT_ONCE:
                entry = self._waiting.popleft()
                # Whoever has gone was told that nothing is written down.
                if not entry.written.done():
                    batch.append(entry)
            if len(batch) >= _CROWD:
                self._crowded_at = asyncio.get_running_loop().time()
            await self._write_batch(batch)

    async def _write_batch(self, batch: Sequence[_Entry]) -> None:
        # In one order everywhere: of two transactions none waits for the other's second row.
        ordered = sorted(batch, key=lambda entry: entry.options["workflow_id"])
        try:
            fresh = await self._ask(lambda: self._enqueue(ordered))
        except EngineError as error:
            for entry in ordered:
                if not entry.written.done():
                    entry.written.set_exception(EngineError(str(error)))
            return
        for entry, new in zip(ordered, fresh, strict=True):
            if not entry.written.done():
                entry.written.set_result(new)

    def _enqueue(self, entries: Sequence[_Entry]) -> list[bool]:
        with self._database.begin() as connection:
            return [self._enqueue_one(connection, entry) for entry in entries]

    def _enqueue_one(self, connection: sa.Connection, entry: _Entry) -> bool:
        try:
            self._client.enqueue_in_transaction(connection, entry.options, *entry.texts)
        except dbos_error.DBOSWorkflowIDInUseError:
            return False
        return True
