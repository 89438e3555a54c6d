"""The watch over every FakeGitHub of the suite bites: contract, writes, secrets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reviewer.testing.fake_github import Exchange, FakeGitHub, FakePullRequest
from tests.github.contract import document_faults, violations
from tests.github.write_allow_list import forbidden_writes
from tests.guards import CANARIES
from tests.integration.fake_github_client import calling

REPOSITORY = "/repos/octo/shop"
PULL = f"{REPOSITORY}/pulls/1"
_ASKED = {
    "accept": "application/vnd.github+json",
    "user-agent": "tests",
    "x-github-api-version": "2022-11-28",
}


@pytest.fixture
def hub(tmp_path: Path) -> FakeGitHub:
    return FakeGitHub(tmp_path)


@pytest.fixture
def pull(hub: FakeGitHub) -> FakePullRequest:
    repository = hub.repository("octo/shop", files={"a.txt": "a\n"})
    return repository.open_pull(files={"a.txt": "b\n"})


def _exchange(
    method: str = "GET",
    path: str = PULL,
    *,
    query: str = "",
    request: bytes = b"",
    status: int = 404,
    response: bytes = b'{"message": "Not Found"}',
    headers: dict[str, str] | None = None,
) -> Exchange:
    return Exchange(
        method=method,
        path=path,
        query=query,
        viewer="persona-reviewer[bot]",
        request_headers=_ASKED if headers is None else headers,
        request_body=request,
        status=status,
        response_headers={"content-type": "application/json; charset=utf-8"},
        response_body=response,
        applied=True,
    )


@pytest.mark.parametrize(
    ("exchange", "words"),
    [
        (_exchange(path="/repos/octo/shop/stars"), "no such operation"),
        (_exchange(query="page=1&wrong=2"), "unknown parameter 'page'"),
        (_exchange(path=f"{REPOSITORY}/pulls/x"), "parameter pull_number"),
        (_exchange(path=f"{PULL}/files", query="per_page=many"), "parameter per_page"),
        (_exchange(request=b"{}"), "a body is not expected"),
        (_exchange("POST", f"{PULL}/comments"), "a body is required"),
        (_exchange("POST", f"{PULL}/comments", request=b"{"), "no JSON"),
        (_exchange("POST", f"{PULL}/comments", request=b'{"body": "x"}'), '"path" is a required'),
        (_exchange("POST", f"{PULL}/reviews", request=b'{"event": "LIKE"}'), "LIKE"),
        (_exchange("POST", f"{PULL}/reviews", request=b'{"mood": "good"}'), "mood"),
        (_exchange(status=418), "status 418 is not described"),
        (_exchange(status=200, response=b'{"number": 1}'), "is a required property"),
        (_exchange(headers={**_ASKED, "user-agent": ""}), "no User-Agent"),
        (_exchange(headers={**_ASKED, "accept": "*/*"}), "Accept is '*/*'"),
        (_exchange(headers={"accept": _ASKED["accept"], "user-agent": "x"}), "Api-Version"),
        (_exchange("POST", "/graphql", request=b'{"mutation": "x"}'), "unknown key"),
    ],
)
def test_a_violation_is_told(exchange: Exchange, words: str) -> None:
    assert any(words in fault for fault in violations(exchange)), violations(exchange)


def test_a_good_exchange_violates_nothing() -> None:
    assert violations(_exchange()) == []
    assert violations(_exchange("POST", f"{PULL}/reviews", request=b'{"event": "COMMENT"}')) == []


def test_documents_are_held_to_the_whole_schema() -> None:
    assert document_faults("query { meta { gitHubServicesSha } }") == ()
    assert document_faults("query { meta { secrets } }")
    assert document_faults("query {")


@pytest.mark.holds("S4", "P21")
@pytest.mark.parametrize(
    ("method", "path", "request_", "allowed"),
    [
        ("POST", f"{PULL}/reviews", b'{"event": "COMMENT"}', True),
        ("POST", f"{PULL}/reviews", b'{"event": "APPROVE"}', False),
        ("POST", f"{PULL}/reviews", b"{}", False),
        ("POST", f"{PULL}/comments", b'{"subject_type": "file"}', True),
        ("POST", f"{PULL}/comments", b'{"line": 1}', False),
        ("DELETE", f"{PULL}/reviews/5", b"", True),
        ("PUT", f"{PULL}/reviews/5/dismissals", b"{}", False),
        ("POST", f"{REPOSITORY}/issues/1/comments", b"{}", True),
        ("PATCH", f"{REPOSITORY}/issues/comments/OWN", b"{}", True),
        ("PATCH", f"{REPOSITORY}/issues/comments/OTHER", b"{}", False),
        ("DELETE", f"{REPOSITORY}/issues/comments/OWN", b"", False),
        ("POST", f"{PULL}/comments/THREAD/replies", b"{}", True),
        ("POST", f"{PULL}/comments/HUMAN/replies", b"{}", False),
        ("POST", f"{REPOSITORY}/issues/comments/OTHER/reactions", b"{}", True),
        ("POST", f"{REPOSITORY}/check-runs", b"{}", True),
        ("PATCH", f"{REPOSITORY}/check-runs/5", b"{}", True),
        ("POST", f"{REPOSITORY}/issues/1/labels", b"{}", False),
        ("PUT", f"{REPOSITORY}/contents/a.txt", b"{}", False),
        ("POST", f"{REPOSITORY}/git/refs", b"{}", False),
        ("POST", "/app/installations/1/access_tokens", b"{}", True),
        ("POST", "/graphql", b'{"query": "mutation { resolveReviewThread { x } }"}', True),
        ("POST", "/graphql", b'{"query": "mutation { mergePullRequest { x } }"}', False),
    ],
)
def test_only_what_the_product_needs_may_be_written(
    hub: FakeGitHub,
    pull: FakePullRequest,
    method: str,
    path: str,
    request_: bytes,
    *,
    allowed: bool,
) -> None:
    ids = {
        "OWN": pull.comment("persona-reviewer[bot]", "ours").id,
        "OTHER": pull.comment("bob", "theirs").id,
        "THREAD": pull.review_comment("persona-reviewer[bot]", "a.txt", 1, "ours").comments[0].id,
        "HUMAN": pull.review_comment("bob", "a.txt", 1, "theirs").comments[0].id,
    }
    for name, number in ids.items():
        path = path.replace(name, str(number))
    found = forbidden_writes(hub, [_exchange(method, path, request=request_)])
    assert (found == []) is allowed, found


@pytest.mark.holds("P21")
async def test_a_test_that_violates_the_contract_fails_unless_it_says_so(
    hub: FakeGitHub, pull: FakePullRequest, expect_violation: Callable[[str], None]
) -> None:
    expect_violation("unknown parameter 'wrong'")
    expect_violation("POST /repos/octo/shop/issues/1/labels: nothing of ours writes there")
    expect_violation("a secret stands in the request")
    async with calling(hub) as call:
        await call.get(PULL, wrong="x")
        await call.send("POST", f"{REPOSITORY}/issues/1/labels", {"labels": ["x"]})
        body = {"body": CANARIES["OPENAI_API_KEY"]}
        await call.send("POST", f"{REPOSITORY}/issues/1/comments", body)
    hub.journal.clear()  # hides nothing
