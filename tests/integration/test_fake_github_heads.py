"""FakeGitHub's heads move in every way that real ones do, and threads and reviews follow."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reviewer.testing.fake_github import FakeGitHub, FakePullRequest
from reviewer.testing.fake_github.git_store import GitStoreError
from tests.integration.fake_github_client import calling

PULL = "/repos/octo/shop/pulls/1"
BEFORE = "".join(f"line {number}\n" for number in range(1, 41))
AFTER = BEFORE.replace("line 20\n", "LINE 20\n")


@pytest.fixture
def hub(tmp_path: Path) -> FakeGitHub:
    return FakeGitHub(tmp_path)


@pytest.fixture
def pull(hub: FakeGitHub) -> FakePullRequest:
    repository = hub.repository("octo/shop", files={"a.txt": BEFORE, "b.txt": "b\n"})
    return repository.open_pull(files={"a.txt": AFTER})


def _text(pull: FakePullRequest, path: str) -> str:
    found = pull.repository.lookup(f"{pull.head_sha}:{path}")
    return "" if found is None else found[2].decode()


def _commits(pull: FakePullRequest) -> list[str]:
    store = pull.repository.store
    return [store.message(sha) for sha in store.commits(pull.merge_base, pull.head_sha)]


def test_amend_puts_another_commit_in_place_of_the_last(pull: FakePullRequest) -> None:
    pull.push({"c.txt": "c\n"}, message="second")
    before = pull.head_sha
    pull.amend({"c.txt": "cc\n"}, message="second, better")
    assert _commits(pull) == ["A change", "second, better"]
    assert (_text(pull, "c.txt"), _text(pull, "a.txt")) == ("cc\n", AFTER)
    assert pull.before_sha == before != pull.head_sha


def test_rebase_replays_the_commits_on_the_moved_base(pull: FakePullRequest) -> None:
    pull.push({"c.txt": "c\n"}, message="second")
    tip = pull.repository.push({"b.txt": "bb\n"}, message="meanwhile")
    pull.rebase()
    assert pull.merge_base == pull.base_sha == tip
    assert _commits(pull) == ["A change", "second"]
    assert [_text(pull, name) for name in ("a.txt", "b.txt", "c.txt")] == [AFTER, "bb\n", "c\n"]
    assert [file.filename for file in pull.files] == ["a.txt", "c.txt"]


def test_a_rebase_that_conflicts_says_so(pull: FakePullRequest) -> None:
    pull.repository.push({"a.txt": BEFORE.replace("line 20\n", "theirs\n")})
    with pytest.raises(GitStoreError, match=r"a\.txt"):
        pull.rebase()


def test_merging_the_base_in_adds_nothing_to_the_change(pull: FakePullRequest) -> None:
    tip = pull.repository.push({"b.txt": "bb\n"})
    pull.merge_base_in()
    assert pull.merge_base == tip
    assert [file.filename for file in pull.files] == ["a.txt"]
    assert _text(pull, "b.txt") == "bb\n"


def test_squash_and_revert_make_the_trees_that_they_should(pull: FakePullRequest) -> None:
    pull.push({"c.txt": "c\n"}, message="second")
    pull.push({"d.txt": "d\n"}, message="third")
    pull.squash(message="all")
    assert _commits(pull) == ["all"]
    assert _text(pull, "c.txt") == "c\n"
    pull.push({"e.txt": "e\n"}, message="last")
    pull.revert()
    assert (_text(pull, "e.txt"), _text(pull, "d.txt")) == ("", "d\n")
    assert _commits(pull)[-1] == 'Revert "last"'


def test_retargeting_compares_with_another_branch(pull: FakePullRequest) -> None:
    pull.repository.push({"a.txt": AFTER}, branch="release")
    assert [file.filename for file in pull.files] == ["a.txt"]
    pull.retarget("release")
    assert pull.base_ref == "release"
    pull.push({"b.txt": "bb\n"})
    assert [file.filename for file in pull.files] == ["a.txt", "b.txt"]


def test_a_head_can_be_forced_back_and_cloned(pull: FakePullRequest, tmp_path: Path) -> None:
    first = pull.head_sha
    pull.push({"c.txt": "c\n"})
    pull.force_push(first)
    assert (pull.head_sha, _text(pull, "c.txt")) == (first, "")
    pull.force_push({"a.txt": AFTER, "z.txt": "z\n"}, message="anew")
    assert _commits(pull) == ["anew"]
    target = tmp_path / "clone"
    subprocess.run(["git", "init", "-q", str(target)], check=True)
    place = pull.repository.git_folder
    fetch = ["git", "-C", str(target), "fetch", "-q", place, "refs/pull/1/head"]
    subprocess.run(fetch, check=True)
    shown = subprocess.run(
        ["git", "-C", str(target), "rev-parse", "FETCH_HEAD"], check=True, capture_output=True
    ).stdout.decode()
    assert shown.strip() == pull.head_sha


def test_a_merged_pull_request_is_closed_and_its_commits_are_in_the_base(
    pull: FakePullRequest,
) -> None:
    tip = pull.merge()
    assert (pull.open, pull.merged) == (False, True)
    assert pull.repository.branch("main") == tip


def test_a_thread_follows_its_line_and_is_outdated_when_that_is_touched(
    pull: FakePullRequest,
) -> None:
    thread = pull.review_comment("bob", "a.txt", 20, "hm")
    head = pull.head_sha
    pull.push({"a.txt": "new first\n" + AFTER})
    assert (thread.line, thread.outdated, thread.commit_id) == (21, False, pull.head_sha)
    pull.push({"a.txt": AFTER.replace("LINE 20\n", "line twenty\n")})
    assert (thread.line, thread.position, thread.outdated) == (None, None, True)
    assert (thread.original_line, thread.original_commit_id) == (20, head)
    pull.force_push(head)
    assert (thread.line, thread.outdated) == (20, False)
    pull.rebase(pull.repository.push({"b.txt": "bb\n"}))
    assert (thread.line, thread.outdated) == (20, False)


def test_a_thread_is_outdated_when_its_file_leaves_the_change_or_is_renamed(
    pull: FakePullRequest,
) -> None:
    line = pull.review_comment("bob", "a.txt", 20, "hm")
    whole = pull.review_comment("bob", "a.txt", None, "hm")
    left = pull.review_comment("bob", "a.txt", 20, "hm", side="LEFT")
    pull.rename("a.txt", "c.txt")
    assert [thread.outdated for thread in (line, whole, left)] == [True, True, True]
    pull.rename("c.txt", "a.txt")
    assert [thread.outdated for thread in (line, whole, left)] == [False, False, False]
    pull.push({"a.txt": BEFORE, "c.txt": "c\n"})
    assert [thread.outdated for thread in (line, whole, left)] == [True, True, True]


def test_a_thread_on_removed_code_follows_the_base(pull: FakePullRequest) -> None:
    left = pull.review_comment("bob", "a.txt", 20, "hm", side="LEFT")
    pull.repository.push({"a.txt": "new first\n" + BEFORE})
    pull.rebase()
    assert (left.line, left.outdated) == (21, False)


def test_a_range_follows_as_a_whole(pull: FakePullRequest) -> None:
    wanted = {"path": "a.txt", "start_line": 19, "line": 21, "body": "hm"}
    thread = pull.discussion.start_thread(pull.repository.hub.account("bob"), wanted)
    pull.push({"a.txt": "new first\n" + AFTER})
    assert (thread.start_line, thread.line) == (20, 22)
    pull.push({"a.txt": AFTER.replace("line 19\n", "")})
    assert (thread.start_line, thread.line, thread.outdated) == (None, None, True)


@pytest.mark.usefixtures("any_github_write")
async def test_a_force_push_points_old_reviews_at_the_new_head_and_a_push_does_not(
    hub: FakeGitHub, pull: FakePullRequest
) -> None:
    first = pull.head_sha
    review = pull.approve("bob")
    pull.push({"c.txt": "c\n"})
    assert review.commit_id == first
    pull.amend({"c.txt": "cc\n"})
    async with calling(hub) as call:
        told = (await call.get(f"{PULL}/reviews")).json()[0]
    assert told["commit_id"] == pull.head_sha != first


async def test_comments_on_outdated_lines_have_nulls_in_rest(
    hub: FakeGitHub, pull: FakePullRequest
) -> None:
    pull.review_comment("bob", "a.txt", 20, "hm")
    pull.push({"a.txt": BEFORE, "c.txt": "c\n"})
    async with calling(hub) as call:
        comment = (await call.get(f"{PULL}/comments")).json()[0]
    assert (comment["line"], comment["position"]) == (None, None)
    assert (comment["original_line"], comment["side"]) == (20, "RIGHT")


@pytest.mark.usefixtures("any_github_write")
async def test_a_review_of_an_old_head_is_placed_where_its_lines_are_now(
    hub: FakeGitHub, pull: FakePullRequest
) -> None:
    old = pull.head_sha
    pull.push({"a.txt": "new first\n" + AFTER})
    comments = [{"path": "a.txt", "line": 20, "body": "hm"}]
    async with calling(hub) as call:
        answer = await call.review(PULL, commit_id=old, comments=comments)
        unknown = await call.review(PULL, commit_id="1" * 40, comments=comments)
    assert answer.status_code == 200
    assert (pull.threads[0].original_line, pull.threads[0].line) == (20, 21)
    assert unknown.status_code == 422
