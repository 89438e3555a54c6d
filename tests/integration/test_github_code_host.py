"""What the code host of GitHub sends, to the letter, and how it reads what may lack anything."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import pytest

pytest.importorskip("github")

from reviewer.adapters.github.addresses import GitHubAddresses
from reviewer.adapters.github.client import GitHubClient
from reviewer.adapters.github.code_host import GitHubCodeHost
from reviewer.adapters.github.discussion import GitHubDiscussion
from reviewer.domain.change import Location, Side
from reviewer.domain.conclusion import ConclusionKind
from reviewer.domain.posting import (
    Annotation,
    AnnotationLevel,
    Check,
    FileComment,
    InlineComment,
    Permission,
    Reaction,
)
from reviewer.domain.pull_request import PullRequestName
from reviewer.ports.code_host import CodeHostError, Refusal
from reviewer.testing.builders import BASE, HEAD
from reviewer.testing.fake_clock import FakeClock
from tests.integration.scripted_github import Request, ScriptedGitHub, Told, scripted_github

pytestmark = pytest.mark.loopback

NAME = PullRequestName.parse("octo/shop#7")
US = {"__typename": "Bot", "login": "persona-reviewer", "databaseId": 501}
ALICE = {"__typename": "User", "login": "alice", "databaseId": 11}


@pytest.fixture
async def server() -> AsyncIterator[ScriptedGitHub]:
    async with scripted_github() as server:
        yield server


@pytest.fixture(params=["", "/api/v3"], ids=["github.com", "enterprise"])
async def client(
    request: pytest.FixtureRequest, server: ScriptedGitHub
) -> AsyncIterator[GitHubClient]:
    addresses = GitHubAddresses.of(api_url=f"{server.url}{request.param}")
    client = GitHubClient("ghs_ExampleToken", addresses, clock=FakeClock())
    yield client
    await client.close()


@pytest.fixture
def host(client: GitHubClient) -> GitHubCodeHost:
    return GitHubCodeHost(client, NAME)


def below(client: GitHubClient, request: Request) -> str:
    """Return the path of a request below the interface's address."""
    prefix = "/api/v3" if client.addresses.api_url.endswith("/api/v3") else ""
    assert request.path.startswith(prefix)
    return f"{request.method} {request.path.removeprefix(prefix)}"


@pytest.mark.holds("P05")
async def test_a_review_is_one_call_that_comments_on_the_commit_that_was_reviewed(
    host: GitHubCodeHost, client: GitHubClient, server: ScriptedGitHub
) -> None:
    one = Location(path="app/a b.py", side=Side.HEAD, start_line=3, end_line=3)
    several = Location(path="old.py", side=Side.BASE, start_line=4, end_line=9)
    await host.post_review(
        [
            InlineComment(location=one, body="first", fingerprint="f1"),
            InlineComment(location=several, body="second", fingerprint="f2"),
        ],
        head_sha=HEAD,
    )
    (request,) = server.requests
    assert below(client, request) == "POST /repos/octo/shop/pulls/7/reviews"
    assert request.document == {
        "body": "",
        "commit_id": HEAD,
        "event": "COMMENT",
        "comments": [
            {"path": "app/a b.py", "side": "RIGHT", "line": 3, "body": "first"},
            {
                "path": "old.py",
                "side": "LEFT",
                "line": 9,
                "start_line": 4,
                "start_side": "LEFT",
                "body": "second",
            },
        ],
    }


async def test_what_else_is_written_goes_where_github_takes_it(
    host: GitHubCodeHost, client: GitHubClient, server: ScriptedGitHub
) -> None:
    server.script = [Told(status=201), Told(status=201, body={"id": 88})]
    comment = FileComment(path="data/big.json", body="whole", fingerprint="f")
    await host.post_file_comment(comment, head_sha=HEAD)
    assert await host.post_comment("summary") == 88
    await host.edit_comment(88, "another summary")
    await host.reply(2_400_000_001, "answer")
    sent = [(below(client, request), request.document) for request in server.requests]
    assert sent == [
        (
            "POST /repos/octo/shop/pulls/7/comments",
            {
                "body": "whole",
                "commit_id": HEAD,
                "path": "data/big.json",
                "subject_type": "file",
            },
        ),
        ("POST /repos/octo/shop/issues/7/comments", {"body": "summary"}),
        ("PATCH /repos/octo/shop/issues/comments/88", {"body": "another summary"}),
        ("POST /repos/octo/shop/pulls/7/comments/2400000001/replies", {"body": "answer"}),
    ]


