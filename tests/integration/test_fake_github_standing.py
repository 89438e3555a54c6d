"""What stands on FakeGitHub's pull requests is listed, edited, submitted and taken away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from reviewer.testing.fake_github import FakeGitHub, FakePullRequest
from tests.integration.fake_github_client import Caller, calling

pytestmark = pytest.mark.usefixtures("any_github_write")

REPOSITORY = "/repos/octo/shop"
PULL = f"{REPOSITORY}/pulls/1"


@pytest.fixture
def hub(tmp_path: Path) -> FakeGitHub:
    return FakeGitHub(tmp_path)


@pytest.fixture
def pull(hub: FakeGitHub) -> FakePullRequest:
    repository = hub.repository("octo/shop", files={"a.txt": "a\n"})
    return repository.open_pull(files={"a.txt": "b\n"}, labels=["bug"])


@pytest.fixture
async def call(hub: FakeGitHub, pull: FakePullRequest) -> AsyncIterator[Caller]:
    async with calling(hub) as caller:
        yield caller


async def test_a_comment_is_read_edited_and_deleted(call: Caller, pull: FakePullRequest) -> None:
    made = await call.send("POST", f"{REPOSITORY}/issues/1/comments", {"body": "one"})
    place = f"{REPOSITORY}/issues/comments/{made.json()['id']}"
    assert (await call.get(place)).json()["body"] == "one"
    edited = (await call.send("PATCH", place, {"body": "two"})).json()
    assert edited["body"] == pull.comments[0].body == "two"
    assert edited["updated_at"] > edited["created_at"]
    assert (await call.send("DELETE", place)).status_code == 204
    assert (await call.get(place)).status_code == 404
    assert pull.comments == []


async def test_a_review_comment_is_read_answered_edited_and_deleted(
    call: Caller, pull: FakePullRequest
) -> None:
    body = {"body": "one", "commit_id": pull.head_sha, "path": "a.txt", "line": 1}
    made = (await call.send("POST", f"{PULL}/comments", body)).json()
    place = f"{REPOSITORY}/pulls/comments/{made['id']}"
    assert (await call.get(place)).json()["line"] == 1
    assert (await call.send("PATCH", place, {"body": "two"})).json()["body"] == "two"
    replies = f"{PULL}/comments/{made['id']}/replies"
    reply = (await call.send("POST", replies, {"body": "yes"})).json()
    assert reply["in_reply_to_id"] == made["id"]
    deeper = await call.send("POST", f"{PULL}/comments/{reply['id']}/replies", {"body": "no"})
    assert deeper.status_code == 404
    listed = (await call.get(f"{PULL}/comments")).json()
    assert [comment["body"] for comment in listed] == ["two", "yes"]
    of_review = f"{PULL}/reviews/{made['pull_request_review_id']}/comments"
    assert [c["body"] for c in (await call.get(of_review)).json()] == ["two"]
    for comment in listed:
        gone = await call.send("DELETE", f"{REPOSITORY}/pulls/comments/{comment['id']}")
        assert gone.status_code == 204
    assert pull.threads == []
    assert (await call.get(place)).status_code == 404


async def test_a_pending_review_is_submitted(call: Caller, pull: FakePullRequest) -> None:
    comments = [{"path": "a.txt", "line": 1, "body": "hm"}]
    begun = (await call.send("POST", f"{PULL}/reviews", {"comments": comments})).json()
    place = f"{PULL}/reviews/{begun['id']}"
    assert (await call.get(place)).json()["state"] == "PENDING"
    done = await call.send("POST", f"{place}/events", {"event": "COMMENT", "body": "all"})
    assert (done.json()["state"], done.json()["body"]) == ("COMMENTED", "all")
    assert len((await call.get(f"{PULL}/comments")).json()) == 1
    assert (await call.get(f"{PULL}/reviews/9")).status_code == 404


async def test_checks_are_begun_ended_and_listed_by_commit(
    hub: FakeGitHub, call: Caller, pull: FakePullRequest
) -> None:
    place = f"{REPOSITORY}/check-runs"
    begun = {"name": "reviewer", "head_sha": pull.head_sha, "status": "in_progress"}
    made = (await call.send("POST", place, begun)).json()
    assert (made["status"], made["conclusion"]) == ("in_progress", None)
    check = f"{place}/{made['id']}"
    ended = await call.send("PATCH", check, {"conclusion": "failure", "status": "completed"})
    assert ended.json()["conclusion"] == "failure"
    assert (await call.get(check)).json() == ended.json()
    again = await call.send("POST", place, {**begun, "conclusion": "success"})
    listed = (await call.get(f"{REPOSITORY}/commits/{pull.head_sha}/check-runs")).json()
    assert listed["total_count"] == 1
    assert listed["check_runs"][0]["id"] == again.json()["id"]
    assert len(pull.checks) == 2
    lost = await call.send("POST", place, {**begun, "head_sha": "1" * 40})
    assert lost.status_code == 422
    async with calling(hub, hub.token(viewer="github-actions[bot]")) as other:
        assert (await other.send("PATCH", check, {"name": "mine"})).status_code == 403
    assert (await call.get(f"{place}/9")).status_code == 404


async def test_a_label_that_is_not_there_cannot_be_removed(
    call: Caller, pull: FakePullRequest
) -> None:
    place = f"{REPOSITORY}/issues/1/labels"
    assert [label["name"] for label in (await call.get(place)).json()] == ["bug"]
    assert (await call.send("DELETE", f"{place}/bug")).status_code == 200
    answer = await call.send("DELETE", f"{place}/bug")
    assert (answer.status_code, answer.json()["message"]) == (404, "Label does not exist")
    assert pull.labels == []


async def test_pull_requests_are_listed_by_state(call: Caller, pull: FakePullRequest) -> None:
    pull.repository.open_pull(branch="second", files={"b.txt": "b\n"}, draft=True)
    pull.close()
    listed = (await call.get(f"{REPOSITORY}/pulls")).json()
    closed = (await call.get(f"{REPOSITORY}/pulls", state="closed")).json()
    assert [(one["number"], one["draft"]) for one in listed] == [(2, True)]
    assert [one["number"] for one in closed] == [1]
    pull.reopen()
    assert len((await call.get(f"{REPOSITORY}/pulls", state="all")).json()) == 2


async def test_people_edit_delete_and_react(call: Caller, pull: FakePullRequest) -> None:
    comment = pull.comment("bob", "one")
    pull.edit(comment, "two")
    pull.react(comment, "alice", "+1")
    told = (await call.get(f"{REPOSITORY}/issues/1/comments")).json()[0]
    assert (told["body"], told["reactions"]["+1"]) == ("two", 1)
    pull.delete(comment)
    assert (await call.get(f"{REPOSITORY}/issues/1/comments")).json() == []


async def test_a_private_repository_is_open_to_those_who_have_a_role(
    call: Caller, pull: FakePullRequest
) -> None:
    pull.repository.private = True
    pull.repository.hub.account("eve")
    told = await call.get(f"{REPOSITORY}/collaborators/eve/permission")
    assert told.json()["permission"] == "none"
    assert (await call.get(REPOSITORY)).json()["visibility"] == "private"


async def test_what_is_no_json_or_no_object_is_refused(
    call: Caller, pull: FakePullRequest, expect_violation: Callable[[str], None]
) -> None:
    expect_violation("is not of type")
    expect_violation("no such operation")
    place = f"{REPOSITORY}/issues/1/comments"
    answer = await call.send("POST", place, [])  # type: ignore[arg-type]  # what is refused
    assert answer.status_code == 400
    assert (await call.send("POST", f"{REPOSITORY}/nowhere")).status_code == 404
