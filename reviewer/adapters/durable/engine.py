"""DbosEngine: the engine of the service, on DBOS Transact (docs/adr/ADR-0015).

DBOS is one per process, and so is this. It is started inside of the loop on which its workflows
are to run.
"""

from __future__ import annotations

import asyncio
import logging
import os
import platform
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Thread
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, ScheduleInput
from dbos import error as dbos_error

from reviewer.adapters.durable.connection import (
    SharedFile,
    create_engine,
    database_file,
    driver_url,
    is_sqlite,
)
from reviewer.adapters.durable.desk import (
    APPLICATION,
    APPLICATION_VERSION,
    DELIVERIES,
    DELIVERY,
    ENDINGS,
    FORGET,
    MEND,
    PUSHES,
    REVIEW,
    REVIEWS,
    SUSPECTS,
    SWEEP,
    TALKS,
    WORKS,
    EngineDesk,
    child_of,
    run_id_of,
)
from reviewer.adapters.durable.keeper import Keeper, mend
from reviewer.adapters.durable.liveness import Workers
from reviewer.adapters.durable.running import Running
from reviewer.adapters.durable.settings import EngineSettings, RateLimit
from reviewer.adapters.durable.wire import Wire
from reviewer.adapters.durable.workflows import CANCELLED, Workflows
from reviewer.domain.delivery import Delivery
from reviewer.domain.event import CommentEvent
from reviewer.domain.review_order import ReviewOrder
from reviewer.ports.engine import Backlog, Duties, EngineError

_LOGGER = logging.getLogger("reviewer.durable")

#: In which a step that has ended is written down.
_MOMENT_SECONDS = 0.5
#: In which what was let go of has noticed.
_NOTICED_SECONDS = 0.01
#: How long DBOS may take to end its threads. Where the database is away, some of them sleep.
_THREADS_SECONDS = 8.0
#: Threads that the process gets back when the engine stops: those of DBOS are gone then.
_THREADS = 8
_OPENING = "Is it running, and is its address (engine_url, else database_url) right?"
#: So many times as rarely queues are looked at for which nobody waits.
_SELDOM = 4
_BUSY_SECONDS = 30.0
#: An upgrade may change many rows.
_MAKING_SECONDS = 300.0


