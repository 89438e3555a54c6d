"""What may be asked of the service: each request, and each refusal, on record."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reviewer.domain.pull_request import PullRequestName
from reviewer.domain.status import RunState
from reviewer.errors import CommunicationError, ResourceError
from reviewer.ports.engine import EngineError
from tests.ledger_example import NOON
from tests.store_example import (
    INSTALLATION,
    SHOP,
    a_repository,
    a_run,
)
from tests.unit.server_stage import OPERATOR_TOKEN, Stage, add, audited, get, set_up
from tests.unit.test_access import ISSUER, key_pair, token


@pytest.fixture
def stage() -> Stage:
    return set_up(request_burst_by_address=1000)


async def test_a_run_is_given_up_on_record(stage: Stage) -> None:
    await add(stage, a_run(state=RunState.RUNNING))
    answer = await stage.ask("POST", "/api/runs/run-1/cancel", token=OPERATOR_TOKEN)

    assert answer.status_code == 202
    assert answer.json() == {"state": "cancelled"}
    assert stage.engine.cancelled == ["run-1"]
    (entry,) = await audited(stage)
    assert (entry.actor, entry.action, entry.allowed) == ("operator", "api cancel run", True)
    assert (entry.run_id, entry.installation_id, entry.number) == ("run-1", 11, 7)


async def test_a_run_that_ended_cannot_be_given_up(stage: Stage) -> None:
    await add(stage, a_run("over", state=RunState.COMPLETED), a_run("going"))
    stage.engine.running = set()
    for run_id in ("over", "going"):
        answer = await stage.ask("POST", f"/api/runs/{run_id}/cancel", token=OPERATOR_TOKEN)
        assert answer.status_code == 409
    unknown = await stage.ask("POST", "/api/runs/nothing/cancel", token=OPERATOR_TOKEN)
    assert unknown.status_code == 404
    assert stage.engine.cancelled == []


async def install(stage: Stage, *, suspended: bool = False) -> None:
    async with stage.store.begin() as work:
        installation = type(INSTALLATION)(
            id=INSTALLATION.id, account=INSTALLATION.account, suspended=suspended
        )
        await work.installations.put(installation)
        await work.installations.put_repositories([a_repository()])


async def test_a_review_is_ordered_on_record(stage: Stage) -> None:
    await install(stage)
    answer = await stage.ask(
        "POST",
        "/api/reviews",
        token=OPERATOR_TOKEN,
        json={
            "repository": "example/shop",
            "number": 7,
            "full": True,
            "personas": ["type-guardian", "architect", "type-guardian"],
        },
    )

    assert answer.status_code == 202
    ((order, delay),) = stage.engine.orders
    assert delay == 0
    assert order.pull_request == PullRequestName(repository=SHOP, number=7)
    assert (order.installation_id, order.repository_id) == (11, 101)
    assert order.personas == ("type-guardian", "architect")
    assert order.asked
    assert order.full
    assert answer.json() == {"state": "ordered", "delivery": order.delivery_id}
    (entry,) = await audited(stage)
    assert (entry.action, entry.number, entry.delivery_id) == (
        "api order review",
        7,
        order.delivery_id,
    )


async def test_every_order_is_one_of_its_own(stage: Stage) -> None:
    await install(stage)
    order = {"repository": "Example/Shop", "number": 7}
    for _ in range(2):
        headers = {"X-Request-Id": "always-the-same"}
        await stage.ask("POST", "/api/reviews", token=OPERATOR_TOKEN, json=order, headers=headers)
    assert len({order.delivery_id for order, _ in stage.engine.orders}) == 2


async def test_nothing_is_ordered_where_the_app_may_not_work(stage: Stage) -> None:
    order = {"repository": "Example/Shop", "number": 7}
    answer = await stage.ask("POST", "/api/reviews", token=OPERATOR_TOKEN, json=order)
    assert answer.status_code == 404
    await install(stage, suspended=True)
    answer = await stage.ask("POST", "/api/reviews", token=OPERATOR_TOKEN, json=order)
    assert answer.status_code == 409
    assert stage.engine.orders == []
    (entry,) = await audited(stage)
    assert not entry.allowed


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b'{"repository": "Example/Shop"}',
        b'{"repository": "Example/Shop", "number": "7"}',
        b'{"repository": "Example/Shop", "number": 7.5}',
        b'{"repository": "Example/Shop", "number": true}',
        b'{"repository": "Example/Shop", "number": 7, "approve": true}',
        b'{"repository": "Example/Shop", "number": 7, "personas": ["../x"]}',
        b'{"repository": "Example/Shop", "number": 7, "personas": "architect"}',
        b'{"repository": "Example/Shop", "number": 7, "full": "yes"}',
        b'{"repository": "Example/Shop", "number": 7, "panel": "A B"}',
        b'{"repository": "Example", "number": 7}',
    ],
)
async def test_orders_are_taken_strictly(stage: Stage, content: bytes) -> None:
    await install(stage)
    answer = await stage.ask(
        "POST",
        "/api/reviews",
        token=OPERATOR_TOKEN,
        content=content,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 422
    assert stage.engine.orders == []


async def test_what_was_sent_is_not_sent_back(stage: Stage) -> None:
    answer = await stage.ask(
        "POST",
        "/api/reviews",
        token=OPERATOR_TOKEN,
        json={"repository": "c4nary-in-the-repository", "number": "c4nary-in-the-number"},
    )
    assert answer.status_code == 422
    assert "c4nary" not in answer.text
    answer = await stage.ask(
        "POST",
        "/api/reviews",
        token=OPERATOR_TOKEN,
        content=b'{"c4nary',
        headers={"Content-Type": "application/json"},
    )
    assert "c4nary" not in answer.text


async def test_an_order_is_json(stage: Stage) -> None:
    order = b'{"repository": "Example/Shop", "number": 7.0}'
    await install(stage)
    for kind, status in (("text/plain", 415), ("application/json; charset=utf-8", 202)):
        answer = await stage.ask(
            "POST",
            "/api/reviews",
            token=OPERATOR_TOKEN,
            content=order,
            headers={"Content-Type": kind},
        )
        assert answer.status_code == status


@pytest.mark.holds("S12")
async def test_nothing_is_read_of_those_who_may_not_order(stage: Stage) -> None:
    for content in (b"{", b"\x00", b"x" * 1000):
        headers = {"Content-Type": "application/json"}
        answer = await stage.ask("POST", "/api/reviews", content=content, headers=headers)
        assert answer.status_code == 401


@pytest.mark.holds("S19")
async def test_a_large_order_is_refused(stage: Stage) -> None:
    answer = await stage.ask(
        "POST",
        "/api/reviews",
        token=OPERATOR_TOKEN,
        content=b"x" * 70_000,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 413


async def test_an_installation_is_forgotten_on_record(stage: Stage) -> None:
    await install(stage)
    others = {"installation_id": 12, "repository_id": 102}
    await add(
        stage,
        *(a_run(f"run-{n}", queued_at=NOON + timedelta(seconds=n)) for n in range(205)),
        a_run("over", state=RunState.COMPLETED),
        a_run("another", **others),
    )

    answer = await stage.ask("DELETE", "/api/installations/11/data", token=OPERATOR_TOKEN)

    assert answer.status_code == 200
    assert sum(answer.json()["rows"].values()) >= 206
    assert len(set(stage.engine.cancelled)) == 205
    page = await get(stage, "/api/runs")
    assert [run["id"] for run in page["runs"]] == ["another"]
    entries = await audited(stage)
    assert {entry.action for entry in entries} == {"api forget installation"}
    assert all(entry.detail.startswith("installation 11") for entry in entries)
    again = await stage.ask("DELETE", "/api/installations/11/data", token=OPERATOR_TOKEN)
    assert again.status_code == 200


@pytest.mark.parametrize("number", ["0", "-1", "x", "9223372036854775808", "1.5"])
async def test_only_a_number_names_an_installation(stage: Stage, number: str) -> None:
    answer = await stage.ask("DELETE", f"/api/installations/{number}/data", token=OPERATOR_TOKEN)
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "trouble",
    [
        CommunicationError("connection to 10.0.0.5 refused"),
        ResourceError("the disk /data is full"),
        EngineError("locked"),
    ],
)
async def test_a_database_that_is_away_is_503_and_nothing_is_done(
    stage: Stage, trouble: CommunicationError | ResourceError
) -> None:
    await add(stage, a_run())
    stage.store.trouble = trouble
    for method, path in (
        ("GET", "/api/runs"),
        ("GET", "/api/runs/run-1"),
        ("GET", "/runs/run-1/events"),
        ("GET", "/api/costs?since=2026-11-20&until=2026-11-20"),
        ("POST", "/api/runs/run-1/cancel"),
        ("DELETE", "/api/installations/11/data"),
    ):
        answer = await stage.ask(method, path, token=OPERATOR_TOKEN)
        assert answer.status_code == 503, path
        assert answer.headers["retry-after"]
        assert str(trouble) not in answer.text
    assert stage.engine.cancelled == []
    assert str(trouble) in str(stage.watch)


async def test_what_is_refused_stands_on_record_too(stage: Stage) -> None:
    stage = set_up(service_keys={"this-year": key_pair("this-year")[1]}, token_issuer=ISSUER)
    answer = await stage.ask("DELETE", "/api/installations/11/data", token=token())
    assert answer.status_code == 403
    (entry,) = await audited(stage)
    assert (entry.actor, entry.action) == ("service:deploy-bot", "api forget installation")
    assert (entry.allowed, entry.detail) == (False, "11")
