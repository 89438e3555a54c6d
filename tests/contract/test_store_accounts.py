"""What every store of the service promises of people, money and forgetting."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from reviewer.domain.budget import Scope
from reviewer.domain.pull_request import PullRequestName
from reviewer.domain.run import RunQuery
from reviewer.domain.spending import DayCost, SpendingLimit
from reviewer.domain.status import RunState
from reviewer.ports.ledger import Ledger
from reviewer.ports.store import Store
from tests.contract.store_stages import STORES, OrdinaryError, Stage, staged
from tests.ledger_example import NOON, an_attempt
from tests.store_example import (
    LARGE,
    LATER,
    SHOP,
    a_delivery,
    a_dismissal,
    a_finding,
    a_repository,
    a_run,
    a_verdict,
    an_entry,
    fill,
)

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture(params=STORES)
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(request.param, request, tmp_path) as ready:
        yield ready


@pytest.fixture
def store(stage: Stage) -> Store:
    return stage.store


@pytest.fixture
def ledger(stage: Stage) -> Ledger:
    return stage.ledger


# --- dismissals ------------------------------------------------------------------------------
async def test_dismissals_are_kept_with_who_took_them_back(store: Store) -> None:
    by_reply = a_dismissal(at=NOON + MINUTE, authorised=False, reason="")
    other = a_dismissal("cd" * 20, at=NOON + 2 * MINUTE)
    async with store.begin() as work:
        await work.runs.add(a_run())
        for dismissal in (by_reply, other, a_dismissal()):
            await work.dismissals.add(dismissal)
        await work.dismissals.withdraw(101, 7, "ab" * 20, by="hubot", at=LATER)
        await work.dismissals.withdraw(101, 7, "ab" * 20, by="late", at=LATER + MINUTE)
        await work.dismissals.withdraw(101, 8, "cd" * 20, by="hubot", at=LATER)

        back = {"withdrawn_by": "hubot", "withdrawn_at": LATER}
        run = await work.runs.get("run-1")
        assert await work.dismissals.of(101, 7) == [
            replace(a_dismissal(), **back),  # type: ignore[arg-type]
            replace(by_reply, **back),  # type: ignore[arg-type]
            other,
        ]
        assert await work.dismissals.of(101, 8) == []
    assert run is not None
    assert run.title == "Sell more"


async def test_a_dismissal_needs_no_run(store: Store) -> None:
    async with store.begin() as work:
        await work.dismissals.add(a_dismissal())

        assert await work.dismissals.of(101, 7) == [a_dismissal()]
        assert await work.installations.repository(101) == a_repository()


# --- budgets ---------------------------------------------------------------------------------
@pytest.mark.holds("P13")
async def test_a_repository_s_own_ceiling_takes_the_place_of_its_installation_s(
    store: Store,
) -> None:
    month = SpendingLimit(
        installation_id=11, scope=Scope.INSTALLATION_MONTH, tokens=LARGE, changed_at=NOON
    )
    run = SpendingLimit(
        installation_id=11, scope=Scope.RUN, dollars=Decimal("0.50"), changed_at=NOON
    )
    own = replace(run, repository_id=101, dollars=Decimal("1.5"), changed_at=LATER)
    async with store.begin() as work:
        for limit in (month, run, own, replace(run, installation_id=12, tokens=5)):
            await work.budgets.put(limit)

        assert await work.budgets.of(11) == [run, month]
        assert await work.budgets.of(11, 101) == [own, month]
        assert await work.budgets.of(11, 102) == [run, month]
        assert await work.budgets.of(13) == []


async def test_a_ceiling_is_set_anew_and_taken_away(store: Store) -> None:
    run = SpendingLimit(installation_id=11, scope=Scope.RUN, tokens=5, changed_at=NOON)
    async with store.begin() as work:
        await work.budgets.put(run)
        await work.budgets.put(replace(run, tokens=None, dollars=Decimal("0.10"), changed_at=LATER))
        (changed,) = await work.budgets.of(11)
        await work.budgets.remove(replace(run, repository_id=101))
        assert len(await work.budgets.of(11)) == 1
        await work.budgets.remove(run)
        await work.budgets.remove(run)

        assert await work.budgets.of(11) == []
    assert (changed.tokens, str(changed.dollars), changed.changed_at) == (None, "0.10", LATER)


# --- audit -----------------------------------------------------------------------------------
async def test_the_audit_trail_comes_back_newest_first(store: Store) -> None:
    entries = [
        an_entry("one", at=NOON, allowed=False),
        an_entry("two", at=NOON + MINUTE, installation_id=None, repository_id=None, number=None),
        an_entry("three", at=NOON + MINUTE, installation_id=12),
    ]
    async with store.begin() as work:
        for entry in entries:
            await work.audit.add(entry)

        assert await work.audit.find() == entries[::-1]
        assert await work.audit.find(installation_id=11) == entries[:1]
        assert await work.audit.find(since=NOON + MINUTE) == [entries[2], entries[1]]
        assert await work.audit.find(limit=1) == entries[2:]


# --- costs -----------------------------------------------------------------------------------
async def test_costs_are_summed_by_day_in_utc_and_repository(store: Store, ledger: Ledger) -> None:
    midnight = NOON.replace(hour=0) + DAY
    for name, at, repository, cost in (
        ("a", NOON, "Example/Shop", Decimal("0.1")),
        ("b", NOON, "Example/Shop", Decimal("0.2")),
        ("c", midnight - timedelta(microseconds=1), "Example/Shop", None),
        ("d", midnight, "Example/Shop", Decimal("0.1")),
        ("e", midnight, "Example/Bank", Decimal("0.1")),
        ("f", midnight + DAY, "Example/Shop", Decimal(7)),
        ("g", NOON - DAY, "Example/Shop", Decimal(7)),
    ):
        attempt = an_attempt(name, started_at=at, repository=repository, cost=cost, installation=11)
        await ledger.record(attempt)
    await ledger.record(an_attempt("h", started_at=midnight, repository="folder", cost=None))

    async with store.look() as work:
        found = await work.costs.by_day(since=NOON, until=midnight + DAY)
        shop = await work.costs.by_day(since=NOON, until=midnight, repository="example/shop")
        ours = await work.costs.by_day(since=NOON, until=midnight + DAY, installation_id=11)

    first = DayCost(
        day=date(2026, 11, 20),
        installation_id=11,
        repository="Example/Shop",
        calls=3,
        tokens=36,
        dollars=Decimal("0.3"),
        unpriced=1,
    )
    second = replace(first, day=date(2026, 11, 21), calls=1, tokens=12, unpriced=0)
    second = replace(second, dollars=Decimal("0.1"))
    folder = replace(second, installation_id=None, repository="folder")
    assert found == [
        first,
        replace(folder, dollars=Decimal(0), unpriced=1),
        replace(second, repository="Example/Bank"),
        second,
    ]
    assert shop == [first]
    assert ours == [found[0], *found[2:]]


# --- forgetting ------------------------------------------------------------------------------
async def test_what_ended_before_a_moment_is_forgotten(store: Store, ledger: Ledger) -> None:
    old, new = NOON - 30 * DAY, NOON
    async with store.begin() as work:
        for name, at, state, number in (
            ("old", old, RunState.COMPLETED, 1),
            ("stuck", old, RunState.RUNNING, 2),
            ("new", new, RunState.COMPLETED, 3),
            ("old too", old, RunState.FAILED, 3),
        ):
            where = PullRequestName(repository=SHOP, number=number)
            run = a_run(name, queued_at=at, state=state, pull_request=where)
            await work.runs.add(replace(run, ended_at=None if name == "old" else at))
            await work.runs.keep_verdicts(name, [a_verdict()])
            await work.findings.keep(name, [a_finding()])
            await work.deliveries.add(a_delivery(f"delivery-{name}", received_at=at))
            await work.dismissals.add(a_dismissal(pull_request=where, at=at))
            await work.audit.add(an_entry(name, at=at))
    await ledger.record(an_attempt("old", started_at=old))
    await ledger.record(an_attempt("new", started_at=new))

    async with store.begin() as work:
        counts = await work.retention.forget_before(NOON - DAY)

    assert (counts["run"], counts["finding"], counts["delivery"]) == (2, 2, 3)
    async with store.begin() as work:
        assert [run.id for run in await work.runs.find(RunQuery())] == ["new", "stuck"]
        assert len(await work.findings.of_run("stuck")) == 1
        assert await work.findings.of_run("old") == []
        assert await work.runs.verdicts("old") == []
        assert [len(await work.dismissals.of(101, number)) for number in (1, 2, 3)] == [0, 1, 2]
        assert await work.deliveries.get("delivery-old") is None
        assert await work.deliveries.get("delivery-new") is not None
        assert len(await work.audit.find()) == 4
        assert len(await ledger.attempts()) == 2

        await work.retention.forget_before(NOON - DAY, accounts_before=NOON - DAY)
        assert [entry.action for entry in await work.audit.find()] == ["new"]
    assert [row.id for row in await ledger.attempts()] == ["new"]


async def test_a_repository_that_was_taken_away_is_forgotten_with_its_last_run(
    store: Store,
) -> None:
    async with store.begin() as work:
        await work.runs.add(a_run(state=RunState.COMPLETED, ended_at=NOON))
        await work.installations.take_repositories(11, [101])
        await work.retention.forget_before(NOON)
        (kept,) = await work.runs.find(RunQuery())
        assert kept.pull_request.repository == SHOP

        await work.retention.forget_before(LATER)
        assert await work.runs.find(RunQuery()) == []
        await work.installations.put_repositories([a_repository()])
        assert await work.installations.repository(101) == a_repository()


@pytest.mark.holds("S20")
async def test_everything_of_an_installation_is_forgotten_and_nothing_else(
    store: Store, ledger: Ledger
) -> None:
    for installation_id, text in ((11, "gone"), (12, "stays")):
        await fill(store, installation_id, text=text)
        await ledger.record(an_attempt(text, installation=installation_id, run_id=f"run-{text}"))
    limit = SpendingLimit(installation_id=11, scope=Scope.RUN, tokens=5, changed_at=NOON)
    async with store.begin() as work:
        await work.budgets.put(limit)

    async with store.begin() as work:
        counts = await work.retention.forget_installation(11)

    assert (counts["installation"], counts["run"], counts["finding"]) == (1, 1, 1)
    async with store.look() as work:
        assert [each.id for each in await work.installations.all()] == [12]
        assert await work.installations.repository(110) is None
        assert [run.id for run in await work.runs.find(RunQuery())] == ["run-stays"]
        assert len(await work.findings.of_run("run-stays")) == 1
        assert len(await work.runs.verdicts("run-stays")) == 1
        assert await work.dismissals.of(110, 11) == []
        assert len(await work.dismissals.of(120, 12)) == 1
        assert await work.budgets.of(11) == []
        assert [entry.installation_id for entry in await work.audit.find()] == [12]
        names = ["delivery-gone", "delivery-stays"]
        assert await work.deliveries.known(names) == {"delivery-stays"}
    assert [row.id for row in await ledger.attempts()] == ["stays"]


async def test_forgetting_an_unknown_installation_does_nothing(store: Store) -> None:
    await fill(store, 12, text="stays")

    async with store.begin() as work:
        counts = await work.retention.forget_installation(11)

    assert not any(counts.values())


@pytest.mark.holds("S20")
async def test_a_repository_that_moved_stays_with_its_new_installation(store: Store) -> None:
    async with store.begin() as work:
        await work.runs.add(a_run("before"))
        await work.installations.put_repositories([a_repository(installation_id=12)])
        await work.runs.add(a_run("after", installation_id=12))

        await work.retention.forget_installation(11)

        assert [run.id for run in await work.runs.find(RunQuery())] == ["after"]
        assert await work.installations.repository(101) == a_repository(installation_id=12)


async def test_forgetting_can_be_undone_by_an_error(store: Store) -> None:
    await fill(store, 11, text="stays")

    async def fail() -> None:
        async with store.begin() as work:
            await work.retention.forget_installation(11)
            raise OrdinaryError

    with pytest.raises(OrdinaryError):
        await fail()

    async with store.look() as work:
        assert len(await work.runs.find(RunQuery())) == 1


# --- an installation that is gone for good ---------------------------------------------------
async def test_nothing_of_an_installation_that_was_uninstalled_is_written_any_more(
    store: Store, ledger: Ledger
) -> None:
    await fill(store, 11, text="gone")
    async with store.begin() as work:
        await work.retention.forget_installation(11, uninstalled_at=NOON)

    # What a run that was under way, and a delivery that comes late, still want to write.
    await fill(store, 11, text="late")
    await ledger.record(an_attempt("late", installation=11, run_id="run-late"))
    limit = SpendingLimit(installation_id=11, scope=Scope.RUN, tokens=5, changed_at=NOON)
    async with store.begin() as work:
        await work.budgets.put(limit)

    async with store.look() as work:
        assert await work.installations.uninstalled(11)
        assert await work.installations.all() == []
        assert await work.installations.repositories(11) == []
        assert await work.runs.find(RunQuery()) == []
        assert await work.dismissals.of(110, 11) == []
        assert await work.histories.of(110, 11) is None
        assert await work.budgets.of(11) == []
        assert await work.audit.find() == []
        # That it came is kept, or it would be asked for again; whose it was is not.
        delivery = await work.deliveries.get("delivery-late")
        assert delivery is not None
        assert (delivery.installation_id, delivery.repository_id) == (None, None)
    assert await ledger.attempts() == []


async def test_the_number_of_an_installation_that_is_gone_is_forgotten_with_what_is_old(
    store: Store,
) -> None:
    async with store.begin() as work:
        await work.retention.forget_installation(11, uninstalled_at=NOON)
        await work.retention.forget_before(NOON)
        assert await work.installations.uninstalled(11)
        await work.retention.forget_before(LATER)
        assert not await work.installations.uninstalled(11)


async def test_data_that_was_deleted_on_request_may_come_again(store: Store) -> None:
    await fill(store, 11, text="gone")
    async with store.begin() as work:
        await work.retention.forget_installation(11)
    await fill(store, 11, text="again")
    async with store.look() as work:
        assert not await work.installations.uninstalled(11)
        assert [run.id for run in await work.runs.find(RunQuery())] == ["run-again"]


async def test_what_is_remembered_goes_with_its_installation_and_with_its_age(
    store: Store,
) -> None:
    for number in (11, 12):
        await fill(store, number, text=f"of-{number}")
    async with store.begin() as work:
        await work.retention.forget_installation(11)
        assert await work.histories.of(110, 11) is None
        assert await work.histories.of(120, 12) is not None

        run = await work.runs.get("run-of-12")
        assert run is not None
        await work.runs.advance(replace(run, state=RunState.SKIPPED, ended_at=NOON))
        await work.retention.forget_before(LATER)
        assert await work.histories.of(120, 12) is None
