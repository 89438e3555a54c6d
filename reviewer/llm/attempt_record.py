"""An attempt under way, and the row of the ledger that it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reviewer.domain.attempt import UNFINISHED, Attempt, AttemptOutcome
from reviewer.domain.completion import Completion, CompletionRequest, Failure, Usage
from reviewer.llm.ceilings import Account
from reviewer.llm.meter import Charge, Reservation, Unbilled

#: What an account can be made to believe of one answer; more is a server's mistake or a lie.
_MOST_TOKENS = 100_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """One attempt that is under way.

    Args:
        id: Its id.
        account: Who is charged.
        request: What is sent.
        number: Which attempt of the call, from 1.
        reservation: What is set aside for it.
        started_at: When it began, with a time zone.
        started_seconds: The monotonic time at which it began.
    """

    id: str
    account: Account
    request: CompletionRequest
    number: int
    reservation: Reservation
    started_at: datetime
    started_seconds: float

    def unfinished(self) -> Attempt:
        """Return the row of an attempt that is about to be sent, at its worst case."""
        reserved = self.reservation
        charge = Charge(usage=reserved.usage, cost=reserved.cost, known=False)
        return self._row(
            charge, outcome=AttemptOutcome.FAILED, failure=UNFINISHED, latency_seconds=0.0
        )

    def answered(self, completion: Completion, charge: Charge, *, kept: bool = False) -> Attempt:
        """Return the row of an attempt that brought an answer."""
        return self._row(
            charge,
            outcome=AttemptOutcome.CACHED if kept else AttemptOutcome.ANSWERED,
            model_answered=completion.model_answered,
            finish=completion.finish.value,
            latency_seconds=completion.latency_seconds,
        )

    def failed(self, kind: str, charge: Charge, latency_seconds: float) -> Attempt:
        """Return the row of an attempt that failed or was given up."""
        return self._row(
            charge,
            outcome=AttemptOutcome.FAILED,
            failure=kind,
            latency_seconds=latency_seconds,
        )

    def _row(  # the fields in which rows differ
        self,
        charge: Charge,
        *,
        outcome: AttemptOutcome,
        latency_seconds: float,
        model_answered: str = "",
        finish: str = "",
        failure: str = "",
    ) -> Attempt:
        return Attempt(
            id=self.id,
            run_id=self.request.run_id or self.account.run_id,
            repository=self.account.repository,
            pull_request=self.account.pull_request,
            installation=self.account.installation,
            persona=self.request.persona,
            purpose=self.request.purpose,
            rules=self.request.rules,
            prompt=self.request.prompt,
            model=self.request.model,
            model_answered=model_answered,
            parameters=self.request.parameters,
            number=self.number,
            outcome=outcome,
            failure=failure,
            finish=finish,
            usage=charge.usage,
            usage_known=charge.known,
            cost=charge.cost,
            latency_seconds=latency_seconds,
            started_at=self.started_at,
        )


def unbilled(failure: Failure) -> Unbilled:
    """Tell what is known of the usage of an attempt that failed; its adapter knows the wire."""
    return Unbilled.UNKNOWN if failure.sent else Unbilled.FREE


def believable(usage: Usage | None) -> Usage | None:
    """Return a usage that can be true; one that cannot counts as not arrived."""
    if usage is None:
        return None
    buckets = (usage.fresh_input, usage.cache_read, usage.cache_write, usage.output)
    possible = all(0 <= tokens <= _MOST_TOKENS for tokens in (*buckets, usage.reasoning))
    return usage if possible else None
