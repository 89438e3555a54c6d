"""The client of GitHub against servers that refuse, limit, break off and answer nonsense."""

from __future__ import annotations

import asyncio
import gzip
import logging
import traceback
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

pytest.importorskip("github")

from reviewer.adapters.github.addresses import GitHubAddresses
from reviewer.adapters.github.client import GitHubClient
from reviewer.adapters.github.retrying import WritePace
from reviewer.errors import UserError
from reviewer.ports.code_host import CodeHostError, Refusal
from reviewer.testing.fake_clock import FakeClock
from tests.integration.scripted_github import CUT, HALF, ScriptedGitHub, Told, scripted_github

pytestmark = pytest.mark.loopback

TOKEN = "ghs_" + "Example0Token1Of2Ours3" * 2
SECONDARY = {
    "message": "You have exceeded a secondary rate limit and have been temporarily blocked from "
    "content creation. Please retry your request again later."
}
PRIMARY = {"message": "API rate limit exceeded for installation ID 7."}
PAGE = [{"n": number} for number in range(100)]


@pytest.fixture
async def server() -> AsyncIterator[ScriptedGitHub]:
    async with scripted_github() as server:
        yield server


@pytest.fixture(params=["", "/api/v3"], ids=["github.com", "enterprise"])
def addresses(request: pytest.FixtureRequest, server: ScriptedGitHub) -> GitHubAddresses:
    return GitHubAddresses.of(api_url=f"{server.url}{request.param}")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def client(addresses: GitHubAddresses, clock: FakeClock) -> AsyncIterator[GitHubClient]:
    client = GitHubClient(TOKEN, addresses, clock=clock)
    yield client
    await client.close()


def prefix(client: GitHubClient, server: ScriptedGitHub) -> str:
    return client.addresses.api_url.removeprefix(server.url)


async def refusal_of(call: object) -> CodeHostError:
    with pytest.raises(CodeHostError) as caught:
        await call  # type: ignore[misc]
    return caught.value


async def test_a_request_says_who_asks_in_which_version_and_for_json(
    client: GitHubClient, server: ScriptedGitHub
) -> None:
    await client.get("/repos/octo/shop", {"ref": "a b"})
    (request,) = server.requests
    assert request.path == f"{prefix(client, server)}/repos/octo/shop?ref=a+b"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["accept"] == "application/vnd.github+json"
    assert request.headers["x-github-api-version"] == "2022-11-28"
    assert request.headers["user-agent"].startswith("persona-reviewer/")


async def test_graphql_goes_to_its_own_address(
    client: GitHubClient, server: ScriptedGitHub
) -> None:
    server.script = [Told(body={"data": {"viewer": None}})]
    assert await client.query("query { viewer { login } }", {"a": 1}) == {"viewer": None}
    (request,) = server.requests
    expected = "/api/graphql" if prefix(client, server) else "/graphql"
    assert (request.method, request.path) == ("POST", expected)
    assert request.document == {"query": "query { viewer { login } }", "variables": {"a": 1}}


async def test_calls_at_the_same_time_each_get_their_own_answer(client: GitHubClient) -> None:
    async def ask(number: int) -> bool:
        answer = await client.get(f"/things/{number}")
        assert isinstance(answer, dict)
        return str(answer["path"]).endswith(f"/things/{number}")

    assert all(await asyncio.gather(*(ask(number) for number in range(60))))


@pytest.mark.parametrize(
    "trouble",
    [Told(status=500), Told(status=502, body=b"<html>"), Told(status=202), CUT, HALF],
    ids=["500", "502", "202", "cut", "half"],
)
async def test_a_read_is_asked_again(
    client: GitHubClient, server: ScriptedGitHub, clock: FakeClock, trouble: Told
) -> None:
    server.script = [trouble, trouble, Told(body={"id": 7})]
    assert await client.get("/pulls/7") == {"id": 7}
    assert clock.slept == [1.0, 3.0]


async def test_a_read_is_asked_four_times_at_most(
    client: GitHubClient, server: ScriptedGitHub, clock: FakeClock
) -> None:
    server.script = [Told(status=503, body={"message": "No server is available"})] * 9
    error = await refusal_of(client.get("/pulls/7"))
    assert (error.refusal, error.status, error.uncertain) == (Refusal.UNAVAILABLE, 503, False)
    assert error.message == "GitHub answered 503: No server is available"
    assert (len(server.requests), clock.slept) == (4, [1.0, 3.0, 9.0])


