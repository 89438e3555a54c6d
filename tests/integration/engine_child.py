"""A worker in a process of its own, to be killed: five calls that cost money, then one post.

``python engine_child.py DATABASE FOLDER DEATHS``. What it did stands in ``FOLDER/effects``, a JSON
object a line, written before anything else knows of it; what it was answered is kept by the
product's own journal in ``FOLDER/service.sqlite3``.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from reviewer.adapters.database.service_store import DatabaseStore, open_service_store
from reviewer.adapters.durable.engine import DbosEngine
from reviewer.domain.delivery import Delivery
from reviewer.domain.review_order import Followup, ReviewOrder, RunEnd
from reviewer.ports.engine import Duties
from tests.integration.engine_scene import COMPLETED, order, settings_for

CALLS = 5
#: A pull request whose review takes its process down.
POISON = 666


class Tiny:
    """Services that pay and post into a file.

    Args:
        folder: Where the file is.
        store: Keeps what was paid for.
        seconds: How long a call takes, at least and at most.
    """

    def __init__(
        self, folder: Path, store: DatabaseStore, seconds: tuple[float, float] = (0.05, 0.4)
    ) -> None:
        self._effects = folder / "effects"
        self._store = store
        self._seconds = seconds
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._descriptor = os.open(self._effects, flags, 0o600)

    def duties(self) -> Duties:
        """Return them as the engine knows them."""
        return Duties(
            handle=self._handle,
            undone=self._undone,
            queued=self._nothing,
            review=self._review,
            end=self._end,
            sweep=self._nothing,
            forget=self._nothing,
        )

    def note(self, what: str, **more: object) -> None:
        """Write down what was done."""
        line = json.dumps({"what": what, "by": os.getpid(), "at": time.time(), **more})
        os.write(self._descriptor, f"{line}\n".encode())

    async def _handle(self, delivery: Delivery) -> Followup:
        number = int(delivery.id.partition("-")[0])
        self.note("handled", delivery=delivery.id)
        wanted = order(number, cause=delivery.id, asked=True)
        return Followup(outcome="ordered", orders=(wanted,))

    async def _review(self, wanted: ReviewOrder, run_id: str) -> RunEnd:
        self.note("begun", run=run_id, cause=wanted.delivery_id)
        if wanted.pull_request.number == POISON:
            await asyncio.sleep(0.3)
            os._exit(9)
        journal = self._store.journal(run_id)
        await asyncio.gather(
            *(journal.once(f"ask:{number}", self._call(run_id, number)) for number in range(CALLS))
        )
        # Publishing looks for its marker first.
        posted = {line["run"] for line in read(self._effects) if line["what"] == "posted"}
        if run_id not in posted:
            self.note("posted", run=run_id, cause=wanted.delivery_id)
        return COMPLETED

    def _call(self, run_id: str, number: int) -> Callable[[], Awaitable[int]]:
        async def call() -> int:
            self.note("asked", run=run_id, call=number)
            await asyncio.sleep(random.uniform(*self._seconds))  # noqa: S311 - a latency
            self.note("answered", run=run_id, call=number)
            return number

        return call

    async def _undone(self, delivery: Delivery, why: str) -> None:
        self.note("undone", delivery=delivery.id, why=why)

    async def _end(self, wanted: ReviewOrder, run_id: str, end: RunEnd) -> None:
        self.note("told", run=run_id, cause=wanted.delivery_id, state=end.state, reason=end.reason)

    async def _nothing(self, *_: object) -> None:
        return


def read(effects: Path) -> list[dict[str, Any]]:
    """Return what was done so far."""
    if not effects.exists():
        return []
    return [json.loads(line) for line in effects.read_text().splitlines()]


async def main(database: str, folder: Path, most_deaths: int) -> None:
    """Work until told to stop."""
    logging.basicConfig(format="%(process)d %(relativeCreated)d %(message)s", level=logging.INFO)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with open_service_store(f"sqlite:///{folder}/service.sqlite3") as store:
        tiny = Tiny(folder, store)
        engine = DbosEngine(settings_for(database, most_deaths=most_deaths))
        await engine.open()
        await engine.work(tiny.duties())
        tiny.note("works")
        await stop.wait()
        await engine.close(grace_seconds=3)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
