"""Events of GitHub are read whatever is null in them, and believed only where GitHub speaks."""

from __future__ import annotations

import contextlib
import copy
import gzip
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from reviewer.adapters.github.event_reader import PAYLOAD_LIMIT_BYTES, read_event, read_payload
from reviewer.adapters.github.pull_request_reader import pull_request_of
from reviewer.domain.event import (
    UNKNOWN_ACCOUNT,
    CheckEvent,
    CommentEvent,
    Event,
    InstallationEvent,
    MergeGroupEvent,
    OtherEvent,
    PullRequestEvent,
    ThreadEvent,
)
from reviewer.domain.pull_request import AccountKind
from reviewer.errors import GitHubError, ResourceError
from tests.guards import ROOT

Json = dict[str, Any]

EXAMPLES: list[Json] = json.loads(
    gzip.decompress((ROOT / "tests/github/webhook-examples.json.gz").read_bytes())
)
KINDS: Mapping[str, type[Event]] = {
    "pull_request": PullRequestEvent,
    "issue_comment": CommentEvent,
    "pull_request_review_comment": CommentEvent,
    "pull_request_review_thread": ThreadEvent,
    "check_run": CheckEvent,
    "check_suite": CheckEvent,
    "installation": InstallationEvent,
    "installation_repositories": InstallationEvent,
}

#: Everything that we read and that GitHub's schemas allow to be null or to be left out.
NULLABLE = {
    "pull_request": (
        "sender",
        "changes",
        "changes.base",
        "pull_request.title",
        "pull_request.body",
        "pull_request.user",
        "pull_request.user.type",
        "pull_request.user.login",
        "pull_request.head.repo",
        "pull_request.base.repo",
        "pull_request.draft",
        "pull_request.labels",
        "pull_request.changed_files",
        "pull_request.state",
    ),
    "issue_comment": (
        "sender",
        "comment.user",
        "comment.body",
        "issue.pull_request",
        "issue.user",
        "issue.body",
    ),
    "pull_request_review_comment": (
        "sender",
        "comment.user",
        "comment.body",
        "comment.in_reply_to_id",
        "comment.line",
        "pull_request.head.repo",
        "pull_request.user",
    ),
    "pull_request_review_thread": ("sender", "pull_request.user", "pull_request.head.repo"),
    "check_run": ("sender", "check_run.app", "check_run.app.id", "check_run.pull_requests"),
    "check_suite": ("sender", "check_suite.app", "check_suite.pull_requests"),
    "installation": ("sender", "repositories", "installation.account", "requester"),
    "installation_repositories": ("sender", "repositories_removed", "repositories_added"),
}


def example(name: str, action: str) -> Json:
    found = next(
        item["payload"]
        for item in EXAMPLES
        if item["name"] == name and item["payload"].get("action") == action
    )
    return copy.deepcopy(found)


def opened(**changed: object) -> Json:
    payload = example("pull_request", "opened")
    payload["pull_request"].update(changed)
    return payload


def read_opened(**changed: object) -> PullRequestEvent:
    event = read_event("pull_request", opened(**changed))
    assert isinstance(event, PullRequestEvent)
    return event


def comment(**changed: object) -> Json:
    payload = example("issue_comment", "created")
    payload["comment"].update(changed)
    return payload


@pytest.mark.holds("P25")
@pytest.mark.parametrize("item", EXAMPLES, ids=lambda item: item["name"])
def test_every_real_payload_is_read(item: Json) -> None:
    raw = json.dumps(item["payload"]).encode()
    event = read_event(item["name"], read_payload(raw))
    assert type(event) is KINDS.get(item["name"], OtherEvent)
    assert isinstance(event, MergeGroupEvent) or event.action == item["payload"].get("action", "")


def without(payload: Json, path: str) -> Iterator[Json]:
    *folders, last = path.split(".")
    for missing in (False, True):
        broken = copy.deepcopy(payload)
        place = broken
        for folder in folders:
            place = place.setdefault(folder, {})
        if missing:
            place.pop(last, None)
        else:
            place[last] = None
        yield broken