async def test_a_comment_whose_id_is_not_told_may_stand_there(
    host: GitHubCodeHost, server: ScriptedGitHub
) -> None:
    server.script = [Told(status=201, body={"id": None})]
    with pytest.raises(CodeHostError) as caught:
        await host.post_comment("summary")
    assert caught.value.uncertain


def a_check(annotations: int) -> Check:
    return Check(
        head_sha=HEAD,
        conclusion=ConclusionKind.NEUTRAL,
        title="2 to fix",
        summary="What was found",
        text="more",
        annotations=tuple(
            Annotation(
                path="a.py",
                start_line=number + 1,
                end_line=number + 2,
                level=AnnotationLevel.WARNING,
                title="wrong",
                message="It goes wrong.",
            )
            for number in range(annotations)
        ),
    )


@pytest.mark.parametrize(
    ("annotations", "portions"), [(0, [0]), (50, [50]), (51, [50, 1]), (120, [50, 50, 20])]
)
async def test_a_check_has_ended_from_the_first_call_on_and_takes_fifty_annotations_a_call(
    host: GitHubCodeHost,
    client: GitHubClient,
    server: ScriptedGitHub,
    annotations: int,
    portions: list[int],
) -> None:
    server.script = [Told(status=201, body={"id": 4})]
    await host.post_check(a_check(annotations))
    places = [below(client, request) for request in server.requests]
    assert places[0] == "POST /repos/octo/shop/check-runs"
    assert set(places[1:]) <= {"PATCH /repos/octo/shop/check-runs/4"}
    bodies = [request.document for request in server.requests]
    sent = []
    for body in bodies:
        assert isinstance(body, dict)
        assert (body["status"], body["conclusion"]) == ("completed", "neutral")
        output = body["output"]
        assert (output["title"], output["summary"], output["text"]) == (
            "2 to fix",
            "What was found",
            "more",
        )
        sent.append(output["annotations"])
    assert [len(portion) for portion in sent] == portions
    lines = [annotation["start_line"] for portion in sent for annotation in portion]
    assert lines == list(range(1, annotations + 1))
    assert isinstance(bodies[0], dict)
    assert (bodies[0]["name"], bodies[0]["head_sha"]) == ("Persona Reviewer", HEAD)


async def test_a_check_that_lacks_annotations_stands_all_the_same(
    host: GitHubCodeHost, server: ScriptedGitHub
) -> None:
    server.script = [
        Told(status=201, body={"id": 4}),
        Told(status=422, body={"message": "Invalid request."}),
    ]
    with pytest.raises(CodeHostError) as caught:
        await host.post_check(a_check(51))
    assert (caught.value.refusal, caught.value.uncertain) == (Refusal.UNPROCESSABLE, True)


@pytest.mark.holds("P26")
async def test_pending_reviews_are_looked_for_on_all_pages_and_nothing_else_is_deleted(
    host: GitHubCodeHost, client: GitHubClient, server: ScriptedGitHub
) -> None:
    following = {"Link": '<x>; rel="next"'}
    server.script = [
        Told(body=[{"id": n, "state": "COMMENTED"} for n in range(100)], headers=following),
        Told(body=[{"id": 200, "state": "PENDING"}, None, {"id": None}], headers=following),
        Told(body=[{"id": 300, "state": "PENDING"}, {"id": 301, "state": None}]),
        Told(body={"id": 200}),
        Told(body={"id": 300}),
    ]
    assert await host.delete_pending_reviews() == 2
    deleted = [below(client, r) for r in server.requests if r.method != "GET"]
    assert deleted == [
        "DELETE /repos/octo/shop/pulls/7/reviews/200",
        "DELETE /repos/octo/shop/pulls/7/reviews/300",
    ]


@pytest.mark.parametrize("thread", [None, {"id": "T", "isResolved": False}])
async def test_a_thread_that_was_not_resolved_is_told_though_github_names_no_error(
    host: GitHubCodeHost, server: ScriptedGitHub, thread: object
) -> None:
    server.script = [
        Told(body={"data": {"resolveReviewThread": {"thread": {"isResolved": True}}}}),
        Told(body={"data": {"resolveReviewThread": thread and {"thread": thread}}}),
    ]
    await host.resolve("T")
    with pytest.raises(CodeHostError) as caught:
        await host.resolve("T")
    assert caught.value.refusal is Refusal.FORBIDDEN