@pytest.mark.holds("P17")
@pytest.mark.parametrize(
    "trouble",
    [Told(status=502, body=b""), Told(status=408), CUT, HALF, Told(body=b"<html>login</html>")],
    ids=["502", "408", "cut", "half", "no json"],
)
async def test_a_write_is_sent_once_and_nobody_knows(
    client: GitHubClient, server: ScriptedGitHub, clock: FakeClock, trouble: Told
) -> None:
    server.script = [trouble]
    error = await refusal_of(client.send("POST", "/reviews", {"event": "COMMENT"}))
    assert (error.refusal, error.uncertain) == (Refusal.UNAVAILABLE, True)
    assert (len(server.requests), clock.slept) == (1, [])


async def test_a_write_that_reached_nobody_is_sent_again_and_certainly_not_done(
    clock: FakeClock,
) -> None:
    async with scripted_github() as gone:
        addresses = GitHubAddresses.of(api_url=gone.url)
    client = GitHubClient(TOKEN, addresses, clock=clock)
    error = await refusal_of(client.send("POST", "/reviews", {}))
    await client.close()
    assert (error.refusal, error.status, error.uncertain) == (Refusal.UNAVAILABLE, None, False)
    assert clock.slept == [1.0, 3.0, 9.0]


@pytest.mark.holds("P17")
async def test_a_secondary_limit_without_a_time_is_waited_out_longer_each_time(
    client: GitHubClient, server: ScriptedGitHub, clock: FakeClock
) -> None:
    limited = Told(status=403, body=SECONDARY, headers={"x-ratelimit-remaining": "4771"})
    server.script = [limited, limited, Told(status=201, body={"id": 3})]
    assert await client.send("POST", "/comments", {"body": "x"}) == {"id": 3}
    assert clock.slept == [60.0, 120.0]
    assert [request.body for request in server.requests] == [b'{"body": "x"}'] * 3


@pytest.mark.holds("P17")
@pytest.mark.parametrize("status", [403, 429])
async def test_retry_after_is_obeyed(
    client: GitHubClient, server: ScriptedGitHub, clock: FakeClock, status: int
) -> None:
    server.script = [Told(status=status, body=SECONDARY, headers={"Retry-After": "72"})]
    await client.get("/pulls/7")
    assert clock.slept == [72.0]


@pytest.mark.holds("P17")
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "0"}, 1.0),
        ({"Retry-After": "-5"}, 60.0),
        ({"Retry-After": "soon"}, 60.0),
        ({"Retry-After": "Sat, 21 Nov 2026 09:01:30 GMT"}, 30.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, 5.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795251705"}, 45.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "never"}, 60.0),
        ({"x-ratelimit-remaining": "12", "x-ratelimit-reset": "1"}, 60.0),
    ],
)
async def test_a_wait_is_never_zero(
    client: GitHubClient,
    server: ScriptedGitHub,
    clock: FakeClock,
    headers: Mapping[str, str],
    seconds: float,
) -> None:
    # GitHub's own time is what its reset counts in, whatever the machine's clock says.
    headers = {"Date": "Sat, 21 Nov 2026 09:01:00 GMT", **headers}
    server.script = [Told(status=403, body=PRIMARY, headers=headers)]
    await client.get("/pulls/7")
    assert clock.slept == [seconds]


async def test_who_would_have_to_wait_too_long_is_told_at_once(
    client: GitHubClient, server: ScriptedGitHub, clock: FakeClock
) -> None:
    server.script = [Told(status=429, body=PRIMARY, headers={"Retry-After": "3600"})]
    error = await refusal_of(client.send("POST", "/reviews", {}))
    assert (error.refusal, error.uncertain) == (Refusal.RATE_LIMITED, False)
    assert (len(server.requests), clock.slept) == (1, [])


async def test_waiting_ends_at_a_deadline_that_all_calls_share(
    addresses: GitHubAddresses, server: ScriptedGitHub, clock: FakeClock
) -> None:
    client = GitHubClient(TOKEN, addresses, clock=clock, patience_seconds=100)
    server.script = [Told(status=403, body=SECONDARY)] * 3
    error = await refusal_of(client.get("/a"))
    assert (error.refusal, clock.slept) == (Refusal.RATE_LIMITED, [60.0])
    await refusal_of(client.get("/b"))
    await client.close()
    assert (len(server.requests), clock.slept) == (3, [60.0])


@pytest.mark.holds("P17")
async def test_writes_are_paced(
    client: GitHubClient, server: ScriptedGitHub, clock: FakeClock
) -> None:
    for _ in range(3):
        await client.send("POST", "/comments", {"body": "x"})
    assert clock.slept == []
    for _ in range(5):
        await client.send("POST", "/comments", {"body": "x"})
    assert len(server.requests) == 8
    assert clock.monotonic() > 5


