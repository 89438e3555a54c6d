"""Writes down what comes at the same time in one transaction.

One commit costs as much as the rest of writing a delivery down: whoever comes while one is being
made waits for the next, together with everybody else who does. Nobody is told that something is
written down before its transaction is.

A thread takes what waits by itself, batch after batch. The loop may be busy reading two hundred
deliveries; meanwhile the database works on those that are read.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

from reviewer.adapters.durable.crowd import Crowd
from reviewer.adapters.durable.enqueuing import Wanted
from reviewer.ports.engine import EngineError

#: So many at once: what a transaction holds up is held up for milliseconds.
_MOST_AT_ONCE = 100

#: A crowd comes together for so long at most: each transaction takes the processor from the loop
#: while it reads those who are still to come.
_GATHERING_SECONDS = 0.008
_GATHERINGS = 4

#: Writes workflows down in one transaction, no id twice, and returns for each whether it is new.
Write = Callable[[Sequence[Wanted]], Sequence[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """What waits to be written down, and who waits for it."""

    wanted: Wanted
    written: asyncio.Future[bool]


@dataclass(slots=True)
class _Turn:
    """One thread's turn at writing.

    Args:
        begun: When it began with what it writes now, by the loop's clock.
    """

    begun: float


class Intake:
    """Enqueues workflows, many in one transaction.

    Args:
        write: Writes them down, in a thread; an `EngineError` says that nothing is written.
        threads: Where it is done. More than one, so that another thread goes on where one hangs
            on a server that is gone.
        crowd: Is told how many wait.
        answer_seconds: How long whoever comes waits.
    """

    def __init__(
        self, write: Write, threads: ThreadPoolExecutor, crowd: Crowd, *, answer_seconds: float
    ) -> None:
        self._write = write
        self._threads = threads
        self._crowd = crowd
        self._answer_seconds = answer_seconds
        self._changing = Lock()
        self._waiting: deque[_Entry] = deque()
        self._turn: _Turn | None = None

    async def add(self, wanted: Wanted) -> bool:
        """Enqueue a workflow once; False where one with its id was enqueued before.

        Args:
            wanted: Which.

        Raises:
            EngineError: It is not enqueued, or it is not known whether it is.
        """
        loop = asyncio.get_running_loop()
        entry = _Entry(wanted=wanted, written=loop.create_future())
        with self._changing:
            self._waiting.append(entry)
            self._crowd.count(len(self._waiting))
            turn = self._next_turn(loop.time())
        if turn is not None:
            try:
                self._threads.submit(self._work, turn, loop)
            except RuntimeError as error:
                raise EngineError("the engine is closed") from error
        try:
            async with asyncio.timeout(self._answer_seconds):
                return await entry.written
        except TimeoutError as error:
            raise EngineError("the engine's database does not answer") from error

    def _next_turn(self, now: float) -> _Turn | None:
        """Give another thread its turn where none writes, or the one that does hangs."""
        if self._turn is not None and now - self._turn.begun <= self._answer_seconds:
            return None
        # Those who wait for one that hangs have gone by now.
        self._turn = _Turn(now)
        return self._turn

    # --- in a thread -------------------------------------------------------------------------
    def _work(self, turn: _Turn, loop: asyncio.AbstractEventLoop) -> None:
        while batch := self._take(turn, loop.time()):
            told = self._written(batch)
            with suppress(RuntimeError):  # the loop is gone, and everybody who waited with it
                loop.call_soon_threadsafe(_tell, batch, told)

    def _gather(self) -> None:
        """Let a crowd come together, as long as it grows."""
        seen = 0
        for _ in range(_GATHERINGS):
            waiting = len(self._waiting)
            grows = seen < waiting < _MOST_AT_ONCE
            if not (grows and self._crowd.count(waiting)):
                return
            seen = waiting
            time.sleep(_GATHERING_SECONDS)

    def _take(self, turn: _Turn, now: float) -> list[_Entry]:
        """Take what is to be written next; nothing where the turn is over."""
        self._gather()
        batch: list[_Entry] = []
        with self._changing:
            if self._turn is not turn:
                return batch
            turn.begun = now
            while self._waiting and len(batch) < _MOST_AT_ONCE:
                entry = self._waiting.popleft()
                # Whoever has gone was told that nothing is written down.
                if not entry.written.done():
                    batch.append(entry)
            if not batch:
                self._turn = None
        return batch

    def _written(self, batch: Sequence[_Entry]) -> Sequence[bool] | Exception:
        """Write a batch; of two with one id the second is known, whichever of them that is."""
        first: dict[str, Wanted] = {}
        for entry in batch:
            first.setdefault(entry.wanted.workflow_id, entry.wanted)
        # In one order everywhere: of two transactions none waits for the other's second row.
        ordered = [first[workflow_id] for workflow_id in sorted(first)]
        try:
            fresh = self._write(ordered)
        except Exception as error:  # noqa: BLE001 - it is raised where somebody waits for it
            return error
        new = {one.workflow_id: is_new for one, is_new in zip(ordered, fresh, strict=True)}
        # The first one to ask takes the answer.
        return [new.pop(entry.wanted.workflow_id, False) for entry in batch]


def _tell(batch: Sequence[_Entry], results: Sequence[bool] | Exception) -> None:
    """Tell those who still wait."""
    for place, entry in enumerate(batch):
        if entry.written.done():
            continue
        if isinstance(results, EngineError):
            # Each gets an error of its own: it is raised in each of them.
            entry.written.set_exception(EngineError(str(results)))
        elif isinstance(results, Exception):
            entry.written.set_exception(results)
        else:
            entry.written.set_result(results[place])
