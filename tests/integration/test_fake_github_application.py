"""FakeGitHub knows applications: their own tokens, installations, and tokens narrowed for a run."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from reviewer.testing.fake_github import FakeGitHub
from tests.integration.fake_github_client import calling

NOW = 1_700_000_000
PULL = "/repos/octo/shop/pulls/1"


@pytest.fixture
def hub(tmp_path: Path) -> FakeGitHub:
    hub = FakeGitHub(tmp_path)
    hub.wall_clock = lambda: NOW
    hub.repository("octo/shop", files={"a.txt": "a\n"}).open_pull(files={"a.txt": "b\n"})
    hub.repository("octo/other")
    return hub


def _own_token(**claims: object) -> str:
    parts = ({"alg": "RS256"}, {"iat": NOW - 60, "exp": NOW + 540, "iss": "1", **claims})
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts]
    return b".".join([*texts, b"signature"]).decode()


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("nonsense", "A JSON web token could not be decoded"),
        ("a.b.c", "A JSON web token could not be decoded"),
        (
            _own_token(exp=NOW - 1),
            (
                "'Expiration time' claim ('exp') must be a numeric value representing the future "
                "time at which the assertion expires"
            ),
        ),
        (_own_token(exp=NOW + 660), "'Expiration time' claim ('exp') is too far in the future"),
    ],
)
async def test_an_application_s_own_token_is_held_to_its_claims(
    hub: FakeGitHub, token: str, words: str
) -> None:
    async with calling(hub, token) as call:
        answer = await call.get("/app")
    assert (answer.status_code, answer.json()["message"]) == (401, words)


async def test_an_installation_gives_out_tokens_for_what_they_are_asked_for(
    hub: FakeGitHub,
) -> None:
    number = hub.install("octo", permissions={"pull_requests": "write", "contents": "read"})
    async with calling(hub, _own_token()) as call:
        assert (await call.get("/app")).json()["slug"] == "persona-reviewer"
        assert [one["id"] for one in (await call.get("/app/installations")).json()] == [number]
        found = await call.get("/repos/octo/shop/installation")
        assert found.json() == (await call.get(f"/app/installations/{number}")).json()
        place = f"/app/installations/{number}/access_tokens"
        asked = {"repositories": ["shop"], "permissions": {"pull_requests": "read"}}
        made = await call.send("POST", place, asked)
        more = await call.send("POST", place, {"permissions": {"contents": "write"}})
        missing = await call.send("POST", place, {"repositories": ["none"]})
        unknown = await call.get("/app/installations/9")
        whole = await call.send("POST", place)
    assert made.status_code == whole.status_code == 201
    assert made.json()["expires_at"] == "2023-11-14T23:13:20Z"
    assert [repository["name"] for repository in made.json()["repositories"]] == ["shop"]
    assert more.status_code == missing.status_code == 422
    assert more.json()["message"] == (
        "The permissions requested are not granted to this installation."
    )
    assert unknown.status_code == 404
    async with calling(hub, made.json()["token"]) as call:
        assert (await call.get(PULL)).status_code == 200
        assert (await call.get("/repos/octo/other")).status_code == 404
        refused = await call.send("POST", "/repos/octo/shop/issues/1/comments", {"body": "x"})
        other = await call.graphql('query { repository(owner: "octo", name: "other") { id } }')
    assert refused.status_code == 403
    assert other["errors"][0]["type"] == "NOT_FOUND"
    async with calling(hub, whole.json()["token"]) as call:
        assert (await call.get("/repos/octo/other")).status_code == 200
        assert (await call.get(f"{PULL}/files")).status_code == 200