async def test_who_wrote_too_much_in_an_hour_is_told_at_once(
    addresses: GitHubAddresses, server: ScriptedGitHub, clock: FakeClock
) -> None:
    pace = WritePace(clock)
    for _ in range(400):
        pace.note()
    clock.advance(120)
    client = GitHubClient(TOKEN, addresses, clock=clock, pace=pace)
    error = await refusal_of(client.send("POST", "/comments", {"body": "x"}))
    await client.close()
    assert (error.refusal, error.uncertain) == (Refusal.RATE_LIMITED, False)
    assert error.message == "so much was written that the next may come in 3,480 s"
    assert server.requests == []


@pytest.mark.parametrize(
    ("status", "body", "refusal"),
    [
        (401, {"message": "Bad credentials"}, Refusal.UNAUTHORIZED),
        (403, {"message": "Resource not accessible by integration"}, Refusal.FORBIDDEN),
        (404, {"message": "Not Found"}, Refusal.NOT_FOUND),
        (406, {"message": "Sorry, the diff exceeded the maximum"}, Refusal.TOO_LARGE),
        (409, {"message": "Git Repository is empty."}, Refusal.UNPROCESSABLE),
        (413, {"message": "Too large"}, Refusal.TOO_LARGE),
        (422, {"message": "Validation Failed", "errors": [None, 7]}, Refusal.UNPROCESSABLE),
        (451, {"message": "Repository access blocked"}, Refusal.FORBIDDEN),
        (418, [1], Refusal.UNPROCESSABLE),
    ],
)
async def test_a_refusal_is_certain_and_final(
    client: GitHubClient, server: ScriptedGitHub, status: int, body: object, refusal: Refusal
) -> None:
    server.script = [Told(status=status, body=body)]
    error = await refusal_of(client.send("POST", "/reviews", {}))
    assert (error.refusal, error.status, error.uncertain) == (refusal, status, False)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "errors",
    [
        ["User can only have one pending review per pull request"],
        [
            {
                "field": "user_id",
                "message": "user_id can only have one pending review per pull request",
            }
        ],
    ],
)
async def test_a_pending_review_in_the_way_is_recognised(
    client: GitHubClient, server: ScriptedGitHub, errors: object
) -> None:
    server.script = [Told(status=422, body={"message": "Validation Failed", "errors": errors})]
    error = await refusal_of(client.send("POST", "/reviews", {}))
    assert error.pending_review
    assert "one pending review" in error.message


async def test_content_that_came_too_fast_is_a_rate_limit(
    client: GitHubClient, server: ScriptedGitHub, clock: FakeClock
) -> None:
    errors = [
        {"resource": "IssueComment", "code": "custom", "message": "was submitted too quickly"}
    ]
    server.script = [Told(status=422, body={"message": "Validation Failed", "errors": errors})]
    await client.send("POST", "/comments", {"body": "x"})
    assert clock.slept == [60.0]


@pytest.mark.holds("S14")
@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_no_redirect_is_followed(
    client: GitHubClient, server: ScriptedGitHub, status: int, method: str
) -> None:
    async with scripted_github() as other:
        server.script = [Told(status=status, headers={"Location": f"{other.url}/elsewhere"})]
        call = client.get("/a") if method == "GET" else client.send("POST", "/a", {})
        error = await refusal_of(call)
        assert other.requests == []
    assert error.refusal is Refusal.NOT_FOUND
    assert "as it is called now" in error.message
    assert len(server.requests) == 1


@pytest.mark.holds("P26")
async def test_all_pages_of_a_list_are_read_by_number(
    client: GitHubClient, server: ScriptedGitHub
) -> None:
    following = {"Link": '<http://elsewhere.example/?page=99>; rel="next"'}
    server.script = [
        Told(body=PAGE, headers=following),
        Told(body=PAGE[:40], headers=following),
        Told(body=PAGE[:1], headers={"Link": '<http://elsewhere.example/?page=1>; rel="first"'}),
    ]
    found = await client.pages("/files", {"state": "all"})
    assert len(found) == 141
    queries = [request.path.partition("?")[2] for request in server.requests]
    assert queries == [f"page={page}&per_page=100&state=all" for page in (1, 2, 3)]


@pytest.mark.holds("S19", "P26")
async def test_a_list_that_never_ends_is_read_up_to_a_bound(
    client: GitHubClient, server: ScriptedGitHub
) -> None:
    following = {"Link": '<http://elsewhere.example/>; rel="next"'}
    server.script = [Told(body=PAGE, headers=following)] * 9
    assert len(await client.pages("/files", most=250)) == 250
    assert len(server.requests) == 3


