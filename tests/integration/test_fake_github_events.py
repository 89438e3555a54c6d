"""FakeGitHub's webhooks have the form that GitHub describes, and a signature that holds."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from reviewer.testing.fake_github import FakeEvent, FakeGitHub, FakePullRequest
from tests.github.contract import fault_sentences, read_description, standalone
from tests.integration.fake_github_client import calling

Make = Callable[[FakeGitHub, FakePullRequest], FakeEvent]


@cache
def _description() -> dict[str, Any]:
    return read_description("webhooks-openapi.json.gz")


def _faults(name: str, payload: FakeEvent) -> list[str]:
    key = f"{name}-{payload['action']}".replace("_", "-")
    operation = _description()["webhooks"][key]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    whole = standalone(schema, _description()["components"]["schemas"])
    return fault_sentences(jsonschema_rs.Draft202012Validator(whole).iter_errors(payload))


@pytest.fixture
def hub(tmp_path: Path) -> FakeGitHub:
    return FakeGitHub(tmp_path)


@pytest.fixture
def pull(hub: FakeGitHub) -> FakePullRequest:
    repository = hub.repository("octo/shop", files={"a.txt": "a\n"})
    return repository.open_pull(files={"a.txt": "b\n"}, labels=["bug"], fork=True)


@pytest.mark.parametrize(
    "action",
    [
        "opened",
        "reopened",
        "closed",
        "synchronize",
        "ready_for_review",
        "converted_to_draft",
        "edited",
        "labeled",
        "unlabeled",
    ],
)
def test_events_of_a_pull_request_have_github_s_form(
    hub: FakeGitHub, pull: FakePullRequest, action: str
) -> None:
    before = pull.head_sha
    pull.push({"a.txt": "c\n"})
    pull.draft = action == "converted_to_draft"
    if action == "closed":
        pull.close()
    event = hub.event("pull_request", action, pull, label="bug", installation=7)
    assert _faults("pull_request", event) == []
    if action == "synchronize":
        assert (event["before"], event["after"]) == (before, pull.head_sha)


@pytest.mark.parametrize("action", ["created", "edited", "deleted"])
def test_events_of_comments_have_github_s_form(
    hub: FakeGitHub, pull: FakePullRequest, action: str
) -> None:
    comment = pull.comment("bob", "/review")
    thread = pull.review_comment("bob", "a.txt", 1, "hm")
    under = hub.event("issue_comment", action, pull, comment=comment)
    inline = hub.event("pull_request_review_comment", action, pull, comment=thread.comments[0])
    assert _faults("issue_comment", under) == []
    assert _faults("pull_request_review_comment", inline) == []
    told: Any = under
    assert (told["sender"]["login"], told["issue"]["number"]) == ("bob", 1)
    assert "pull_request" in told["issue"]


def test_events_of_reviews_threads_and_checks_have_github_s_form(
    hub: FakeGitHub, pull: FakePullRequest
) -> None:
    thread = pull.review_comment("bob", "a.txt", 1, "hm")
    review = pull.approve("bob")
    for action in ("resolved", "unresolved"):
        event = hub.event("pull_request_review_thread", action, pull, thread=thread)
        assert _faults("pull_request_review_thread", event) == []
    submitted = hub.event("pull_request_review", "submitted", pull, review=review)
    assert _faults("pull_request_review", submitted) == []
    suite = hub.event("check_suite", "rerequested", pull)
    assert _faults("check_suite", suite) == []


async def test_an_event_of_a_check_run_has_github_s_form(
    hub: FakeGitHub, pull: FakePullRequest
) -> None:
    body = {"name": "reviewer", "head_sha": pull.head_sha, "conclusion": "neutral"}
    async with calling(hub) as call:
        await call.send("POST", "/repos/octo/shop/check-runs", body)
    event = hub.event("check_run", "rerequested", pull, check=pull.checks[0])
    assert _faults("check_run", event) == []


def test_a_delivery_is_signed_over_its_very_bytes(hub: FakeGitHub, pull: FakePullRequest) -> None:
    event = hub.event("pull_request", "opened", pull)
    headers, raw = hub.signed(event, "secret")
    again, _ = hub.signed(event, "secret")
    digest = hmac.new(b"secret", raw, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={digest}"
    assert headers["X-GitHub-Event"] == "pull_request"
    assert headers["X-GitHub-Delivery"] != again["X-GitHub-Delivery"]
    assert json.loads(raw) == event


def test_an_event_says_what_it_needs(hub: FakeGitHub, pull: FakePullRequest) -> None:
    with pytest.raises(ValueError, match="is about a comment"):
        hub.event("issue_comment", "created", pull)
    with pytest.raises(ValueError, match="no event that is known"):
        hub.event("stars", "created", pull)
