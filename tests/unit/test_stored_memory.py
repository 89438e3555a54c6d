"""What reviews of a pull request remember outlives their comments, and is ours to change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewer.domain.conclusion import ConclusionKind
from reviewer.domain.dismissal_record import DismissalRecord
from reviewer.domain.event import CommentEvent
from reviewer.domain.finding import OutcomeKind
from reviewer.domain.history import History, KnownState
from reviewer.domain.marker import Signer, Subject
from reviewer.domain.pull_request import Account, AccountKind
from reviewer.domain.recall import our_summaries
from reviewer.domain.status import RunState
from reviewer.errors import CommunicationError
from reviewer.ports.code_host import CodeHostError, Refusal
from reviewer.service.handle_delivery import handle_delivery
from reviewer.service.run_review import run_review
from reviewer.testing.fake_code_host import Operation
from tests.unit.publishing_example import (
    ALICE,
    KEY,
    OTHER_HEAD,
    REPOSITORY_ID,
    REQUEST,
    build_reviewed,
    moved,
)
from tests.unit.run_example import (
    RUN_ID,
    Service,
    build_delivery,
    build_order,
    build_service,
)

pytestmark = pytest.mark.holds("S15", "P02", "R49")

BOB = Account(id=7, login="bob", kind=AccountKind.USER)
_NUMBER = REQUEST.name.number


async def remembered(service: Service) -> History:
    async with service.store.look() as work:
        history = await work.histories.of(REPOSITORY_ID, _NUMBER)
    assert history is not None
    return history


async def dismissals(service: Service) -> list[DismissalRecord]:
    async with service.store.look() as work:
        return list(await work.dismissals.of(REPOSITORY_ID, _NUMBER))


async def say(service: Service, body: str, *, comment_id: int = 31) -> str:
    event = CommentEvent(
        action="created",
        comment_id=comment_id,
        body=body,
        author=ALICE,
        sender=ALICE,
        pull_request=REQUEST.name,
        title="Add a listing",
        description="",
    )
    delivery = build_delivery(event, f"d-{comment_id}")
    return (await handle_delivery(service.deliveries, delivery)).outcome


async def review(service: Service, run_id: str = RUN_ID) -> None:
    end = await run_review(service.runs, build_order(), run_id)
    assert end.state is RunState.COMPLETED


def summary_id(service: Service) -> int:
    return next(
        comment.id for comment in service.host.comments.values() if "score" in comment.body.lower()
    )


async def dismissed() -> Service:
    """Return a service whose one finding was told and then dismissed."""
    service = build_service(findings=1)
    await review(service)
    (known,) = (await remembered(service)).known
    assert (await say(service, f"/dismiss {known.fingerprint[:7]} ours")).startswith("/dismiss")
    return service


async def test_a_round_leaves_in_the_store_what_its_marker_says() -> None:
    service = build_service(findings=2)
    await review(service)
    conversation = await service.host.conversation()
    subject = Subject.of(conversation.viewer, repository_id=REPOSITORY_ID, number=_NUMBER)
    (summary,) = our_summaries(conversation, Signer(subject=subject, key=KEY))
    history = await remembered(service)
    assert history == replace(summary.mark.history, trusted=True)
    assert (history.generation, len(history.known)) == (1, 2)


async def test_a_dismissal_outlives_the_summary_that_somebody_deletes() -> None:
    service = await dismissed()
    del service.host.comments[summary_id(service)]
    service.host.push(moved(service.host.change))

    await review(service, "run-2")

    assert service.host.checks[-1].head_sha == OTHER_HEAD
    assert service.host.checks[-1].conclusion is not ConclusionKind.FAILURE
    assert service.host.review_count == 1
    (known,) = (await remembered(service)).known
    assert (known.state, known.by, known.reason) == (KnownState.DISMISSED, ALICE.login, "ours")


@pytest.mark.parametrize("edited", ["", "Nothing to see here."], ids=["older marker", "no marker"])
async def test_a_dismissal_outlives_the_summary_that_somebody_edits(edited: str) -> None:
    service = build_service(findings=1)
    await review(service)
    number = summary_id(service)
    before = service.host.comments[number]
    (known,) = (await remembered(service)).known
    await say(service, f"/dismiss {known.fingerprint[:7]} ours")
    # A marker that we signed once for this very pull request, put back by whoever may edit.
    service.host.comments[number] = replace(before, body=edited or before.body)
    service.host.push(moved(service.host.change))

    await review(service, "run-2")

    (known,) = (await remembered(service)).known
    assert known.state is KnownState.DISMISSED
    assert service.host.checks[-1].conclusion is not ConclusionKind.FAILURE


async def test_a_dismissal_can_be_taken_back_where_the_summary_is_gone() -> None:
    service = await dismissed()
    comments = len(service.host.comments)
    del service.host.comments[summary_id(service)]
    (known,) = (await remembered(service)).known

    outcome = await say(service, f"/undismiss {known.fingerprint[:7]}", comment_id=32)

    assert outcome.startswith("/undismiss")
    (known,) = (await remembered(service)).known
    assert known.state is KnownState.OPEN
    # The review that follows writes a summary; no other comment is begun for it.
    assert len(service.host.comments) == comments - 1


async def test_who_dismissed_and_who_took_it_back_stands_beside_it() -> None:
    service = await dismissed()
    (record,) = await dismissals(service)
    assert (record.by, record.reason, record.authorised) == (ALICE, "ours", True)

    await say(service, f"/undismiss {record.fingerprint[:7]}", comment_id=32)

    (record,) = await dismissals(service)
    assert record.withdrawn_by == ALICE.login


async def test_who_replied_in_a_thread_has_dismissed_by_name_alone() -> None:
    service = build_service(findings=1)
    await review(service)
    (thread,) = service.host.threads
    service.host.answer(thread.id, "This is intended.", author=BOB)
    service.analyser.reviewing = lambda material: build_reviewed(
        material.change, [], OutcomeKind.INLINE
    )
    service.host.push(moved(service.host.change))
    await review(service, "run-2")
    (record,) = await dismissals(service)
    assert (record.by.login, record.by.id, record.authorised) == ("bob", 0, False)


async def test_a_pause_is_remembered_where_nothing_was_reviewed_yet() -> None:
    service = build_service()
    await say(service, "/pause")
    assert (await remembered(service)).paused
    for number in [key for key, each in service.host.comments.items() if each.ours]:
        del service.host.comments[number]

    end = await run_review(service.runs, build_order(), RUN_ID)

    assert end.state is RunState.SKIPPED
    assert service.host.review_count == 0


async def test_a_command_is_kept_although_the_summary_cannot_be_edited() -> None:
    service = build_service(findings=1)
    await review(service)
    (known,) = (await remembered(service)).known
    service.host.fail(
        Operation.EDIT_COMMENT, CodeHostError(Refusal.UNAVAILABLE, "Bad Gateway", status=502)
    )
    assert (await say(service, f"/dismiss {known.fingerprint[:7]}")).startswith("/dismiss")
    (known,) = (await remembered(service)).known
    assert known.state is KnownState.DISMISSED


async def test_a_round_that_died_before_its_end_was_stored_is_found_by_its_marker() -> None:
    service = build_service(findings=1)
    # Everything is written on the pull request; the store goes away before the end.
    done = service.host.post_check

    async def post_and_lose(check: object) -> None:
        await done(check)  # type: ignore[arg-type]  # handed on as it came
        service.store.trouble = CommunicationError("the database does not answer")

    service.host.post_check = post_and_lose  # type: ignore[method-assign]  # the moment of the loss
    with pytest.raises((CommunicationError, BaseExceptionGroup)):
        await run_review(service.runs, build_order(), RUN_ID)
    service.store.trouble = None
    service.host.post_check = done  # type: ignore[method-assign]

    await review(service)

    assert service.host.review_count == 1
    assert len(service.host.checks) == 1
    history = await remembered(service)
    assert history.generation == 2
    assert len(history.known) == 1


async def test_what_is_said_while_a_round_ends_is_not_overwritten_by_its_end() -> None:
    service = build_service(findings=1)
    await review(service)
    (known,) = (await remembered(service)).known
    service.host.push(moved(service.host.change))
    done = service.host.post_check

    async def post_and_hear(check: object) -> None:
        await done(check)  # type: ignore[arg-type]  # handed on as it came
        await say(service, f"/dismiss {known.fingerprint[:7]} ours")

    service.host.post_check = post_and_hear  # type: ignore[method-assign]  # the latest moment
    await run_review(service.runs, build_order(), "run-2")

    history = await remembered(service)
    assert history.generation == 2
    assert [entry.state for entry in history.known] == [KnownState.DISMISSED]


async def test_a_dismissal_outlives_a_change_of_the_state_key() -> None:
    service = await dismissed()
    service.host.push(moved(service.host.change))
    rotated = replace(service.runs, state_key="another-key-" * 3)

    end = await run_review(rotated, build_order(), "run-2")

    assert end.state is RunState.COMPLETED
    assert service.host.review_count == 1
    assert service.host.checks[-1].conclusion is not ConclusionKind.FAILURE
