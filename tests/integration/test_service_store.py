"""The service's database: texts at rest, forgetting for good, several at once."""

from __future__ import annotations

import asyncio
import base64
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from reviewer.adapters.database.service_store import DatabaseStore, open_service_store
from reviewer.domain.completion import Completion, Finish, Usage
from reviewer.domain.run import RunQuery
from reviewer.errors import UserError
from tests.ledger_example import NOON, an_attempt
from tests.store_example import a_delivery, a_finding, a_run, fill

KEY = base64.b64encode(bytes(range(200, 232))).decode()
OTHER_KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()

ANSWER = Completion(
    text="secret words", finish=Finish.STOP, usage=Usage(output=5), model_answered="example-1"
)

DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_store_url"))
    return f"sqlite:///{tmp_path / 'service.sqlite3'}"


@pytest.fixture
def everything(url: str) -> Callable[[], str]:
    """Return every row of every table, as the database itself shows it."""

    def of_sqlite() -> str:
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            return "\n".join(connection.iterdump())

    def of_postgres() -> str:
        with psycopg.connect(url) as connection:
            tables = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
            found: list[str] = []
            for (table,) in tables:
                query = SQL("SELECT t::text FROM {} t").format(Identifier(table))
                rows = connection.execute(query).fetchall()
                found += [f"{table} {row}" for (row,) in rows]
            return "\n".join(found)

    return of_sqlite if url.startswith("sqlite") else of_postgres


async def return_answer() -> Completion:
    return ANSWER


async def fill_wholly(store: DatabaseStore, installation_id: int, text: str) -> None:
    await fill(store, installation_id, text=text)
    attempt = an_attempt(
        text, installation=installation_id, run_id=f"run-{text}", repository=f"owner-{text}/name"
    )
    await store.ledger.record(attempt)
    answer = Completion(text=text, finish=Finish.STOP, usage=None, model_answered="m")
    await store.completions(installation_id).put(f"key-{text}", answer)

    async def action() -> Completion:
        return answer

    await store.journal(f"run-{text}", installation_id).once("complete:review", action)
    await store.journal(f"command-{text}", installation_id).once("ask", action)


# --- texts at rest ---------------------------------------------------------------------------
async def test_without_a_key_texts_are_readable(url: str, everything: Callable[[], str]) -> None:
    async with open_service_store(url) as store:
        await fill_wholly(store, 11, "sensitive")

    assert "sensitive.py" in everything()


@pytest.mark.holds("P31")
async def test_with_a_key_no_text_stands_in_the_database(
    url: str, everything: Callable[[], str]
) -> None:
    async with open_service_store(url, keys=[KEY]) as store:
        async with store.begin() as work:
            await work.runs.add(a_run(title="sensitive", reason="sensitive"))
            finding = a_finding("sensitive", explanation="sensitive", quote="sensitive")
            await work.findings.keep("run-1", [finding])
        await store.completions(11).put("key", ANSWER)
        await store.journal("run-1").once("call", return_answer)

        async with store.look() as work:
            run = await work.runs.get("run-1")
            (found,) = await work.findings.of_run("run-1")
        assert run is not None
        assert (run.title, run.reason) == ("sensitive", "sensitive")
        assert found.placed == finding
        assert await store.completions().get("key") == ANSWER

    stored = everything()
    assert "sensitive" not in stored
    assert "secret words" not in stored
    assert "run-1" in stored


async def test_a_key_can_come_later_be_changed_and_go(url: str) -> None:
    for number, keys in enumerate(([], [KEY], [OTHER_KEY, KEY], [OTHER_KEY, KEY])):
        async with open_service_store(url, keys=keys) as store:
            async with store.begin() as work:
                await work.runs.add(a_run(f"run-{number}", reason=f"reason {number}"))
            async with store.look() as work:
                runs = await work.runs.find(RunQuery())
        assert sorted(run.reason for run in runs) == [
            f"reason {each}" for each in range(number + 1)
        ]


