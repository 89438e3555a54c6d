"""What an operator lets an installation or a repository spend, and what a day cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from reviewer.domain.budget import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingLimit:
    """A ceiling that an operator set while the service runs.

    Args:
        installation_id: Whose.
        repository_id: Of this repository alone; None for each of the installation's.
        scope: What it sums over.
        tokens: The most tokens; None for no bound.
        dollars: The most US dollars; None for no bound.
        changed_at: When it was set.
    """

    installation_id: int
    repository_id: int | None = None
    scope: Scope
    tokens: int | None = None
    dollars: Decimal | None = None
    changed_at: datetime


#: The ceilings that sum over more than one pull request, as figures and the operator's file name
#: them.
REPOSITORY_DAY, INSTALLATION_MONTH = "repository_day", "installation_month"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCost:
    """What calls of one repository cost on one day, by the ledger.

    Args:
        day: In UTC.
        installation_id: Whose; None for calls of none.
        repository: ``owner/name``.
        calls: Attempts that were written down.
        tokens: Of all buckets.
        dollars: US dollars of the calls whose price is known.
        unpriced: How many calls have no known price.
    """

    day: date
    installation_id: int | None
    repository: str
    calls: int
    tokens: int
    dollars: Decimal
    unpriced: int = 0


def most_spent(costs: Iterable[DayCost], *, today: date) -> Mapping[str, Decimal]:
    """Return what whoever spent most has spent, by the ceiling that it counts towards.

    Args:
        costs: Of this month, in UTC.
        today: In UTC.
    """
    days: dict[tuple[int | None, str], Decimal] = {}
    months: dict[int, Decimal] = {}
    for cost in costs:
        whose = cost.installation_id
        if cost.day == today:
            place = (whose, cost.repository)
            days[place] = days.get(place, Decimal(0)) + cost.dollars
        if whose is not None and (cost.day.year, cost.day.month) == (today.year, today.month):
            months[whose] = months.get(whose, Decimal(0)) + cost.dollars
    return {
        REPOSITORY_DAY: max(days.values(), default=Decimal(0)),
        INSTALLATION_MONTH: max(months.values(), default=Decimal(0)),
    }