@pytest.mark.holds("P25")
@pytest.mark.parametrize(
    ("name", "path"), [(name, path) for name, paths in NULLABLE.items() for path in paths]
)
def test_whatever_github_may_leave_out_may_be_null_or_missing(name: str, path: str) -> None:
    for item in EXAMPLES:
        if item["name"] == name:
            for payload in without(item["payload"], path):
                assert type(read_event(name, payload)) is KINDS[name]


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value[:1]):
            yield from places(inner, (*path, index))


@pytest.mark.parametrize("name", sorted(KINDS))
def test_what_is_broken_is_told_and_never_breaks_the_reader(name: str) -> None:
    payload = next(item["payload"] for item in EXAMPLES if item["name"] == name)
    text = json.dumps(payload)
    wrong: tuple[object, ...] = (None, [], {}, "x", -1)
    for path in places(payload):
        for instead in wrong:
            broken = json.loads(text)
            place = broken
            for part in path[:-1]:
                place = place[part]
            place[path[-1]] = instead
            with contextlib.suppress(GitHubError):
                assert type(read_event(name, broken)) is KINDS[name]


def test_an_opened_pull_request_is_read_whole() -> None:
    event = read_opened(labels=[{"name": "bug"}, {"name": None}], draft=True, changed_files=3)
    request = event.pull_request
    assert str(request.name) == "Codertocat/Hello-World#2"
    assert request.repository_id == 186853002
    assert request.head_sha == "ec26c3e57ca3a959ca5aad62de7213c562f8c821"
    assert request.base_sha == "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"
    assert (request.base_ref, request.title) == (
        "master",
        "Update the README with new information.",
    )
    assert request.labels == ("bug",)
    assert (request.draft, request.open, request.changed_files) == (True, True, 3)
    assert request.author is not None
    assert (request.author.id, request.author.login) == (21031067, "Codertocat")
    assert not request.from_fork
    assert event.sender.kind is AccountKind.USER


def test_a_pull_request_of_another_repository_is_from_a_fork() -> None:
    payload = opened()
    payload["pull_request"]["head"]["repo"]["full_name"] = "Somebody/Hello-World"
    event = read_event("pull_request", payload)
    assert isinstance(event, PullRequestEvent)
    assert event.pull_request.from_fork


def test_a_pull_request_whose_fork_is_deleted_is_from_a_fork() -> None:
    payload = opened()
    payload["pull_request"]["head"]["repo"] = None
    event = read_event("pull_request", payload)
    assert isinstance(event, PullRequestEvent)
    assert event.pull_request.head_repository == ""
    assert event.pull_request.from_fork


def test_a_closed_pull_request_is_not_open() -> None:
    assert not read_opened(state="closed").pull_request.open


@pytest.mark.holds("S3", "P25")
def test_the_repository_of_the_event_counts_and_not_the_one_of_the_base() -> None:
    payload = opened()
    payload["pull_request"]["base"]["repo"]["full_name"] = "evil/elsewhere"
    event = read_event("pull_request", payload)
    assert isinstance(event, PullRequestEvent)
    assert str(event.pull_request.name.repository) == "Codertocat/Hello-World"


def test_an_answer_of_rest_names_its_own_repository() -> None:
    request = pull_request_of(opened()["pull_request"])
    assert str(request.name) == "Codertocat/Hello-World#2"


@pytest.mark.holds("S3")
def test_an_answer_of_rest_without_any_repository_is_refused() -> None:
    value = opened()["pull_request"]
    value["base"]["repo"] = None
    with pytest.raises(GitHubError, match=r"base\.repo"):
        pull_request_of(value)