async def test_after_sealing_anew_older_keys_may_go(
    url: str, everything: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reviewer.adapters.database.resealing._ROWS_AT_ONCE", 2)
    async with open_service_store(url) as store:
        for number in range(5):
            await fill_wholly(store, 20 + number, f"plain{number}")
    async with open_service_store(url, keys=[KEY]) as store:
        await fill_wholly(store, 11, "sensitive")

    async with open_service_store(url, keys=[OTHER_KEY, KEY]) as store:
        rows = await store.reseal()

    async with open_service_store(url, keys=[OTHER_KEY]) as store:
        async with store.look() as work:
            for text in ("sensitive", "plain4"):
                run = await work.runs.get(f"run-{text}")
                assert run is not None
                assert (run.title, run.reason) == (text, text)
        kept = await store.completions().get("key-plain3")
        assert kept is not None
        assert kept.text == "plain3"
    assert rows == 6 * 10
    stored = everything()
    assert "sensitive.py" not in stored
    assert '"plain3"' not in stored


@pytest.mark.parametrize(
    ("keys", "words"), [([], "no key is configured"), ([OTHER_KEY], "with another key")]
)
async def test_a_missing_key_is_told_before_anything_is_begun(
    url: str, keys: list[str], words: str
) -> None:
    async with open_service_store(url, keys=[KEY]) as store, store.begin() as work:
        await work.runs.add(a_run())

    with pytest.raises(UserError, match=words):
        async with open_service_store(url, keys=keys):
            pass


@pytest.mark.parametrize("key", ["", "short", "ä" * 44, "A" * 100])
async def test_a_key_that_is_none_is_told_without_showing_it(tmp_path: Path, key: str) -> None:
    with pytest.raises(UserError, match="the database's key 2 is not 32 bytes") as raised:
        async with open_service_store(f"sqlite:///{tmp_path / 'x'}", keys=[KEY, key]):
            pass

    assert not key or key not in str(raised.value)
    assert "openssl rand -base64 32" in str(raised.value)


@pytest.mark.holds("P31")
async def test_a_text_that_was_tampered_with_is_not_believed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'service.sqlite3'}"
    async with open_service_store(url, keys=[KEY]) as store:
        async with store.begin() as work:
            await work.runs.add(a_run())
        with closing(sqlite3.connect(tmp_path / "service.sqlite3")) as connection:
            connection.execute("UPDATE run SET reason = substr(reason, 1, 30) || 'AAAA'")
            connection.commit()

        async with store.look() as work:
            with pytest.raises(UserError, match="another key"):
                await work.runs.get("run-1")


# --- forgetting ------------------------------------------------------------------------------
@pytest.mark.holds("S20")
@pytest.mark.parametrize("keys", [[], [KEY]], ids=["plain", "sealed"])
async def test_nothing_of_an_installation_is_left_anywhere(
    url: str, everything: Callable[[], str], keys: list[str]
) -> None:
    async with open_service_store(url, keys=keys) as store:
        await fill_wholly(store, 424242, "forgetme")
        await fill_wholly(store, 535353, "keepme")
        before = everything()

        async with store.begin() as work:
            counts = await work.retention.forget_installation(424242)

        after = everything()
    assert "forgetme" in before
    assert "424242" in before
    assert "forgetme" not in after
    assert "424242" not in after
    assert "keepme" in after
    assert after.count("535353") == before.count("535353")
    kinds = {name for name, count in counts.items() if count}
    assert kinds == {
        *("audit", "completion_cache", "delivery", "dismissal", "finding", "history"),
        "installation",
        *("journal", "llm_call", "persona_verdict", "pull_request", "repository", "run"),
    }


@pytest.mark.holds("S20")
async def test_nothing_that_was_forgotten_is_left_in_the_files(tmp_path: Path) -> None:
    async with open_service_store(f"sqlite:///{tmp_path / 'service.sqlite3'}") as store:
        for number in range(40):
            await fill_wholly(store, 424242 + number, f"forgetme-{number}-" + "x" * 4_000)
        for number in range(40):
            async with store.begin() as work:
                await work.retention.forget_installation(424242 + number)

        names = [f"service.sqlite3{ending}" for ending in ("", "-wal", "-shm")]
        found = [name for name in names if b"forgetme" in (tmp_path / name).read_bytes()]

    assert found == []


