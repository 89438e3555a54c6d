"""The keeper: says that this worker is alive, and takes over what dead ones have left.

Nobody else does it: the free part of DBOS starts again only what a process with the same name
left, and what a dead process holds counts against every limit for ever.

A worker that dies of what it does would take the others with it, one after the other. So deaths
are counted: what was held twice by a worker that died waits in a queue of its own, in which one
runs at a time, and what is held at the last death is given up and told.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial

import sqlalchemy as sa
from dbos import WorkflowStatus

from reviewer.adapters.durable.desk import (
    DELIVERY,
    ENDING,
    ENDINGS,
    OBLIVION,
    SETTLE,
    SUSPECTS,
    UNDONE,
    WORK,
    EngineDesk,
    owner_of,
    run_of,
    text_of,
)
from reviewer.adapters.durable.liveness import GONE, Watch, Workers
from reviewer.adapters.durable.running import Running
from reviewer.adapters.durable.settings import EngineSettings
from reviewer.adapters.durable.wire import Wire
from reviewer.domain.review_order import RunEnd
from reviewer.domain.run_event import FailureCause
from reviewer.domain.status import RunState
from reviewer.ports.engine import EngineError

_LOGGER = logging.getLogger("reviewer.durable")

#: Of so many deaths one may be chance; from the second on, one runs at a time.
_SUSPECT = 2
#: Bodies of other workflows wait or write; they cannot take a process down.
_COUNTED = frozenset({DELIVERY, WORK})
#: Workflows that are held by us and do not run, as often seen: nobody will end them.
_LOST_AFTER_SECONDS = 10.0
_MENDED_AT_ONCE = 1_000


class Keeper:
    """Keeps one worker alive in the others' eyes, and watches them.

    Args:
        workers: The rows of the workers.
        desk: Speaks with the engine's database.
        wire: Writes and reads what stands in it.
        running: What runs here.
        settings: What the operator set.
        worker_id: Who we are.
        monotonic: A clock that never goes back.
    """

    def __init__(
        self,
        workers: Workers,
        desk: EngineDesk,
        wire: Wire,
        running: Running,
        settings: EngineSettings,
        *,
        worker_id: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._workers = workers
        self._desk = desk
        self._wire = wire
        self._running = running
        self._settings = settings
        self._worker_id = worker_id
        self._monotonic = monotonic
        self._watch = Watch(settings.silence_seconds)
        self._last = monotonic()
        self._lost_since: dict[str, float] = {}

    async def keep(self) -> None:
        """Do it until cancelled."""
        while True:
            await asyncio.sleep(self._settings.beat_seconds)
            try:
                await self.turn()
            except (EngineError, sa.exc.SQLAlchemyError) as error:
                # Others could not be watched either: nobody is judged for a whole silence.
                self._watch.forget()
                _LOGGER.warning("nobody can be watched now: %s", error)

    async def turn(self) -> None:
        """Say that we are alive, and look after the others.

        Raises:
            EngineError: The database does not answer.
        """
        if not await self._desk.ask(self._workers.beat):
            # We were silent for so long that others have taken over what we hold.
            count = self._running.let_go()
            _LOGGER.warning("this worker was taken for dead; it lets go of %d tasks", count)
            await self._desk.ask(self._workers.join)
        now = self._monotonic()
        if now - self._last > self._settings.silence_seconds / 2:
            self._watch.forget()
        self._last = now
        held = await self._desk.find([], ["PENDING"])
        beats = await self._desk.ask(self._workers.beats)
        owners = {workflow.executor_id for workflow in held if workflow.executor_id}
        seen = beats | {owner: None for owner in owners if owner not in beats}
        seen.pop(self._worker_id, None)
        for dead in sorted(self._watch.see(seen, now)):
            known = beats.get(dead)
            if known is None or await self._desk.ask(partial(self._workers.bury, dead)):
                left = [workflow for workflow in held if workflow.executor_id == dead]
                await self._take_over(left, died=known != GONE)
        await self._find_lost(held, now)

    async def take_over_all(self) -> None:
        """Take over what all others hold: whoever uses a file alone knows that they are dead.

        Raises:
            EngineError: The database does not answer.
        """
        beats = await self._desk.ask(self._workers.beats)
        held = await self._desk.find([], ["PENDING"])
        gone = {worker for worker, beat in beats.items() if beat == GONE}
        for died in (False, True):
            left = [
                workflow
                for workflow in held
                if workflow.executor_id != self._worker_id
                and (workflow.executor_id not in gone) == died
            ]
            await self._take_over(left, died=died)
        for worker in beats.keys() - {self._worker_id}:
            await self._desk.ask(partial(self._workers.bury, worker))

    async def _find_lost(self, held: Collection[WorkflowStatus], now: float) -> None:
        """Take up what is ours by the database and runs nowhere: its start or its end failed."""
        ours = {
            workflow.workflow_id: workflow
            for workflow in held
            if workflow.executor_id == self._worker_id
        }
        idle = ours.keys() - self._running.ids
        self._lost_since = {name: self._lost_since.get(name, now) for name in idle}
        lost = [
            ours[name]
            for name, since in self._lost_since.items()
            if now - since >= _LOST_AFTER_SECONDS
        ]
        await self._take_over(lost, died=False)

    async def _take_over(self, left: Sequence[WorkflowStatus], *, died: bool) -> None:
        if not left:
            return
        counted = [workflow.workflow_id for workflow in left if workflow.name in _COUNTED]
        deaths: dict[str, int] = {}
        if died and counted:
            deaths = await self._desk.ask(lambda: self._workers.count_deaths(counted))
        queues: dict[str | None, list[str]] = {}
        for workflow in left:
            count = deaths.get(workflow.workflow_id, 0)
            if count >= self._settings.most_deaths and await self._give_up(workflow, count):
                continue
            queue = SUSPECTS if count >= _SUSPECT else workflow.queue_name
            queues.setdefault(queue, []).append(workflow.workflow_id)
        for queue, workflow_ids in queues.items():
            _LOGGER.info("taking over %d workflows of %s", len(workflow_ids), queue)
            await self._desk.resume(workflow_ids, queue)

    async def _give_up(self, workflow: WorkflowStatus, deaths: int) -> bool:
        """End what took workers down, and have it said; False where it is something else."""
        words = f"the program ended {deaths} times while it did this"
        found = await self._desk.find([], [], ids=[workflow.workflow_id], with_input=True)
        if not found:
            return False
        _LOGGER.error("%s is given up: %s", workflow.workflow_id, words)
        text, whose = text_of(found[0]), owner_of(workflow)
        if workflow.name == WORK:
            run_id = run_of(workflow.workflow_id)
            # Whatever it met, no review may take its worker down: that is a defect of ours.
            end = RunEnd(state=RunState.FAILED, reason=words, cause=FailureCause.INTERNAL)
            written = self._wire.write_end(end)
            await self._desk.say_end(run_id, text, written, installation_id=whose)
        else:
            await self._desk.say_undone(workflow.workflow_id, text, words, installation_id=whose)
        await self._desk.cancel(workflow.workflow_id)
        return True


async def mend(desk: EngineDesk, *, most: int = 20) -> None:
    """Do again what failed although every step was tried for long: nothing is ever lost.

    Args:
        desk: Speaks with the engine's database.
        most: How often one workflow is done again.

    Raises:
        EngineError: The database does not answer.
    """
    names = (DELIVERY, SETTLE, ENDING, UNDONE, OBLIVION)
    for workflow in await desk.find(names, ["ERROR"], with_input=True, limit=_MENDED_AT_ONCE):
        first, _, number = workflow.workflow_id.partition("~")
        following = int(number or 0) + 1
        if following > most:
            _LOGGER.error("%s failed %d times and stays so", first, following)
            continue
        queue = workflow.queue_name or ENDINGS
        texts = workflow.input["args"] if workflow.input is not None else ()
        await desk.enqueue(
            workflow.name,
            queue,
            f"{first}~{following}",
            *(str(text) for text in texts),
            installation_id=owner_of(workflow),
            partition=workflow.queue_partition_key,
        )
