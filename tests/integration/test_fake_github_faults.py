"""FakeGitHub served on the loopback interface, and what goes wrong there as it is scripted."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from reviewer.testing.fake_github import FakeGitHub, FakePullRequest

pytestmark = pytest.mark.loopback

PULL = "/repos/octo/shop/pulls/1"
COMMENTS = "/repos/octo/shop/issues/1/comments"


@pytest.fixture
def hub(tmp_path: Path) -> FakeGitHub:
    return FakeGitHub(tmp_path)


@pytest.fixture
def pull(hub: FakeGitHub) -> FakePullRequest:
    repository = hub.repository("octo/shop", files={"a.txt": "a\n"})
    return repository.open_pull(files={"a.txt": "b\n"})


@pytest.fixture
def client(hub: FakeGitHub, pull: FakePullRequest) -> Iterator[httpx.Client]:
    headers = {
        "accept": "application/vnd.github+json",
        "authorization": f"token {hub.token()}",
        "x-github-api-version": "2022-11-28",
    }
    with hub.serve() as url, httpx.Client(base_url=url, headers=headers) as client:
        yield client


def test_it_is_served_quickly_and_leaves_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    began = time.perf_counter()
    hub = FakeGitHub(tmp_path)
    hub.repository("octo/shop").open_pull(files={"a.txt": "b\n"})
    with hub.serve() as url:
        ready_seconds = time.perf_counter() - began
        with httpx.Client() as client:
            headers = {
                "accept": "application/vnd.github+json",
                "x-github-api-version": "2022-11-28",
            }
            answer = client.get(f"{url}{PULL}", headers=headers)
    assert answer.json()["message"] == "Requires authentication"
    assert threading.active_count() == before
    assert ready_seconds < 3  # 0.1 s where nothing else runs; the first imports more


def test_answers_carry_github_s_headers_and_the_address_that_was_asked(
    client: httpx.Client, hub: FakeGitHub
) -> None:
    answer = client.get(PULL)
    assert answer.headers["x-github-request-id"]
    assert answer.headers["x-ratelimit-remaining"]
    assert answer.json()["url"] == f"{hub.api_url}{PULL}"


def test_a_502_before_the_write_leaves_nothing_and_after_it_leaves_the_comment(
    client: httpx.Client, hub: FakeGitHub, pull: FakePullRequest
) -> None:
    hub.fault("POST", COMMENTS, status=502, body="<html>")
    assert client.post(COMMENTS, json={"body": "one"}).status_code == 502
    assert pull.comments == []
    hub.fault("POST", COMMENTS, status=502, body="<html>", after_apply=True)
    assert client.post(COMMENTS, json={"body": "two"}).status_code == 502
    assert [comment.body for comment in pull.comments] == ["two"]
    assert client.post(COMMENTS, json={"body": "three"}).status_code == 201
    assert [(one.status, one.applied, one.faulty) for one in hub.writes] == [
        (502, False, True),
        (502, True, True),
        (201, True, False),
    ]


@pytest.mark.parametrize("after_apply", [False, True])
def test_a_connection_is_cut(
    client: httpx.Client, hub: FakeGitHub, pull: FakePullRequest, *, after_apply: bool
) -> None:
    hub.fault("POST", COMMENTS, cut=True, after_apply=after_apply)
    with pytest.raises(httpx.RemoteProtocolError):
        client.post(COMMENTS, json={"body": "one"})
    assert len(pull.comments) == after_apply
    assert hub.journal[-1].status == 0


def test_the_head_moves_when_a_request_arrives(
    client: httpx.Client, hub: FakeGitHub, pull: FakePullRequest
) -> None:
    before = pull.head_sha
    hub.fault("GET", PULL, act=lambda: pull.push({"a.txt": "c\n"}), skip=1)
    heads = [client.get(PULL).json()["head"]["sha"] for _ in range(3)]
    assert heads == [before, pull.head_sha, pull.head_sha]
    assert before != pull.head_sha


@pytest.mark.parametrize("seconds", [None, 7])
def test_a_secondary_limit_may_not_say_how_long(
    client: httpx.Client, hub: FakeGitHub, pull: FakePullRequest, seconds: int | None
) -> None:
    hub.secondary_limit(retry_after=seconds)
    refused = client.post(COMMENTS, json={"body": "one"})
    assert refused.status_code == 403
    assert refused.json()["message"].startswith("You have exceeded a secondary rate limit")
    assert refused.headers.get("retry-after") == (None if seconds is None else "7")
    assert int(refused.headers["x-ratelimit-remaining"]) > 0
    assert client.post(COMMENTS, json={"body": "two"}).status_code == 201
    assert [comment.body for comment in pull.comments] == ["two"]


def test_a_fault_may_choose_a_document(client: httpx.Client, hub: FakeGitHub) -> None:
    forbidden = {"data": {"resolveReviewThread": None}, "errors": [{"type": "FORBIDDEN"}]}
    hub.fault("POST", "/graphql", document="resolveReviewThread", status=200, body=forbidden)
    asked = {"query": "query { viewer { login } }"}
    assert client.post("/graphql", json=asked).json()["data"]["viewer"]
    mutation = 'mutation { resolveReviewThread(input: {threadId: "x"}) { clientMutationId } }'
    assert client.post("/graphql", json={"query": mutation}).json() == forbidden


def test_every_answer_takes_as_long_as_is_said(client: httpx.Client, hub: FakeGitHub) -> None:
    client.get(PULL)
    hub.latency_seconds = 0.05
    hub.fault("GET", PULL, delay_seconds=0.1)
    began = time.perf_counter()
    client.get(PULL)
    assert time.perf_counter() - began >= 0.15


def test_latency_is_waited_out_side_by_side(client: httpx.Client, hub: FakeGitHub) -> None:
    hub.latency_seconds = 0.2
    began = time.perf_counter()
    threads = [threading.Thread(target=client.get, args=(PULL,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.perf_counter() - began < 0.9
    assert len(hub.journal) == 5


def test_people_act_while_it_is_served(client: httpx.Client, pull: FakePullRequest) -> None:
    pull.push({"c.txt": "c\n"})
    pull.comment("bob", "hello")
    assert client.get(PULL).json()["head"]["sha"] == pull.head_sha
    assert client.get(COMMENTS).json()[0]["body"] == "hello"
