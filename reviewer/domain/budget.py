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

#: What a dollar buys of a model whose price nobody knows, where a ceiling is in dollars alone:
#: the price of a dear model's output, so that the ceiling still holds.
UNPRICED_TOKENS_PER_DOLLAR = 20_000


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
            tokens alone; where a ceiling has none, by ``UNPRICED_TOKENS_PER_DOLLAR``.
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
        for ceiling in self.ceilings:
            limit = self._exceeded(ceiling, worst)
            if limit:
                return Refusal(scope=ceiling.scope, limit=limit)
        return replace(self, reserved=(*self.reserved, (call, worst)))

    def may_fit_later(self, worst: Amount) -> bool:
        """Tell whether a call that is refused now may fit once the calls under way have ended.

        They are reserved at their worst and mostly end far below it.
        """
        ended = replace(self, reserved=())
        return bool(self.reserved) and not any(
            ended._exceeded(ceiling, worst)  # noqa: SLF001 - a budget as this one
            for ceiling in self.ceilings
        )

    def _exceeded(self, ceiling: Ceiling, worst: Amount) -> str:
        """Return the limit that a call would exceed, in words; empty for none."""
        before = Amount() if ceiling.scope is Scope.CALL else self._taken(ceiling)
        tokens = ceiling.tokens
        if tokens is None and ceiling.dollars is not None and worst.dollars is None:
            tokens = int(ceiling.dollars * UNPRICED_TOKENS_PER_DOLLAR)
        if tokens is not None and before.tokens + worst.tokens > tokens:
            return f"{tokens:,} tokens"
        if ceiling.dollars is None or worst.dollars is None:
            return ""
        if (before.dollars or Decimal(0)) + worst.dollars > ceiling.dollars:
            return f"${ceiling.dollars:.2f}"
        return ""

    def _taken(self, ceiling: Ceiling) -> Amount:
        """Add up what a ceiling's scope has spent and holds in reserve."""
        amounts = (ceiling.already, self.settled, *(amount for _, amount in self.reserved))
        return Amount(
            tokens=sum(amount.tokens for amount in amounts),
            dollars=sum((amount.dollars or Decimal(0) for amount in amounts), Decimal(0)),
        )

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
