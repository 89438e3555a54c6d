"""The ceilings of a run: the limits that an operator set, with what their scopes spent before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from reviewer.domain.budget import Amount, Ceiling, Scope
from reviewer.ports.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The most that one scope may spend.

    Args:
        tokens: The most tokens; None for no bound.
        dollars: The most US dollars; None for no bound.
    """

    tokens: int | None = None
    dollars: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an operator allows; a scope without a limit is not asked about.

    Args:
        call: A single attempt of a call.
        run: One review.
        pull_request: All reviews of one pull request.
        repository_day: All reviews of a repository on one day, UTC.
        installation_month: All reviews of an installation in one month, UTC.
    """

    call: Limit | None = None
    run: Limit | None = None
    pull_request: Limit | None = None
    repository_day: Limit | None = None
    installation_month: Limit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who a run is charged to.

    Args:
        run_id: The run; one that is taken up again counts what it spent before.
        repository: ``owner/name`` or the folder's name.
        pull_request: Its number; None for the command line.
        installation: The installation's id; None for the command line.
        before: What earlier runs on the pull request spent, as far as it is known without the
            ledger: a runner's is empty each time.
    """

    run_id: str
    repository: str
    pull_request: int | None = None
    installation: int | None = None
    before: Amount = field(default_factory=Amount)

    @property
    def scope(self) -> str:
        """Whose kept answers are its own."""
        return f"{self.installation or '-'}/{self.repository}"


#: Nothing was reviewed before this program existed.
_EVER = datetime.fromisoformat("2020-01-01T00:00:00+00:00")


async def load_ceilings(
    limits: Limits, account: Account, ledger: Ledger, now: datetime
) -> tuple[Ceiling, ...]:
    """Read what each scope spent and return the ceilings of a run.

    Another run of the same scope that is under way counts with what it has written down so far,
    not with what it will spend: two processes at once can exceed a shared ceiling by at most
    what the later of them spends.

    Args:
        limits: What the operator allows.
        account: Who is charged.
        ledger: Knows what was spent.
        now: The date and time, with a time zone.
    """
    return tuple(
        [
            Ceiling(
                scope=scope,
                tokens=limit.tokens,
                dollars=limit.dollars,
                already=await _already(scope, account, ledger, now),
            )
            for scope, limit in _limits(limits, account)
        ]
    )


def _limits(limits: Limits, account: Account) -> Iterator[tuple[Scope, Limit]]:
    """Return the limits that can be reached: without a pull request there is none of it."""
    if limits.call is not None:
        yield Scope.CALL, limits.call
    if limits.run is not None:
        yield Scope.RUN, limits.run
    if limits.pull_request is not None and account.pull_request is not None:
        yield Scope.PULL_REQUEST, limits.pull_request
    if limits.repository_day is not None:
        yield Scope.REPOSITORY_DAY, limits.repository_day
    if limits.installation_month is not None and account.installation is not None:
        yield Scope.INSTALLATION_MONTH, limits.installation_month


async def _already(scope: Scope, account: Account, ledger: Ledger, now: datetime) -> Amount:
    if scope is Scope.CALL:
        return Amount()
    if scope is Scope.RUN:
        rows = await ledger.attempts(run_id=account.run_id)
        return Amount(
            tokens=sum(row.usage.total for row in rows),
            dollars=sum((row.cost or Decimal(0) for row in rows), Decimal(0)),
        )
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    since = {Scope.PULL_REQUEST: _EVER, Scope.REPOSITORY_DAY: day}
    spent = await ledger.spent(
        since=since.get(scope, day.replace(day=1)),
        repository=None if scope is Scope.INSTALLATION_MONTH else account.repository,
        pull_request=account.pull_request if scope is Scope.PULL_REQUEST else None,
        installation=account.installation,
    )
    if scope is not Scope.PULL_REQUEST:
        return Amount(tokens=spent.tokens, dollars=spent.dollars)
    # Both may know of the same runs; whoever knows more is right.
    return Amount(
        tokens=max(spent.tokens, account.before.tokens),
        dollars=max(spent.dollars, account.before.dollars or Decimal(0)),
    )
