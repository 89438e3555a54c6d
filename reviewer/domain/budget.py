"""Budgets: what may be spent is reserved at worst case before a call and settled after it.

A budget is a value. Several ceilings hold at once, each on its own sum (``already`` spent before
this run, plus what this run has settled, plus what it holds in reserve). A reservation is made
only if every ceiling has room for it, so the settled sum can never exceed a ceiling, whatever the
order in which calls end. Usage that never arrived stays charged at its reservation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from typing_extensions import override


class Scope(StrEnum):
    """What a ceiling sums over; the value is shown to people."""

    CALL = "call"
    RUN = "run"
    PULL_REQUEST = "pull request"
    REPOSITORY_DAY = "repository and day"
    INSTALLATION_MONTH = "installation and month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Tokens of all buckets, and US dollars; None dollars where the price is unknown."""

    tokens: int = 0
    dollars: Decimal | None = Decimal(0)

    def __add__(self, other: Amount) -> Amount:
        """Add two amounts; an unknown price stays unknown."""
        known = self.dollars is not None and other.dollars is not None
        dollars = self.dollars + other.dollars if known else None  # type: ignore[operator]
        return Amount(tokens=self.tokens + other.tokens, dollars=dollars)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """The most that one scope may spend.

    Args:
        scope: What it sums over.
        tokens: The most tokens; None for no bound.
        dollars: The most US dollars; None for no bound. A call of unknown price is bound by
            tokens alone.
        already: What the scope spent before this run.
    """

    scope: Scope
    tokens: int | None = None
    dollars: Decimal | None = None
    already: Amount = Amount()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a reservation was not made.

    Args:
        scope: Whose ceiling it is.
        limit: The ceiling, in words: ``$0.50`` or ``200,000 tokens``.
    """

    scope: Scope
    limit: str

    @override
    def __str__(self) -> str:
        """Return the words that a partial run shows."""
        return f"the ceiling of {self.limit} per {self.scope.value} is reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Ceilings, what this run has settled, and what it holds in reserve by call.

    Args:
        ceilings: All hold at once.
        settled: What this run has spent.
        reserved: Calls under way and the most that each may cost.
    """

    ceilings: tuple[Ceiling, ...] = ()
    settled: Amount = Amount()
    reserved: tuple[tuple[str, Amount], ...] = ()

    def reserve(self, call: str, worst: Amount) -> Budget | Refusal:
        """Set the worst case of a call aside.

        Args:
            call: Names the call; not reserved at present.
            worst: The most that it may use and cost.

        Returns:
            The budget that holds the reservation, or whose ceiling forbids it.
        """
        held = sum((amount.tokens for _, amount in self.reserved), 0)
        held_dollars = sum(
            (amount.dollars or Decimal(0) for _, amount in self.reserved), Decimal(0)
        )
        for ceiling in self.ceilings:
            alone = ceiling.scope is Scope.CALL
            tokens = 0 if alone else ceiling.already.tokens + self.settled.tokens + held
            if ceiling.tokens is not None and tokens + worst.tokens > ceiling.tokens:
                return Refusal(scope=ceiling.scope, limit=f"{ceiling.tokens:,} tokens")
            if ceiling.dollars is None or worst.dollars is None:
                continue
            before = (ceiling.already.dollars or Decimal(0)) + (self.settled.dollars or Decimal(0))
            dollars = Decimal(0) if alone else before + held_dollars
            if dollars + worst.dollars > ceiling.dollars:
                return Refusal(scope=ceiling.scope, limit=f"${ceiling.dollars:.2f}")
        return replace(self, reserved=(*self.reserved, (call, worst)))

    def settle(self, call: str, actual: Amount | None) -> Budget:
        """Replace a reservation by what the call really used.

        Args:
            call: A call that is reserved.
            actual: What it used; None when nobody said, which charges the reservation.

        Raises:
            KeyError: The call holds no reservation; a defect of ours.
        """
        reserved = dict(self.reserved)
        worst = reserved.pop(call)
        spent = worst if actual is None else actual
        # A settled sum keeps its dollars even where one call's price is unknown: that call is
        # bound by tokens, and the ledger shows its price as unknown.
        dollars = (self.settled.dollars or Decimal(0)) + (spent.dollars or Decimal(0))
        settled = Amount(tokens=self.settled.tokens + spent.tokens, dollars=dollars)
        return replace(self, settled=settled, reserved=tuple(reserved.items()))
