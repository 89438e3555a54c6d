"""A cassette: what is kept of a run, and that it answers the same questions alone."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from reviewer.adapters.cassette.record import Recorder, recording
from reviewer.adapters.cassette.replay import ReplayClock, ReplayModel
from reviewer.adapters.cassette.tape import digest
from reviewer.domain.completion import (
    Completion,
    CompletionRequest,
    Failure,
    FailureKind,
    Finish,
    ModelName,
    Parameters,
    PromptIdentity,
    Usage,
)
from reviewer.errors import UserError
from reviewer.ports.model import CompletionError, Model
from reviewer.testing.scripted_model import ScriptedModel

STARTED = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
KEY = "a-key-of-ours-" + "0123456789"


def question(content: str = "c1", *, nonce: str = "n1", run: str = "r1") -> CompletionRequest:
    return CompletionRequest(
        model=ModelName(provider="compatible", model="small", base_url="http://127.0.0.1:9/v1"),
        prompt=PromptIdentity(name="review", version=2, sha256="ab" * 32),
        system=f"system {nonce}",
        prefix=f"prefix {nonce} secret code",
        question=f"question {nonce}",
        schema={"type": "object"},
        parameters=Parameters(max_output_tokens=100),
        run_id=run,
        persona="architect",
        content_key=content,
    )


async def recorded(path: Path, model: Model, *questions: CompletionRequest) -> None:
    with recording(
        path,
        model="compatible:http://127.0.0.1:9/v1#small",
        started_at=STARTED,
        generator="persona-reviewer 0",
        language="de",
        configuration={"repository": "shop"},
        secrets=(KEY,),
    ) as record:
        recorded_model = record(model)
        for each in questions:
            try:
                await recorded_model.complete(each, timeout_seconds=5)
            except CompletionError:
                continue


async def asked(model: Model, request: CompletionRequest) -> Completion:
    return await model.complete(request, timeout_seconds=5)


async def test_what_was_recorded_is_answered_again(tmp_path: Path) -> None:
    path = tmp_path / "run"
    said = Completion(
        text="{}",
        finish=Finish.LENGTH,
        usage=Usage(fresh_input=1, cache_read=2, cache_write=3, output=4, reasoning=2),
        model_answered="small-1",
        latency_seconds=1.25,
    )
    await recorded(path, ScriptedModel([said]), question())
    replayed = ReplayModel.read(path)

    assert await asked(replayed, question(nonce="n2", run="r2")) == said
    assert replayed.model_name == "compatible:http://127.0.0.1:9/v1#small"
    assert replayed.today == date(2026, 11, 20)
    assert replayed.language == "de"
    assert replayed.configuration == {"repository": "shop"}


async def test_equal_requests_are_answered_in_their_order_failures_too(tmp_path: Path) -> None:
    path = tmp_path / "run"
    busy = Failure(
        kind=FailureKind.RATE_LIMITED, message="slow down", status=429, retry_after_seconds=2.0
    )
    await recorded(path, ScriptedModel([busy, "first", "second"]), *[question()] * 3)
    replayed = ReplayModel.read(path)

    with pytest.raises(CompletionError) as raised:
        await asked(replayed, question())
    assert raised.value.failure == busy
    assert (await asked(replayed, question())).text == "first"
    assert (await asked(replayed, question())).text == "second"
    with pytest.raises(UserError):
        await asked(replayed, question())


async def test_a_request_that_was_not_recorded_names_persona_and_prompt(tmp_path: Path) -> None:
    path = tmp_path / "run"
    await recorded(path, ScriptedModel(["{}"]), question())

    with pytest.raises(UserError, match=r"architect by review/v2@abababababab") as raised:
        await asked(ReplayModel.read(path), question("c2"))
    assert "another change, prompt version or configuration" in str(raised.value)


CHANGES: list[Callable[[CompletionRequest], CompletionRequest]] = [
    lambda r: replace(r, content_key="other"),
    lambda r: replace(r, persona="observer"),
    lambda r: replace(r, purpose="verify"),
    lambda r: replace(r, model=replace(r.model, model="large")),
    lambda r: replace(r, prompt=replace(r.prompt, sha256="cd" * 32)),
    lambda r: replace(r, parameters=replace(r.parameters, temperature=0.5)),
    lambda r: replace(r, schema=None),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_digest_hangs_on_everything_that_may_change_the_answer(
    change: Callable[[CompletionRequest], CompletionRequest],
) -> None:
    assert digest(change(question())) != digest(question())


def test_a_digest_does_not_hang_on_nonce_and_run() -> None:
    assert digest(question(nonce="n2", run="r2")) == digest(question())


def test_without_a_content_key_the_text_itself_is_the_key() -> None:
    bare = replace(question(), content_key="")
    assert digest(bare) == digest(replace(bare, run_id="r2"))
    assert digest(bare) != digest(replace(bare, question="other"))


@pytest.mark.holds("P31")
async def test_no_prompt_no_code_and_no_key_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "run"
    leak = Failure(kind=FailureKind.INVALID, message=f"bad key {KEY}", status=400)
    await recorded(path, ScriptedModel([f"it says {KEY} \u202e", leak]), *[question()] * 2)

    text = path.read_text()
    assert KEY not in text
    assert "secret code" not in text
    assert "system" not in text
    assert text.isascii()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_call_that_was_given_up_leaves_no_line(tmp_path: Path) -> None:
    async def give_up() -> None:
        raise InterruptedError

    path = tmp_path / "run"
    recorder = Recorder()
    with pytest.raises(InterruptedError):
        await asked(recorder(ScriptedModel(["{}"], pause=give_up)), question())
    assert recorder.entries == ()
    await recorded(path, ScriptedModel(["{}"]))
    assert len(path.read_text().splitlines()) == 1


async def test_what_was_paid_before_a_run_failed_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "run"

    async def failing() -> None:
        with recording(path, model="m", started_at=STARTED, generator="g") as record:
            await record(ScriptedModel(["paid"])).complete(question(), timeout_seconds=1)
            raise KeyError

    with pytest.raises(KeyError):
        await failing()
    kept = await ReplayModel.read(path).complete(question(), timeout_seconds=1)
    assert kept.text == "paid"


async def test_an_answer_without_usage_and_a_wait_of_a_month_are_recorded(tmp_path: Path) -> None:
    path = tmp_path / "run"
    wait = Failure(kind=FailureKind.RATE_LIMITED, message="later", retry_after_seconds=2_678_400.0)
    model = ScriptedModel([wait, "free"], usage=lambda _request, _text: None)
    with recording(path, model="m", started_at=STARTED, generator="g") as record:
        with pytest.raises(CompletionError):
            await record(model).complete(question(), timeout_seconds=1)
        await record(model).complete(question("c2"), timeout_seconds=1)
    kept = await ReplayModel.read(path).complete(question("c2"), timeout_seconds=1)
    assert kept.usage is None


def test_a_run_that_fails_leaves_no_half_cassette(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.write_text("the old one")

    def failing() -> None:
        with recording(path, model="m", started_at=STARTED, generator="g"):
            raise KeyError

    with pytest.raises(KeyError):
        failing()
    assert path.read_text() == "the old one"
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("place", ["folder", "folder/missing/run"])
def test_a_place_that_cannot_be_written_is_told_before_anything_is_asked(
    place: str, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    with (
        pytest.raises(UserError, match="folder"),
        recording(tmp_path / place, model="m", started_at=STARTED, generator="g"),
    ):
        pytest.fail("the run began")


@pytest.fixture
async def cassette(tmp_path: Path) -> Path:
    path = tmp_path / "run"
    failure = Failure(kind=FailureKind.TRANSIENT, message="busy")
    await recorded(path, ScriptedModel(["{}", failure]), *[question()] * 2)
    return path


def test_a_cassette_that_was_cut_anywhere_is_told_with_a_line(cassette: Path) -> None:
    content = cassette.read_bytes()
    for length in range(len(content)):
        cassette.write_bytes(content[:length])
        with pytest.raises(UserError) as raised:
            ReplayModel.read(cassette)
        assert raised.value.line in {1, 2, 3}


@pytest.mark.parametrize(
    ("line", "change", "words"),
    [
        (1, {"format": 2}, "does not read"),
        (1, {"started_at": "yesterday"}, "damaged"),
        (1, {"started_at": "2026-11-20T09:30:00"}, "time zone"),
        (1, {"entries": 3}, "3 calls were recorded, and 2 are left"),
        (1, {"more": 1}, "more"),
        (2, {"request": "x"}, "request"),
        (2, {"answer": None}, "either an answer or a failure"),
        (2, {"answer": {"text": "x", "finish": "stop"}}, "answer"),
        (3, {"failure": {"kind": "boredom", "message": ""}}, "failure.kind"),
    ],
)
def test_a_damaged_line_is_told(
    cassette: Path, line: int, change: dict[str, object], words: str
) -> None:
    lines = cassette.read_text().splitlines()
    lines[line - 1] = json.dumps({**json.loads(lines[line - 1]), **change})
    cassette.write_text("\n".join([*lines, ""]))

    with pytest.raises(UserError, match=words) as raised:
        ReplayModel.read(cassette)
    assert raised.value.path == str(cassette)


@pytest.mark.parametrize("content", [b"\xff\xfe\n", b"[" * 100_000 + b"\n", b"[]\n", b"null\n"])
def test_a_file_that_is_no_cassette_is_told(cassette: Path, content: bytes) -> None:
    cassette.write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        ReplayModel.read(cassette)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        ReplayModel.read(tmp_path / "none")


async def test_waiting_takes_no_time_in_a_replay() -> None:
    clock = ReplayClock(STARTED)
    await clock.sleep(90)
    assert clock.monotonic() == 90
    assert clock.now() == STARTED.replace(minute=31, second=30)