@pytest.mark.holds("S3")
@pytest.mark.parametrize("sha", ["HEAD", "", "abc", "main:secrets", "ec26c3e5\n" * 5])
def test_a_head_that_is_no_commit_is_refused(sha: str) -> None:
    payload = opened()
    payload["pull_request"]["head"]["sha"] = sha
    with pytest.raises(GitHubError, match=r"head\.sha"):
        read_event("pull_request", payload)


def test_an_edit_tells_whether_the_base_was_changed() -> None:
    payload = {**opened(), "action": "edited", "changes": {"base": {"ref": {"from": "old"}}}}
    event = read_event("pull_request", payload)
    assert isinstance(event, PullRequestEvent)
    assert event.base_changed
    payload["changes"] = {"title": {"from": "old"}}
    event = read_event("pull_request", payload)
    assert isinstance(event, PullRequestEvent)
    assert not event.base_changed


@pytest.mark.holds("R20", "P19")
@pytest.mark.parametrize(
    ("account", "kind", "login"),
    [
        (
            {"id": 7, "login": "dependabot-helper[bot]", "type": "Bot"},
            AccountKind.BOT,
            "dependabot-helper",
        ),
        ({"id": 7, "login": "Copilot", "type": "Bot"}, AccountKind.BOT, "Copilot"),
        ({"id": 7, "login": "dependabot", "type": "User"}, AccountKind.USER, "dependabot"),
        ({"id": 7, "login": "robot[bot]", "type": "User"}, AccountKind.USER, "robot"),
        ({"id": 7, "login": "ghost", "type": "Mannequin"}, AccountKind.UNKNOWN, "ghost"),
        ({"id": 7, "login": "x"}, AccountKind.UNKNOWN, "x"),
        ({}, AccountKind.UNKNOWN, ""),
    ],
)
def test_what_an_account_is_stands_in_its_type_and_not_in_its_name(
    account: Json, kind: AccountKind, login: str
) -> None:
    event = read_event("issue_comment", comment(user=account))
    assert isinstance(event, CommentEvent)
    assert event.author is not None
    assert (event.author.kind, event.author.login) == (kind, login)


def test_nobody_did_what_an_event_names_nobody_for() -> None:
    payload = comment()
    del payload["sender"]
    event = read_event("issue_comment", payload)
    assert isinstance(event, CommentEvent)
    assert event.sender is UNKNOWN_ACCOUNT
    assert event.sender.kind is not AccountKind.USER


@pytest.mark.holds("R18")
def test_a_comment_on_a_plain_issue_stands_on_no_pull_request() -> None:
    payload = comment(body="/review")
    payload["issue"].pop("pull_request", None)
    event = read_event("issue_comment", payload)
    assert isinstance(event, CommentEvent)
    assert event.pull_request is None


@pytest.mark.holds("S3", "P25")
def test_a_comment_on_a_pull_request_names_it_by_the_events_own_repository() -> None:
    payload = comment(body="see evil/elsewhere#9", id=5)
    payload["issue"]["pull_request"] = {"url": "https://api.github.com/repos/evil/x/pulls/9"}
    event = read_event("issue_comment", payload)
    assert isinstance(event, CommentEvent)
    assert str(event.pull_request) == "Codertocat/Hello-World#1"
    assert (event.comment_id, event.inline, event.thread_comment_id) == (5, False, None)


def test_a_reply_in_a_thread_names_the_comment_that_begins_it() -> None:
    payload = example("pull_request_review_comment", "created")
    payload["comment"].update(id=9, in_reply_to_id=4)
    event = read_event("pull_request_review_comment", payload)
    assert isinstance(event, CommentEvent)
    assert (event.comment_id, event.thread_comment_id, event.inline) == (9, 4, True)
    payload["comment"]["in_reply_to_id"] = None
    event = read_event("pull_request_review_comment", payload)
    assert isinstance(event, CommentEvent)
    assert event.thread_comment_id == 9


def test_a_resolved_thread_is_named_as_graphql_knows_it() -> None:
    payload = example("pull_request_review_thread", "resolved")
    event = read_event("pull_request_review_thread", payload)
    assert isinstance(event, ThreadEvent)
    assert event.thread_id == payload["thread"]["node_id"]
    assert event.pull_request.number == payload["pull_request"]["number"]


