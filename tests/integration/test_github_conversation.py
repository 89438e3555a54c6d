"""How the conversation on a pull request is read from GraphQL, where anything may be null."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Iterator

import pytest

pytest.importorskip("github")

from reviewer.adapters.github.addresses import GitHubAddresses
from reviewer.adapters.github.client import GitHubClient
from reviewer.adapters.github.code_host import GitHubCodeHost
from reviewer.domain.change import Side
from reviewer.domain.pull_request import AccountKind, PullRequestName
from reviewer.ports.code_host import CodeHostError, Refusal
from reviewer.testing.builders import BASE, HEAD
from reviewer.testing.fake_clock import FakeClock
from tests.integration.scripted_github import ScriptedGitHub, Told, scripted_github

pytestmark = pytest.mark.loopback

NAME = PullRequestName.parse("octo/shop#7")
US = {"__typename": "Bot", "login": "persona-reviewer", "databaseId": 501}
ALICE = {"__typename": "User", "login": "alice", "databaseId": 11}


@pytest.fixture
async def server() -> AsyncIterator[ScriptedGitHub]:
    async with scripted_github() as server:
        yield server


@pytest.fixture
async def host(server: ScriptedGitHub) -> AsyncIterator[GitHubCodeHost]:
    client = GitHubClient("ghs_Example", GitHubAddresses.of(api_url=server.url), clock=FakeClock())
    yield GitHubCodeHost(client, NAME)
    await client.close()


def a_comment(number: int, author: object, *, ours: bool, body: str = "text") -> dict[str, object]:
    return {
        "fullDatabaseId": str(number),
        "body": body,
        "state": "SUBMITTED",
        "viewerDidAuthor": ours,
        "author": author,
    }


def a_thread(*comments: object, **fields: object) -> dict[str, object]:
    return {
        "id": "PRRT_1",
        "path": "app/api.py",
        "line": 12,
        "diffSide": "LEFT",
        "isResolved": True,
        "isOutdated": True,
        "viewerCanResolve": True,
        "resolvedBy": {"login": "persona-reviewer[bot]", "databaseId": 501},
        "comments": {"nodes": list(comments)},
        **fields,
    }


def page_of(nodes: list[object], end: str | None = None) -> dict[str, object]:
    return {"pageInfo": {"hasNextPage": end is not None, "endCursor": end}, "nodes": nodes}


def a_conversation(**parts: object) -> dict[str, object]:
    request = {"headRefOid": HEAD, **parts}
    viewer = {"login": "persona-reviewer[bot]", "databaseId": 501}
    return {"data": {"viewer": viewer, "repository": {"pullRequest": request}}}


WHOLE = a_conversation(
    comments=page_of(
        [a_comment(1, US, ours=True, body="summary"), a_comment(2, ALICE, ours=False)]
    ),
    reviewThreads=page_of(
        [a_thread(a_comment(2_400_000_003, US, ours=True), a_comment(4, None, ours=False))]
    ),
)


async def test_the_conversation_is_one_query_in_the_usual_case(
    host: GitHubCodeHost, server: ScriptedGitHub
) -> None:
    server.script = [Told(body=WHOLE)]
    conversation = await host.conversation()
    assert len(server.requests) == 1
    assert conversation.head_sha == HEAD
    assert (conversation.viewer.id, conversation.viewer.login) == (501, "persona-reviewer")
    (summary,) = conversation.comments
    assert (summary.id, summary.body, summary.ours) == (1, "summary", True)
    assert summary.author is not None
    assert (summary.author.login, summary.author.kind) == ("persona-reviewer", AccountKind.BOT)
    (thread,) = conversation.threads
    assert (thread.id, thread.path, thread.line, thread.side) == (
        "PRRT_1",
        "app/api.py",
        12,
        Side.BASE,
    )
    assert thread.resolved
    assert thread.resolved_by_us
    assert thread.outdated
    assert thread.resolvable
    ours, ghost = thread.comments
    assert (ours.id, ours.ours) == (2_400_000_003, True)
    assert (ghost.author, ghost.ours) == (None, False)


@pytest.mark.holds("P26")
async def test_all_pages_of_comments_and_threads_are_read_side_by_side(
    host: GitHubCodeHost, server: ScriptedGitHub
) -> None:
    ours = [a_comment(n, US, ours=True) for n in range(1, 4)]
    threads = [a_thread(a_comment(n + 10, ALICE, ours=False), id=f"T{n}") for n in range(2)]
    server.script = [
        Told(
            body=a_conversation(
                comments=page_of([ours[0]], "c1"), reviewThreads=page_of([threads[0]], "t1")
            )
        ),
        Told(
            body=a_conversation(
                comments=page_of([ours[1]], "c2"), reviewThreads=page_of([threads[1]])
            )
        ),
        Told(body=a_conversation(comments=page_of([ours[2]]), headRefOid=BASE)),
    ]
    conversation = await host.conversation()
    assert [comment.id for comment in conversation.comments] == [1, 2, 3]
    assert [thread.id for thread in conversation.threads] == ["T0", "T1"]
    assert conversation.head_sha == BASE
    asked = []
    for request in server.requests:
        assert isinstance(request.document, dict)
        variables = request.document["variables"]
        names = ("comments", "commentsAfter", "threads", "threadsAfter")
        asked.append(tuple(variables[name] for name in names))
    assert asked == [(True, None, True, None), (True, "c1", True, "t1"), (True, "c2", False, None)]


@pytest.mark.holds("S19")
async def test_a_conversation_without_end_is_not_read_for_ever(
    host: GitHubCodeHost, server: ScriptedGitHub
) -> None:
    server.script = [Told(body=a_conversation(comments=page_of([], "again")))] * 60
    with pytest.raises(CodeHostError) as caught:
        await host.conversation()
    assert caught.value.refusal is Refusal.TOO_LARGE


@pytest.mark.holds("S15", "R49")
@pytest.mark.parametrize(
    ("author", "ours", "expected"),
    [
        (US, True, True),
        (US, False, False),
        (ALICE, True, False),
        (None, True, False),
        ({**US, "databaseId": None}, True, True),
        ({**US, "login": "Persona-Reviewer[bot]", "databaseId": None}, True, True),
        ({"__typename": "User", "login": "persona-reviewer", "databaseId": 12}, True, False),
        ({}, True, False),
    ],
)
async def test_a_comment_is_ours_where_github_says_so_and_the_account_is_the_same(
    host: GitHubCodeHost, server: ScriptedGitHub, author: object, *, ours: bool, expected: bool
) -> None:
    thread = a_thread(a_comment(5, author, ours=ours))
    server.script = [Told(body=a_conversation(reviewThreads=page_of([thread])))]
    conversation = await host.conversation()
    assert conversation.threads[0].comments[0].ours is expected


async def test_a_thread_of_a_review_that_was_never_submitted_does_not_stand_there(
    host: GitHubCodeHost, server: ScriptedGitHub
) -> None:
    pending = a_thread({**a_comment(5, US, ours=True), "state": "PENDING"})
    server.script = [Told(body=a_conversation(reviewThreads=page_of([pending, a_thread(), None])))]
    assert (await host.conversation()).threads == ()


def places(value: object, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if way:
        yield way
    children = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        children = enumerate(value)  # type: ignore[assignment]
    for key, child in children:
        yield from places(child, (*way, key))


def without(value: object, way: tuple[str | int, ...], *, missing: bool) -> object:
    changed = copy.deepcopy(value)
    inner = changed
    for key in way[:-1]:
        inner = inner[key]  # type: ignore[index]
    if missing and isinstance(inner, dict):
        del inner[way[-1]]
    else:
        inner[way[-1]] = None  # type: ignore[index]
    return changed


#: What an answer cannot do without: there is nothing to read then.
NEEDED = {"data", "repository", "pullRequest", "headRefOid", "id"}


@pytest.mark.holds("P25")
@pytest.mark.parametrize("way", list(places(WHOLE)), ids=lambda way: ".".join(map(str, way)))
@pytest.mark.parametrize("missing", [False, True], ids=["null", "missing"])
async def test_anything_in_the_conversation_may_be_null_or_missing(
    host: GitHubCodeHost, server: ScriptedGitHub, way: tuple[str | int, ...], *, missing: bool
) -> None:
    server.script = [Told(body=without(WHOLE, way, missing=missing))]
    reading = host.conversation()
    if way[-1] in NEEDED:
        with pytest.raises(CodeHostError):
            await reading
    else:
        assert (await reading).head_sha == HEAD


def a_sign(content: str, *, ours: bool) -> dict[str, object]:
    return {"content": content, "viewerHasReacted": ours}


async def test_only_our_own_eyes_say_that_a_comment_was_answered(
    host: GitHubCodeHost, server: ScriptedGitHub
) -> None:
    moment = {"createdAt": "2026-09-01T12:00:00Z"}
    ours, others = a_sign("EYES", ours=True), a_sign("EYES", ours=False)
    comments: list[object] = [
        {**a_comment(1, ALICE, ours=False), **moment, "reactionGroups": [others, None]},
        {**a_comment(2, ALICE, ours=False), **moment, "reactionGroups": [None, ours]},
        {**a_comment(3, ALICE, ours=False), **moment, "reactionGroups": None},
        {**a_comment(4, ALICE, ours=False), "reactionGroups": [ours]},
        {**a_comment(5, US, ours=True), **moment, "reactionGroups": [ours]},
        {
            **a_comment(6, ALICE, ours=False),
            **moment,
            "reactionGroups": [a_sign("HEART", ours=True)],
        },
    ]
    reply = {**a_comment(7, None, ours=False), **moment, "reactionGroups": [ours]}
    server.script = [
        Told(
            body=a_conversation(
                comments=page_of(comments), reviewThreads=page_of([a_thread(reply), None])
            )
        )
    ]

    accepted = (await host.conversation()).accepted

    assert [(one.id, one.author and one.author.id) for one in accepted] == [(2, 11), (7, None)]
    assert accepted[0].created_at.isoformat() == "2026-09-01T12:00:00+00:00"
