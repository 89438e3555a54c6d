"""What stands on a pull request after a model failed: a neutral check, the reason, and no fix."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("github")

from reviewer.domain.completion import Completion, Failure, FailureKind, Finish
from reviewer.domain.status import RunState
from reviewer.testing.scripted_model import Reply, ScriptedModel
from tests.e2e.pull_request_scene import claimed, mended, module, scene
from tests.unit.round_example import answering

pytestmark = pytest.mark.loopback


def failing(
    kind: FailureKind, status: int | None = None, *, retry_after_seconds: float | None = None
) -> Reply:
    """Return what an adapter makes of a provider's refusal."""
    return Failure(
        kind=kind,
        message="the provider said no",
        status=status,
        retry_after_seconds=retry_after_seconds,
    )


CUT_OFF = Completion(
    text='{"answers": [{"rule_id": "BUG001", "verd',
    finish=Finish.LENGTH,
    usage=None,
    model_answered="example",
    provider_request_id="1",
    latency_seconds=0.0,
)

#: What a model answers, how often it is asked, and what people read of it.
ANSWERS: dict[str, tuple[Reply, int, str]] = {
    "400": (failing(FailureKind.INVALID, 400), 1, "did not answer: invalid (400)"),
    "401": (failing(FailureKind.AUTHENTICATION, 401), 1, "did not answer: authentication (401)"),
    "402": (failing(FailureKind.BILLING, 402), 1, "did not answer: billing (402)"),
    "429": (
        failing(FailureKind.RATE_LIMITED, 429, retry_after_seconds=5.0),
        3,
        "did not answer: rate limited (429)",
    ),
    "429 for hours": (
        failing(FailureKind.RATE_LIMITED, 429, retry_after_seconds=5_000.0),
        1,
        "left to a later run",
    ),
    "500": (failing(FailureKind.TRANSIENT, 500), 3, "did not answer: transient (500)"),
    "time-out": (failing(FailureKind.TRANSIENT), 3, "did not answer: transient"),
    "HTML": (failing(FailureKind.PROTOCOL, 200), 1, "did not answer: protocol (200)"),
    "nothing": ("", 2, "there is no JSON object"),
    "prose": ("Certainly! Here is my review: {", 2, "there is no JSON object"),
    "another shape": ('{"answers": 7}', 2, "could not be read"),
    "no answers": ('{"answers": []}', 2, "there is no answer in it"),
    "cut off": (CUT_OFF, 1, "cut off"),
}


@pytest.mark.holds("P03", "P14")
@pytest.mark.parametrize(("answer", "calls", "words"), ANSWERS.values(), ids=ANSWERS)
async def test_a_model_that_does_not_answer_is_told_and_the_next_run_asks_again(
    tmp_path: Path, answer: Reply, calls: int, words: str
) -> None:
    head = {"app/one.py": mended("one")}
    async with scene(tmp_path, head=head) as there:
        run = await there.run(action="opened", model=ScriptedModel((answer,)))
        assert run.result.state is RunState.PARTIAL
        assert words in run.result.reason
        assert there.conclusion() == "neutral"
        assert there.summary().body.startswith("**Partial: Bug Hunter:")
        assert words in there.summary().body
        assert len(run.calls) == calls
        again = await there.run()
        assert again.asked == {"app/one.py"}
        assert there.conclusion() == "success"


async def test_a_round_without_answers_fixes_nothing_and_keeps_what_was_found(
    tmp_path: Path,
) -> None:
    find = claimed("app/one.py", "one")
    async with scene(tmp_path, head={"app/one.py": module("one")}) as there:
        await there.run(find, action="opened")
        there.pull.push({"app/one.py": mended("one")})
        run = await there.run(model=ScriptedModel((failing(FailureKind.TRANSIENT, 503),)))
        assert run.result.state is RunState.PARTIAL
        assert there.conclusion() == "neutral"
        assert not there.thread("app/one.py").resolved
        await there.run(find)
        assert there.thread("app/one.py").resolved
        assert there.conclusion() == "success"


@pytest.mark.holds("S11", "R22", "P10")
async def test_a_head_that_moves_while_a_model_thinks_is_told_nothing(tmp_path: Path) -> None:
    find = claimed("app/one.py", "one")
    async with scene(tmp_path, head={"app/one.py": module("one")}) as there:
        pushed: list[str] = []

        async def pause() -> None:
            if not pushed:
                pushed.append(there.pull.push({"app/two.py": module("two")}))

        run = await there.run(action="opened", model=answering([find], pause=pause))
        assert run.result.state is RunState.SUPERSEDED
        assert run.result.reason == f"the head moved to {pushed[0][:7]}"
        assert run.writes == []
        assert there.conclusion() is None
        await there.run(find)
        assert len(there.threads()) == 1
        assert there.conclusion() == "failure"
