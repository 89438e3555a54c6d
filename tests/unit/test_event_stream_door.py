"""The live stream: what was missed, what happens, and an end in every case."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from reviewer.domain.run_event import EventKind, EventStatus, RunEvent
from reviewer.domain.status import RunState
from tests.store_example import a_run
from tests.unit.server_stage import OPERATOR_TOKEN, Message, RawAnswer, Stage, knock, set_up


def an_event(kind: EventKind = EventKind.REVIEW_PROGRESS, **data: str) -> RunEvent:
    """Return an event of the stage's run."""
    status = {
        EventKind.REVIEW_COMPLETED: EventStatus.COMPLETED,
    }.get(kind, EventStatus.RUNNING)
    return RunEvent(run_id="run-1", kind=kind, status=status, at=a_run().queued_at, data=data)


async def staged(**said: object) -> Stage:
    settings: dict[str, Any] = {"heartbeat_seconds": 0.02, **said}
    stage = set_up(**settings)
    async with stage.store.begin() as work:
        await work.runs.add(a_run(state=RunState.RUNNING))
    return stage


class Connection:
    """A client that listens until it leaves."""

    def __init__(self, stage: Stage, **headers: str) -> None:
        self._left = asyncio.Event()
        self._asked = False
        shown = {"Authorization": f"Bearer {OPERATOR_TOKEN}", **headers}
        self.answer = RawAnswer()
        self.task = asyncio.create_task(self._listen(stage, shown))

    async def _listen(self, stage: Stage, headers: Mapping[str, str]) -> None:
        await knock(
            stage.application,
            method="GET",
            path="/runs/run-1/events",
            headers=[(name.replace("_", "-"), value) for name, value in headers.items()],
            receive=self._receive,
            answer=self.answer,
        )

    async def _receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    def leave(self) -> None:
        self._left.set()

    async def until(self, text: str) -> str:
        """Wait until something was told."""
        async with asyncio.timeout(5):
            while text not in self.text:
                await self.answer.more.wait()
                self.answer.more.clear()
        return self.text

    @property
    def text(self) -> str:
        return self.answer.body.decode() if self.answer.messages else ""


@contextlib.asynccontextmanager
async def listening(stage: Stage, **headers: str) -> AsyncIterator[Connection]:
    connection = Connection(stage, **headers)
    try:
        yield connection
    finally:
        connection.leave()
        async with asyncio.timeout(5):
            await connection.task


def told(text: str) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]


async def test_a_listener_hears_what_was_what_is_and_the_end() -> None:
    stage = await staged()
    await stage.events.publish(an_event(EventKind.REVIEW_STARTED))

    async with listening(stage) as connection:
        await connection.until("review.started")
        await stage.events.publish(an_event(stage="evidence"))
        await connection.until("evidence")
        await stage.events.publish(an_event(EventKind.REVIEW_COMPLETED))
        async with asyncio.timeout(5):
            await connection.task

    assert connection.answer.status == 200
    headers = connection.answer.headers
    assert headers["content-type"].startswith("text/event-stream")
    assert headers["cache-control"] == "no-store"
    assert headers["x-accel-buffering"] == "no"
    events = told(connection.text)
    assert [event["sequence"] for event in events] == [1, 2, 3]
    assert [event["kind"] for event in events] == [
        "review.started",
        "review.progress",
        "review.completed",
    ]
    assert events[1]["data"] == {"stage": "evidence"}
    assert events[2]["status"] == "completed"
    assert "id: 2\nevent: review.progress\ndata: {" in connection.text
    assert connection.text.startswith("retry: 3000\n\n")


async def test_whoever_comes_again_hears_what_they_missed() -> None:
    stage = await staged()
    for number in range(5):
        await stage.events.publish(an_event(stage=f"stage {number}"))

    async with listening(stage, last_event_id="3") as connection:
        await connection.until("stage 4")

    assert [event["sequence"] for event in told(connection.text)] == [4, 5]


@pytest.mark.parametrize("heard", ["-1", "x", "1.5", "99999999999999999999", "3\u0663"])
async def test_an_odd_last_event_is_refused(heard: str) -> None:
    stage = await staged()
    answer = await stage.ask(
        "GET",
        "/runs/run-1/events",
        token=OPERATOR_TOKEN,
        headers={"Last-Event-ID": heard.encode()},
    )
    assert answer.status_code == 422


async def test_silence_is_broken_by_comments() -> None:
    stage = await staged()
    async with listening(stage) as connection:
        await connection.until(": nothing new\n\n: nothing new\n\n")
        await stage.events.publish(an_event(stage="late"))
        assert "late" in await connection.until("late")


@pytest.mark.holds("S22")
async def test_somebody_s_text_begins_no_event_of_its_own() -> None:
    stage = await staged()
    await stage.events.publish(
        an_event(stage="x\n\nevent: review.completed\ndata: {}\n\n\u2028y\r")
    )

    async with listening(stage) as connection:
        text = await connection.until("review.progress")

    assert text.count("event: ") == 2  # one is data, on the data's line
    assert [line for line in text.splitlines() if line.startswith("event:")] == [
        "event: review.progress"
    ]


@pytest.mark.holds("S19")
async def test_there_are_so_many_listeners_and_no_more() -> None:
    stage = await staged(listeners=2)
    async with listening(stage) as one, listening(stage) as another:
        await one.until("retry")
        await another.until("retry")
        refused = await stage.ask("GET", "/runs/run-1/events", token=OPERATOR_TOKEN)
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "10"
        one.leave()
        await one.task
        async with listening(stage) as third:
            await third.until("retry")
    assert stage.application.state.door.listeners == 0
    assert stage.events.listening == 0


async def test_a_listener_that_leaves_costs_nothing_any_more() -> None:
    stage = await staged(heartbeat_seconds=60)
    async with listening(stage) as connection:
        await connection.until("retry")
        assert stage.application.state.door.listeners == 1
    assert stage.application.state.door.listeners == 0
    assert stage.events.listening == 0


async def test_streams_end_when_the_process_is_about_to_go() -> None:
    stage = await staged(heartbeat_seconds=60)
    async with listening(stage) as connection:
        await connection.until("retry")
        stage.application.state.door.drain()
        async with asyncio.timeout(5):
            await connection.task
    assert connection.text.endswith(": this process is about to go; listen again\n\n")


async def test_a_stream_ends_when_the_service_tells_no_more() -> None:
    stage = await staged(heartbeat_seconds=60)
    async with listening(stage) as connection:
        await connection.until("retry")
        stage.events.close()
        async with asyncio.timeout(5):
            await connection.task
    assert connection.answer.messages[-1]["more_body"] is False


@pytest.mark.holds("S19")
async def test_a_stream_has_an_end_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reviewer.entrypoints.server.event_stream._LONGEST_SECONDS", 0.05)
    stage = await staged()
    async with listening(stage) as connection, asyncio.timeout(5):
        await connection.task
    assert ": nothing new" in connection.text
