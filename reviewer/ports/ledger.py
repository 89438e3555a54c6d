"""Where attempts are written down, summed for ceilings and reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from reviewer.domain.attempt import Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a set of attempts used: tokens, and dollars where prices are known."""

    tokens: int
    dollars: Decimal


class Ledger(Protocol):
    """Keeps every attempt; nothing that has ended is ever changed or taken back."""

    async def begin(self, attempt: Attempt) -> None:
        """Write down what an attempt may cost at worst, durably, before it is sent.

        The row stands until `record` puts the end of the same attempt in its place; where nobody
        lives to do that, it stays, and so does what it may have cost.
        """
        ...

    async def record(self, attempt: Attempt) -> None:
        """Write the end of one attempt down, durably, before its answer is used."""
        ...

    async def spent(
        self,
        *,
        since: datetime,
        repository: str | None = None,
        pull_request: int | None = None,
        installation: int | None = None,
    ) -> Spent:
        """Sum the attempts since a time that match everything that is given."""
        ...

    async def attempts(
        self, *, since: datetime | None = None, run_id: str | None = None
    ) -> Sequence[Attempt]:
        """Return attempts in the order in which they began."""
        ...
