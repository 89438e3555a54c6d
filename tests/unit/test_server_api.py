"""The API: runs and costs, page by page and day by day."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from reviewer.domain.conclusion import ConclusionKind
from reviewer.domain.pull_request import PullRequestName
from reviewer.domain.status import RunState
from tests.ledger_example import NOON, an_attempt
from tests.store_example import (
    LARGE,
    SHOP,
    a_finding,
    a_repository,
    a_run,
    a_verdict,
)
from tests.unit.server_stage import OPERATOR_TOKEN, Stage, add, get, set_up


@pytest.fixture
def stage() -> Stage:
    return set_up(request_burst_by_address=1000)


async def test_a_run_is_told_in_full(stage: Stage) -> None:
    run = a_run(
        title='Sell\n<more> "{}"',
        state=RunState.PARTIAL,
        reason="2 files were too large",
        conclusion=ConclusionKind.NEUTRAL,
        score=87.5,
        started_at=NOON,
        ended_at=NOON + timedelta(minutes=1),
        tokens=LARGE,
        cost=Decimal("0.000001"),
    )
    await add(stage, run)
    async with stage.store.begin() as work:
        await work.runs.keep_verdicts(run.id, [a_verdict()])
        await work.findings.keep(run.id, [a_finding()])

    told = await get(stage, "/api/runs/run-1")

    assert told["run"] == {
        "id": "run-1",
        "state": "partial",
        "reason": "2 files were too large",
        "repository": "Example/Shop",
        "number": 7,
        "title": 'Sell\n<more> "{}"',
        "head_sha": run.head_sha,
        "installation": 11,
        "trigger": "opened",
        "delivery": "delivery-1",
        "conclusion": "neutral",
        "score": 87.5,
        "queued_at": "2026-11-20T12:00:00Z",
        "started_at": "2026-11-20T12:00:00Z",
        "ended_at": "2026-11-20T12:01:00Z",
        "tokens": LARGE,
        "cost": "0.000001",
    }
    assert told["verdicts"] == [
        {
            "persona": "security-sentinel",
            "persona_version": 2,
            "rule": "SEC001",
            "severity": "critical",
            "verdict": "fail",
            "reason": "1 hit of ruff S608",
            "asked": True,
        }
    ]
    (finding,) = told["findings"]
    assert finding["headline"] == "A query built from text"
    assert (finding["path"], finding["start_line"], finding["end_line"]) == ("src/shop.py", 2, 2)
    assert (finding["outcome"], finding["state"]) == ("inline", "open")
    # Code of a repository is not handed out.
    assert "quote" not in finding


async def test_what_is_not_known_is_null(stage: Stage) -> None:
    await add(stage, a_run(cost=None))
    async with stage.store.begin() as work:
        await work.findings.keep("run-1", [a_finding(location=None)])

    told = await get(stage, "/api/runs/run-1")

    nothing = ("conclusion", "score", "started_at", "ended_at", "cost")
    assert [told["run"][key] for key in nothing] == [None] * 5
    assert told["findings"][0]["start_line"] is None


async def test_a_run_that_nobody_knows_is_not_found(stage: Stage) -> None:
    for path in ("/api/runs/nothing", "/runs/nothing/events"):
        answer = await stage.ask("GET", path, token=OPERATOR_TOKEN)
        assert answer.status_code == 404
        assert answer.json()["detail"] == "there is no such run"


async def test_pages_lead_through_all_runs_once(stage: Stage) -> None:
    # Several of one moment: the page must not begin again with them.
    runs = [a_run(f"run-{n}", queued_at=NOON + timedelta(seconds=n // 3)) for n in range(10)]
    await add(stage, *runs)

    seen: list[str] = []
    page = await get(stage, "/api/runs?limit=3")
    seen += [run["id"] for run in page["runs"]]
    for _ in range(3):
        page = await get(stage, f"/api/runs?limit=3&cursor={page['next']}")
        seen += [run["id"] for run in page["runs"]]

    assert page["next"] is None
    assert sorted(seen) == sorted(run.id for run in runs)
    moments = [run.queued_at for run in runs for one in seen if run.id == one]
    assert len(moments) == 10
    assert seen[0] == "run-9"


async def test_a_last_page_that_is_full_leads_nowhere(stage: Stage) -> None:
    await add(stage, a_run("run-1"), a_run("run-2"))
    assert (await get(stage, "/api/runs?limit=2"))["next"] is None
    assert (await get(stage, "/api/runs"))["next"] is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"a", "b", "c"}),
        ("repository=EXAMPLE/shop", {"a", "b"}),
        ("repository=example/other", {"c"}),
        ("repository=example/nothing", set()),
        ("number=8", {"b"}),
        ("installation=12", {"c"}),
        ("state=queued", {"a", "c"}),
        ("state=queued&state=running", {"a", "b", "c"}),
        ("since=2026-11-20T13:00:00%2B01:00", {"a", "b", "c"}),
        ("since=2026-11-20T12:30:00Z", {"c"}),
        ("state=queued&number=7&installation=11", {"a"}),
    ],
)
async def test_filters_narrow(stage: Stage, query: str, expected: set[str]) -> None:
    other = PullRequestName(repository=a_repository(102, "Other").name, number=7)
    await add(
        stage,
        a_run("a"),
        a_run("b", pull_request=PullRequestName(repository=SHOP, number=8), state=RunState.RUNNING),
        a_run(
            "c",
            pull_request=other,
            repository_id=102,
            installation_id=12,
            queued_at=NOON + timedelta(hours=1),
        ),
    )
    page = await get(stage, f"/api/runs?{query}")
    assert {run["id"] for run in page["runs"]} == expected


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=many",
        "number=0",
        "number=2147483648",
        "installation=9223372036854775808",
        "installation=-1",
        "repository=shop",
        "repository=a/b/c",
        "repository=../..",
        "repository=a/..",
        "repository=a/b%0A",
        "repository=a/b%00",
        "state=done",
        "state=queued&state=",
        "since=yesterday",
        "since=2026-11-20T12:00:00",
        "since=0001-01-01T00:00:00Z",
        "since=9999-12-31T23:59:59-14:00",
        "cursor=nonsense",
        "cursor=" + "A" * 301,
        "cursor=MjAyNi0xMS0yMCAxMjowMDowMA",
        "cursor=MDAwMS0wMS0wMVQwMDowMDowMCswMDowMCB4",
        "page=2",
        "limit=3&limits=4",
    ],
)
async def test_questions_are_taken_strictly(stage: Stage, query: str) -> None:
    answer = await stage.ask("GET", f"/api/runs?{query}", token=OPERATOR_TOKEN)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    (fault, *_) = answer.json()["faults"]
    assert fault["place"].startswith("query")


async def test_costs_are_told_by_day(stage: Stage) -> None:
    calls = [
        an_attempt("a", installation=11, repository="Example/Shop", cost=Decimal("0.25")),
        an_attempt("b", installation=11, repository="Example/Shop", cost=Decimal("0.50")),
        an_attempt("c", installation=12, repository="Other/Shop", cost=None),
        an_attempt("d", installation=11, started_at=NOON + timedelta(days=1)),
    ]
    stage.store.ledger.rows.extend(calls)

    told = await get(stage, "/api/costs?since=2026-11-20&until=2026-11-20")

    assert told["total"] == "0.75"
    assert [(day["repository"], day["calls"], day["cost"]) for day in told["days"]] == [
        ("Example/Shop", 2, "0.75"),
        ("Other/Shop", 1, "0"),
    ]
    narrowed = await get(stage, "/api/costs?since=2026-11-01&until=2026-11-30&installation=12")
    assert [day["installation"] for day in narrowed["days"]] == [12]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "since=2026-11-20",
        "since=2026-11-20&until=2026-11-19",
        "since=2025-01-01&until=2026-11-20",
        "since=9999-12-31&until=9999-12-31",
        "since=2026-11-20T12:00:00Z&until=2026-11-20",
        "since=2026-11-20&until=2026-11-20&repository=x",
    ],
)
async def test_costs_are_asked_for_strictly(stage: Stage, query: str) -> None:
    answer = await stage.ask("GET", f"/api/costs?{query}", token=OPERATOR_TOKEN)
    assert answer.status_code == 422
