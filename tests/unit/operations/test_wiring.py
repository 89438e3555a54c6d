"""Put together: one run is seen in logs, figures, the audit trail and the stream, and no secret."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from reviewer.bootstrap.operations import (
    Watching,
    queue_watched,
    secrets_of,
    telling,
    watching,
)
from reviewer.domain.run_event import EventKind, FailureCause
from reviewer.domain.run_news import review_ended, review_started
from reviewer.domain.status import RunState
from reviewer.errors import CommunicationError
from reviewer.ports.engine import Backlog
from reviewer.ports.telemetry import NoTelemetry
from reviewer.server_settings import ServerSettings
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.fake_engine import FakeEngine
from reviewer.testing.memory_store import MemoryStore
from tests.guards import CANARIES, find_canary
from tests.unit.operations.run_example import (
    COMPLETED,
    ENDED,
    RUNNING,
    STARTED,
    attempt,
    review_by_three,
    run_numbered,
)

CANARY = CANARIES["GH_TOKEN"]


def settings_with(tmp_path: Path, **more: object) -> ServerSettings:
    return ServerSettings.model_validate(
        {
            "app_id": "1",
            "private_key": "-----BEGIN RSA PRIVATE " + "KEY-----\nabcdefghijkl\n",
            "webhook_secret": "webhook-" + "secret-4711",
            "database_url": "postgresql://service:pass" + "word-0815@db/reviews",
            "state_key": CANARY,
            "encryption_keys": ["encryption-" + "key-1", "encryption-" + "key-2"],
            "operator_token": "operator-" * 5,
            "data_folder": tmp_path,
            **more,
        }
    )


@pytest.fixture
def settings(tmp_path: Path) -> ServerSettings:
    return settings_with(tmp_path)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    kept = io.StringIO()
    yield kept
    assert not find_canary(kept.getvalue())


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.holds("S17", "P31")
def test_every_secret_of_the_settings_is_known(settings: ServerSettings) -> None:
    secrets = secrets_of(settings, ["model-key"])
    assert secrets[0] == "model-key"
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, SecretStr):
                assert part.get_secret_value() in secrets
    assert "pass" + "word-0815" in secrets
    assert "" not in secrets


@pytest.mark.holds("S17", "P31")
async def test_one_run_is_seen_everywhere_and_no_secret_anywhere(
    settings: ServerSettings, stream: io.StringIO
) -> None:
    store, clock, engine = MemoryStore(), FakeClock(), FakeEngine()
    engine.waiting = Backlog(queued=2, running=1, oldest_seconds=3)
    with watching(settings, clock, keys=tuple(CANARIES.values()), stream=stream) as watch:
        async with (
            telling(
                watch, store=store, ledger=store.ledger, clock=clock, settings=settings
            ) as told,
            queue_watched(watch, engine, clock),
        ):
            with watch.door.bound(request_id="q1"):
                watch.door.received("pull_request", "accepted", 0.01)
                watch.door.answered("/webhooks/github", "POST", 202, 0.01)
                watch.door.log("info", "delivery accepted", at=f"x {CANARY}", name="push")
            listener = told.events.subscribe("run-1")
            with watch.identification.working_on(run_id="run-1", delivery_id="d1"):
                await told.events.publish(review_started(RUNNING, at=STARTED))
                told.progress("run-1").stage("reading the change")
                await told.ledger.record(attempt())
                failed = replace(COMPLETED, state=RunState.FAILED, reason=f"no {CANARY}")
                for event in review_ended(
                    failed, review_by_three(), at=ENDED, cause=FailureCause.MODEL
                ):
                    await told.events.publish(event)
            heard = [event.kind async for event in listener]
            await asyncio.sleep(0)
        async with told.store.look() as work:
            audited = [entry.action for entry in await work.audit.find()]
        figures = watch.figures.exposition().decode()
    assert heard[:3] == [
        EventKind.REVIEW_STARTED,
        EventKind.REVIEW_PROGRESS,
        EventKind.COMPLETION_COMPLETED,
    ]
    assert heard[-1] is EventKind.REVIEW_FAILED
    assert audited == ["review failed", "review started"]
    assert 'reviewer_failures_total{cause="model"} 1.0' in figures
    assert "reviewer_queue_length 2.0" in figures
    assert 'reviewer_webhooks_total{event="pull_request",outcome="accepted"} 1.0' in figures
    assert not find_canary(figures)
    written = lines(stream)
    assert written[0]["event"] == "delivery accepted"
    assert (written[0]["request_id"], written[0]["data_at"]) == ("q1", "x [redacted secret]")
    assert written[-1]["event"] == "review.failed"
    assert (written[-1]["run_id"], written[-1]["delivery_id"]) == ("run-1", "delivery-1")
    assert written[-1]["level"] == "error"
    assert 'reviewer_log_lines_total{level="error"} 1.0' in figures


async def test_ends_that_are_told_while_the_service_stops_are_kept(
    settings: ServerSettings, stream: io.StringIO
) -> None:
    store, clock = MemoryStore(), FakeClock()
    with watching(settings, clock, stream=stream) as watch:
        async with telling(
            watch,
            store=store,
            ledger=store.ledger,
            engine=FakeEngine(),
            clock=clock,
            settings=settings,
        ) as told:
            listener = told.events.subscribe("run-9")
            told.close_streams()
            assert [event async for event in listener] == []
            for number in range(120):
                run = run_numbered(number, COMPLETED)
                for event in review_ended(run, None, at=ENDED):
                    await told.events.publish(event)
        async with store.look() as work:
            assert len(await work.audit.find(limit=500)) == 120
    assert len(lines(stream)) == 120


async def test_a_database_that_is_gone_does_not_keep_the_service_from_stopping(
    settings: ServerSettings, stream: io.StringIO
) -> None:
    store, clock = MemoryStore(), FakeClock()
    store.trouble = CommunicationError("away")
    with watching(settings, clock, stream=stream) as watch:
        async with telling(
            watch, store=store, ledger=store.ledger, clock=clock, settings=settings
        ) as told:
            await told.events.publish(review_started(RUNNING, at=STARTED))
        assert b"reviewer_audit_entries_lost_total 1.0" in watch.figures.exposition()
    assert lines(stream)[0]["event"] == "review.started"


def test_without_a_collector_nothing_is_watched_by_spans(
    settings: ServerSettings, stream: io.StringIO
) -> None:
    with watching(settings, FakeClock(), stream=stream) as watch:
        assert isinstance(watch.calls, NoTelemetry)
        assert isinstance(watch, Watching)
        logging.getLogger("reviewer.x").info("hello")
    assert "trace_id" not in lines(stream)[0]


def test_levels_are_the_operator_s(tmp_path: Path, stream: io.StringIO) -> None:
    with watching(settings_with(tmp_path, log_level="error"), FakeClock(), stream=stream):
        logging.getLogger("reviewer.x").warning("quiet")
        logging.getLogger("dbos").warning("quiet")
        logging.getLogger("reviewer.x").error("loud")
    assert [line["event"] for line in lines(stream)] == ["loud"]
