"""FakeGitHub's GraphQL: carried out against GitHub's own types, with GitHub's refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import graphql
import pytest

from reviewer.testing.fake_github import FakeGitHub, FakePullRequest, FakeThread
from tests.github.trimmed_schema import TRIMMED, trimmed_schema
from tests.integration.fake_github_client import Caller, calling

CONVERSATION = """
query Conversation($owner: String!, $name: String!, $number: Int!, $after: String) {
  viewer { login databaseId }
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      headRefOid
      comments(first: 2, after: $after) {
        totalCount
        pageInfo { hasNextPage endCursor }
        nodes { id databaseId fullDatabaseId body viewerDidAuthor author { __typename login } }
      }
      reviewThreads(first: 100) {
        nodes {
          id path line isResolved isOutdated viewerCanResolve resolvedBy { login }
          comments(first: 50) { nodes { body state replyTo { body } isMinimized } }
        }
      }
    }
  }
}
"""
RESOLVE = """
mutation Resolve($thread: ID!) {
  resolveReviewThread(input: {threadId: $thread}) { thread { id isResolved } }
}
"""


@pytest.fixture
def hub(tmp_path: Path) -> FakeGitHub:
    return FakeGitHub(tmp_path)


@pytest.fixture
def pull(hub: FakeGitHub) -> FakePullRequest:
    repository = hub.repository("octo/shop", files={"a.txt": "a\n", ".conf/x.toml": "x = 1\n"})
    return repository.open_pull(files={"a.txt": "b\n", "b.bin": b"\0\1"})


async def _conversation(call: Caller, after: str | None = None) -> dict[str, Any]:
    told = await call.graphql(CONVERSATION, owner="octo", name="shop", number=1, after=after)
    assert "errors" not in told
    data: dict[str, Any] = told["data"]
    return data


async def test_the_conversation_is_told_with_its_people_and_pages(
    hub: FakeGitHub, pull: FakePullRequest
) -> None:
    for number in range(3):
        pull.comment("bob", f"comment {number}")
    pull.comment("persona-reviewer[bot]", "ours")
    thread = pull.review_comment("bob", "a.txt", 1, "hm")
    pull.reply(thread, "alice", "so?")
    pull.resolve(thread, "alice")
    pull.begin_review("carol", "a.txt", 1, "not submitted")
    async with calling(hub) as call:
        data = await _conversation(call)
        comments = data["repository"]["pullRequest"]["comments"]
        rest = await _conversation(call, comments["pageInfo"]["endCursor"])
    assert data["viewer"]["login"] == "persona-reviewer[bot]"
    assert data["repository"]["pullRequest"]["headRefOid"] == pull.head_sha
    assert (comments["totalCount"], comments["pageInfo"]["hasNextPage"]) == (4, True)
    ours = rest["repository"]["pullRequest"]["comments"]["nodes"][1]
    assert ours["author"] == {"__typename": "Bot", "login": "persona-reviewer"}
    assert ours["viewerDidAuthor"] is True
    assert ours["databaseId"] is None
    assert ours["fullDatabaseId"] == str(pull.comments[3].id)
    (told,) = data["repository"]["pullRequest"]["reviewThreads"]["nodes"]
    assert told["resolvedBy"] == {"login": "alice"}
    assert (told["isResolved"], told["line"], told["isOutdated"]) == (True, 1, False)
    assert [(c["body"], c["replyTo"]) for c in told["comments"]["nodes"]] == [
        ("hm", None),
        ("so?", {"body": "hm"}),
    ]


async def test_files_are_read_by_expression_and_by_id(
    hub: FakeGitHub, pull: FakePullRequest
) -> None:
    document = (
        "query Objects($a: String!, $b: String!, $c: String!, $d: String!, $e: GitObjectID!) {"
        ' repository(owner: "octo", name: "shop") {'
        " text: object(expression: $a) { ...Content }"
        " binary: object(expression: $b) { ...Content }"
        " folder: object(expression: $c) { ... on Tree { entries { name mode type"
        " object { ...Content } } } }"
        " missing: object(expression: $d) { oid }"
        " known: object(oid: $e) { ...Content } } }"
        " fragment Content on GitObject { oid __typename"
        " ... on Blob { text byteSize isBinary isTruncated } }"
    )
    blob = next(file.sha for file in pull.files if file.filename == "a.txt")
    async with calling(hub) as call:
        answer = await call.graphql(
            document,
            a=f"{pull.head_sha}:a.txt",
            b=f"{pull.head_sha}:b.bin",
            c=f"{pull.base_sha}:.conf",
            d=f"{pull.head_sha}:none.txt",
            e=blob,
        )
    told = answer["data"]["repository"]
    assert told["text"] == told["known"]
    assert (told["text"]["text"], told["text"]["isBinary"]) == ("b\n", False)
    assert (told["binary"]["text"], told["binary"]["isBinary"]) == (None, True)
    (entry,) = told["folder"]["entries"]
    assert (entry["name"], entry["mode"], entry["object"]["text"]) == ("x.toml", 33188, "x = 1\n")
    assert told["missing"] is None


async def test_a_long_text_is_cut_off(hub: FakeGitHub) -> None:
    repository = hub.repository("octo/shop", files={"long.txt": "x" * 512_001})
    document = (
        'query { repository(owner: "octo", name: "shop") { object(expression: "main:long.txt")'
        " { ... on Blob { text isTruncated byteSize } } } }"
    )
    async with calling(hub) as call:
        blob = (await call.graphql(document))["data"]["repository"]["object"]
    assert (len(blob["text"]), blob["isTruncated"], blob["byteSize"]) == (512_000, True, 512_001)
    assert repository.branch("main")


async def test_resolving_needs_the_permission_to_write_contents(
    hub: FakeGitHub, pull: FakePullRequest
) -> None:
    thread = pull.review_comment("persona-reviewer[bot]", "a.txt", 1, "hm")
    async with calling(hub) as call:
        refused = await call.graphql(RESOLVE, thread=thread.id)
    assert refused["data"] == {"resolveReviewThread": None}
    assert refused["errors"][0]["type"] == "FORBIDDEN"
    assert refused["errors"][0]["message"] == "Resource not accessible by integration"
    assert thread.resolved is False
    strong = hub.token(permissions={"contents": "write", "pull_requests": "write"})
    async with calling(hub, strong) as call:
        done = await call.graphql(RESOLVE, thread=thread.id)
        unknown = await call.graphql(RESOLVE, thread="PRRT_none")
        told = (await _conversation(call))["repository"]["pullRequest"]["reviewThreads"]["nodes"]
    assert done["data"]["resolveReviewThread"]["thread"]["isResolved"] is True
    assert told[0]["resolvedBy"] == {"login": "persona-reviewer[bot]"}
    assert unknown["errors"][0]["type"] == "NOT_FOUND"


@pytest.mark.usefixtures("any_github_write")
async def test_the_other_mutations_change_what_they_say(
    hub: FakeGitHub, pull: FakePullRequest
) -> None:
    token = hub.token(permissions={"contents": "write", "pull_requests": "write"})
    thread = pull.review_comment("bob", "a.txt", 1, "hm")
    own = pull.comment("persona-reviewer[bot]", "ours")
    async with calling(hub, token) as call:
        ids = (await _conversation(call))["repository"]["pullRequest"]
        comment = ids["comments"]["nodes"][0]["id"]
        await _mutate(call, "minimizeComment", f'subjectId: "{comment}", classifier: OUTDATED')
        assert own.minimized == "OUTDATED"
        await _mutate(call, "unminimizeComment", f'subjectId: "{comment}"')
        await _mutate(call, "addReaction", f'subjectId: "{comment}", content: EYES')
        await _mutate(call, "updateIssueComment", f'id: "{comment}", body: "new"')
        place = f'pullRequestReviewThreadId: "{thread.id}"'
        await _mutate(call, "addPullRequestReviewThreadReply", f'{place}, body: "yes"')
        await _mutate(call, "resolveReviewThread", f'threadId: "{thread.id}"')
        await _mutate(call, "unresolveReviewThread", f'threadId: "{thread.id}"')
    assert (own.minimized, own.body, own.reactions[0].content) == ("", "new", "eyes")
    assert [comment.body for comment in thread.comments] == ["hm", "yes"]
    assert thread.resolved is False


async def _mutate(call: Caller, name: str, arguments: str) -> dict[str, Any]:
    document = f"mutation {{ {name}(input: {{{arguments}}}) {{ clientMutationId }} }}"
    answer = await call.graphql(document)
    assert "errors" not in answer, answer
    data: dict[str, Any] = answer["data"]
    return data


async def test_a_thread_outside_of_the_diff_is_dropped_silently(
    hub: FakeGitHub, pull: FakePullRequest
) -> None:
    find = 'query { repository(owner: "octo", name: "shop") { pullRequest(number: 1) { id } } }'
    async with calling(hub) as call:
        name = (await call.graphql(find))["data"]["repository"]["pullRequest"]["id"]
        start = (
            "mutation Start($pull: ID!, $line: Int) { addPullRequestReviewThread(input: {"
            'pullRequestId: $pull, path: "a.txt", line: $line, body: "hm"}) { thread { id } } }'
        )
        outside = await call.graphql(start, pull=name, line=99)
        inside = await call.graphql(start, pull=name, line=1)
    assert outside == {"data": {"addPullRequestReviewThread": {"thread": None}}}
    assert inside["data"]["addPullRequestReviewThread"]["thread"]["id"] == pull.threads[0].id


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ("comments { totalCount }", "MISSING_PAGINATION_BOUNDARIES"),
        ("comments(first: 101) { totalCount }", "EXCESSIVE_PAGINATION"),
        ('comments(first: 1, after: "?") { totalCount }', "INVALID_CURSOR_ARGUMENTS"),
    ],
)
async def test_a_list_wants_a_size_of_at_most_a_hundred(
    hub: FakeGitHub, pull: FakePullRequest, part: str, kind: str
) -> None:
    document = (
        f'query {{ repository(owner: "octo", name: "shop") {{ pullRequest(number: 1) {{ {part} }}'
        " } }"
    )
    async with calling(hub) as call:
        answer = await call.graphql(document)
    assert answer["errors"][0]["type"] == kind


@pytest.mark.parametrize(
    ("place", "part", "words"),
    [
        ("octo/none", "id", "Could not resolve to a Repository with the name 'octo/none'."),
        ("octo/shop", "pullRequest(number: 9) { id }", "a PullRequest with the number of 9."),
    ],
)
async def test_what_is_not_there_is_an_error_of_its_own_type(
    hub: FakeGitHub, pull: FakePullRequest, place: str, part: str, words: str
) -> None:
    owner, name = place.split("/")
    async with calling(hub) as call:
        answer = await call.graphql(
            f'query {{ repository(owner: "{owner}", name: "{name}") {{ {part} }} }}'
        )
    assert answer["errors"][0]["type"] == "NOT_FOUND"
    assert words in answer["errors"][0]["message"]


async def test_a_token_without_contents_reads_no_files(
    hub: FakeGitHub, pull: FakePullRequest
) -> None:
    document = 'query { repository(owner: "octo", name: "shop") { object(oid: "%s") { oid } } }'
    async with calling(hub, hub.token(permissions={"pull_requests": "read"})) as call:
        answer = await call.graphql(document % pull.head_sha)
    assert answer["errors"][0]["type"] == "FORBIDDEN"


async def test_a_document_that_github_does_not_know_is_told_and_is_a_violation(
    hub: FakeGitHub, pull: FakePullRequest, expect_violation: Callable[[str], None]
) -> None:
    expect_violation("Cannot query field 'secrets'")
    async with calling(hub) as call:
        answer = await call.graphql('query { repository(owner: "o", name: "s") { secrets } }')
    assert "secrets" in answer["errors"][0]["message"]


async def test_everything_about_a_pull_request_can_be_asked(
    hub: FakeGitHub, pull: FakePullRequest
) -> None:
    pull.add_label("bug")
    thread = pull.review_comment("bob", "a.txt", 1, "hm")
    pull.react(thread.comments[0], "persona-reviewer[bot]", "eyes")
    document = """query {
      rateLimit { remaining }
      repository(owner: "octo", name: "shop") {
        nameWithOwner viewerPermission owner { login }
        commit: object(expression: "main") { ... on Commit { message tree { oid } } }
        head: object(expression: "HEAD:a.txt") { oid }
        pullRequest(number: 1) {
          id state isDraft changedFiles additions deletions headRepositoryOwner { login }
          headRepository { nameWithOwner } repository { id }
          files(first: 1) { totalCount nodes { path changeType additions } }
          labels(last: 5) { nodes { name } pageInfo { hasPreviousPage } }
          reviews(first: 5) { nodes { state commit { oid } author { login } } }
          reviewThreads(first: 5) { nodes { pullRequest { number } repository { name } comments(
            first: 1) { nodes { outdated pullRequestReview { state } reactionGroups {
              content viewerHasReacted } reactions(first: 1, content: EYES) { totalCount
              viewerHasReacted nodes { content user { login } } } } } } }
        }
      }
    }"""
    async with calling(hub) as call:
        told = (await call.graphql(document))["data"]["repository"]
        again = await call.graphql(
            "query Again($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }",
            ids=[told["pullRequest"]["id"], thread.id],
        )
        lost = await call.graphql('query { node(id: "none") { id } }')
    shown = told["pullRequest"]
    assert (shown["changedFiles"], shown["files"]["totalCount"]) == (2, 2)
    assert shown["labels"]["nodes"] == [{"name": "bug"}]
    assert shown["reviews"]["nodes"][0]["commit"]["oid"] == pull.head_sha
    comment = shown["reviewThreads"]["nodes"][0]["comments"]["nodes"][0]
    assert comment["reactions"]["nodes"][0]["user"]["login"] == "persona-reviewer[bot]"
    assert {"content": "EYES", "viewerHasReacted": True} in comment["reactionGroups"]
    assert told["commit"]["message"] == "Begin"
    assert [node["__typename"] for node in again["data"]["nodes"]] == [
        "PullRequest",
        "PullRequestReviewThread",
    ]
    assert lost["errors"][0]["type"] == "NOT_FOUND"


@pytest.mark.usefixtures("any_github_write")
async def test_mutations_are_refused_for_what_is_another_s_or_not_there(
    hub: FakeGitHub, pull: FakePullRequest
) -> None:
    other = pull.comment("bob", "mine")
    review = pull.begin_review("persona-reviewer[bot]", "a.txt", 1, "begun")
    thread = pull.review_comment("bob", "a.txt", 1, "theirs")
    find = 'query { repository(owner: "octo", name: "shop") { pullRequest(number: 1) { %s } } }'
    async with calling(hub) as call:
        asked = (
            find % "comments(first: 1) { nodes { id } } reviews(first: 9) { nodes { id state } }"
        )
        told = (await call.graphql(asked))["data"]["repository"]["pullRequest"]
        comment = told["comments"]["nodes"][0]["id"]
        own = next(one["id"] for one in told["reviews"]["nodes"] if one["state"] == "PENDING")
        place = f'pullRequestReviewThreadId: "{thread.id}"'
        failing = {
            "updateIssueComment": f'id: "{comment}", body: "x"',
            "minimizeComment": 'subjectId: "none", classifier: SPAM',
            "addPullRequestReviewThread": 'pullRequestId: "none", path: "a.txt", body: "x"',
            "addPullRequestReviewThreadReply": f'{place}, body: "x"',
            "deletePullRequestReview": 'pullRequestReviewId: "none"',
        }
        for name, arguments in failing.items():
            document = f"mutation {{ {name}(input: {{{arguments}}}) {{ clientMutationId }} }}"
            assert (await call.graphql(document))["errors"], name
        await _mutate(call, "deletePullRequestReview", f'pullRequestReviewId: "{own}"')
    assert review not in pull.reviews
    assert other.body == "mine"
    weak = hub.token(permissions={"pull_requests": "read"})
    async with calling(hub, weak) as call:
        document = 'mutation { resolveReviewThread(input: {threadId: "x"}) { clientMutationId } }'
        assert (await call.graphql(document))["errors"][0]["type"] == "FORBIDDEN"


async def test_what_is_no_document_is_told(
    hub: FakeGitHub, expect_violation: Callable[[str], None]
) -> None:
    expect_violation("Syntax Error")
    async with calling(hub) as call:
        assert "Syntax Error" in (await call.graphql("query {"))["errors"][0]["message"]


def test_the_schema_is_a_part_of_github_s_own() -> None:
    assert TRIMMED.read_text(encoding="utf-8") == trimmed_schema(), (
        "write it anew: python -m tests.github.trimmed_schema"
    )
    assert graphql.validate_schema(graphql.build_schema(trimmed_schema())) == []


def test_a_thread_is_named_by_its_first_comment(pull: FakePullRequest) -> None:
    thread: FakeThread = pull.review_comment("bob", "a.txt", 1, "hm")
    assert thread.body == "hm"
