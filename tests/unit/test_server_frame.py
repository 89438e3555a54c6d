"""What every answer has: an id, security headers, no secret, no stack trace; what probes see."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.routing import APIRoute
from opentelemetry import trace
from opentelemetry._logs import get_logger_provider
from opentelemetry.metrics import get_meter_provider

from reviewer import __version__
from reviewer.entrypoints.server.frame import SECURITY_HEADERS
from reviewer.entrypoints.server.rate_limit import RateLimit
from reviewer.errors import CommunicationError, UserError
from reviewer.ports.engine import Backlog
from reviewer.testing.fake_clock import FakeClock
from tests.unit.server_stage import OPERATOR_TOKEN, Stage, lifespan, set_up


@pytest.fixture
def stage() -> Stage:
    return set_up(request_burst_by_address=1000)


#: Every route, and paths and methods that none has.
KNOCKS = [
    ("GET", "/live"),
    ("GET", "/ready"),
    ("GET", "/health"),
    ("GET", "/metrics"),
    ("GET", "/api/openapi.json"),
    ("GET", "/api/runs"),
    ("GET", "/api/runs/x"),
    ("GET", "/api/costs"),
    ("GET", "/runs/x/events"),
    ("POST", "/api/runs/x/cancel"),
    ("POST", "/api/reviews"),
    ("DELETE", "/api/installations/1/data"),
    ("POST", "/webhooks/github"),
    ("GET", "/webhooks/github"),
    ("DELETE", "/health"),
    ("OPTIONS", "/api/runs"),
    ("TRACE", "/"),
    ("GET", "/"),
    ("GET", "/docs"),
    ("GET", "/.env"),
    ("GET", "/api/runs/"),
    ("GET", "/%2e%2e/etc/passwd"),
]


@pytest.mark.parametrize(("method", "path"), KNOCKS)
@pytest.mark.parametrize("token", [None, OPERATOR_TOKEN])
async def test_every_answer_has_the_security_headers_and_an_id(
    stage: Stage, method: str, path: str, token: str | None
) -> None:
    answer = await stage.ask(method, path, token=token)

    assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert answer.headers["x-request-id"]
    assert "server" not in answer.headers
    assert answer.status_code < 500
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == answer.status_code
        assert problem["request_id"] == answer.headers["x-request-id"]


def test_every_route_is_knocked_at(stage: Stage) -> None:
    document = stage.application.openapi()
    documented = {
        (method.upper(), path.replace("{run_id}", "x").replace("{installation_id}", "1"))
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert documented <= set(KNOCKS)
    hidden = [
        route.path
        for route in stage.application.routes
        if isinstance(route, APIRoute) and not route.include_in_schema
    ]
    assert hidden == []


async def test_a_method_that_a_path_does_not_have_is_told_which_it_has(stage: Stage) -> None:
    answer = await stage.ask("GET", "/webhooks/github")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("name", ["a" * 8, "1f0c7d3a-6be9.4c0f_x", "A" * 64])
async def test_another_s_request_id_is_taken_over(stage: Stage, name: str) -> None:
    answer = await stage.ask("GET", "/live", headers={"X-Request-Id": name})
    assert answer.headers["x-request-id"] == name


@pytest.mark.parametrize(
    "name", ["", "short", "a" * 65, "a b c d e f", '{"level":"info"}', "../../x"]
)
async def test_an_odd_request_id_is_replaced(stage: Stage, name: str) -> None:
    answer = await stage.ask("GET", "/live", headers={"X-Request-Id": name})
    assert answer.headers["x-request-id"] != name
    assert len(answer.headers["x-request-id"]) == 32


async def test_notes_name_the_route_and_never_the_path(stage: Stage) -> None:
    await stage.ask("GET", "/api/runs/some-run", token=OPERATOR_TOKEN)
    await stage.ask("GET", "/somebody-s-text")
    await stage.ask("BREW", "/coffee")

    assert stage.watch.answers == [
        ("/api/runs/{run_id}", "GET", 404),
        ("none", "GET", 404),
        ("none", "other", 404),
    ]
    assert "somebody-s-text" not in str(stage.watch)
    assert all("request_id" in fields for _, _, fields in stage.watch.lines)


async def test_probes_make_no_noise(stage: Stage) -> None:
    await stage.ask("GET", "/health")
    await stage.ask("GET", "/live")
    assert {level for level, _, _ in stage.watch.lines} == {"debug"}


@pytest.mark.holds("S17")
async def test_a_defect_is_told_without_its_words(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: str) -> None:
        message = "c4nary in an error"
        raise RuntimeError(message)

    door = stage.application.state.door
    monkeypatch.setattr(door.requests, "cancel_run", broken)
    answer = await stage.ask("POST", "/api/runs/x/cancel", token=OPERATOR_TOKEN)

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "c4nary" not in answer.text + str(stage.watch)
    assert "Traceback" not in answer.text
    line = next(fields for level, _, fields in stage.watch.lines if level == "error")
    assert line["error"] == "TypeError"
    assert "run_router.py:" in str(line["at"])


async def test_an_operator_s_mistake_is_not_told_to_callers(stage: Stage) -> None:
    # As when the key that sealed the texts of the database is missing.
    stage.store.trouble = UserError("texts were encrypted with another key")
    answer = await stage.ask("GET", "/api/runs", token=OPERATOR_TOKEN)
    assert answer.status_code == 500
    assert "encrypted" not in answer.text


async def test_health_tells_each_dependency(stage: Stage) -> None:
    stage.engine.waiting = Backlog(queued=3, running=2, oldest_seconds=41.26)
    answer = await stage.ask("GET", "/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "state": "up",
        "dependencies": {"database": "up", "engine": "up"},
        "backlog": {"queued": 3, "running": 2, "oldest_seconds": 41.3},
    }


@pytest.mark.parametrize("broken", ["database", "engine"])
async def test_health_is_503_when_one_is_down_and_says_which(stage: Stage, broken: str) -> None:
    trouble = CommunicationError("no connection to db.internal as user reviewer")
    if broken == "database":
        stage.store.trouble = trouble
    else:
        stage.engine.trouble = trouble

    answer = await stage.ask("GET", "/health")

    assert answer.status_code == 503
    assert answer.json()["state"] == "down"
    down = [name for name, state in answer.json()["dependencies"].items() if state == "down"]
    assert down == [broken]
    assert "db.internal" not in answer.text
    assert (answer.json()["backlog"] is None) == (broken == "engine")
    assert (await stage.ask("GET", "/ready")).status_code == 503
    assert (await stage.ask("GET", "/live")).status_code == 200


async def test_health_does_not_wait_for_ever(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reviewer.entrypoints.server.state._CHECK_SECONDS", 0.02)
    stage.engine.stalled = True
    assert (await stage.ask("GET", "/health")).json()["dependencies"]["engine"] == "down"


async def test_whoever_asks_often_gets_the_last_answer(stage: Stage) -> None:
    assert (await stage.ask("GET", "/health")).status_code == 200
    stage.engine.trouble = CommunicationError("away")
    assert (await stage.ask("GET", "/health")).status_code == 200
    stage.clock.advance(2)
    assert (await stage.ask("GET", "/health")).status_code == 503


async def test_readiness_ends_when_the_process_is_about_to_go(stage: Stage) -> None:
    async with lifespan(stage.application):
        assert (await stage.ask("GET", "/ready")).json() == {"state": "ready"}
        stage.application.state.door.drain()
        answer = await stage.ask("GET", "/ready")
        assert (answer.status_code, answer.json()) == (503, {"state": "draining"})
        # Until nobody sends any more, deliveries are still written down.
        assert (await stage.deliver()).status_code == 202


async def test_the_end_of_the_lifespan_drains(stage: Stage) -> None:
    async with lifespan(stage.application):
        pass
    assert stage.application.state.door.draining.is_set()


async def test_figures_need_a_token_unless_the_operator_opens_them(stage: Stage) -> None:
    assert (await stage.ask("GET", "/metrics")).status_code == 401
    answer = await stage.ask("GET", "/metrics", token=OPERATOR_TOKEN)
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "reviewer_up 1" in answer.text
    opened = set_up(metrics_open=True)
    assert (await opened.ask("GET", "/metrics")).status_code == 200


async def test_the_document_of_the_api_is_complete(stage: Stage) -> None:
    document = (await stage.ask("GET", "/api/openapi.json")).json()

    assert document["info"]["version"] == __version__
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    schemas = document["components"]["schemas"]
    assert "HTTPValidationError" not in json.dumps(document)
    assert schemas["Problem"]["examples"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], path
            assert operation["description"], path
            for status, answer in operation["responses"].items():
                assert answer["description"], (path, method, status)
                if int(status) >= 400 and path not in {"/health", "/ready"}:
                    assert list(answer["content"]) == ["application/problem+json"], path
            guarded = "401" in operation["responses"] and path != "/webhooks/github"
            assert bool(operation.get("security")) == guarded, path
    references = set(_references(document))
    assert references <= {f"#/components/schemas/{name}" for name in schemas}


def _references(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


@pytest.mark.holds("S17")
async def test_the_framework_sends_nothing_to_anybody(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    before = (trace.get_tracer_provider(), get_logger_provider(), get_meter_provider())
    stage = set_up()
    async with lifespan(stage.application):
        await stage.ask("GET", "/api/runs?limit=x", token=OPERATOR_TOKEN)
    assert (trace.get_tracer_provider(), get_logger_provider(), get_meter_provider()) == before
    assert not stage.application._native_telemetry.enabled()  # noqa: SLF001 - it has no other word


@pytest.mark.holds("S19")
def test_a_limit_lets_so_many_come_and_forgets_who_came_long_ago() -> None:
    clock = FakeClock()
    limit = RateLimit(clock, per_second=2, burst=2)
    assert [limit.wait_seconds("a") for _ in range(3)] == [0, 0, 0.5]
    clock.advance(0.5)
    assert limit.wait_seconds("a") == 0
    assert limit.wait_seconds("a") == 0.5
    for number in range(10_000):
        assert limit.wait_seconds(number) == 0
    assert limit.wait_seconds("a") == 0
    assert len(limit._buckets) == 10_000  # noqa: SLF001 - that memory is bounded