async def test_a_list_is_not_one_thing_and_one_thing_is_no_list(
    client: GitHubClient, server: ScriptedGitHub
) -> None:
    server.script = [Told(body=[]), Told(body={})]
    assert (await refusal_of(client.get("/files"))).refusal is Refusal.UNAVAILABLE
    assert (await refusal_of(client.pages("/files"))).refusal is Refusal.UNAVAILABLE


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        ({"type": "FORBIDDEN", "message": "not accessible by integration"}, Refusal.FORBIDDEN),
        ({"type": "NOT_FOUND", "message": "Could not resolve to a node"}, Refusal.NOT_FOUND),
        ({"type": "UNPROCESSABLE", "message": "Was internal"}, Refusal.UNPROCESSABLE),
        ({"message": "Field 'x' doesn't exist"}, Refusal.UNPROCESSABLE),
        ({}, Refusal.UNPROCESSABLE),
    ],
)
async def test_errors_of_graphql_are_refusals_though_the_status_is_200(
    client: GitHubClient, server: ScriptedGitHub, error: object, refusal: Refusal
) -> None:
    server.script = [Told(body={"data": {"resolveReviewThread": None}, "errors": [error]})]
    caught = await refusal_of(client.mutate("mutation { x }", {}))
    assert (caught.refusal, caught.uncertain) == (refusal, False)
    assert len(server.requests) == 1


async def test_a_query_that_broke_inside_github_is_asked_again_and_a_mutation_is_not(
    client: GitHubClient, server: ScriptedGitHub
) -> None:
    message = "Something went wrong while executing your query. This may be the result of a timeout"
    broken = Told(body={"errors": [{"message": message}]})
    server.script = [broken, Told(body={"data": {"a": 1}})]
    assert await client.query("query { a }", {}) == {"a": 1}
    server.script = [broken]
    error = await refusal_of(client.mutate("mutation { a }", {}))
    assert (error.refusal, error.uncertain) == (Refusal.UNAVAILABLE, True)


async def test_a_rate_limit_of_graphql_is_waited_out(
    client: GitHubClient, server: ScriptedGitHub, clock: FakeClock
) -> None:
    limited = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}
    server.script = [Told(body=limited), Told(body={"data": {"a": 1}})]
    assert await client.query("query { a }", {}) == {"a": 1}
    assert clock.slept == [60.0]


@pytest.mark.parametrize("body", [b"<html>", b"[" * 100_000, b'{"a": ', b"\xff\xfe"])
async def test_an_answer_that_is_no_json_is_asked_for_again(
    client: GitHubClient, server: ScriptedGitHub, body: bytes
) -> None:
    server.script = [Told(body=body), Told(body={"id": 1})]
    assert await client.get("/pulls/7") == {"id": 1}


@pytest.mark.holds("S19")
@pytest.mark.exhaustive
async def test_an_answer_without_end_is_not_kept(
    client: GitHubClient, server: ScriptedGitHub
) -> None:
    packed = gzip.compress(b"0" * (65 * 1024 * 1024))
    server.script = [Told(body=packed, headers={"Content-Encoding": "gzip"})]
    error = await refusal_of(client.send("POST", "/reviews", {}))
    assert error.message == "GitHub: the answer is longer than 67,108,864 bytes"


@pytest.mark.holds("S17")
async def test_the_token_shows_nowhere(
    client: GitHubClient, server: ScriptedGitHub, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = {"message": f"Bad\ntoken {TOKEN}\x1b[2J", "errors": [TOKEN[::-1]]}
    server.script = [Told(), Told(status=401, body=echo), CUT]
    await client.get("/pulls/7")
    shown = [repr(client), caplog.text]
    for _ in range(2):
        error = await refusal_of(client.send("POST", "/reviews", {}))
        shown += [repr(error), "".join(traceback.format_exception(error))]
        behind: BaseException | None = error
        while behind is not None:
            shown.append(repr(vars(behind)))
            assert not type(behind).__module__.startswith(("requests", "urllib3", "github."))
            behind = behind.__context__
    assert server.requests[0].headers["authorization"].endswith(TOKEN)
    assert not any(TOKEN in text or TOKEN[::-1] in text for text in shown)
    assert "GitHub answered 401: Bad token [redacted" in shown[2]


@pytest.mark.holds("S14")
async def test_a_password_in_a_netrc_does_not_take_the_token_s_place(
    client: GitHubClient,
    server: ScriptedGitHub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / ".netrc"
    file.write_text("default login somebody password something\n")
    file.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    await client.get("/pulls/7")
    assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("token", ["", "two words", "ghs_ab\r\nX-Evil: 1", "ghs_\u00e4"])
def test_a_token_that_no_header_can_carry_is_a_mistake_of_a_person(token: str) -> None:
    with pytest.raises(UserError, match="empty or broken") as caught:
        GitHubClient(token, GitHubAddresses(), clock=FakeClock())
    assert "Evil" not in str(caught.value)


@pytest.mark.holds("S14")
async def test_no_cookie_is_kept(client: GitHubClient, server: ScriptedGitHub) -> None:
    server.script = [Told(headers={"Set-Cookie": "who=me; Path=/"})]
    await client.get("/a")
    await client.get("/b")
    assert "cookie" not in server.requests[1].headers