@pytest.mark.parametrize("name", ["check_run", "check_suite"])
def test_a_check_that_is_asked_for_again_names_its_commit_and_application(name: str) -> None:
    payload = example(name, "rerequested")
    event = read_event(name, payload)
    assert isinstance(event, CheckEvent)
    assert event.head_sha == payload[name]["head_sha"]
    assert event.app_id == payload[name]["app"]["id"]
    assert event.numbers == tuple(pull["number"] for pull in payload[name]["pull_requests"])


def test_a_merge_group_names_its_commit() -> None:
    payload = {
        "action": "checks_requested",
        "merge_group": {"head_sha": "a" * 40, "head_ref": "refs/heads/gh-readonly-queue/main/pr-7"},
        "repository": opened()["repository"],
    }
    event = read_event("merge_group", payload)
    assert isinstance(event, MergeGroupEvent)
    assert (event.action, event.head_sha) == ("checks_requested", "a" * 40)
    assert str(event.repository) == "Codertocat/Hello-World"


def test_an_installation_names_the_repositories_that_come_and_go() -> None:
    created = read_event("installation", example("installation", "created"))
    assert isinstance(created, InstallationEvent)
    assert created.added
    assert not created.removed
    deleted = read_event("installation", example("installation", "deleted"))
    assert isinstance(deleted, InstallationEvent)
    assert deleted.removed
    assert not deleted.added
    payload = example("installation_repositories", "removed")
    event = read_event("installation_repositories", payload)
    assert isinstance(event, InstallationEvent)
    assert event.removed == tuple(item["id"] for item in payload["repositories_removed"])
    assert event.installation_id == payload["installation"]["id"]


@pytest.mark.parametrize(
    "name", ["pull_request_target", "workflow_dispatch", "", "../pull_request"]
)
def test_an_event_that_is_not_known_is_another_event(name: str) -> None:
    assert read_event(name, opened()) == OtherEvent(name=name, action="opened")
    assert read_event(name, {"action": ["x"]}) == OtherEvent(name=name, action="")


@pytest.mark.holds("R21")
def test_a_key_that_is_written_twice_with_an_escape_is_refused() -> None:
    raw = rb'{"action": "opened", "\u0061ction": "closed"}'
    with pytest.raises(GitHubError, match="the same key twice"):
        read_payload(raw)


@pytest.mark.holds("R21")
def test_a_key_that_is_written_twice_deep_inside_is_refused() -> None:
    with pytest.raises(GitHubError, match="the same key twice"):
        read_payload(rb'{"a": [{"sha": "1", "sh\u0061": "2"}]}')


@pytest.mark.holds("S19", "R21")
def test_a_body_of_thirty_megabytes_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(ResourceError, match="30,000,000"):
        read_payload(b"{" * 30_000_000)
    assert PAYLOAD_LIMIT_BYTES < 30_000_000


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"a": NaN}',
        b'{"a": \xff}',
        b"[" * 200_000,
        b'{"a": ' + b"9" * 10_000 + b"}",
        b"\x1f\x8b",
    ],
)
def test_a_body_that_is_no_json_object_is_told(raw: bytes) -> None:
    with pytest.raises(GitHubError, match="the event cannot be read"):
        read_payload(raw)


def test_half_a_character_in_a_title_is_replaced() -> None:
    request = read_opened(title="a\ud83d", body="\ud83d\ude00 \udc80").pull_request
    assert (request.title, request.body) == ("a\ufffd", "\U0001f600 \ufffd")


def test_what_the_error_says_does_not_repeat_the_payload() -> None:
    with pytest.raises(GitHubError) as caught:
        read_opened(number="ghp_secret")
    assert "ghp_secret" not in str(caught.value)
    assert str(caught.value).count("\n") == 0
