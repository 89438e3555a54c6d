"""The workflows: short, so that whatever a kill leaves behind is known by looking at one step.

::

    delivery, in deliveries or talks    handle ─► runs of no use are stopped ─► orders are placed
    settle,   in pushes                 debounced; the last order of a pull request counts
    review,   in reviews                one at a time on a pull request; holds the place for …
    work,     in works                  … its child, which waits for its installation's turn
    ending,   in endings                says how a run ended that could not say it itself

A body does nothing but call steps one after another: steps side by side would be known by the
order in which they began, and a body that is done again may begin them in another one.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, TypeVar

from dbos import (
    DBOS,
    Debouncer,
    PortableWorkflowError,
    SetEnqueueOptions,
    SetWorkflowID,
    StepOptions,
)
from dbos import error as dbos_error

from reviewer.adapters.durable.desk import (
    ACTIVE,
    DELIVERY,
    ENDING,
    ENDINGS,
    FORGET,
    MEND,
    OBLIVION,
    PUSHES,
    REVIEW,
    REVIEWS,
    SETTLE,
    SWEEP,
    UNDONE,
    WORK,
    WORKS,
    EngineDesk,
    child_of,
    run_id_of,
    run_of,
    text_of,
)
from reviewer.adapters.durable.running import Running
from reviewer.adapters.durable.settings import EngineSettings
from reviewer.adapters.durable.wire import Wire
from reviewer.domain.failure_cause import cause_of
from reviewer.domain.review_order import ReviewOrder, RunEnd
from reviewer.domain.run_event import FailureCause
from reviewer.domain.status import RunState
from reviewer.errors import CommunicationError, ResourceError, ReviewerError
from reviewer.ports.engine import Duties, EngineError

_LOGGER = logging.getLogger("reviewer.durable")

Result = TypeVar("Result")

#: A workflow as DBOS knows it: texts in, nothing out.
Workflow = Callable[..., Coroutine[Any, Any, None]]

_TOO_OFTEN = "it was tried too often"

CANCELLED = RunEnd(state=RunState.SUPERSEDED, reason="somebody stopped it")
REPLACED = RunEnd(state=RunState.SUPERSEDED, reason="a newer order took its place")


def worth_another_try(error: BaseException) -> bool:
    """Tell whether time may mend an error."""
    return isinstance(error, (CommunicationError, ResourceError))


class Workflows:
    """Registers the workflows with DBOS; before it is launched.

    Args:
        duties: What is to be done.
        desk: Speaks with the engine's database.
        wire: Writes and reads what stands in it.
        running: What runs here.
        settings: What the operator set.
        mend: Looks at what failed for good.
        forget: Forgets what the engine remembers of old work.
    """

    def __init__(
        self,
        duties: Duties,
        desk: EngineDesk,
        wire: Wire,
        running: Running,
        settings: EngineSettings,
        *,
        mend: Callable[[], Awaitable[None]],
        forget: Callable[[], Awaitable[None]],
    ) -> None:
        self._duties = duties
        self._desk = desk
        self._wire = wire
        self._running = running
        self._retries = settings.retries
        self._settings = settings
        self._mend = mend
        self._forget = forget
        self._settle = self._register(SETTLE, self._settle_body)
        self._review = self._register(REVIEW, self._review_body)
        self._work = self._register(WORK, self._work_body)
        self._register(DELIVERY, self._delivery_body)
        self._register(ENDING, self._ending_body)
        self._register(UNDONE, self._undone_body)
        self._register(OBLIVION, self._oblivion_body)
        self.sweep = self._scheduled(SWEEP, duties.sweep)
        self.forget = self._scheduled(FORGET, self._forget_all)
        self.mend = self._scheduled(MEND, mend)

    # --- bodies ------------------------------------------------------------------------------
    async def _delivery_body(self, delivery: str) -> None:
        async def handle() -> str:
            return self._wire.write_followup(
                await self._duties.handle(self._wire.read_delivery(delivery))
            )

        async def undone() -> None:
            await self._duties.undone(self._wire.read_delivery(delivery), why)

        written, undoing = await self._attempt("handle", handle)
        if undoing is not None:
            why = undoing.reason
            await self._step("undone", undone)
            return
        followup = self._wire.read_followup(written)
        for run_id in followup.ended:
            end = RunEnd(state=RunState.SUPERSEDED, reason=followup.because)
            await self._stop(run_id, end)
        for number, order in enumerate(followup.orders):
            if order.asked:
                cause = f"{order.delivery_id}:{number}"
                await self._place(order, run_id_of(order, cause))
            else:
                await self._place_soon(order)
        if followup.forgotten is not None:
            await self._forget_later(followup.forgotten)

    async def _forget_later(self, installation_id: int) -> None:
        """Forget an installation when everything of it has come to its end."""

        async def later() -> None:
            await self._desk.enqueue(
                OBLIVION,
                ENDINGS,
                f"oblivion:{_own_id()}",
                str(installation_id),
                delay_seconds=self._settings.oblivion_seconds,
            )

        await self._step("later", later)

    async def _oblivion_body(self, installation_id: str) -> None:
        async def forget() -> None:
            whose = int(installation_id)
            await self._desk.forget(installation_id=whose)
            if await self._desk.find([], ACTIVE, installation_id=whose, limit=1):
                raise EngineError("something of the installation has not come to its end yet")

        await self._step("forget", forget)

    async def _place_soon(self, order: ReviewOrder) -> None:
        debouncer: Debouncer[..., None] = Debouncer.create_async(
            self._settle,
            debounce_timeout_sec=self._settings.debounce_most_seconds,
            queue=PUSHES,
        )
        await debouncer.debounce_async(
            order.place, self._settings.debounce_seconds, self._wire.write_order(order)
        )

    async def _settle_body(self, order_text: str) -> None:
        order = self._wire.read_order(order_text)

        async def waiting() -> list[str]:
            prefix = f"{order.place}-"
            found = await self._desk.find(
                [REVIEW, WORK], ["ENQUEUED"], prefix=prefix, with_input=True
            )
            return [
                run_of(workflow.workflow_id)
                for workflow in found
                if not self._wire.read_order(text_of(workflow)).asked
            ]

        for run_id in sorted(set(await self._step("waiting", waiting))):
            await self._stop(run_id, REPLACED)
        await self._place(order, run_id_of(order, _own_id()))

    async def _place(self, order: ReviewOrder, run_id: str) -> None:
        async def queued() -> None:
            await self._duties.queued(order, run_id)

        await self._step("queued", queued)
        with SetWorkflowID(run_id), SetEnqueueOptions(queue_partition_key=order.place):
            await DBOS.enqueue_workflow_async(REVIEWS, self._review, self._wire.write_order(order))

    async def _review_body(self, order_text: str) -> None:
        order = self._wire.read_order(order_text)
        turn = str(order.installation_id)
        with SetWorkflowID(child_of(_own_id())), SetEnqueueOptions(queue_partition_key=turn):
            handle = await DBOS.enqueue_workflow_async(WORKS, self._work, order_text)
        try:
            await handle.get_result(polling_interval_sec=self._settings.look_seconds)
        except dbos_error.DBOSException as error:
            # Whoever stopped the child says so; the place on the pull request is free again.
            _LOGGER.info("the work of %s was stopped: %s", _own_id(), type(error).__name__)

    async def _work_body(self, order_text: str) -> None:
        run_id = run_of(_own_id())

        async def review() -> str:
            order = self._wire.read_order(order_text)
            return self._wire.write_end(await self._duties.review(order, run_id))

        _, failed = await self._attempt("review", review, preemptible=True)
        if failed is None:
            return
        end = failed

        async def tell() -> None:
            await self._duties.end(self._wire.read_order(order_text), run_id, end)

        await self._step("end", tell)

    async def _ending_body(self, order_text: str, end_text: str) -> None:
        async def end() -> None:
            order = self._wire.read_order(order_text)
            run_id = _own_id().removeprefix("end:").partition("~")[0]
            await self._duties.end(order, run_id, self._wire.read_end(end_text))

        await self._step("end", end)

    async def _undone_body(self, delivery: str, why: str) -> None:
        async def undone() -> None:
            await self._duties.undone(self._wire.read_delivery(delivery), why)

        await self._step("undone", undone)

    async def _forget_all(self) -> None:
        await self._duties.forget()
        await self._forget()

    # --- steps -------------------------------------------------------------------------------
    async def _stop(self, run_id: str, end: RunEnd) -> None:
        async def stop() -> None:
            await self._desk.stop_run(run_id, self._wire.write_end(end))
            self._running.let_go(child_of(run_id))

        await self._step("stop", stop)

    async def _attempt(
        self, name: str, action: Callable[[], Awaitable[str]], *, preemptible: bool = False
    ) -> tuple[str, RunEnd | None]:
        """Do a step that may fail for good; return its text, or why there is none."""

        async def guarded() -> list[str]:
            try:
                return [await action(), ""]
            except ReviewerError as error:
                if worth_another_try(error):
                    raise
                _LOGGER.warning("%s of %s failed: %s", name, _own_id(), error)
                return ["", str(error) or type(error).__name__, cause_of(error).value]
            except Exception as error:
                # The outermost loop of a worker: whatever it is, it must end as told and known.
                _LOGGER.exception("%s of %s failed by a defect of ours", name, _own_id())
                words = f"a defect of this program ({type(error).__name__})"
                return ["", words, cause_of(error).value]

        try:
            # What an older version wrote names no cause.
            text, why, *causes = await self._step(name, guarded, preemptible=preemptible)
        except dbos_error.DBOSMaxStepRetriesExceeded as error:
            return "", _given_up(error.errors)
        except PortableWorkflowError:
            # The same, read back after a kill: only the name of the error is left.
            return "", _given_up([])
        cause = FailureCause(causes[0]) if causes else None
        return text, RunEnd(state=RunState.FAILED, reason=why, cause=cause) if why else None

    async def _step(
        self, name: str, action: Callable[[], Awaitable[Result]], *, preemptible: bool = False
    ) -> Result:
        workflow_id = _own_id()

        async def act() -> Result:
            with self._running.acting(workflow_id):
                return await action()

        options: StepOptions = {
            "name": name,
            "retries_allowed": True,
            "max_attempts": self._retries.attempts,
            "interval_seconds": self._retries.first_wait_seconds,
            "backoff_rate": 2.0,
            "should_retry": worth_another_try,
            "preemptible": preemptible,
        }
        return await DBOS.run_step_async(options, act)

    # --- registration ------------------------------------------------------------------------
    def _register(self, name: str, body: Workflow) -> Workflow:
        running, desk = self._running, self._desk

        # DBOS reads types to put texts back into shape; what is ours is a text already.
        async def workflow(*texts: str) -> None:
            with running.hold(_own_id()):
                await desk.crowd.calm()
                await body(*texts)

        # We count deaths ourselves: resuming sets the counter of DBOS back.
        return DBOS.workflow(name=name, max_recovery_attempts=None)(workflow)

    def _scheduled(
        self, name: str, action: Callable[[], Awaitable[None]]
    ) -> Callable[[datetime, object], Coroutine[Any, Any, None]]:
        running = self._running

        async def workflow(_at: datetime, _context: object) -> None:
            with running.hold(_own_id()):
                await self._step(name, action)

        return DBOS.workflow(name=name, max_recovery_attempts=None)(workflow)


def _given_up(errors: Sequence[Exception]) -> RunEnd:
    """Say how a step ended that was tried too often."""
    if not errors:
        return RunEnd(state=RunState.FAILED, reason=_TOO_OFTEN)
    last = errors[-1]
    return RunEnd(state=RunState.FAILED, reason=str(last), cause=cause_of(last))


def _own_id() -> str:
    """Return the id of the workflow that runs."""
    workflow_id = DBOS.workflow_id
    if workflow_id is None:
        raise RuntimeError("no workflow runs here")
    return workflow_id
