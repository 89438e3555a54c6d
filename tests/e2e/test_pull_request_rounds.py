"""Rounds of one pull request over real git: whatever moves the head, only what changed is asked.

After every run the scene holds what stands to what was said: at most one comment a finding, the
summary's count, and the check's conclusion (`Scene.hold_to_the_rules`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

pytest.importorskip("github")

from reviewer.domain.status import RunState
from tests.e2e.pull_request_scene import (
    CONFIGURATION,
    Run,
    Scene,
    bug,
    claimed,
    mended,
    module,
    scene,
)
from tests.unit.round_example import answering

pytestmark = pytest.mark.loopback

ONE, TWO, NEW, FAR = "app/one.py", "app/two.py", "app/new.py", "app/far.py"
FIRST, SECOND, THIRD = claimed(ONE, "one"), claimed(TWO, "two"), claimed(NEW, "new")
HEADER = "# Kept by the shop.\n"


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Scene]:
    """Two new modules; a model has found the fault of the first."""
    base = {FAR: module("far")}
    async with scene(tmp_path, base=base, head={ONE: module("one"), TWO: module("two")}) as there:
        run = await there.run(FIRST, action="opened")
        assert run.asked == {ONE, TWO}
        assert run.writes == [("POST", "reviews"), ("POST", "comments"), ("POST", "check-runs")]
        assert [thread.path for thread in there.threads()] == [ONE]
        assert there.conclusion() == "failure"
        yield there


def note(run: Run) -> str:
    """Return what is said to be different from the run before."""
    assert run.result.review.since is not None
    return run.result.review.since.note


def carried_forward(run: Run) -> None:
    """Hold a run that had nothing to look at: nobody was asked, and it says so."""
    assert run.calls == ()
    assert note(run).startswith("no change by the author since ")
    assert note(run).endswith(": nothing was asked again")
    assert run.result.state is RunState.COMPLETED


@pytest.mark.holds("P02")
async def test_a_second_run_on_the_same_head_writes_nothing_at_all(opened: Scene) -> None:
    before = opened.summary().body
    run = await opened.run(FIRST)
    carried_forward(run)
    assert run.writes == []
    assert opened.summary().body == before
    assert opened.conclusion() == "failure"


async def test_a_second_run_without_a_model_says_nothing_of_asking(opened: Scene) -> None:
    await opened.run(mechanical=True)
    run = await opened.run(mechanical=True)
    assert "asked" not in note(run)
    assert run.writes == []
    assert len(opened.threads()) == 1


def message(there: Scene) -> None:
    there.pull.amend({}, message="Say it better")


def base_moved(there: Scene) -> None:
    there.pull.repository.push({FAR: mended("far"), "README.md": "# Shop\n"})
    there.pull.rebase()


def base_merged(there: Scene) -> None:
    there.pull.repository.push({FAR: mended("far")})
    there.pull.merge_base_in()


def squashed(there: Scene) -> None:
    there.pull.push({}, message="Nothing")
    there.pull.squash()


@pytest.mark.holds("S16", "R43", "P08", "P09")
@pytest.mark.parametrize("move", [message, base_moved, base_merged, squashed])
async def test_a_new_head_with_the_same_change_asks_nobody(
    opened: Scene, move: Callable[[Scene], None]
) -> None:
    before = opened.pull.head_sha
    move(opened)
    assert opened.pull.head_sha != before
    run = await opened.run(FIRST, SECOND)
    carried_forward(run)
    assert before[:7] in opened.summary().body
    assert f"reviewed `{opened.pull.head_sha[:7]}`" in opened.summary().body
    assert run.writes == [("PATCH", "comments"), ("POST", "check-runs")]
    assert opened.conclusion() == "failure"


@pytest.mark.holds("P09")
async def test_a_rebase_under_lines_of_the_same_file_moves_the_finding_with_them(
    tmp_path: Path,
) -> None:
    base, head = module("one", lines=30), module("one", lines=30)
    base = base.replace(bug("one"), "    return items[0]")
    async with scene(tmp_path, base={ONE: base}, head={ONE: head}) as there:
        await there.run(FIRST, action="opened")
        line = there.thread(ONE).line
        there.pull.repository.push({ONE: base.replace('"""Numbers."""\n', '"""Numbers."""\n' * 9)})
        there.pull.rebase()
        run = await there.run(FIRST)
        carried_forward(run)
        (shown,) = run.result.review.shown
        assert line is not None
        assert shown.finding.location is not None
        assert shown.finding.location.start_line == line + 8 == there.thread(ONE).line
        assert not there.thread(ONE).resolved


async def test_an_amended_file_alone_is_asked_about_and_a_new_finding_is_posted_once(
    opened: Scene,
) -> None:
    opened.pull.amend({NEW: module("new")})
    run = await opened.run(FIRST, SECOND, THIRD)
    assert run.asked == {NEW}
    assert sorted(thread.path for thread in opened.threads()) == [NEW, ONE]
    assert run.writes == [("POST", "reviews"), ("PATCH", "comments"), ("POST", "check-runs")]
    again = await opened.run(FIRST, SECOND, THIRD)
    assert (again.calls, again.writes) == ((), [])


async def test_several_commits_in_one_push_are_one_look_at_what_they_changed(opened: Scene) -> None:
    opened.pull.push({NEW: "nothing = 0\n"})
    opened.pull.push({NEW: module("new"), FAR: module("far") + "\n\nrest = 1\n"})
    opened.pull.push({"docs/note.md": "# Note\n"})
    run = await opened.run(FIRST, THIRD)
    assert run.asked == {NEW, FAR, "docs/note.md"}
    assert sorted(thread.path for thread in opened.threads()) == [NEW, ONE]


@pytest.mark.holds("P07")
async def test_what_a_revert_takes_away_is_fixed_and_its_thread_resolved(opened: Scene) -> None:
    opened.pull.push({NEW: module("new")}, message="Add new")
    await opened.run(FIRST, THIRD)
    opened.pull.revert()
    run = await opened.run(FIRST, THIRD)
    assert run.calls == ()
    assert "1 file left the change" in note(run)
    assert opened.thread(NEW).resolved
    assert not opened.thread(ONE).resolved
    opened.pull.revert()
    back = await opened.run(FIRST, THIRD)
    assert back.asked == {NEW}
    assert len(opened.threads()) == 2
    assert opened.conclusion() == "failure"


async def test_a_finding_is_fixed_by_its_lines_and_the_check_turns_green(opened: Scene) -> None:
    opened.pull.push({ONE: mended("one")})
    run = await opened.run()
    assert run.asked == {ONE}
    assert opened.thread(ONE).resolved
    assert run.result.published is not None
    assert run.result.published.resolved == 1
    assert "1 fixed" in opened.summary().body
    assert opened.conclusion() == "success"


@pytest.mark.holds("R43", "P08")
async def test_a_commit_beside_a_finding_does_not_clear_it(opened: Scene) -> None:
    opened.pull.push({ONE: HEADER + module("one")})
    run = await opened.run()
    assert run.asked == {ONE}
    assert not opened.thread(ONE).resolved
    assert opened.conclusion() == "failure"
    assert len(run.result.review.shown) == 1


@pytest.mark.holds("P07")
async def test_a_thread_in_which_a_person_spoke_is_never_resolved(opened: Scene) -> None:
    opened.pull.reply(opened.thread(ONE), "alice", "/explain")
    opened.pull.push({ONE: mended("one")})
    await opened.run()
    assert opened.thread(ONE).outdated
    assert not opened.thread(ONE).resolved
    assert opened.conclusion() == "success"


async def test_a_thread_whose_finding_no_whole_run_missed_is_not_resolved(opened: Scene) -> None:
    opened.pull.push({ONE: mended("one")})
    await opened.run(mechanical=True)
    assert opened.thread(ONE).outdated
    assert not opened.thread(ONE).resolved
    await opened.run()
    assert opened.thread(ONE).resolved


async def test_a_thread_on_lines_that_stand_as_they_were_is_not_resolved(opened: Scene) -> None:
    """A second look may miss or refute what the first one saw: that ends no talk about it."""
    run = await opened.run(full=True, model=answering([], refuted=["The end of one"]))
    assert run.asked == {ONE, TWO}
    assert run.result.review.shown == ()
    assert [(t.outdated, t.resolved) for t in opened.threads()] == [(False, False)]
    assert "1 earlier comment still open" in opened.summary().body


@pytest.mark.holds("P02")
async def test_a_finding_that_moved_with_its_text_keeps_its_thread_though_it_is_outdated(
    opened: Scene,
) -> None:
    numbers, _, function = module("one").partition("\n\n\ndef one(")
    opened.pull.push({ONE: f'"""One."""\n\n\ndef uno({function}\n\n{numbers}\n'})
    await opened.run(FIRST)
    assert [(t.outdated, t.resolved) for t in opened.threads()] == [(True, False)]
    assert opened.conclusion() == "failure"


async def test_a_thread_is_resolved_though_the_line_has_another_fault_by_now(
    opened: Scene,
) -> None:
    worse = bug("one").replace("len(items)", "len(items) + 1")
    opened.pull.push({ONE: module("one").replace(bug("one"), worse)})
    await opened.run({**FIRST, "quote": worse, "headline": "The end of one is passed by one more"})
    assert [thread.resolved for thread in opened.threads()] == [True, False]
    assert opened.conclusion() == "failure"


@pytest.mark.holds("P09")
async def test_another_base_branch_shows_another_change(opened: Scene) -> None:
    repository = opened.pull.repository
    repository.store.point([repository.ref("next")], opened.pull.head_sha)
    opened.pull.push({NEW: module("new")})
    opened.pull.retarget("next")
    changes = {"base": {"ref": {"from": "main"}, "sha": {"from": "0" * 40}}}
    run = await opened.run(FIRST, THIRD, action="edited", changes=changes)
    assert run.asked == {NEW}
    assert "2 files left the change" in note(run)
    assert [(t.path, t.resolved) for t in opened.threads()] == [(ONE, True), (NEW, False)]
    assert "reviewed `" + opened.pull.head_sha[:7] in opened.summary().body
    assert opened.conclusion() == "failure"


@pytest.mark.holds("P09")
async def test_a_force_push_to_an_old_head_brings_back_what_stood_there(opened: Scene) -> None:
    old = opened.pull.head_sha
    opened.pull.push({ONE: mended("one"), NEW: module("new")})
    await opened.run(THIRD)
    assert opened.thread(ONE).resolved
    assert opened.conclusion() == "failure"
    opened.pull.force_push(old)
    run = await opened.run(FIRST)
    assert run.asked == {ONE}
    assert opened.thread(NEW).resolved
    assert [thread.path for thread in opened.threads()].count(ONE) == 1
    assert opened.conclusion() == "failure"
    assert len(run.result.review.shown) == 1


async def test_a_renamed_and_edited_file_keeps_the_name_of_its_finding(opened: Scene) -> None:
    name = opened.threads()[0].body
    opened.pull.rename(ONE, NEW, text=HEADER + module("one"))
    run = await opened.run(claimed(NEW, "one"))
    assert run.asked == {NEW}
    assert [thread.body for thread in opened.threads()] == [name]
    assert opened.conclusion() == "failure"
    assert len(run.result.review.shown) == 1


async def test_a_renamed_file_of_the_base_keeps_it_too(tmp_path: Path) -> None:
    base = module("one").replace(bug("one"), "    return items[0]")
    async with scene(tmp_path, base={ONE: base}, head={ONE: module("one")}) as there:
        await there.run(FIRST, action="opened")
        there.pull.rename(ONE, NEW)
        run = await there.run(claimed(NEW, "one"))
        assert len(there.threads()) == 1
        assert len(run.result.review.shown) == 1
        assert there.conclusion() == "failure"


async def test_a_finding_on_removed_lines_stands_on_the_left(tmp_path: Path) -> None:
    guarded = module("one").replace(bug("one"), "    check(items)\n    return items[0]")
    unguarded = guarded.replace("    check(items)\n", "")
    gone = {
        **FIRST,
        "side": "base",
        "quote": "    check(items)",
        "headline": "The check of the items was removed",
        "rule": "BUG001",
    }
    head = {ONE: unguarded, FAR: None}
    async with scene(tmp_path, base={ONE: guarded, FAR: module("far")}, head=head) as there:
        run = await there.run(gone, action="opened")
        (thread,) = there.threads()
        assert (thread.path, thread.side, thread.outdated) == (ONE, "LEFT", False)
        assert FAR in run.asked
        there.pull.repository.push({"README.md": "# Shop\n"})
        there.pull.rebase()
        carried_forward(await there.run(gone))


async def test_a_finding_in_a_deleted_file_stands_on_the_left(tmp_path: Path) -> None:
    gone = {**claimed(FAR, "far"), "side": "base", "headline": "What far gave was removed"}
    async with scene(tmp_path, base={FAR: module("far")}, head={FAR: None}) as there:
        await there.run(gone, action="opened")
        assert [(thread.path, thread.side) for thread in there.threads()] == [(FAR, "LEFT")]
        assert there.conclusion() == "failure"


@pytest.mark.holds("P06")
async def test_301_files_are_reviewed_and_a_push_asks_about_one(tmp_path: Path) -> None:
    head = {f"app/m{number}.py": f"value_{number} = {number}\n" for number in range(300)}
    async with scene(tmp_path, head={**head, ONE: module("one")}) as there:
        run = await there.run(FIRST, action="opened")
        assert "301 files" in there.summary().body
        assert ONE in run.asked
        assert len(there.threads()) == 1
        there.pull.push({"app/m7.py": "value_7 = 8\n"})
        again = await there.run(FIRST)
        assert again.asked == {"app/m7.py"}


async def test_another_configuration_of_the_base_has_everything_looked_at_again(
    opened: Scene,
) -> None:
    configuration = CONFIGURATION + '[rules]\noff = { BUG003 = "nothing can fail here" }\n'
    opened.pull.repository.push({".reviewer.toml": configuration})
    opened.pull.rebase()
    run = await opened.run(FIRST)
    assert run.asked == {ONE, TWO}
    assert note(run) == "everything was looked at again: the configuration changed"
    assert len(opened.threads()) == 1
    assert opened.conclusion() == "failure"


@pytest.mark.holds("S10", "R32")
async def test_a_configuration_in_the_change_itself_means_nothing(opened: Scene) -> None:
    opened.pull.push({".reviewer.toml": 'schema = 1\n[policy]\nfail_on = "never"\n'})
    run = await opened.run(FIRST)
    assert ONE not in run.asked
    assert opened.conclusion() == "failure"
