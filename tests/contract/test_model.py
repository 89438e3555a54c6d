"""What every model port promises, fakes and adapters alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from reviewer.adapters.cassette.record import Recorder
from reviewer.adapters.cassette.replay import ReplayModel
from reviewer.adapters.cassette.tape import Entry, Head
from reviewer.domain.completion import Completion, Failure, FailureKind, Finish, Usage
from reviewer.ports.model import CompletionError, Model
from reviewer.testing.evil_model import EvilModel, Wish
from reviewer.testing.scripted_model import ScriptedModel
from tests.contract.provider_calls import KEY, request
from tests.contract.provider_streams import anthropic_stream, gemini_stream, openai_stream

pytest.importorskip("httpx")

import httpx

from reviewer.adapters.http import HttpClient
from reviewer.adapters.providers.factory import base_url_of, provider_for

STREAMS: dict[str, Callable[[], bytes]] = {
    "openai:gpt-6-sol": openai_stream,
    "compatible:http://127.0.0.1:8080/v1#qwen": openai_stream,
    "anthropic:claude-sonnet-5-5": anthropic_stream,
    "gemini:gemini-3.8-flash": gemini_stream,
}
NAMES = ["scripted", "evil", "recorded", "replayed", *STREAMS]
every_model = pytest.mark.parametrize("name", NAMES)


def asked(name: str) -> str:
    return name if name in STREAMS else "openai:gpt-6-sol"


BUSY = Failure(kind=FailureKind.TRANSIENT, message="busy", status=503)


def replaying(ended: Completion | Failure) -> Model:
    head = Head(
        generator="a test",
        started_at=datetime(2026, 11, 20, tzinfo=UTC).isoformat(),
        model="openai:gpt-6-sol",
    )
    return ReplayModel(head, [Entry.of(request(asked("replayed")), ended, ())], name="run")


def answering(name: str) -> Model:
    if name == "recorded":
        return Recorder()(ScriptedModel(["{}"]))
    if name == "replayed":
        completion = Completion(
            text="{}",
            finish=Finish.STOP,
            usage=Usage(fresh_input=7, cache_read=3, output=2, reasoning=1),
            model_answered="gpt-6-sol",
        )
        return replaying(completion)
    if name == "scripted":
        return ScriptedModel(["{}"])
    if name == "evil":
        return EvilModel(Wish.CLEAN)
    headers = {"content-type": "text/event-stream"}
    return _adapter(name, httpx.Response(200, content=STREAMS[name](), headers=headers))


def failing(name: str) -> Model:
    if name == "scripted":
        return ScriptedModel([BUSY])
    if name == "recorded":
        return Recorder()(ScriptedModel([BUSY]))
    if name == "replayed":
        return replaying(BUSY)
    error = json.dumps({"error": {"message": "busy", "type": "x"}}).encode()
    return _adapter(name, httpx.Response(503, content=error))


def _adapter(name: str, response: httpx.Response) -> Model:
    model = request(name).model
    transport = httpx.MockTransport(lambda _: response)
    http = HttpClient(allowed=[base_url_of(model)], transport=transport)
    return provider_for(model, KEY, http=http)


@every_model
async def test_an_answer_has_a_text_an_end_and_three_disjoint_buckets(name: str) -> None:
    completion = await answering(name).complete(request(asked(name)), timeout_seconds=5)

    assert completion.text
    assert completion.finish is Finish.STOP
    assert completion.model_answered
    assert not completion.from_cache
    assert completion.usage is not None
    usage = completion.usage
    assert usage.input == usage.fresh_input + usage.cache_read + usage.cache_write > 0
    assert 0 <= usage.reasoning <= usage.output


@every_model
async def test_the_beginning_of_an_answer_is_told_once(name: str) -> None:
    told: list[str] = []

    await answering(name).complete(
        request(asked(name)), timeout_seconds=5, on_first_byte=lambda: told.append("begun")
    )

    assert told == ["begun"]


@pytest.mark.parametrize("name", ["scripted", "recorded", "replayed", *STREAMS])
async def test_a_failure_is_told_as_one_and_begins_no_answer(name: str) -> None:
    told: list[str] = []

    with pytest.raises(CompletionError) as raised:
        await failing(name).complete(
            request(asked(name)), timeout_seconds=5, on_first_byte=lambda: told.append("begun")
        )

    assert raised.value.failure.kind is FailureKind.TRANSIENT
    assert raised.value.failure.status == 503
    assert told == []
