"""What can be asked of the engine's database from anywhere: enqueue, cancel, list, count.

It runs no workflow, needs no launched DBOS, and raises where the database does not answer instead
of waiting until it does, as workflows do.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from typing import TypeVar

import sqlalchemy as sa
from dbos import (
    DBOSClient,
    DBOSPortableJSONSerializer,
    DebouncerClient,
    EnqueueOptions,
    WorkflowStatus,
)
from dbos import error as dbos_error

from reviewer.adapters.durable.crowd import Crowd
from reviewer.adapters.durable.enqueuing import Wanted, enqueuing_on
from reviewer.adapters.durable.intake import Intake
from reviewer.adapters.durable.liveness import Workers
from reviewer.domain.review_order import ReviewOrder
from reviewer.ports.engine import Backlog, EngineError

Result = TypeVar("Result")

APPLICATION = "persona-reviewer"
#: Work that is under way is only taken up by a worker of the same version: this changes only
#: where an older worker could not go on with what a newer one began, or the other way round.
APPLICATION_VERSION = "1"

#: Workflows, by name; queues are named after what waits in them.
DELIVERY, SETTLE, REVIEW, WORK = "delivery", "settle", "review", "work"
ENDING, UNDONE, OBLIVION = "ending", "undone", "oblivion"
SWEEP, FORGET, MEND = "sweep", "forget", "mend"
DELIVERIES, TALKS, PUSHES, REVIEWS, WORKS = "deliveries", "talks", "pushes", "reviews", "works"
ENDINGS, SUSPECTS = "endings", "suspects"

#: A run's workflow does its work in a child, which waits its turn in another queue.
_CHILD = ".work"
_ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
_DELETED_AT_ONCE = 200
ACTIVE = ("DELAYED", "ENQUEUED", "PENDING")


def run_id_of(order: ReviewOrder, cause: str) -> str:
    """Return the id of a run: the pull request, and what asked for it.

    Args:
        order: The order.
        cause: Names what led to it; the same cause gives the same run.
    """
    return f"{order.place}-{hashlib.sha256(cause.encode()).hexdigest()[:16]}"


def child_of(run_id: str) -> str:
    """Return the workflow in which a run does its work."""
    return f"{run_id}{_CHILD}"


def run_of(workflow_id: str) -> str:
    """Return the run that a workflow belongs to."""
    return workflow_id.removesuffix(_CHILD)


class EngineDesk:
    """Speaks with the engine's database.

    Args:
        database: Connections of its own, whose statements give up soon.
        answer_seconds: How long whoever asks waits.
    """

    def __init__(self, database: sa.Engine, *, answer_seconds: float) -> None:
        self._database = database
        self._answer_seconds = answer_seconds
        self._client = DBOSClient(
            system_database_engine=database,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=False,
        )
        sqlite = database.dialect.name == "sqlite"
        # Writers of SQLite wait for each other: in one thread they need not even ask.
        self._threads = ThreadPoolExecutor(1 if sqlite else 8, thread_name_prefix="engine-desk-")
        # What comes from outside does not wait behind what workers ask. One thread writes;
        # another one does where the first hangs on a server that is gone.
        self._door = ThreadPoolExecutor(1 if sqlite else 4, thread_name_prefix="engine-door-")
        self._enqueuing = enqueuing_on(database, self._client, APPLICATION, release=version("dbos"))
        #: Many deliveries go first; whatever else is done here gives way.
        self.crowd = Crowd()
        self._intake = Intake(self._write, self._door, self.crowd, answer_seconds=answer_seconds)
        self._statuses = "workflow_status" if sqlite else "dbos.workflow_status"
        self._workers = Workers(database, "")

    def close(self) -> None:
        """Give everything back."""
        for threads in (self._threads, self._door):
            threads.shutdown(wait=False, cancel_futures=True)
        self._client.destroy()
        self._database.dispose()

    async def ask(self, action: Callable[[], Result], *, seconds: float | None = None) -> Result:
        """Do something with the database in a thread.

        Args:
            action: What.
            seconds: How long it may take; None for what is usual here.

        Raises:
            EngineError: It did not do it, or not soon enough; it may do it all the same.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds or self._answer_seconds):
                with _refusals():
                    return await loop.run_in_executor(self._threads, action)
        except TimeoutError as error:
            raise EngineError("the engine's database does not answer") from error

    def _write(self, wanted: Sequence[Wanted]) -> list[bool]:
        with _refusals():
            return self._enqueuing.enqueue(wanted)

    async def enqueue(
        self,
        name: str,
        queue: str,
        workflow_id: str,
        *texts: str,
        installation_id: int | None = None,
        partition: str | None = None,
        delay_seconds: float | None = None,
    ) -> bool:
        """Enqueue a workflow once; False where one with this id was enqueued before.

        Args:
            name: Which workflow.
            queue: Where it waits.
            workflow_id: Its id.
            texts: What it is given.
            installation_id: Whose it is; whatever it enqueues is as well.
            partition: Whose turn it waits for, in a queue that knows turns.
            delay_seconds: How long it waits at least.

        Raises:
            EngineError: See `ask`.
        """
        options: EnqueueOptions = {
            "workflow_name": name,
            "queue_name": queue,
            "workflow_id": workflow_id,
            "workflow_id_reuse_policy": "reject",
            "app_version": APPLICATION_VERSION,
        }
        if partition is not None:
            options["queue_partition_key"] = partition
        if delay_seconds is not None:
            options["delay_seconds"] = delay_seconds
        if installation_id is not None:
            # By the user DBOS finds workflows on both databases, and children inherit it.
            options["authenticated_user"] = str(installation_id)
        return await self._intake.add(Wanted(options=options, texts=texts))

    async def debounce(
        self,
        place: str,
        order: str,
        delay_seconds: float,
        *,
        installation_id: int,
        most_seconds: float,
    ) -> None:
        """Let an order settle; the last one of a place within the delay is the one that counts.

        Raises:
            EngineError: See `ask`.
        """
        options: EnqueueOptions = {
            "workflow_name": SETTLE,
            "queue_name": PUSHES,
            "app_version": APPLICATION_VERSION,
            "authenticated_user": str(installation_id),
        }
        debouncer = DebouncerClient(self._client, options, debounce_timeout_sec=most_seconds)
        await self.ask(lambda: debouncer.debounce(place, delay_seconds, order))

    async def find(
        self,
        names: Sequence[str],
        statuses: Sequence[str],
        *,
        prefix: str = "",
        ids: Sequence[str] = (),
        with_input: bool = False,
        installation_id: int | None = None,
        ended_before: str | None = None,
        limit: int | None = None,
    ) -> list[WorkflowStatus]:
        """Return workflows, oldest first.

        Args:
            names: Their names; empty for any.
            statuses: In one of these; empty for any.
            prefix: What their ids begin with.
            ids: Exactly these.
            with_input: Whether their texts are wanted.
            installation_id: Of this installation.
            ended_before: That have ended before this time, in ISO 8601.
            limit: At most this many.

        Raises:
            EngineError: See `ask`.
        """
        return await self.ask(
            lambda: self._client.list_workflows(
                name=list(names) or None,
                status=list(statuses) or None,
                workflow_id_prefix=prefix or None,
                workflow_ids=list(ids) or None,
                load_input=with_input,
                load_output=False,
                user=None if installation_id is None else str(installation_id),
                completed_before=ended_before,
                limit=limit,
                application_name=APPLICATION,
            )
        )

    async def stop_run(self, run_id: str, end: str) -> bool:
        """Cancel a run and have it said; False where there is none that waits or is under way.

        It may be asked again after it broke off in between.

        Args:
            run_id: The run.
            end: How it ended, as it is written.

        Raises:
            EngineError: See `ask`.
        """
        found = await self.find([REVIEW], [*ACTIVE, "CANCELLED"], ids=[run_id], with_input=True)
        if not found:
            return False
        await self.ask(lambda: self._client.cancel_workflow(run_id, cancel_children=True))
        await self.say_end(run_id, text_of(found[0]), end, installation_id=owner_of(found[0]))
        return True

    async def say_end(
        self, run_id: str, order: str, end: str, *, installation_id: int | None
    ) -> None:
        """Have said how a run ended, once.

        Raises:
            EngineError: See `ask`.
        """
        await self.enqueue(
            ENDING, ENDINGS, f"end:{run_id}", order, end, installation_id=installation_id
        )

    async def say_undone(
        self, workflow_id: str, delivery: str, why: str, *, installation_id: int | None
    ) -> None:
        """Have said that a delivery could not be handled, once.

        Raises:
            EngineError: See `ask`.
        """
        await self.enqueue(
            UNDONE, ENDINGS, f"undone:{workflow_id}", delivery, why, installation_id=installation_id
        )

    async def cancel(self, workflow_id: str) -> None:
        """Cancel a workflow.

        Raises:
            EngineError: See `ask`.
        """
        await self.ask(lambda: self._client.cancel_workflow(workflow_id))

    async def resume(self, workflow_ids: Sequence[str], queue: str | None) -> None:
        """Have workflows done by somebody else than who holds them.

        Raises:
            EngineError: See `ask`.
        """
        await self.ask(lambda: self._client.resume_workflows(list(workflow_ids), queue_name=queue))

    async def forget(
        self, *, ended_before: str | None = None, installation_id: int | None = None
    ) -> None:
        """Forget what has ended.

        Args:
            ended_before: Before this time, in ISO 8601; None for any.
            installation_id: Of this installation; None for any.

        Raises:
            EngineError: See `ask`.
        """
        while True:
            old = await self.find(
                [],
                _ENDED,
                ended_before=ended_before,
                installation_id=installation_id,
                limit=_DELETED_AT_ONCE,
            )
            if not old:
                return
            await self.ask(partial(self._delete, [workflow.workflow_id for workflow in old]))

    def _delete(self, workflow_ids: list[str]) -> None:
        self._client.delete_workflows(workflow_ids)
        self._workers.forget_deaths(workflow_ids)

    async def backlog(self) -> Backlog:
        """Count what waits and what is under way.

        Raises:
            EngineError: See `ask`.
        """
        counting = sa.text(
            "SELECT status, COUNT(*) AS number, MIN(created_at) AS oldest"  # noqa: S608 - ours
            f" FROM {self._statuses} WHERE status IN ('DELAYED', 'ENQUEUED', 'PENDING')"
            " AND (name IN ('delivery', 'work') OR status <> 'PENDING') GROUP BY status"
        )

        def count() -> Backlog:
            with self._database.connect() as connection:
                rows = {row.status: row for row in connection.execute(counting)}
            number = {status: row.number for status, row in rows.items()}
            waits = rows.get("ENQUEUED")
            age = 0.0 if waits is None else max(0.0, time.time() - waits.oldest / 1000)
            return Backlog(
                queued=number.get("ENQUEUED", 0) + number.get("DELAYED", 0),
                running=number.get("PENDING", 0),
                oldest_seconds=age,
            )

        return await self.ask(count)

    async def check(self) -> None:
        """Write something.

        Raises:
            EngineError: See `ask`.
        """
        await self.ask(self._workers.probe)


@contextmanager
def _refusals() -> Iterator[None]:
    """Make of whatever the database refuses an error that quotes nothing of it."""
    try:
        yield
    except (sa.exc.SQLAlchemyError, dbos_error.DBOSException) as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        raise EngineError(f"the engine's database refuses: {kind}") from error


def text_of(workflow: WorkflowStatus, position: int = 0) -> str:
    """Return one of the texts that a workflow was enqueued with."""
    texts = workflow.input["args"] if workflow.input is not None else ()
    return str(texts[position])


def owner_of(workflow: WorkflowStatus) -> int | None:
    """Return the installation whose a workflow is; None for nobody's."""
    user = workflow.authenticated_user
    return None if user is None else int(user)
