"""What every code host promises; each new one is added to `code_host_stages.STAGES`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("github")

from reviewer.domain.change import Location, Side
from reviewer.domain.conclusion import ConclusionKind
from reviewer.domain.conversation import Thread
from reviewer.domain.posting import (
    Annotation,
    AnnotationLevel,
    Check,
    FileComment,
    InlineComment,
    Permission,
    Reaction,
)
from reviewer.ports.code_host import CodeHostError, Refusal
from tests.contract.code_host_stages import STAGES, Stage

pytestmark = pytest.mark.loopback


@pytest.fixture(params=list(STAGES))
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with STAGES[request.param](tmp_path) as opened:
        yield opened


def at(path: str, first: int, last: int | None = None, side: Side = Side.HEAD) -> Location:
    return Location(path=path, side=side, start_line=first, end_line=last or first)


def on(location: Location, body: str = "It goes wrong.") -> InlineComment:
    return InlineComment(location=location, body=body, fingerprint=body)


async def threads_of(stage: Stage) -> tuple[Thread, ...]:
    return (await stage.host.conversation()).threads


async def refusal_of(call: object) -> CodeHostError:
    with pytest.raises(CodeHostError) as caught:
        await call  # type: ignore[misc]
    assert not caught.value.uncertain
    return caught.value


async def test_a_pull_request_begins_with_nothing_said(stage: Stage) -> None:
    request = await stage.host.pull_request()
    conversation = await stage.host.conversation()
    assert request.open
    assert not request.draft
    assert not request.from_fork
    assert request.author is not None
    assert request.author.login == "alice"
    assert (conversation.comments, conversation.threads) == ((), ())
    assert conversation.viewer.id > 0
    assert not conversation.viewer.login.endswith("[bot]")
    assert await stage.host.head_sha() == request.head_sha == conversation.head_sha


async def test_the_head_is_the_one_of_the_moment(stage: Stage) -> None:
    before = await stage.host.head_sha()
    after = stage.push({"new.py": "first\n"})
    assert after != before
    assert await stage.host.head_sha() == after
    assert (await stage.host.conversation()).head_sha == after


async def test_a_review_puts_each_comment_where_it_belongs(stage: Stage) -> None:
    head = await stage.host.head_sha()
    await stage.host.post_review(
        [
            on(at("app.py", 5), "one line"),
            on(at("app.py", 27, 33), "a range"),
            on(at("app.py", 4, 5, Side.BASE), "removed"),
            on(at("gone.py", 1, 3, Side.BASE), "deleted"),
            on(at("new.py", 1, 2), "added"),
        ],
        head_sha=head,
    )
    threads = await threads_of(stage)
    assert [(t.comments[0].body, t.path, t.line, t.side) for t in threads] == [
        ("one line", "app.py", 5, Side.HEAD),
        ("a range", "app.py", 33, Side.HEAD),
        ("removed", "app.py", 5, Side.BASE),
        ("deleted", "gone.py", 3, Side.BASE),
        ("added", "new.py", 2, Side.HEAD),
    ]
    for thread in threads:
        assert (thread.resolved, thread.resolved_by_us, thread.outdated) == (False, False, False)
        assert [comment.ours for comment in thread.comments] == [True]


@pytest.mark.holds("P05")
@pytest.mark.parametrize(
    "wrong",
    [
        at("app.py", 15),
        at("app.py", 8, 27),
        at("app.py", 400),
        at("new.py", 4),
        at("new.py", 1, side=Side.BASE),
        at("gone.py", 1),
        at("nowhere.py", 1),
        at("README.md", 1),
    ],
    ids=str,
)
async def test_one_comment_in_a_wrong_place_refuses_them_all(stage: Stage, wrong: Location) -> None:
    head = await stage.host.head_sha()
    error = await refusal_of(
        stage.host.post_review([on(at("app.py", 5)), on(wrong)], head_sha=head)
    )
    assert (error.refusal, error.pending_review) == (Refusal.UNPROCESSABLE, False)
    assert await threads_of(stage) == ()


async def test_a_review_says_something(stage: Stage) -> None:
    head = await stage.host.head_sha()
    error = await refusal_of(stage.host.post_review([], head_sha=head))
    assert error.refusal is Refusal.UNPROCESSABLE
    error = await refusal_of(stage.host.post_review([on(at("app.py", 5), " ")], head_sha=head))
    assert error.refusal is Refusal.UNPROCESSABLE


async def test_an_old_head_refuses_nothing_by_itself(stage: Stage) -> None:
    head = await stage.host.head_sha()
    stage.push({"new.py": "first\nsecond\nthird\nfourth\n"})
    await stage.host.post_review([on(at("app.py", 5))], head_sha=head)
    assert len(await threads_of(stage)) == 1


async def test_a_commit_of_somewhere_else_takes_no_review_and_no_check(stage: Stage) -> None:
    nowhere = "0123456789" * 4
    error = await refusal_of(stage.host.post_review([on(at("app.py", 5))], head_sha=nowhere))
    assert error.refusal is Refusal.UNPROCESSABLE
    error = await refusal_of(stage.host.post_check(a_check(nowhere, 1)))
    assert error.refusal is Refusal.UNPROCESSABLE


async def test_a_review_that_was_begun_blocks_until_it_is_deleted(stage: Stage) -> None:
    head = await stage.host.head_sha()
    await stage.host.post_review([on(at("app.py", 5))], head_sha=head)
    (thread,) = await threads_of(stage)
    stage.begin_review()
    for blocked in (
        stage.host.post_review([on(at("new.py", 1))], head_sha=head),
        stage.host.post_file_comment(a_file_comment("new.py"), head_sha=head),
        stage.host.reply(thread.comments[0].id, "more"),
    ):
        error = await refusal_of(blocked)
        assert (error.refusal, error.pending_review) == (Refusal.UNPROCESSABLE, True)
    assert await stage.host.delete_pending_reviews() == 1
    assert await stage.host.delete_pending_reviews() == 0
    await stage.host.post_review([on(at("new.py", 1))], head_sha=head)
    assert len(await threads_of(stage)) == 2


def a_file_comment(path: str) -> FileComment:
    return FileComment(path=path, body="The whole file.", fingerprint="f")


async def test_a_comment_may_stand_on_a_file_that_changed(stage: Stage) -> None:
    head = await stage.host.head_sha()
    await stage.host.post_file_comment(a_file_comment("app.py"), head_sha=head)
    (thread,) = await threads_of(stage)
    assert (thread.path, thread.line, thread.outdated) == ("app.py", None, False)
    assert thread.comments[0].ours
    error = await refusal_of(
        stage.host.post_file_comment(a_file_comment("README.md"), head_sha=head)
    )
    assert error.refusal is Refusal.UNPROCESSABLE


@pytest.mark.holds("P02")
async def test_the_summary_is_posted_found_and_edited_in_place(stage: Stage) -> None:
    stage.say("I like it.")
    comment_id = await stage.host.post_comment("first summary")
    stage.say("Me too.")
    await stage.host.edit_comment(comment_id, "second summary")
    (ours,) = (await stage.host.conversation()).comments
    assert (ours.id, ours.body, ours.ours) == (comment_id, "second summary", True)
    error = await refusal_of(stage.host.edit_comment(comment_id + 999_999, "third"))
    assert error.refusal is Refusal.NOT_FOUND


async def test_a_body_ends_somewhere(stage: Stage) -> None:
    longest = "x" * 65_536
    comment_id = await stage.host.post_comment(longest)
    for refused in (
        stage.host.post_comment(f"{longest}x"),
        stage.host.edit_comment(comment_id, f"{longest}x"),
        stage.host.post_comment(""),
    ):
        assert (await refusal_of(refused)).refusal is Refusal.UNPROCESSABLE


async def test_replies_stand_in_their_thread_and_say_whose_they_are(stage: Stage) -> None:
    head = await stage.host.head_sha()
    await stage.host.post_review([on(at("app.py", 5)), on(at("new.py", 1))], head_sha=head)
    first, second = await threads_of(stage)
    stage.answer(first, "I do not think so.")
    await stage.host.reply(first.comments[0].id, "It does.")
    first, second = await threads_of(stage)
    assert [(c.body, c.ours) for c in first.comments] == [
        ("It goes wrong.", True),
        ("I do not think so.", False),
        ("It does.", True),
    ]
    assert first.comments[1].author is not None
    assert first.comments[1].author.login == "alice"
    assert len(second.comments) == 1
    error = await refusal_of(stage.host.reply(first.comments[0].id + 999_999, "lost"))
    assert error.refusal is Refusal.NOT_FOUND


@pytest.mark.holds("P07")
async def test_a_thread_is_resolved_and_it_is_told_by_whom(stage: Stage) -> None:
    head = await stage.host.head_sha()
    await stage.host.post_review([on(at("app.py", 5)), on(at("new.py", 1))], head_sha=head)
    first, second = await threads_of(stage)
    assert first.resolvable
    await stage.host.resolve(first.id)
    stage.settle(second)
    first, second = await threads_of(stage)
    assert (first.resolved, first.resolved_by_us) == (True, True)
    assert (second.resolved, second.resolved_by_us) == (True, False)
    error = await refusal_of(stage.host.resolve("PRRT_nobody"))
    assert error.refusal is Refusal.NOT_FOUND


async def test_who_may_not_resolve_is_told_so(stage: Stage) -> None:
    stage.forbid_resolving()
    head = await stage.host.head_sha()
    await stage.host.post_review([on(at("app.py", 5))], head_sha=head)
    (thread,) = await threads_of(stage)
    assert not thread.resolvable
    assert (await refusal_of(stage.host.resolve(thread.id))).refusal is Refusal.FORBIDDEN
    assert not (await threads_of(stage))[0].resolved


async def test_a_thread_is_outdated_once_its_line_changed(stage: Stage) -> None:
    head = await stage.host.head_sha()
    await stage.host.post_review([on(at("app.py", 5)), on(at("new.py", 1))], head_sha=head)
    stage.push({"new.py": "another\nsecond\nthird\n"})
    stays, goes = await threads_of(stage)
    assert (stays.line, stays.outdated) == (5, False)
    assert (goes.line, goes.outdated) == (None, True)


def a_check(head: str, annotations: int) -> Check:
    annotation = Annotation(
        path="app.py",
        start_line=5,
        end_line=6,
        level=AnnotationLevel.WARNING,
        title="wrong",
        message="It goes wrong.",
    )
    return Check(
        head_sha=head,
        conclusion=ConclusionKind.NEUTRAL,
        title="1 to fix",
        summary="What was found.",
        annotations=tuple(
            replace(annotation, start_line=n + 1, end_line=n + 1) for n in range(annotations)
        ),
    )


@pytest.mark.parametrize("annotations", [0, 50, 120])
async def test_a_check_stands_on_its_commit_with_all_annotations(
    stage: Stage, annotations: int
) -> None:
    head = await stage.host.head_sha()
    stage.push({"new.py": "another\n"})
    await stage.host.post_check(a_check(head, annotations))
    assert stage.checks() == [(head, "neutral", annotations)]


async def test_a_check_is_known_again_by_its_mark_while_it_is_the_newest(stage: Stage) -> None:
    head = await stage.host.head_sha()
    assert not await stage.host.has_check(head, "first")
    await stage.host.post_check(replace(a_check(head, 0), mark="first"))
    assert await stage.host.has_check(head, "first")
    await stage.host.post_check(replace(a_check(head, 0), mark="second"))
    assert not await stage.host.has_check(head, "first")
    assert await stage.host.has_check(head, "second")
    assert not await stage.host.has_check(stage.push({"new.py": "another\n"}), "second")


@pytest.mark.holds("P12")
@pytest.mark.parametrize("role", list(Permission), ids=str)
async def test_what_somebody_may_do_is_their_role(stage: Stage, role: Permission) -> None:
    stage.give("carol", role.value)
    assert await stage.discussion.permission("carol") is role


async def test_the_same_reaction_twice_is_one(stage: Stage) -> None:
    comment_id = await stage.host.post_comment("a comment")
    await stage.discussion.react(comment_id, Reaction.SEEN, inline=False)
    await stage.discussion.react(comment_id, Reaction.SEEN, inline=False)
    await stage.discussion.react(comment_id, Reaction.DONE, inline=False)
    assert stage.reactions() == 2


async def test_a_comment_with_our_own_sign_is_told_with_its_time(stage: Stage) -> None:
    seen, done = stage.say("/review"), stage.say("/help")
    ours = await stage.host.post_comment("an answer")
    for comment_id, reaction in (
        (seen, Reaction.SEEN),
        (done, Reaction.DONE),
        (ours, Reaction.SEEN),
    ):
        await stage.discussion.react(comment_id, reaction, inline=False)

    (accepted,) = (await stage.host.conversation()).accepted

    assert (accepted.id, accepted.body) == (seen, "/review")
    assert accepted.author is not None
    assert accepted.author.login == "alice"
    assert accepted.created_at.tzinfo is not None