class DbosEngine:
    """Takes deliveries, and as a worker carries them out; implements `ports.engine.Engine`.

    Args:
        settings: What the operator set.
        wire: Writes and reads what stands in the database; seals it where there is a key.
    """

    def __init__(self, settings: EngineSettings, wire: Wire | None = None) -> None:
        self._settings = settings
        self._wire = wire or Wire()
        self._running = Running()
        self._worker_id = f"{platform.node()[:60]}-{os.getpid()}-{uuid4().hex[:8]}"
        self._desk_field: EngineDesk | None = None
        self._workers: Workers | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._shared: SharedFile | None = None
        self._own_database: sa.Engine | None = None

    # --- life --------------------------------------------------------------------------------
    async def open(self) -> None:
        """Open the door: deliveries can be accepted; nothing is carried out.

        Raises:
            UserError: The address of the database is wrong.
            EngineError: The database does not answer.
        """
        settings = self._settings
        _quieten()
        self._wire.prepare()
        if is_sqlite(settings.database):
            database_file(settings.database)
        database = create_engine(
            settings.database, connections=8, busy_seconds=settings.answer_seconds / 2
        )
        self._desk_field = EngineDesk(database, answer_seconds=settings.answer_seconds)
        self._workers = Workers(database, self._worker_id)
        try:
            await self._desk.ask(self._workers.make_tables, seconds=_MAKING_SECONDS)
            make = partial(make_database, settings.database)
            await self._desk.ask(make, seconds=_MAKING_SECONDS)
        except EngineError as error:
            raise EngineError(f"{error}. {_OPENING}") from error

    async def work(self, duties: Duties) -> None:
        """Carry out what was accepted, here or elsewhere, until `close`.

        Args:
            duties: What is to be done.

        Raises:
            EngineError: The database does not answer.
        """
        workers = self._workers
        if workers is None:
            raise RuntimeError("the engine is not open")
        keeper = Keeper(
            workers,
            self._desk,
            self._wire,
            self._running,
            self._settings,
            worker_id=self._worker_id,
        )
        alone = self._join_file()
        await self._desk.ask(workers.join)
        if alone:
            await keeper.take_over_all()
        if self._shared is not None:
            self._shared.share()
        DBOS(config=self._configuration())
        workflows = Workflows(
            duties,
            self._desk,
            self._wire,
            self._running,
            self._settings,
            mend=lambda: mend(self._desk),
            forget=self._forget,
        )
        try:
            DBOS.launch()
            await self._register_queues()
            await self._apply_schedules(workflows)
        except (sa.exc.SQLAlchemyError, dbos_error.DBOSException) as error:
            raise EngineError(f"the engine cannot start: {type(error).__name__}") from error
        self._keeping = asyncio.create_task(keeper.keep())

    async def close(self, *, grace_seconds: float = 10.0) -> None:
        """Take nothing more, end what can be ended in time, and leave the rest to others.

        Args:
            grace_seconds: How long what is under way may go on.
        """
        loop = asyncio.get_running_loop()
        if self._own_database is not None:
            self._running.begin_closing()
            if self._running.ids:
                # What has just been done is written down first.
                await asyncio.sleep(_MOMENT_SECONDS)
                self._running.let_go_of_waiting()
                await asyncio.sleep(_NOTICED_SECONDS)
            # What is still under way then is let go of, so that DBOS sees it end.
            timer = loop.call_later(max(0.0, grace_seconds - 1), self._running.let_go)
            stopping = partial(
                DBOS.destroy,
                destroy_registry=True,
                # It looks once a second, the first time after a second.
                workflow_completion_timeout_sec=round(grace_seconds) if self._running.ids else 0,
            )
            await _stop_beside(stopping, grace_seconds + _THREADS_SECONDS)
            timer.cancel()
            loop.set_default_executor(ThreadPoolExecutor(_THREADS))
            await self._leave()
            self._own_database.dispose()
            self._own_database = None
        if self._desk_field is not None:
            self._desk_field.close()
            self._desk_field = None

    async def _leave(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        self._running.let_go()
        if self._workers is not None:
            try:
                await self._desk.ask(self._workers.leave)
            except EngineError:
                _LOGGER.warning("nobody could be told that this worker is gone")
        if self._shared is not None:
            self._shared.leave()

    # --- ports.engine.Engine -------------------------------------------------------------------
    async def accept(self, delivery: Delivery) -> bool:
        """Write a delivery down; False where it was written down before.

        Raises:
            EngineError: It is not written down.
        """
        text, whose = self._wire.write_delivery(delivery), delivery.installation_id
        if isinstance(delivery.event, CommentEvent):
            # An answer may take minutes: nobody else's deliveries wait for it.
            partition = str(whose or 0)
            return await self._desk.enqueue(
                DELIVERY, TALKS, delivery.id, text, installation_id=whose, partition=partition
            )
        return await self._desk.enqueue(
            DELIVERY, DELIVERIES, delivery.id, text, installation_id=whose
        )

    async def review_soon(self, wanted: ReviewOrder, *, delay_seconds: float) -> None:
        """Review a pull request when nobody has ordered anything else for a while.

        Raises:
            EngineError: It is not written down.
        """
        text = self._wire.write_order(wanted)
        if wanted.asked or delay_seconds <= 0:
            cause = f"{wanted.delivery_id}:order"
            run_id = run_id_of(wanted, cause)
            await self._desk.enqueue(
                REVIEW,
                REVIEWS,
                run_id,
                text,
                installation_id=wanted.installation_id,
                partition=wanted.place,
            )
            return
        await self._desk.debounce(
            wanted.place,
            text,
            delay_seconds,
            installation_id=wanted.installation_id,
            most_seconds=self._settings.debounce_most_seconds,
        )

    async def cancel(self, run_id: str) -> bool:
        """Give a run up that waits or is under way, and say so; False where there is none.

        Raises:
            EngineError: The database does not answer.
        """
        stopped = await self._desk.stop_run(run_id, self._wire.write_end(CANCELLED))
        self._running.let_go(child_of(run_id))
        return stopped

    async def backlog(self) -> Backlog:
        """Count what waits and what is under way.

        Raises:
            EngineError: The database does not answer.
        """
        return await self._desk.backlog()

    async def check(self) -> None:
        """Ask the database for a sign of life that includes being able to write.

        Raises:
            EngineError: It gives none.
        """
        await self._desk.check()

    # --- set up --------------------------------------------------------------------------------
    @property
    def _desk(self) -> EngineDesk:
        if self._desk_field is None:
            raise EngineError("the engine is closed")
        return self._desk_field

    def _join_file(self) -> bool:
        if not is_sqlite(self._settings.database):
            return False
        self._shared = SharedFile(database_file(self._settings.database))
        return self._shared.join()

    def _configuration(self) -> DBOSConfig:
        self._own_database = create_engine(
            self._settings.database, connections=20, busy_seconds=_BUSY_SECONDS
        )
        crowd = self._desk.crowd
        # Threads of DBOS look at every queue all the time, and take turns with the loop.
        sa.event.listen(self._own_database, "checkout", lambda *_: crowd.give_way())
        return {
            "name": APPLICATION,
            "system_database_engine": self._own_database,
            "application_version": APPLICATION_VERSION,
            "executor_id": self._worker_id,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "WARNING",
            # Its spans tell of steps and queues, and go wherever its own variables say.
            "enable_otlp": False,
            "scheduler_polling_interval_sec": 30.0,
            "use_listen_notify": False,
        }

    async def _register_queues(self) -> None:
        settings = self._settings
        register = partial(
            DBOS.register_queue_async,
            polling_interval_sec=settings.poll_seconds,
            on_conflict="always_update",
        )
        await register(DELIVERIES, worker_concurrency=settings.deliveries_at_once)
        await register(TALKS, partition_concurrency=settings.talks_at_once_each)
        await register(PUSHES, worker_concurrency=settings.deliveries_at_once)
        # Nothing but one at a time on a pull request; who waits here costs nothing.
        await register(REVIEWS, partition_concurrency=1)
        await register(
            WORKS,
            global_concurrency=settings.runs_at_once,
            partition_concurrency=min(settings.runs_at_once_each, settings.runs_at_once),
            limiter=_limit(settings.runs_rate),
            partition_limiter=_limit(settings.runs_rate_each),
        )
        # Each look costs milliseconds whether something waits or not, and nobody waits for these.
        seldom = settings.poll_seconds * _SELDOM
        await register(
            ENDINGS, worker_concurrency=settings.deliveries_at_once, polling_interval_sec=seldom
        )
        await register(SUSPECTS, global_concurrency=1, polling_interval_sec=seldom)

    async def _apply_schedules(self, workflows: Workflows) -> None:
        settings = self._settings
        wanted = (
            (SWEEP, workflows.sweep, settings.sweep_schedule),
            (FORGET, workflows.forget, settings.forget_schedule),
            (MEND, workflows.mend, settings.mend_schedule),
        )
        schedules: list[ScheduleInput] = [
            {"schedule_name": name, "workflow_fn": workflow, "schedule": line}
            for name, workflow, line in wanted
        ]
        await DBOS.apply_schedules_async(schedules)

    async def _forget(self) -> None:
        """Forget what the engine remembers of what has ended long ago."""
        before = (datetime.now(UTC) - timedelta(days=self._settings.keep_days)).isoformat()
        await self._desk.forget(ended_before=before)


def _limit(rate: RateLimit | None) -> Any:  # noqa: ANN401 - DBOS keeps the type to itself
    return None if rate is None else {"limit": rate.starts, "period": rate.seconds}


async def _stop_beside(stop: Callable[[], None], seconds: float) -> None:
    """Do something in a thread that nobody waits for longer than so many seconds."""
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def act() -> None:
        try:
            stop()
        finally:
            with suppress(RuntimeError):  # nobody is there any more
                loop.call_soon_threadsafe(done.set)

    Thread(target=act, name="engine-stop", daemon=True).start()
    try:
        async with asyncio.timeout(seconds):
            await done.wait()
    except TimeoutError:
        _LOGGER.warning("the engine's threads do not end and are left behind")


def _quieten() -> None:
    """Let DBOS log as everybody does: alone it would print to the console, and much."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    logger.setLevel(logging.WARNING)


def make_database(database: str) -> None:
    """Make the tables of DBOS, or bring them up to date."""
    DBOS.migrate(driver_url(database).render_as_string(hide_password=False))
