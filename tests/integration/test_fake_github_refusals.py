"""FakeGitHub refuses what GitHub refuses, with the status and the words that were recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from reviewer.testing.fake_github import FakeGitHub, FakePullRequest
from tests.integration.fake_github_client import Caller, calling

pytestmark = pytest.mark.usefixtures("any_github_write")

REPOSITORY = "/repos/octo/shop"
PULL = f"{REPOSITORY}/pulls/1"
#: Lines 2 and 20 are changed: one hunk shows 1 to 5, the other 17 to 23.
BEFORE = "".join(f"line {number}\n" for number in range(1, 41))
AFTER = BEFORE.replace("line 2\n", "LINE 2\n").replace("line 20\n", "LINE 20\n")


@pytest.fixture
def hub(tmp_path: Path) -> FakeGitHub:
    return FakeGitHub(tmp_path)


@pytest.fixture
def pull(hub: FakeGitHub) -> FakePullRequest:
    repository = hub.repository("octo/shop", files={"a.txt": BEFORE, "same.txt": "s\n"})
    return repository.open_pull(files={"a.txt": AFTER})


@pytest.fixture
async def call(hub: FakeGitHub, pull: FakePullRequest) -> AsyncIterator[Caller]:
    async with calling(hub) as caller:
        yield caller


def _at(line: int, **more: object) -> dict[str, object]:
    return {"path": "a.txt", "line": line, "side": "RIGHT", "body": "hm", **more}


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        (_at(10), "Line could not be resolved"),
        (_at(99), "Line could not be resolved"),
        (_at(2, path="same.txt"), "Path could not be resolved"),
        (
            {"path": "a.txt", "position": 99, "body": "hm"},
            (
                "Pull request review thread position is invalid and Pull request review thread "
                "diff hunk can't be blank"
            ),
        ),
        (
            _at(20, start_line=2, start_side="RIGHT"),
            (
                "Pull request review thread line must be part of the diff, Pull request review "
                "thread start line must be part of the same hunk as the line., and Pull request "
                "review thread diff hunk can't be blank"
            ),
        ),
        (
            _at(20, start_line=20, start_side="RIGHT"),
            "Pull request review thread start line must precede the end line.",
        ),
        (
            _at(20, start_line=21, start_side="RIGHT"),
            "Pull request review thread start line must precede the end line.",
        ),
    ],
)
async def test_one_bad_comment_refuses_the_whole_review_and_is_not_named(
    call: Caller, pull: FakePullRequest, comment: dict[str, object], words: str
) -> None:
    answer = await call.review(PULL, comments=[_at(2), comment])
    assert answer.status_code == 422
    assert answer.json()["message"] == "Unprocessable Entity"
    assert answer.json()["errors"] == [words]
    assert (pull.reviews, pull.threads) == ([], [])


async def test_a_review_with_good_comments_is_taken_whole(
    call: Caller, pull: FakePullRequest
) -> None:
    comments = [
        _at(2),
        _at(21, start_line=19, start_side="RIGHT"),
        _at(20, side="LEFT"),
        _at(18, side="LEFT"),
        {"path": "a.txt", "position": 2, "body": "by position"},
    ]
    answer = await call.review(PULL, comments=comments, commit_id=pull.head_sha, body="all")
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "COMMENTED"
    placed = [(t.side, t.start_line, t.line) for t in pull.threads]
    assert placed == [
        ("RIGHT", None, 2),
        ("RIGHT", 19, 21),
        ("LEFT", None, 20),
        ("LEFT", None, 18),
        ("LEFT", None, 2),
    ]
    assert pull.threads[0].diff_hunk.endswith("-line 2\n+LINE 2")


async def test_a_comment_on_a_file_is_no_part_of_a_review(
    call: Caller, pull: FakePullRequest, expect_violation: Callable[[str], None]
) -> None:
    expect_violation("subject_type")
    whole = {"path": "a.txt", "body": "hm", "subject_type": "file"}
    answer = await call.review(PULL, comments=[whole])
    assert answer.status_code == 422
    alone = {**whole, "commit_id": pull.head_sha}
    assert (await call.send("POST", f"{PULL}/comments", alone)).status_code == 201
    assert (pull.threads[0].subject_type, pull.threads[0].line) == ("file", None)


async def test_a_pending_review_blocks_every_further_comment_until_it_is_deleted(
    call: Caller, pull: FakePullRequest
) -> None:
    thread = pull.review_comment("bob", "a.txt", 2, "a question")
    begun = await call.send("POST", f"{PULL}/reviews", {"comments": [_at(2)]})
    assert begun.json()["state"] == "PENDING"
    refused = await call.review(PULL, comments=[_at(2)])
    assert refused.status_code == 422
    assert refused.json()["errors"] == ["User can only have one pending review per pull request"]
    replies = f"{PULL}/comments/{thread.comments[0].id}/replies"
    reply = await call.send("POST", replies, {"body": "hm"})
    assert reply.status_code == 422
    assert reply.json()["errors"] == [
        {
            "resource": "PullRequestReview",
            "code": "custom",
            "field": "user_id",
            "message": "user_id can only have one pending review per pull request",
        }
    ]
    listed = (await call.get(f"{PULL}/reviews")).json()
    pending = next(review for review in listed if review["state"] == "PENDING")
    assert len((await call.get(f"{PULL}/comments")).json()) == 1
    gone = await call.send("DELETE", f"{PULL}/reviews/{pending['id']}")
    assert gone.status_code == 200
    assert (await call.review(PULL, comments=[_at(2)])).status_code == 200
    submitted = pull.reviews[-1]
    refused = await call.send("DELETE", f"{PULL}/reviews/{submitted.id}")
    assert refused.json()["errors"] == ["Can not delete a non-pending pull request review"]


async def test_another_s_pending_review_is_not_seen_and_blocks_nobody_else(
    call: Caller, pull: FakePullRequest
) -> None:
    pull.begin_review("bob", "a.txt", 2, "secret so far")
    assert (await call.get(f"{PULL}/reviews")).json() == []
    assert (await call.get(f"{PULL}/comments")).json() == []
    assert (await call.review(PULL, comments=[_at(2)])).status_code == 200


@pytest.mark.parametrize(
    ("viewer", "event", "words"),
    [
        ("alice", "APPROVE", "Can not approve your own pull request"),
        ("alice", "REQUEST_CHANGES", "Can not request changes on your own pull request"),
        (
            "github-actions[bot]",
            "APPROVE",
            "GitHub Actions is not permitted to approve pull requests.",
        ),
        ("bob", "COMMENT", "Review body can't be blank"),
    ],
)
async def test_a_review_may_not_say_everything(
    hub: FakeGitHub, pull: FakePullRequest, viewer: str, event: str, words: str
) -> None:
    async with calling(hub, hub.token(viewer=viewer)) as call:
        body = {"event": event, "body": "" if event == "COMMENT" else "well"}
        answer = await call.send("POST", f"{PULL}/reviews", body)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [words]
    assert pull.reviews == []


async def test_a_single_comment_is_refused_with_errors_that_are_objects(
    call: Caller, pull: FakePullRequest
) -> None:
    outside = await call.send("POST", f"{PULL}/comments", _at(10, commit_id=pull.head_sha))
    other = _at(20, start_line=2, start_side="RIGHT", commit_id=pull.head_sha)
    hunk = await call.send("POST", f"{PULL}/comments", other)
    assert outside.json() == {
        "message": "Validation Failed",
        "errors": [
            {
                "resource": "PullRequestReviewComment",
                "code": "custom",
                "field": "pull_request_review_thread.line",
                "message": "pull_request_review_thread.line must be part of the diff",
            },
            {
                "resource": "PullRequestReviewComment",
                "code": "missing_field",
                "field": "pull_request_review_thread.diff_hunk",
            },
        ],
        "documentation_url": "https://docs.github.com/rest",
        "status": "422",
    }
    assert hunk.json()["errors"][0]["message"] == (
        "pull_request_review_thread.start_line must be part of the same hunk as the line."
    )


async def test_a_body_of_more_than_65_536_characters_is_refused(
    call: Caller, pull: FakePullRequest
) -> None:
    path = f"{REPOSITORY}/issues/1/comments"
    taken = await call.send("POST", path, {"body": "x" * 65_536})
    refused = await call.send("POST", path, {"body": "x" * 65_537})
    edited = await call.send(
        "PATCH", f"{REPOSITORY}/issues/comments/{pull.comments[0].id}", {"body": "x" * 65_537}
    )
    blank = await call.send("POST", path, {"body": " "})
    in_review = await call.review(PULL, comments=[_at(2, body="x" * 65_537)])
    assert taken.status_code == 201
    for answer in (refused, edited):
        assert answer.status_code == 422
        assert answer.json()["errors"] == [
            {
                "resource": "IssueComment",
                "code": "unprocessable",
                "field": "data",
                "message": "Body is too long (maximum is 65536 characters)",
            }
        ]
    assert blank.status_code == in_review.status_code == 422
    assert in_review.json()["errors"] == ["Body is too long (maximum is 65536 characters)"]
    assert pull.reviews == []


def _check(pull: FakePullRequest, count: int) -> dict[str, object]:
    annotation = {
        "path": "a.txt",
        "start_line": 2,
        "end_line": 2,
        "annotation_level": "warning",
        "message": "hm",
    }
    output = {"title": "t", "summary": "s", "annotations": [annotation] * count}
    return {
        "name": "reviewer",
        "head_sha": pull.head_sha,
        "status": "completed",
        "conclusion": "neutral",
        "output": output,
    }


async def test_a_check_takes_50_annotations_a_request_and_adds_those_of_the_next(
    call: Caller, pull: FakePullRequest, expect_violation: Callable[[str], None]
) -> None:
    expect_violation("output/annotations")
    path = f"{REPOSITORY}/check-runs"
    refused = await call.send("POST", path, _check(pull, 51))
    taken = await call.send("POST", path, _check(pull, 50))
    further = {"conclusion": "neutral", "output": _check(pull, 3)["output"]}
    more = await call.send("PATCH", f"{path}/{taken.json()['id']}", further)
    listed = await call.get(f"{path}/{taken.json()['id']}/annotations", per_page=100)
    assert refused.status_code == 422
    assert refused.json()["message"] == (
        "Invalid request.\n\nNo more than 50 items are allowed; 51 were supplied."
    )
    assert (taken.status_code, more.status_code) == (201, 200)
    assert len(listed.json()) == len(pull.checks[0].annotations) == 53


async def test_a_completed_check_wants_a_conclusion(call: Caller, pull: FakePullRequest) -> None:
    body = {"name": "x", "head_sha": pull.head_sha, "status": "completed"}
    answer = await call.send("POST", f"{REPOSITORY}/check-runs", body)
    assert answer.status_code == 422
    assert answer.json()["message"] == (
        'Invalid request.\n\nNo subschema in "anyOf" matched.\n"conclusion" wasn\'t supplied.\n'
        'completed is not a member of ["queued", "in_progress"].'
    )


async def test_what_another_wrote_cannot_be_edited(call: Caller, pull: FakePullRequest) -> None:
    comment = pull.comment("bob", "mine")
    thread = pull.review_comment("bob", "a.txt", 2, "mine")
    path = f"{REPOSITORY}/issues/comments/{comment.id}"
    inline = f"{REPOSITORY}/pulls/comments/{thread.comments[0].id}"
    for method, where in (("PATCH", path), ("DELETE", path), ("PATCH", inline), ("DELETE", inline)):
        body = {"body": "yours"} if method == "PATCH" else None
        assert (await call.send(method, where, body)).status_code == 403
    assert (comment.body, thread.body) == ("mine", "mine")


async def test_the_same_reaction_stands_once(call: Caller, pull: FakePullRequest) -> None:
    comment = pull.comment("bob", "hello")
    thread = pull.review_comment("bob", "a.txt", 2, "hello")
    for path in (f"issues/comments/{comment.id}", f"pulls/comments/{thread.comments[0].id}"):
        place = f"{REPOSITORY}/{path}/reactions"
        assert (await call.send("POST", place, {"content": "eyes"})).status_code == 201
        assert (await call.send("POST", place, {"content": "eyes"})).status_code == 200
        assert len((await call.get(place)).json()) == 1
    assert [reaction.content for reaction in comment.reactions] == ["eyes"]
