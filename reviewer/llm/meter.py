"""The meter: reserves the worst case of an attempt, settles what it used, adds everything up.

Reserving and settling happen between two awaits of one thread, so that no other call can come
between a check and what it allowed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum, auto

from reviewer.domain.budget import Amount, Budget, Ceiling, Refusal
from reviewer.domain.completion import Failure, FailureKind, Usage
from reviewer.ports.model import CompletionError


class Unbilled(Enum):
    """What is known of an attempt whose usage did not arrive."""

    FREE = auto()  # it was turned away before any work
    UNKNOWN = auto()  # it may have cost its worst case, and is charged so


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """The worst case of one attempt.

    Args:
        attempt: Its id.
        usage: The most that it may use.
        cost: The most that it may cost; None where the price is unknown.
    """

    attempt: str
    usage: Usage
    cost: Decimal | None

    @property
    def amount(self) -> Amount:
        """What a budget holds for it."""
        return Amount(tokens=self.usage.total, dollars=self.cost)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What one attempt is charged with.

    Args:
        usage: What it used, or what was reserved for it.
        cost: What it cost; None where the price is unknown.
        known: Whether the provider said what it used.
    """

    usage: Usage
    cost: Decimal | None
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What a set of calls used, for the line under a review.

    Args:
        usage: Tokens by bucket.
        known_cost: What the attempts of known price cost.
        unpriced: Attempts that used tokens of unknown price.
        attempts: Attempts that reached a provider.
        cached: Calls that our own kept answers served.
        failed: Attempts that failed.
        uncertain: Attempts that are charged at their reservation, since no usage arrived.
    """

    usage: Usage = field(default_factory=Usage)
    known_cost: Decimal = Decimal(0)
    unpriced: int = 0
    attempts: int = 0
    cached: int = 0
    failed: int = 0
    uncertain: int = 0

    @property
    def cost(self) -> Decimal | None:
        """What all of it cost; None if a part of it has no known price."""
        return None if self.unpriced else self.known_cost


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetReport:
    """What a run spent, in all and by purpose, and under which ceilings.

    Args:
        total: Everything.
        by_purpose: ``review``, ``verify``, ``repair`` …, in the order in which they began.
        ceilings: What held.
        refusals: Ceilings that were reached, each once.
    """

    total: Spending
    by_purpose: tuple[tuple[str, Spending], ...]
    ceilings: tuple[Ceiling, ...]
    refusals: tuple[Refusal, ...]


@dataclass(slots=True)
class Meter:
    """Holds the budget of one run.

    Args:
        ceilings: All hold at once.
    """

    ceilings: Sequence[Ceiling] = ()
    budget: Budget = field(init=False)
    _spending: dict[str, Spending] = field(init=False, default_factory=dict)
    _refusals: dict[Refusal, None] = field(init=False, default_factory=dict)
    _freed: asyncio.Event = field(init=False, default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.budget = Budget(ceilings=tuple(self.ceilings))

    async def reserve(self, reservation: Reservation) -> None:
        """Set the worst case aside; wait where calls under way may still leave room for it.

        Raises:
            CompletionError: A ceiling forbids it, whatever the calls under way will leave.
        """
        while isinstance(answer := self._reserved(reservation), Refusal):
            if not self.budget.may_fit_later(reservation.amount):
                self._refusals[answer] = None
                raise CompletionError(
                    Failure(kind=FailureKind.BUDGET, message=str(answer), sent=False)
                )
            self._freed.clear()
            await self._freed.wait()
        self.budget = answer

    def _reserved(self, reservation: Reservation) -> Budget | Refusal:
        return self.budget.reserve(reservation.attempt, reservation.amount)

    def settle(
        self,
        reservation: Reservation,
        used: Usage | Unbilled,
        price: Callable[[Usage], Decimal | None],
    ) -> Charge:
        """Replace a reservation by what the attempt used.

        Args:
            reservation: What was set aside.
            used: What the provider said, or why it said nothing.
            price: Prices a usage.
        """
        charge = Charge(usage=reservation.usage, cost=reservation.cost, known=False)
        if isinstance(used, Usage):
            charge = Charge(usage=used, cost=price(used), known=True)
        elif used is Unbilled.FREE:
            charge = Charge(usage=Usage(), cost=Decimal(0), known=True)
        amount = Amount(tokens=charge.usage.total, dollars=charge.cost)
        self.budget = self.budget.settle(reservation.attempt, amount)
        self._freed.set()
        return charge

    def release(self, reservation: Reservation) -> None:
        """Give a reservation back: the attempt was never made."""
        self.budget = self.budget.settle(reservation.attempt, Amount())
        self._freed.set()

    def count(self, purpose: str, charge: Charge, *, failed: bool) -> None:
        """Add an attempt that reached a provider to what was spent for a purpose."""
        before = self._spending.get(purpose, Spending())
        unpriced = charge.cost is None and charge.usage.total > 0
        self._spending[purpose] = replace(
            before,
            usage=before.usage + charge.usage,
            known_cost=before.known_cost + (charge.cost or Decimal(0)),
            unpriced=before.unpriced + unpriced,
            attempts=before.attempts + 1,
            failed=before.failed + failed,
            uncertain=before.uncertain + (not charge.known),
        )

    def count_kept(self, purpose: str) -> None:
        """Add a call that a kept answer served."""
        before = self._spending.get(purpose, Spending())
        self._spending[purpose] = replace(before, cached=before.cached + 1)

    def report(self) -> BudgetReport:
        """Return what was spent so far."""
        total = Spending()
        for spent in self._spending.values():
            total = Spending(
                usage=total.usage + spent.usage,
                known_cost=total.known_cost + spent.known_cost,
                unpriced=total.unpriced + spent.unpriced,
                attempts=total.attempts + spent.attempts,
                cached=total.cached + spent.cached,
                failed=total.failed + spent.failed,
                uncertain=total.uncertain + spent.uncertain,
            )
        return BudgetReport(
            total=total,
            by_purpose=tuple(self._spending.items()),
            ceilings=self.budget.ceilings,
            refusals=tuple(self._refusals),
        )