REST_PULL: Mapping[str, object] = {
    "number": 7,
    "title": "Title",
    "body": "Text",
    "state": "open",
    "draft": False,
    "user": {"id": 11, "login": "alice", "type": "User"},
    "labels": [{"name": "x"}],
    "changed_files": 2,
    "head": {"sha": HEAD, "ref": "feature", "repo": {"id": 9, "full_name": "octo/shop"}},
    "base": {"sha": BASE, "ref": "main", "repo": {"id": 9, "full_name": "octo/shop"}},
}


async def test_the_head_is_read_anew_each_time(
    host: GitHubCodeHost, client: GitHubClient, server: ScriptedGitHub
) -> None:
    moved = {**REST_PULL, "head": {"sha": BASE, "ref": "feature", "repo": None}}
    server.script = [Told(body=dict(REST_PULL)), Told(body=moved)]
    assert [await host.head_sha(), await host.head_sha()] == [HEAD, BASE]
    assert {below(client, r) for r in server.requests} == {"GET /repos/octo/shop/pulls/7"}


async def test_a_pull_request_that_cannot_be_read_is_a_trouble_of_the_host(
    host: GitHubCodeHost, server: ScriptedGitHub
) -> None:
    server.script = [Told(body={**REST_PULL, "head": None})]
    with pytest.raises(CodeHostError) as caught:
        await host.pull_request()
    assert caught.value.refusal is Refusal.UNAVAILABLE


@pytest.mark.holds("S12", "P12")
@pytest.mark.parametrize(
    ("answer", "permission"),
    [
        ({"permission": "admin", "role_name": "admin"}, Permission.ADMIN),
        ({"permission": "write", "role_name": "maintain"}, Permission.MAINTAIN),
        ({"permission": "write", "role_name": "write"}, Permission.WRITE),
        ({"permission": "read", "role_name": "triage"}, Permission.TRIAGE),
        ({"permission": "read", "role_name": "read"}, Permission.READ),
        ({"permission": "none", "role_name": "none"}, Permission.NONE),
        ({"permission": "write", "role_name": "security-team"}, Permission.WRITE),
        ({"permission": "none", "role_name": "security-team"}, Permission.NONE),
        ({"permission": "read", "role_name": "admin"}, Permission.TRIAGE),
        ({"permission": "write"}, Permission.WRITE),
        ({"permission": "write", "role_name": None}, Permission.WRITE),
        ({"permission": None, "role_name": "admin"}, Permission.NONE),
        ({}, Permission.NONE),
    ],
)
async def test_a_role_is_believed_as_far_as_the_coarser_field_goes_along(
    client: GitHubClient, server: ScriptedGitHub, answer: object, permission: Permission
) -> None:
    server.script = [Told(body=answer)]
    assert await GitHubDiscussion(client, NAME).permission("a/b c") is permission
    path = "GET /repos/octo/shop/collaborators/a%2Fb%20c/permission"
    assert below(client, server.requests[0]) == path


@pytest.mark.holds("S12", "P12")
async def test_who_is_not_known_may_nothing_and_a_broken_host_says_nothing(
    client: GitHubClient, server: ScriptedGitHub
) -> None:
    discussion = GitHubDiscussion(client, NAME)
    server.script = [Told(status=404, body={"message": "alice is not a user"})]
    assert await discussion.permission("alice") is Permission.NONE
    server.script = [Told(status=500)] * 4
    with pytest.raises(CodeHostError):
        await discussion.permission("alice")


@pytest.mark.parametrize(
    ("inline", "kind"), [(False, "issues"), (True, "pulls")], ids=["summary", "thread"]
)
async def test_a_reaction_goes_to_the_kind_of_comment_that_it_is_for(
    client: GitHubClient, server: ScriptedGitHub, kind: str, *, inline: bool
) -> None:
    await GitHubDiscussion(client, NAME).react(5, Reaction.SEEN, inline=inline)
    (request,) = server.requests
    assert below(client, request) == f"POST /repos/octo/shop/{kind}/comments/5/reactions"
    assert request.document == {"content": "eyes"}