async def test_retention_forgets_kept_answers_and_journals_too(
    url: str, everything: Callable[[], str]
) -> None:
    async with open_service_store(url) as store:
        await fill_wholly(store, 11, "forgetme")
        run = a_run("run-going-on")
        async with store.begin() as work:
            await work.runs.add(run)
        await store.journal("run-going-on").once("call", return_answer)
        async with store.begin() as work:
            queued = await work.runs.get("run-forgetme")
            assert queued is not None

            counts = await work.retention.forget_before(store._now())  # noqa: SLF001 - its clock

        async with store.look() as work:
            assert await work.runs.get("run-forgetme") is not None  # it never ended
    stored = everything()
    assert counts["completion_cache"] == 1
    assert counts["journal"] == 1
    assert "command-forgetme" not in stored
    assert "secret words" in stored


# --- several at once -------------------------------------------------------------------------
@pytest.mark.parametrize("database", DATABASES)
async def test_several_programs_can_open_a_new_database_at_once(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'service.sqlite3'}"
    if database == "postgres":
        url = request.getfixturevalue("postgres_url")

    async def work(name: str) -> None:
        async with open_service_store(url) as store, store.begin() as work:
            await work.deliveries.add(a_delivery(name))

    await asyncio.gather(*map(work, "abcd"))

    async with open_service_store(url) as store, store.look() as work_:
        assert await work_.deliveries.known("abcd") == frozenset("abcd")


async def test_one_database_serves_many_at_once(url: str) -> None:
    async def write(store: DatabaseStore, number: int) -> None:
        async with store.begin() as work:
            await work.runs.add(a_run(f"run-{number}", repository_id=number % 3))
            await work.deliveries.add(a_delivery(f"delivery-{number}"))
        await store.ledger.record(an_attempt(f"attempt-{number}"))

    async def read(store: DatabaseStore) -> None:
        async with store.look() as work:
            await work.runs.find(RunQuery())

    async with open_service_store(url, connections=3) as one, open_service_store(url) as two:
        stores = (one, two)
        await asyncio.gather(
            *(write(stores[number % 2], number) for number in range(60)),
            *(read(stores[number % 2]) for number in range(20)),
        )
        async with one.look() as work:
            assert len(await work.runs.find(RunQuery(limit=100))) == 60
        assert len(await two.ledger.attempts()) == 60


async def test_an_uninstallation_and_a_new_run_get_out_of_each_other_s_way(url: str) -> None:
    async with open_service_store(url) as store:
        await fill(store, 11, text="gone")

        async def add(number: int) -> bool:
            async with store.begin() as work:
                run = a_run(f"run-{number}", repository_id=110)
                return await work.runs.add(run)

        async def forget() -> None:
            async with store.begin() as work:
                await work.retention.forget_installation(11)

        results = await asyncio.gather(
            add(1), add(2), forget(), add(3), forget(), add(4), return_exceptions=True
        )
        await forget()
        async with store.look() as work:
            assert await work.installations.all() == []
            assert await work.runs.find(RunQuery()) == []

    # A run that lost its installation while it was added may be told so, and nothing else.
    assert {type(result).__name__ for result in results} <= {"NoneType", "bool", "ConflictError"}


async def test_a_run_that_settles_while_the_app_is_uninstalled_leaves_nothing(
    url: str, everything: Callable[[], str]
) -> None:
    async with open_service_store(url) as store:
        await fill_wholly(store, 424242, "forgetme-0")

        async def settle(number: int) -> None:
            await asyncio.sleep(number * 0.002)
            await fill_wholly(store, 424242, f"forgetme-{number}")

        async def uninstall() -> None:
            await asyncio.sleep(0.01)
            async with store.begin() as work:
                await work.retention.forget_installation(424242, uninstalled_at=NOON)

        results = await asyncio.gather(
            *(settle(number) for number in range(1, 12)), uninstall(), return_exceptions=True
        )
        left = [line for line in everything().splitlines() if "forgetme" in line]

        async with store.look() as work:
            assert await work.installations.uninstalled(424242)
    # That a delivery came late is kept, whose it was is not.
    assert all("delivery" in line for line in left)
    assert {type(result).__name__ for result in results} <= {"NoneType", "ConflictError"}
    kept = [line for line in everything().splitlines() if "424242" in line]
    assert len(kept) == 1
    assert "uninstallation" in kept[0]
