"""What every store of the service promises of what it keeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from reviewer.domain.checklist import Verdict
from reviewer.domain.conclusion import ConclusionKind
from reviewer.domain.finding import Outcome, OutcomeKind
from reviewer.domain.history import KnownState
from reviewer.domain.pull_request import PullRequestName, Repository
from reviewer.domain.run import RunCursor, RunQuery
from reviewer.domain.status import TRANSITIONS, RunState
from reviewer.ports.store import Store
from tests.contract.store_stages import STORES, OrdinaryError, Stage, staged
from tests.ledger_example import NOON
from tests.store_example import (
    INSTALLATION,
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
)

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture(params=STORES)
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(request.param, request, tmp_path) as ready:
        yield ready


@pytest.fixture
def store(stage: Stage) -> Store:
    return stage.store


# --- transactions ----------------------------------------------------------------------------
async def test_what_a_block_did_is_there_when_it_ends(store: Store) -> None:
    async with store.begin() as work:
        await work.runs.add(a_run())
        assert await work.runs.get("run-1") is not None

    async with store.look() as work:
        assert await work.runs.get("run-1") is not None


async def test_a_block_that_fails_leaves_nothing_behind(store: Store) -> None:
    async def fail() -> None:
        async with store.begin() as work:
            await work.installations.put(INSTALLATION)
            await work.runs.add(a_run())
            await work.audit.add(an_entry())
            raise OrdinaryError

    with pytest.raises(OrdinaryError):
        await fail()

    async with store.look() as work:
        assert await work.installations.all() == []
        assert await work.runs.find(RunQuery()) == []
        assert await work.audit.find() == []


async def test_a_block_that_is_cancelled_leaves_nothing_behind(store: Store) -> None:
    entered = asyncio.Event()

    async def work_long() -> None:
        async with store.begin() as work:
            await work.runs.add(a_run())
            entered.set()
            await asyncio.sleep(60)

    task = asyncio.ensure_future(work_long())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with store.begin() as work:
        assert await work.runs.find(RunQuery()) == []
        assert await work.runs.add(a_run())


async def test_who_reads_does_not_see_what_is_not_committed(store: Store) -> None:
    async with store.begin() as work:
        await work.runs.add(a_run())
        async with store.look() as other:
            assert await other.runs.get("run-1") is None


async def test_a_store_gives_a_sign_of_life(store: Store) -> None:
    await store.check()


async def test_many_transactions_at_once_all_happen(store: Store) -> None:
    async def add(number: int) -> None:
        async with store.begin() as work:
            run = a_run(f"run-{number}", pull_request=PullRequestName(repository=SHOP, number=1))
            await work.runs.add(run)
            await work.findings.keep(run.id, [a_finding(f"finding {number}")])

    await asyncio.gather(*map(add, range(24)))

    async with store.look() as work:
        assert len(await work.runs.find(RunQuery())) == 24


# --- deliveries ------------------------------------------------------------------------------
@pytest.mark.holds("P22")
async def test_a_delivery_is_written_down_once(store: Store) -> None:
    async with store.begin() as work:
        first = await work.deliveries.add(a_delivery())
        again = await work.deliveries.add(a_delivery(action="closed"))

        kept = await work.deliveries.get("delivery-1")

    assert (first, again) == (True, False)
    assert kept is not None
    assert (kept.name, kept.action, kept.received_at) == ("pull_request", "opened", NOON)
    assert (kept.installation_id, kept.repository_id) == (11, 101)
    assert (kept.outcome, kept.handled_at) == ("", None)


@pytest.mark.holds("P22")
async def test_of_many_equal_deliveries_at_once_one_is_the_first(store: Store) -> None:
    async def add() -> bool:
        async with store.begin() as work:
            return await work.deliveries.add(a_delivery())

    assert sorted(await asyncio.gather(*(add() for _ in range(12)))) == [False] * 11 + [True]


async def test_what_became_of_a_delivery_is_said_once(store: Store) -> None:
    async with store.begin() as work:
        await work.deliveries.add(a_delivery())
        await work.deliveries.handled("delivery-1", "a review is queued", NOON)
        await work.deliveries.handled("delivery-1", "nothing", LATER)
        await work.deliveries.handled("unknown", "nothing", LATER)

        kept = await work.deliveries.get("delivery-1")

    assert kept is not None
    assert (kept.outcome, kept.handled_at) == ("a review is queued", NOON)


async def test_known_deliveries_are_told_from_missed_ones(store: Store) -> None:
    names = [f"delivery-{number}" for number in range(1_200)]
    async with store.begin() as work:
        for name in names[:30]:
            await work.deliveries.add(a_delivery(name, installation_id=None, repository_id=None))

        assert await work.deliveries.known(names) == frozenset(names[:30])
        assert await work.deliveries.known([]) == frozenset()
        assert await work.deliveries.get("unknown") is None


# --- installations ---------------------------------------------------------------------------
async def test_an_installation_is_changed_by_what_is_heard_last(store: Store) -> None:
    async with store.begin() as work:
        await work.installations.put(INSTALLATION)
        await work.installations.put(replace(INSTALLATION, suspended=True))

        assert await work.installations.get(11) == replace(INSTALLATION, suspended=True)
        assert await work.installations.get(12) is None
        assert await work.installations.all() == [replace(INSTALLATION, suspended=True)]


async def test_repositories_come_and_go_and_are_renamed(store: Store) -> None:
    async with store.begin() as work:
        await work.installations.put(INSTALLATION)
        await work.installations.put_repositories(
            [a_repository(102, "Bank"), a_repository(), a_repository(LARGE, "Large", private=False)]
        )
        await work.installations.put_repositories([a_repository(102, "Vault")])
        await work.installations.take_repositories(11, [101])
        await work.installations.take_repositories(12, [102])
        assert await work.installations.repositories(11) == [
            a_repository(102, "Vault"),
            a_repository(LARGE, "Large", private=False),
        ]
        assert await work.installations.repository(101) is None
        assert await work.installations.repository(102) == a_repository(102, "Vault")
        assert await work.installations.repositories(12) == []


async def test_a_repository_that_is_given_back_is_there_again(store: Store) -> None:
    async with store.begin() as work:
        await work.installations.put_repositories([a_repository()])
        await work.installations.take_repositories(11, [101])
        await work.installations.put_repositories([a_repository(installation_id=12)])

        assert await work.installations.repository(101) == a_repository(installation_id=12)
        assert [each.id for each in await work.installations.all()] == [11, 12]


async def test_a_repository_is_found_by_its_name_in_any_spelling(store: Store) -> None:
    async with store.begin() as work:
        await work.installations.put_repositories([a_repository(), a_repository(202, "Shop")])

        found = await work.installations.named(Repository(owner="eXample", name="sHOP"))
        assert found == a_repository(202, "Shop")
        assert await work.installations.named(Repository(owner="example", name="none")) is None


# --- runs ------------------------------------------------------------------------------------
FULL = a_run(
    installation_id=LARGE,
    repository_id=LARGE + 1,
    state=RunState.PARTIAL,
    reason="the ceiling of $0.50 per run is reached",
    conclusion=ConclusionKind.NEUTRAL,
    score=71.25,
    started_at=NOON + MINUTE,
    ended_at=NOON + 2 * MINUTE,
    tokens=LARGE,
    cost=Decimal("0.123456789"),
)


@pytest.mark.parametrize("run", [a_run(), FULL, a_run(cost=None)], ids=["new", "full", "unpriced"])
async def test_a_run_comes_back_as_it_was(store: Store, run: object) -> None:
    assert isinstance(run, type(FULL))
    async with store.begin() as work:
        assert await work.runs.add(run)

    async with store.look() as work:
        assert await work.runs.get(run.id) == run
        assert await work.runs.find(RunQuery()) == [run]
        assert await work.runs.get("unknown") is None


async def test_a_run_is_added_once(store: Store) -> None:
    async with store.begin() as work:
        assert await work.runs.add(a_run())
        assert not await work.runs.add(a_run(title="Another", head_sha="0" * 40))

        assert await work.runs.get("run-1") == a_run()


async def test_a_run_brings_what_it_stands_on(store: Store) -> None:
    async with store.begin() as work:
        await work.runs.add(a_run())

        repository = await work.installations.repository(101)
        (installation,) = await work.installations.all()

    assert repository == a_repository()
    assert installation.id == 11
    assert installation.account.login == "Example"


async def test_a_run_changes_nothing_of_what_the_host_told(store: Store) -> None:
    async with store.begin() as work:
        await work.installations.put(INSTALLATION)
        await work.installations.put_repositories([a_repository(private=False)])
        await work.runs.add(a_run())

        assert await work.installations.get(11) == INSTALLATION
        assert await work.installations.repository(101) == a_repository(private=False)


async def test_runs_are_called_by_the_newest_name_and_title(store: Store) -> None:
    renamed = PullRequestName(repository=Repository(owner="Other", name="Mall"), number=7)
    async with store.begin() as work:
        await work.runs.add(a_run())
        await work.runs.add(a_run("run-2", pull_request=renamed, title="Sell less"))

        first = await work.runs.get("run-1")

    assert first is not None
    assert first.pull_request == renamed
    assert first.title == "Sell less"


@pytest.mark.holds("P03")
@pytest.mark.parametrize("before", RunState)
async def test_a_run_moves_along_the_table_of_states_and_no_other_way(
    store: Store, before: RunState
) -> None:
    for after in RunState:
        run = a_run(f"{before}-{after}", state=before, reason="before")
        async with store.begin() as work:
            await work.runs.add(run)
            changed = await work.runs.advance(replace(run, state=after, reason="after"))
            kept = await work.runs.get(run.id)

        goes_on = after is before and bool(TRANSITIONS[before])
        assert changed == (after in TRANSITIONS[before] or goes_on)
        assert kept is not None
        assert (kept.state, kept.reason) == ((after, "after") if changed else (before, "before"))


async def test_a_run_that_is_not_there_does_not_move(store: Store) -> None:
    async with store.begin() as work:
        assert not await work.runs.advance(a_run(state=RunState.RUNNING))


@pytest.mark.holds("P03")
async def test_only_one_of_two_ends_of_a_run_counts(store: Store) -> None:
    async with store.begin() as work:
        await work.runs.add(a_run(state=RunState.RUNNING))

    async def end(state: RunState) -> bool:
        async with store.begin() as work:
            return await work.runs.advance(a_run(state=state))

    ends = (RunState.COMPLETED, RunState.SUPERSEDED, RunState.FAILED, RunState.PARTIAL)
    assert sum(await asyncio.gather(*map(end, ends))) == 1


async def test_what_is_written_while_a_run_goes_on_is_kept(store: Store) -> None:
    running = replace(
        FULL, id="run-1", state=RunState.RUNNING, conclusion=None, score=None, ended_at=None
    )
    async with store.begin() as work:
        await work.runs.add(replace(running, state=RunState.QUEUED, started_at=None))
        await work.runs.advance(running)
        await work.runs.advance(replace(running, tokens=3))
        await work.runs.advance(replace(FULL, id="run-1"))

        assert await work.runs.get("run-1") == replace(FULL, id="run-1")


async def test_runs_are_found_by_everything_that_is_asked(store: Store) -> None:
    bank = PullRequestName(repository=Repository(owner="Example", name="Bank"), number=8)
    async with store.begin() as work:
        await work.runs.add(a_run("a"))
        await work.runs.add(a_run("b", queued_at=NOON + MINUTE, state=RunState.RUNNING))
        await work.runs.add(
            a_run("c", queued_at=NOON + 2 * MINUTE, pull_request=bank, repository_id=102)
        )
        other = a_run("d", queued_at=NOON + 3 * MINUTE, installation_id=12, repository_id=103)
        await work.runs.add(
            replace(other, pull_request=replace(bank, repository=replace(SHOP, owner="Else")))
        )

        async def found(**asked: object) -> str:
            query = RunQuery(**asked)  # type: ignore[arg-type]
            return "".join(run.id for run in await work.runs.find(query))

        assert await found() == "dcba"
        assert await found(installation_id=11) == "cba"
        assert await found(repository=Repository(owner="example", name="SHOP")) == "ba"
        assert await found(repository_id=102) == "c"
        assert await found(number=8) == "dc"
        assert await found(states=frozenset({RunState.RUNNING})) == "b"
        assert await found(states=frozenset({RunState.QUEUED, RunState.RUNNING})) == "dcba"
        assert await found(since=NOON + MINUTE) == "dcb"
        assert await found(limit=2) == "dc"
        assert await found(repository_id=101, states=frozenset({RunState.QUEUED})) == "a"


async def test_pages_of_runs_show_each_run_once(store: Store) -> None:
    async with store.begin() as work:
        for number in range(9):
            await work.runs.add(a_run(f"run-{number}", queued_at=NOON + number // 3 * MINUTE))

        shown: list[str] = []
        after = None
        while page := await work.runs.find(RunQuery(limit=2, after=after)):
            shown += [run.id for run in page]
            after = RunCursor(queued_at=page[-1].queued_at, id=page[-1].id)

    assert shown == [f"run-{number}" for number in (8, 7, 6, 5, 4, 3, 2, 1, 0)]


async def test_verdicts_come_back_in_their_order_and_replace_earlier_ones(store: Store) -> None:
    verdicts = [
        a_verdict("SEC002", verdict=Verdict.NOT_ASSESSED, asked=False),
        a_verdict("SEC001", reason="… – 🙂"),
        a_verdict("SEC001", persona="architect"),
    ]
    async with store.begin() as work:
        await work.runs.add(a_run())
        await work.runs.add(a_run("run-2"))
        await work.runs.keep_verdicts("run-2", [a_verdict()])
        await work.runs.keep_verdicts("run-1", [a_verdict("OLD001"), a_verdict()])
        await work.runs.keep_verdicts("run-1", verdicts)

        assert await work.runs.verdicts("run-1") == verdicts
        assert await work.runs.verdicts("run-2") == [a_verdict()]
        await work.runs.keep_verdicts("run-1", [])
        assert await work.runs.verdicts("run-1") == []


async def test_what_a_block_changes_it_sees(store: Store) -> None:
    async with store.begin() as work:
        await work.runs.add(a_run())
        await work.findings.keep("run-1", [a_finding(fingerprint="11" * 20)])
        seen = [await work.installations.get(11), await work.findings.of_run("run-1")]
        runs = await work.runs.find(RunQuery())

        await work.installations.put(INSTALLATION)
        await work.runs.advance(a_run(state=RunState.RUNNING))
        await work.findings.mark(101, 7, {"11" * 20: KnownState.FIXED})

        assert await work.installations.get(11) == INSTALLATION != seen[0]
        assert [run.state for run in await work.runs.find(RunQuery())] == [RunState.RUNNING]
        assert await work.findings.of_run("run-1") != seen[1]
    assert [run.state for run in runs] == [RunState.QUEUED]


# --- findings --------------------------------------------------------------------------------
async def test_findings_come_back_as_they_were_in_their_order(store: Store) -> None:
    findings = [
        a_finding(),
        replace(
            a_finding("On the file", location=None, co_signers=("architect",), habit_kept=False),
            outcome=Outcome(kind=OutcomeKind.DUPLICATE, reason="the same place", of="cd" * 20),
        ),
        a_finding("A way out", suggestion="run(b)\n", quote='run(f"{b}")', family="injection"),
    ]
    async with store.begin() as work:
        await work.runs.add(a_run())
        await work.findings.keep("run-1", [a_finding("Older")])
        await work.findings.keep("run-1", findings)

    async with store.look() as work:
        kept = await work.findings.of_run("run-1")
        assert await work.findings.of_run("unknown") == []

    assert [found.placed for found in kept] == findings
    assert {found.state for found in kept} == {KnownState.OPEN}


async def test_a_dismissed_finding_begins_as_dismissed(store: Store) -> None:
    placed = replace(a_finding(), outcome=Outcome(kind=OutcomeKind.DISMISSED, reason="by mona"))
    async with store.begin() as work:
        await work.runs.add(a_run())
        await work.findings.keep("run-1", [placed])

        (kept,) = await work.findings.of_run("run-1")

    assert kept.state is KnownState.DISMISSED


async def test_findings_are_marked_in_every_run_of_their_pull_request(store: Store) -> None:
    one, two = a_finding(fingerprint="11" * 20), a_finding(fingerprint="22" * 20)
    elsewhere = replace(a_run("run-3"), pull_request=PullRequestName(repository=SHOP, number=8))
    async with store.begin() as work:
        for run in (a_run(), a_run("run-2"), elsewhere):
            await work.runs.add(run)
            await work.findings.keep(run.id, [one, two])
        await work.findings.mark(101, 7, {"11" * 20: KnownState.FIXED, "99" * 20: KnownState.FIXED})
        await work.findings.mark(102, 7, {"22" * 20: KnownState.FIXED})

        states = {
            run_id: [found.state for found in await work.findings.of_run(run_id)]
            for run_id in ("run-1", "run-2", "run-3")
        }

    assert states == {
        "run-1": [KnownState.FIXED, KnownState.OPEN],
        "run-2": [KnownState.FIXED, KnownState.OPEN],
        "run-3": [KnownState.OPEN, KnownState.OPEN],
    }


async def test_a_run_that_was_forgotten_keeps_nothing(store: Store) -> None:
    async with store.begin() as work:
        await work.findings.keep("run-1", [a_finding()])
        await work.runs.keep_verdicts("run-1", [a_verdict()])

        assert await work.findings.of_run("run-1") == []
        assert await work.runs.verdicts("run-1") == []


@pytest.mark.parametrize("text", ["", "half \ud83d", "nothing \0", "sealed:1:x", "plain:1:", "'"])
async def test_hostile_texts_can_be_kept(store: Store, text: str) -> None:
    async with store.begin() as work:
        await work.runs.add(a_run(title=text or "x", reason=text))
        await work.runs.keep_verdicts("run-1", [a_verdict(reason=text)])
        await work.findings.keep("run-1", [a_finding(text, quote=text, sources=(text,))])
        await work.dismissals.add(a_dismissal(reason=text))
        await work.audit.add(an_entry(detail=text))

        (found,) = await work.findings.of_run("run-1")
        (dismissal,) = await work.dismissals.of(101, 7)

    # What no database takes is written as its number.
    stored = (text, text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00"))
    assert found.placed.finding.headline in stored
    assert found.placed.finding.sources == (text,)
    assert dismissal.reason in stored
