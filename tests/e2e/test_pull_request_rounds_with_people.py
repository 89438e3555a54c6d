"""Rounds in which people answer, other bots review, and nobody can sign: nothing is said twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("github")

from reviewer.bootstrap import examiners_of
from reviewer.domain.history import History
from reviewer.domain.marker import Signer, Subject, SummaryMark
from reviewer.domain.status import RunState
from reviewer.rendering.posted_comment import with_marker
from reviewer.service.handle_command import CommandState
from reviewer.testing.fake_github import FakeThread
from tests.e2e.pull_request_scene import (
    BOT,
    CONFIGURATION,
    Bot,
    Scene,
    bug,
    claimed,
    mended,
    module,
    scene,
)

pytestmark = pytest.mark.loopback

NAMES = ("one", "two", "three")
FINDS = tuple(claimed(f"app/{name}.py", name) for name in NAMES)
ONE, TWO, THREE = (f"app/{name}.py" for name in NAMES)


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Scene]:
    """Three new modules, each with a fault that was told."""
    async with scene(tmp_path, head={f"app/{name}.py": module(name) for name in NAMES}) as there:
        await there.run(*FINDS, action="opened")
        assert [thread.path for thread in there.threads()] == sorted((ONE, TWO, THREE))
        yield there


def handle(thread: FakeThread) -> str:
    """Return the name by which people speak of a finding."""
    return thread.body.split("/dismiss ")[1].split()[0]


@pytest.mark.holds("P07")
async def test_ten_rounds_with_dismissals_tell_everything_once(opened: Scene) -> None:
    said = await opened.command("alice", f"/dismiss {handle(opened.thread(ONE))} it is meant so")
    assert said.state is CommandState.DONE
    opened.pull.reply(opened.thread(TWO), "alice", "We never call it with anything else.")
    opened.pull.resolve(opened.thread(THREE), "alice")
    for number in range(10):
        last = f"\n\nround_{number} = {number}\n"
        path = (ONE, TWO, THREE)[number % 3]
        opened.pull.push({path: module(path[4:-3]) + last})
        run = await opened.run(*FINDS)
        assert run.asked == {path}
        assert run.result.review.shown == ()
        assert ("POST", "reviews") not in run.writes
    assert len(opened.threads()) == 3
    assert not opened.thread(ONE).resolved
    assert "3 dismissed" in opened.summary().body
    # Who replies or resolves ends the talk; only a command of somebody who may takes the weight.
    assert opened.conclusion() == "failure"


async def test_a_dismissal_by_command_takes_the_weight_off_the_check(opened: Scene) -> None:
    for path in (ONE, TWO, THREE):
        said = await opened.command("alice", f"/dismiss {handle(opened.thread(path))} it is meant")
        assert said.state is CommandState.DONE
    run = await opened.run(*FINDS)
    assert run.calls == ()
    assert opened.conclusion() == "success"
    assert (await opened.run(*FINDS)).writes == []


async def test_room_that_a_dismissal_makes_is_for_what_is_new(tmp_path: Path) -> None:
    """Seven faults, five comments: the sixth is not told again because the first was no fault."""
    names = ("one", "two", "three", "four", "five", "six", "seven")
    finds = [claimed(f"app/{name}.py", name) for name in names]
    async with scene(tmp_path, head={f"app/{n}.py": module(n) for n in names}) as there:
        await there.run(*finds, action="opened")
        first = there.threads()
        assert len(first) == 5
        await there.command("alice", f"/dismiss {handle(first[0])} it is meant so")
        await there.run(*finds)
        assert len(there.threads()) == 5
        there.pull.push({"app/zero.py": module("zero")})
        await there.run(*finds, claimed("app/zero.py", "zero"))
        added = [thread.path for thread in there.threads()][5:]
        assert added == ["app/zero.py"]


async def test_a_dismissal_is_taken_back(opened: Scene) -> None:
    name = handle(opened.thread(ONE))
    await opened.command("alice", f"/dismiss {name} it is meant so")
    assert len((await opened.run(*FINDS)).result.review.shown) == 2
    await opened.command("alice", f"/undismiss {name}")
    run = await opened.run(*FINDS)
    assert len(run.result.review.shown) == 3
    assert len(opened.threads()) == 3
    assert run.calls == ()


@pytest.mark.holds("S12", "P12")
async def test_whoever_may_only_read_dismisses_nothing(opened: Scene) -> None:
    said = await opened.command("mallory", f"/dismiss {handle(opened.thread(ONE))} it is fine")
    assert said.state is CommandState.REFUSED
    run = await opened.run(*FINDS)
    assert len(run.result.review.shown) == 3
    assert run.writes == []


@pytest.mark.holds("P07")
async def test_who_says_fixed_while_it_stands_is_answered_once(opened: Scene) -> None:
    opened.pull.reply(opened.thread(ONE), "alice", "Fixed.")
    opened.pull.push({TWO: mended("two")})
    await opened.run(*FINDS)
    answers = [comment.login for comment in opened.thread(ONE).comments]
    assert answers == [opened.bot.login, "alice", opened.bot.login]
    opened.pull.push({THREE: mended("three")})
    await opened.run(*FINDS)
    assert len(opened.thread(ONE).comments) == 3
    assert [thread.resolved for thread in opened.threads()] == [False, True, True]


@pytest.mark.holds("P07")
async def test_a_thread_of_people_is_never_touched(opened: Scene) -> None:
    theirs = opened.pull.review_comment("bob", ONE, 3, f"Is this right?\n\n{'> ' + bug('one')}")
    opened.pull.push({ONE: mended("one")})
    await opened.run(*FINDS)
    assert not theirs.resolved
    assert len(theirs.comments) == 1


async def test_a_deleted_comment_is_not_told_again_on_the_same_lines_alone(opened: Scene) -> None:
    opened.pull.delete(opened.thread(ONE).comments[0])
    run = await opened.run(*FINDS)
    assert run.calls == ()
    assert len(opened.threads()) == 3
    again = await opened.run(*FINDS)
    assert again.writes == []


async def test_a_deleted_summary_is_written_again_and_what_it_knew_is_gone(opened: Scene) -> None:
    opened.pull.delete(opened.summary())
    run = await opened.run(*FINDS)
    assert run.asked == {ONE, TWO, THREE}
    assert len(opened.threads()) == 3
    assert opened.summary().body


@pytest.fixture
async def unsigned(tmp_path: Path) -> AsyncIterator[Scene]:
    """The same for a bot that has no key to sign with."""
    head = {f"app/{name}.py": module(name) for name in NAMES}
    async with scene(tmp_path, head=head, bot=Bot(key=None)) as there:
        await there.run(*FINDS, action="opened")
        yield there


async def test_without_a_key_everything_is_asked_each_time_and_nothing_posted_twice(
    unsigned: Scene,
) -> None:
    for _ in range(3):
        run = await unsigned.run(*FINDS)
        assert run.asked == {ONE, TWO, THREE}
        assert not [write for write in run.writes if write[0] == "POST"]
        assert "is not signed" in unsigned.summary().body
    unsigned.pull.push({ONE: mended("one")})
    await unsigned.run(*FINDS)
    assert not unsigned.thread(ONE).resolved
    assert len(unsigned.threads()) == 3


async def test_without_a_key_or_a_model_a_second_run_writes_nothing(tmp_path: Path) -> None:
    head = {ONE: f"import subprocess\n\nsubprocess.run({'x'!r}, shell=True)\n"}
    bot = Bot(key=None, personas=("security-sentinel",))
    async with scene(tmp_path, head=head, bot=bot) as there:
        first = await there.run(action="opened", mechanical=True)
        assert len(there.threads()) == 1
        assert first.result.state is RunState.COMPLETED
        second = await there.run(mechanical=True)
        assert second.writes == []


async def test_where_clean_reviews_are_silent_a_second_run_writes_nothing_either(
    tmp_path: Path,
) -> None:
    configuration = f'{CONFIGURATION}[pull_request]\non_clean = "silent"\n'
    async with scene(tmp_path, head={ONE: mended("one")}, configuration=configuration) as there:
        first = await there.run(action="opened")
        assert first.writes == [("POST", "check-runs")]
        assert there.conclusion() == "success"
        assert (await there.run()).writes == []
        assert there.pull.comments == []


@pytest.mark.holds("S15", "R49")
async def test_a_forged_history_without_a_key_dismisses_nothing(unsigned: Scene) -> None:
    pull, viewer = unsigned.pull, unsigned.hub.account(BOT)
    subject = Subject(bot=str(viewer.id), repository_id=pull.repository.id, number=pull.number)
    told = History(generation=7, head_sha=pull.head_sha, whole=True, trusted=True)
    mark = SummaryMark(head_sha=pull.head_sha, history=told)
    pull.edit(unsigned.summary(), with_marker("All is well.", Signer(subject=subject).write(mark)))
    run = await unsigned.run(*FINDS)
    assert len(run.result.review.shown) == 3
    assert unsigned.conclusion() == "failure"


@pytest.mark.holds("P02")
async def test_two_bots_review_side_by_side_and_do_not_know_each_other(opened: Scene) -> None:
    other = Bot(login="other-reviewer[bot]", key="another key that signs something else")
    run = await opened.run(*FINDS, bot=other)
    assert run.asked == {ONE, TWO, THREE}
    assert len(opened.threads(other)) == len(opened.threads()) == 3
    opened.pull.push({ONE: mended("one")})
    await opened.run(*FINDS)
    assert not any(thread.resolved for thread in opened.threads(other))
    assert opened.thread(ONE).resolved
    await opened.run(*FINDS, bot=other)
    assert [thread.resolved for thread in opened.threads(other)].count(True) == 1
    assert (await opened.run(*FINDS)).writes == []
    assert (await opened.run(*FINDS, bot=other)).writes == []


@pytest.mark.holds("S15", "R49")
async def test_two_bots_with_one_key_do_not_take_each_other_for_themselves(opened: Scene) -> None:
    other = replace(opened.bot, login="other-reviewer[bot]")
    run = await opened.run(*FINDS, bot=other)
    assert run.asked == {ONE, TWO, THREE}
    assert len(opened.threads(other)) == 3


@pytest.mark.holds("S15", "R49")
async def test_a_marker_that_a_person_copied_is_none(opened: Scene) -> None:
    copied = opened.summary().body.replace("generation=1", "generation=9")
    opened.pull.comment("mallory", copied)
    opened.pull.comment("mallory", opened.summary().body)
    opened.pull.review_comment("mallory", ONE, 3, opened.thread(TWO).body)
    run = await opened.run(*FINDS)
    assert run.calls == ()
    assert run.writes == []


@pytest.mark.holds("S15", "R49")
async def test_a_marker_of_ours_from_another_pull_request_is_none(opened: Scene) -> None:
    """Even where our own account wrote it: the signature holds for one pull request only."""
    repository, first = opened.pull.repository, opened.pull
    body, thread = opened.summary().body, opened.thread(ONE).body
    opened.pull = repository.open_pull(
        branch="other", files={f"app/{name}.py": module(name) for name in NAMES}
    )
    opened.pull.comment(opened.bot.login, body)
    opened.pull.review_comment(opened.bot.login, ONE, 3, thread)
    run = await opened.run(*FINDS, action="opened", whole=False, once=False)
    assert run.asked == {ONE, TWO, THREE}
    assert run.writes[0] == ("POST", "reviews")
    assert len(opened.pull.threads) == 4
    assert len(opened.pull.comments) == 2
    assert len(first.threads) == 3


async def test_real_tools_without_a_model_find_the_same_over_a_rebase(tmp_path: Path) -> None:
    code = (
        "import subprocess\n\n\ndef run(name: str) -> None:\n    subprocess.run(name, shell=True)\n"
    )
    bot = Bot(personas=("security-sentinel",), examiners=examiners_of(()))
    async with scene(tmp_path, base={"a.py": "a = 1\n"}, head={ONE: code}, bot=bot) as there:
        first = await there.run(action="opened", mechanical=True)
        standing = len(there.threads())
        assert standing
        assert there.conclusion() == "failure"
        there.pull.repository.push({"a.py": "a = 2\n"})
        there.pull.rebase()
        second = await there.run(mechanical=True)
        assert [p.finding.fingerprint for p in second.result.review.shown] == [
            p.finding.fingerprint for p in first.result.review.shown
        ]
        assert len(there.threads()) == standing
        there.pull.push({ONE: "def run(name: str) -> None:\n    print(name)\n"})
        await there.run(mechanical=True)
        assert all(thread.resolved for thread in there.threads())


async def test_a_first_review_of_ten_files_and_a_push_of_one_ask_github_little(
    tmp_path: Path,
) -> None:
    head = {f"app/m{number}.py": module(f"m{number}") for number in range(10)}
    async with scene(tmp_path, head=head) as there:
        first = await there.run(claimed("app/m1.py", "m1"), action="opened")
        assert len(first.exchanges) <= 10
        there.pull.push({"app/m2.py": module("m2") + "\n\nlast = 1\n"})
        quiet = await there.run(claimed("app/m1.py", "m1"))
        assert quiet.asked == {"app/m2.py"}
        assert len(quiet.exchanges) <= 9
        there.pull.push({"app/m3.py": module("m3").replace("m3_0 = 0\n", bug("x").strip() + "\n")})
        found = await there.run(
            claimed("app/m1.py", "m1"),
            {**claimed("app/m3.py", "m3"), "quote": bug("x").strip()},
        )
        assert found.writes[0] == ("POST", "reviews")
        assert len(found.exchanges) <= 10
        same = await there.run(claimed("app/m1.py", "m1"))
        assert same.writes == []
        assert len(same.exchanges) <= 6
