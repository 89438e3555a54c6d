"""The one door to language models: bounded, metered, retried, kept, written down.

A call goes through bounds → kept answers → budget → breaker → the provider → settlement → ledger,
all inside one entry of the journal. What the journal keeps is the `Completion`.

Each attempt holds a reservation of its own. What a provider turned away before any work is free;
whatever may have reached a model without its usage arriving stays charged at its worst case.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import uuid4

from reviewer.domain.attempt import Attempt
from reviewer.domain.budget import Ceiling
from reviewer.domain.completion import (
    Completion,
    CompletionRequest,
    Failure,
    FailureKind,
    ModelName,
    Usage,
)
from reviewer.llm.adaptation import Refusals
from reviewer.llm.attempt_record import AttemptRecord, believable, unbilled
from reviewer.llm.bounds import bounded
from reviewer.llm.breaker import CircuitBreaker
from reviewer.llm.cache import cache_key, call_name, worth_keeping
from reviewer.llm.calibration import Calibration, TokenEstimator
from reviewer.llm.ceilings import Account
from reviewer.llm.meter import BudgetReport, Charge, Meter, Reservation, Unbilled
from reviewer.llm.pricing import Pricing
from reviewer.llm.profiles import ModelProfile, profile_of
from reviewer.llm.redaction import Redaction
from reviewer.llm.retry import judged, retrying
from reviewer.llm.spans import asked, ended, span_name
from reviewer.ports.clock import Clock
from reviewer.ports.completion_cache import CompletionCache
from reviewer.ports.journal import Journal
from reviewer.ports.ledger import Ledger
from reviewer.ports.model import CompletionError, Model
from reviewer.ports.onlooker import NoOnlooker, Onlooker
from reviewer.ports.telemetry import NoTelemetry, Telemetry

#: The longest that one attempt may take; models that reason take minutes.
TIMEOUT_SECONDS = 300.0

#: An adapter holds its own time-out; this much later the client stops waiting for it.
_GRACE_SECONDS = 5.0

_FREE = Charge(usage=Usage(), cost=Decimal(0), known=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMemory:
    """What a process learns about models and keeps between runs.

    Args:
        breaker: Which of them fail at the moment.
        refusals: What they refused.
        calibration: How long their tokens are.
    """

    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    refusals: Refusals = field(default_factory=Refusals)
    calibration: Calibration = field(default_factory=Calibration)


@dataclass(slots=True)
class _Call:
    """One call under way: its attempts, and whether its answer has begun."""

    on_first_byte: Callable[[], None] | None
    number: int = 0
    begun: bool = False
    last: str = ""

    def begin(self) -> None:
        """Say once that the answer begins; a second attempt does not say it again."""
        if not self.begun and self.on_first_byte is not None:
            self.begun = True
            self.on_first_byte()


@dataclass(slots=True, kw_only=True, eq=False)
class LLMClient:
    """Calls models on one account; made anew for each run.

    Args:
        models: Returns the adapter for a model.
        ledger: Where every attempt is written down.
        journal: Runs each call at most once.
        clock: Measures, dates and waits.
        account: Who is charged.
        ceilings: What may be spent, see `llm.ceilings`.
        cache: Kept answers; None to keep none.
        memory: What is known of the models.
        pricing: Prices calls.
        profiles: What each model takes.
        telemetry: Watches.
        onlooker: Is told when an answer begins.
        secrets: Keys and tokens of ours, which no text may carry in or out.
        timeout_seconds: The longest that one attempt may take.
        deadline_seconds: The monotonic time at which the run ends.
        new_id: Returns ids for attempts.
        chance: Returns a number from 0 to 1, for the spread of waits.
    """

    models: Callable[[ModelName], Model]
    ledger: Ledger
    journal: Journal
    clock: Clock
    account: Account
    ceilings: Sequence[Ceiling] = ()
    cache: CompletionCache | None = None
    memory: ModelMemory = field(default_factory=ModelMemory)
    pricing: Pricing = field(default_factory=Pricing)
    profiles: Callable[[ModelName], ModelProfile] = profile_of
    telemetry: Telemetry = field(default_factory=NoTelemetry)
    onlooker: Onlooker = field(default_factory=NoOnlooker)
    secrets: Sequence[str] = ()
    timeout_seconds: float = TIMEOUT_SECONDS
    deadline_seconds: float | None = None
    new_id: Callable[[], str] = field(default=lambda: uuid4().hex)
    chance: Callable[[], float] = random.random
    _meter: Meter = field(init=False)
    _redaction: Redaction = field(init=False)
    _locks: dict[str, asyncio.Lock] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._meter = Meter(ceilings=self.ceilings)
        self._redaction = Redaction(self.secrets)

    async def complete(
        self, request: CompletionRequest, *, on_first_byte: Callable[[], None] | None = None
    ) -> Completion:
        """Ask a model.

        An answer that was cut at its length comes back as one (``Finish.LENGTH``), like a
        refusal or a filter's word: the caller decides what it is worth.

        Args:
            request: What is asked.
            on_first_byte: Called once, when the answer begins: at the latest before this
                returns, never if it raises before anything began.

        Raises:
            UserError: A parameter is out of its bounds; nothing was sent.
            CompletionError: There is no answer, and its failure says why. ``PROTOCOL`` also
                stands for a server that read a part of the request only (Ollama with a small
                ``num_ctx``): its answer is about something else and is not returned.
        """
        prepared = self._redaction.request(bounded(request, self.profiles(request.model)))
        call = _Call(on_first_byte=on_first_byte)
        completion = await self.journal.once(
            call_name(request), lambda: self._kept_or_asked(prepared, call)
        )
        call.begin()
        return completion

    def estimator(self, model: ModelName) -> TokenEstimator:
        """Return what counts tokens for a model, with what its usage has taught so far."""
        return self.memory.calibration.estimator(model)

    def worst_cost(self, request: CompletionRequest) -> Decimal | None:
        """Return the most that one attempt may cost; None where the price is unknown."""
        return self._worst(request, attempt="").cost

    def budget_report(self) -> BudgetReport:
        """Return what this run spent so far, and which ceilings it reached."""
        return self._meter.report()

    # --- kept answers ------------------------------------------------------------------------
    async def _kept_or_asked(self, request: CompletionRequest, call: _Call) -> Completion:
        key = "" if self.cache is None else cache_key(request, self.account.scope)
        if self.cache is None or not key:
            return await self._asked(request, call)
        async with self._one_at_a_time(key):
            kept = await self.cache.get(key)
            if kept is not None:
                return await self._use(kept, request)
            completion = await self._asked(request, call)
            if worth_keeping(request, completion):
                await self.cache.put(key, completion)
            return completion

    async def _use(self, kept: Completion, request: CompletionRequest) -> Completion:
        """Give a kept answer again: it uses and costs nothing."""
        completion = replace(kept, usage=Usage(), latency_seconds=0.0, from_cache=True)
        reservation = Reservation(attempt=self.new_id(), usage=Usage(), cost=Decimal(0))
        row = self._record(request, reservation, number=1).answered(completion, _FREE, kept=True)
        self._meter.count_kept(request.purpose)
        await self._write(row)
        return completion

    @asynccontextmanager
    async def _one_at_a_time(self, key: str) -> AsyncIterator[None]:
        """Let the second of two equal calls wait for the first: it will find its answer."""
        async with self._locks.setdefault(key, asyncio.Lock()):
            yield

    # --- attempts ----------------------------------------------------------------------------
    async def _asked(self, request: CompletionRequest, call: _Call) -> Completion:
        """Ask, and ask again without what the model refuses; each turn takes something away."""
        while True:
            sent = self.memory.refusals.without_refused(request)
            try:
                return await self._tried(sent, call)
            except CompletionError as error:
                if not self.memory.refusals.learn(sent, error.failure):
                    raise

    async def _tried(self, request: CompletionRequest, call: _Call) -> Completion:
        async def pause(seconds: float) -> None:
            self._hold_deadline(call, seconds)
            await self.clock.sleep(seconds)

        return await retrying(pause, self.chance)(self._attempt, request, call)

    async def _attempt(self, request: CompletionRequest, call: _Call) -> Completion:
        """Make one attempt: reserve, write down, send, settle, write down how it ended."""
        model = self.models(request.model)
        reservation = self._worst(request, attempt=self.new_id())
        await self._meter.reserve(reservation)
        try:
            timeout_seconds = self._hold_deadline(call)
            self._enter_circuit(request.model)
        except CompletionError:
            self._meter.release(reservation)
            raise
        call.number += 1
        record = self._record(request, reservation, number=call.number)
        try:
            # Whatever becomes of this process: what may cost is written down before it leaves.
            await self.ledger.begin(record.unfinished())
        except BaseException:
            self._meter.release(reservation)
            raise
        with self.telemetry.span(span_name(request), asked(request, call.number)) as span:
            try:
                completion = await self._sent(model, request, call, timeout_seconds)
            except CompletionError as error:
                failure = judged(self._redaction.failure(error.failure))
                row = self._failed(record, failure)
                call.last = failure.message
                span.describe(ended(row, ""))
                await self._write(row)
                raise CompletionError(failure) from error
            except BaseException:
                # Cancelled, or a defect of an adapter: what was sent may cost, and is charged.
                row = self._given_up(record)
                span.describe(ended(row, ""))
                await self._write(row)
                raise
            row, cut = self._answered(record, completion)
            span.describe(ended(row, completion.provider_request_id))
            await self._write(row)
            if cut is not None:
                raise CompletionError(cut)
            return completion

    async def _sent(
        self, model: Model, request: CompletionRequest, call: _Call, timeout_seconds: float
    ) -> Completion:
        def begin() -> None:
            self.onlooker.answering(request.persona, request.purpose, call.number)
            call.begin()

        try:
            async with asyncio.timeout(timeout_seconds + _GRACE_SECONDS):
                completion = await model.complete(
                    request, timeout_seconds=timeout_seconds, on_first_byte=begin
                )
        except TimeoutError as error:
            message = f"no answer within {timeout_seconds:,.0f} s"
            raise CompletionError(Failure(kind=FailureKind.TRANSIENT, message=message)) from error
        return self._redaction.completion(replace(completion, usage=believable(completion.usage)))

    def _enter_circuit(self, model: ModelName) -> None:
        failure = self.memory.breaker.enter(model, self.clock.monotonic())
        if failure is not None:
            raise CompletionError(failure)

    def _hold_deadline(self, call: _Call, wait_seconds: float = 0.0) -> float:
        """Return how long an attempt may take after a wait; raise if no time is left."""
        if self.deadline_seconds is None:
            return self.timeout_seconds
        left = self.deadline_seconds - self.clock.monotonic() - wait_seconds
        if left <= 0:
            last = f"; the last attempt ended so: {call.last}" if call.last else ""
            message = f"the time of the run is over{last}"
            raise CompletionError(Failure(kind=FailureKind.DEADLINE, message=message, sent=False))
        return min(self.timeout_seconds, left)

    # --- settlement --------------------------------------------------------------------------
    def _answered(
        self, record: AttemptRecord, completion: Completion
    ) -> tuple[Attempt, Failure | None]:
        """Settle an answer; one to a request that was read in part only is a failure."""
        self.memory.breaker.succeeded(record.request.model)
        usage = completion.usage
        charge = self._settle(record, usage or Unbilled.UNKNOWN, completion.model_answered)
        if usage is not None and self.memory.calibration.is_cut(record.request, usage):
            about = self.estimator(record.request.model).input_tokens(record.request)
            failure = Failure(
                kind=FailureKind.PROTOCOL,
                message=f"the server read {usage.input:,} tokens of about {about:,} that were "
                "sent: its context is too small for this request and it cut the rest away",
            )
            self._meter.count(record.request.purpose, charge, failed=True)
            row = record.failed(failure.kind.value, charge, completion.latency_seconds)
            return replace(row, model_answered=completion.model_answered), failure
        if usage is not None:
            self.memory.calibration.learn(record.request, usage)
        self._meter.count(record.request.purpose, charge, failed=False)
        return record.answered(completion, charge), None

    def _failed(self, record: AttemptRecord, failure: Failure) -> Attempt:
        now = self.clock.monotonic()
        self.memory.breaker.failed(record.request.model, failure, now)
        charge = self._settle(record, unbilled(failure))
        self._meter.count(record.request.purpose, charge, failed=True)
        return record.failed(failure.kind.value, charge, now - record.started_seconds)

    def _given_up(self, record: AttemptRecord) -> Attempt:
        self.memory.breaker.left(record.request.model)
        charge = self._settle(record, Unbilled.UNKNOWN)
        self._meter.count(record.request.purpose, charge, failed=True)
        latency = self.clock.monotonic() - record.started_seconds
        return record.failed(FailureKind.CANCELLED.value, charge, latency)

    def _settle(self, record: AttemptRecord, used: Usage | Unbilled, answered: str = "") -> Charge:
        def price(usage: Usage) -> Decimal | None:
            return self.pricing.price(
                record.request.model, usage, at=record.started_at, answered=answered
            )

        return self._meter.settle(record.reservation, used, price)

    def _worst(self, request: CompletionRequest, *, attempt: str) -> Reservation:
        usage = self.estimator(request.model).worst_usage(request)
        cost = self.pricing.worst(request.model, usage, at=self.clock.now())
        return Reservation(attempt=attempt, usage=usage, cost=cost)

    def _record(
        self, request: CompletionRequest, reservation: Reservation, *, number: int
    ) -> AttemptRecord:
        return AttemptRecord(
            id=reservation.attempt,
            account=self.account,
            request=request,
            number=number,
            reservation=reservation,
            started_at=self.clock.now(),
            started_seconds=self.clock.monotonic(),
        )

    async def _write(self, row: Attempt) -> None:
        """Write a row down even if the call is cancelled while it is being written."""
        writing = asyncio.ensure_future(self.ledger.record(row))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            with suppress(asyncio.CancelledError):
                await asyncio.shield(writing)
            raise
