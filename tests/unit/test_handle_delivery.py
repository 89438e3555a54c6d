"""What follows from a delivery."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewer.domain.event import (
    CheckEvent,
    CommentEvent,
    Event,
    InstallationEvent,
    MergeGroupEvent,
    OtherEvent,
    ThreadEvent,
)
from reviewer.domain.history import History
from reviewer.domain.installation import InstalledRepository
from reviewer.domain.posting import Permission, Reaction
from reviewer.domain.pull_request import Account, AccountKind
from reviewer.domain.review_order import AskedIn, Followup
from reviewer.domain.run import RunQuery
from reviewer.domain.status import RunState
from reviewer.errors import CommunicationError
from reviewer.ports.code_host import CodeHostError
from reviewer.service.handle_delivery import give_delivery_up, handle_delivery
from reviewer.service.run_review import run_review
from reviewer.testing.builders import HEAD
from reviewer.testing.fake_code_host import Operation
from tests.unit.publishing_example import ALICE, OTHER_HEAD, REPOSITORY_ID, REQUEST, moved
from tests.unit.run_example import (
    APP_ID,
    GONE,
    INSTALLATION_ID,
    OUTAGE,
    RUN_ID,
    Service,
    build_delivery,
    build_order,
    build_run,
    build_service,
    push,
)


def comment(body: str, *, who: Account = ALICE, action: str = "created") -> CommentEvent:
    return CommentEvent(
        action=action,
        comment_id=31,
        body=body,
        author=who,
        sender=who,
        pull_request=REQUEST.name,
        title="Add a listing",
        description="It lists.",
    )


def check(**more: object) -> CheckEvent:
    event = CheckEvent(
        action="rerequested",
        repository=REQUEST.name.repository,
        head_sha=HEAD,
        app_id=APP_ID,
        numbers=(REQUEST.name.number,),
        sender=ALICE,
    )
    return replace(event, **more)  # type: ignore[arg-type]  # checked by what reads it


def installation(action: str, **more: object) -> InstallationEvent:
    event = InstallationEvent(
        action=action, installation_id=INSTALLATION_ID, account=Account(id=9, login="octo")
    )
    return replace(event, **more)  # type: ignore[arg-type]  # as above


async def handle(service: Service, event: Event, delivery_id: str = "d-1") -> Followup:
    return await handle_delivery(service.deliveries, build_delivery(event, delivery_id))


async def remembered(service: Service) -> History:
    async with service.store.look() as work:
        history = await work.histories.of(REPOSITORY_ID, REQUEST.name.number)
    assert history is not None
    return history


async def with_run(service: Service, **more: object) -> None:
    async with service.store.begin() as work:
        await work.runs.add(build_run(**more))  # type: ignore[arg-type]  # as above


@pytest.mark.holds("S11", "R22")
@pytest.mark.parametrize("action", ["opened", "reopened", "synchronize", "ready_for_review"])
async def test_a_push_orders_a_review_with_the_words_that_the_host_told(action: str) -> None:
    service = build_service()
    followup = await handle(service, push(action=action))

    (order,) = followup.orders
    assert (order.trigger, order.head_sha, order.asked) == (action, HEAD, False)
    assert (order.title, order.description) == (REQUEST.title, REQUEST.body)
    assert (order.sender, order.delivery_id) == (ALICE, "d-1")
    assert service.hosts.opened == [], "nothing is asked for nothing"
    assert await service.outcome("d-1") == "a review was ordered"


async def test_an_edited_title_orders_nothing_and_another_base_does() -> None:
    service = build_service()
    event = push(action="edited")
    assert (await handle(service, event)).orders == ()
    (order,) = (await handle(service, replace(event, base_changed=True), "d-2")).orders
    assert order.base_changed


@pytest.mark.holds("P10")
async def test_a_newer_head_ends_the_run_on_the_older_one() -> None:
    service = build_service()
    await with_run(service, head_sha=OTHER_HEAD)
    followup = await handle(service, push(HEAD))
    assert followup.ended == (RUN_ID,)
    assert followup.because == "a newer head was pushed"


@pytest.mark.holds("P10")
async def test_a_delivery_that_comes_late_ends_no_run_on_the_newest_head() -> None:
    service = build_service()
    await with_run(service, head_sha=OTHER_HEAD)
    service.host.push(moved(service.host.change))
    followup = await handle(service, push(HEAD))
    assert followup.ended == ()
    assert len(followup.orders) == 1, "the run reviews the newest head anyway"


async def test_a_host_that_does_not_tell_its_head_ends_no_run() -> None:
    service = build_service()
    await with_run(service, head_sha=OTHER_HEAD)
    service.hosts.refusal = OUTAGE
    assert (await handle(service, push(HEAD))).ended == ()


async def test_a_run_that_waits_is_not_ended_by_a_push_the_queue_replaces_it() -> None:
    service = build_service()
    await with_run(service, state=RunState.QUEUED, head_sha=OTHER_HEAD)
    assert (await handle(service, push(HEAD))).ended == ()
    assert service.hosts.opened == []


async def test_a_closed_pull_request_ends_its_runs() -> None:
    service = build_service()
    await with_run(service)
    followup = await handle(service, push(action="closed"))
    assert (followup.orders, followup.ended) == ((), (RUN_ID,))


@pytest.mark.holds("P22")
@pytest.mark.parametrize(
    "event",
    [
        comment("looks good"),
        comment("/review", action="edited"),
        comment("/review", who=Account(id=5, login="robot", kind=AccountKind.BOT)),
        replace(comment("/review"), pull_request=None),
        OtherEvent(name="ping", action=""),
        ThreadEvent(action="resolved", thread_id="T", pull_request=REQUEST.name, sender=ALICE),
        check(action="completed"),
        check(app_id=1),
        check(sender=Account(id=5, login="robot", kind=AccountKind.BOT)),
        check(numbers=(), head_sha=OTHER_HEAD),
        MergeGroupEvent(
            action="destroyed",
            repository=REQUEST.name.repository,
            head_sha=HEAD,
            head_ref="refs/heads/x",
        ),
    ],
    ids=lambda event: f"{type(event).__name__}",
)
async def test_what_is_none_of_our_business_costs_nothing(event: Event) -> None:
    service = build_service()
    followup = await handle(service, event)
    assert followup.orders == ()
    assert service.host.calls == []
    assert service.hosts.opened == []
    assert await service.outcome("d-1") != ""


async def test_a_review_that_somebody_asks_for_is_ordered_for_that_person() -> None:
    service = build_service()
    followup = await handle(service, comment("/review full as security-sentinel"))

    (order,) = followup.orders
    assert (order.asked, order.full, order.personas) == (True, True, ("security-sentinel",))
    assert (order.trigger, order.title) == ("command", "Add a listing")
    assert order.asked_in == AskedIn(comment_id=31, inline=False)
    assert service.host.reactions == [(31, Reaction.SEEN, False)]
    async with service.store.look() as work:
        (entry,) = await work.audit.find()
    assert (entry.actor, entry.action, entry.allowed) == ("alice", "command /review", True)


@pytest.mark.holds("S12")
async def test_who_may_not_is_written_down_and_orders_nothing() -> None:
    service = build_service()
    service.host.permissions = {ALICE.login: Permission.NONE}
    followup = await handle(service, comment("/review"))
    assert followup.orders == ()
    async with service.store.look() as work:
        (entry,) = await work.audit.find()
    assert not entry.allowed


@pytest.mark.holds("P22")
async def test_a_command_that_was_carried_out_is_not_carried_out_again() -> None:
    class Kept:
        def __init__(self) -> None:
            self.kept: dict[str, object] = {}

        async def once(self, name: str, action):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            if name not in self.kept:
                self.kept[name] = await action()
            return self.kept[name]

    service = build_service()
    service.journal = Kept()
    first = await handle(service, comment("/review"))
    calls = len(service.host.calls)
    assert await handle(service, comment("/review")) == first
    assert len(service.host.calls) == calls


async def test_a_check_that_somebody_wants_again_is_a_review_as_if_asked() -> None:
    service = build_service()
    (order,) = (await handle(service, check())).orders
    assert (order.asked, order.trigger, order.pull_request) == (True, "rerequested", REQUEST.name)


async def test_of_a_fork_the_pull_request_is_known_by_what_we_reviewed() -> None:
    service = build_service()
    await with_run(service, state=RunState.COMPLETED)
    (order,) = (await handle(service, check(numbers=()))).orders
    assert order.pull_request == REQUEST.name


async def test_a_host_that_does_not_answer_leaves_the_delivery_to_be_tried_again() -> None:
    service = build_service()
    service.hosts.refusal = OUTAGE
    with pytest.raises(CodeHostError):
        await handle(service, comment("/review"))
    assert await service.outcome("d-1") == ""


async def test_a_host_that_knows_us_no_more_ends_the_delivery() -> None:
    service = build_service()
    service.hosts.refusal = GONE
    assert (await handle(service, comment("/review"))).outcome == "the host refuses: not found"


async def test_a_store_that_does_not_answer_leaves_it_to_be_tried_again() -> None:
    service = build_service()
    service.store.trouble = CommunicationError("the database does not answer")
    with pytest.raises(CommunicationError):
        await handle(service, push())


async def test_a_delivery_that_could_not_be_handled_says_why() -> None:
    service = build_service()
    await give_delivery_up(service.deliveries, build_delivery(push()), "it was tried too often")
    assert await service.outcome("d-1") == "failed: it was tried too often"


async def test_an_installation_is_kept_suspended_and_woken() -> None:
    service = build_service()
    await handle(service, installation("created"), "d-1")
    await with_run(service)
    followup = await handle(service, installation("suspend"), "d-2")
    assert followup.ended == (RUN_ID,)
    async with service.store.look() as work:
        kept = await work.installations.get(INSTALLATION_ID)
    assert kept is not None
    assert kept.suspended
    await handle(service, installation("unsuspend"), "d-3")
    async with service.store.look() as work:
        kept = await work.installations.get(INSTALLATION_ID)
    assert kept is not None
    assert not kept.suspended


async def test_a_repository_that_is_taken_away_ends_its_runs() -> None:
    service = build_service()
    await with_run(service)
    async with service.store.begin() as work:
        await work.installations.put_repositories(
            [
                InstalledRepository(
                    id=REPOSITORY_ID,
                    name=REQUEST.name.repository,
                    installation_id=INSTALLATION_ID,
                )
            ]
        )
    followup = await handle(service, installation("removed", removed=(REPOSITORY_ID,)), "d-2")
    assert followup.ended == (RUN_ID,)
    async with service.store.look() as work:
        assert await work.installations.repositories(INSTALLATION_ID) == []


@pytest.mark.holds("S20")
async def test_an_app_that_is_removed_is_forgotten_with_everything() -> None:
    service = build_service()
    await handle(service, installation("created"), "d-1")
    await with_run(service)
    followup = await handle(service, installation("deleted"), "d-2")
    assert followup.ended == (RUN_ID,)
    async with service.store.look() as work:
        assert await work.installations.get(INSTALLATION_ID) is None
        assert await work.runs.get(RUN_ID) is None


@pytest.mark.holds("P22")
async def test_nothing_that_comes_after_the_app_was_removed_leaves_a_row() -> None:
    service = build_service()
    await handle(service, installation("deleted"), "d-1")

    late: list[Event] = [
        push(),
        comment("/review"),
        check(),
        installation("created"),
        installation("suspend"),
    ]
    for number, event in enumerate(late):
        followup = await handle(service, event, f"late-{number}")
        assert followup == Followup(outcome="the App was uninstalled there")

    assert service.hosts.opened == []
    async with service.store.look() as work:
        assert await work.installations.all() == []
        assert await work.runs.find(RunQuery()) == []
        assert await work.audit.find() == []
        names = ["d-1", *(f"late-{number}" for number in range(len(late)))]
        # They are known, so that nobody asks the host for them again.
        assert await work.deliveries.known(names) == set(names)
        record = await work.deliveries.get("late-0")
    assert record is not None
    assert record.installation_id is None


@pytest.mark.holds("P22")
async def test_a_farewell_that_is_handled_twice_says_the_same() -> None:
    service = build_service()
    await with_run(service)
    first = await handle(service, installation("deleted"), "d-1")
    again = await handle(service, installation("deleted"), "d-1")
    assert (first.forgotten, again.forgotten) == (INSTALLATION_ID, INSTALLATION_ID)


# --- a reply is posted once ------------------------------------------------------------------
class Death(BaseException):
    """Nothing catches it, as nothing catches a kill."""


def replies(service: Service) -> list[str]:
    return [each.body for each in service.host.comments.values() if each.ours]


@pytest.mark.holds("P02", "P22")
@pytest.mark.parametrize("body", ["/help", "/explain 1234567", "/review --force"])
async def test_a_reply_is_posted_once_although_the_process_dies_before_it_is_recorded(
    body: str,
) -> None:
    service = build_service()
    service.host.fail(Operation.POST_COMMENT, Death(), applied=True)  # type: ignore[arg-type]  # no error: an end
    with pytest.raises(Death):
        await handle(service, comment(body))
    assert len(replies(service)) == 1

    again = await handle(service, comment(body))

    assert len(replies(service)) == 1
    assert "meanwhile" not in again.outcome


@pytest.mark.holds("P02", "P22")
async def test_a_reply_in_a_thread_is_posted_once_too() -> None:
    service = build_service(findings=1)
    await run_review(service.runs, build_order(), RUN_ID)
    (thread,) = service.host.threads
    said = service.host.answer(thread.id, "/help", author=ALICE)
    event = replace(
        comment("/help"),
        comment_id=said,
        inline=True,
        thread_comment_id=thread.comments[0].id,
    )
    service.host.fail(Operation.REPLY, Death(), applied=True)  # type: ignore[arg-type]  # as above
    with pytest.raises(Death):
        await handle(service, event)
    await handle(service, event)
    (thread,) = service.host.threads
    assert len(thread.comments) == 3


async def test_two_comments_that_ask_the_same_are_both_answered() -> None:
    service = build_service()
    await handle(service, comment("/help"), "d-1")
    await handle(service, replace(comment("/help"), comment_id=32), "d-2")
    await handle(service, replace(comment("/help"), inline=True), "d-3")
    assert len(replies(service)) == 3


async def test_what_was_taken_back_before_the_process_died_is_no_mistake_the_second_time() -> None:
    service = build_service(findings=1)
    await run_review(service.runs, build_order(), RUN_ID)
    (known,) = (await remembered(service)).known
    name = known.fingerprint[:7]
    await handle(service, comment(f"/dismiss {name}"), "d-1")
    taken_back = replace(comment(f"/undismiss {name}"), comment_id=32)
    await handle(service, taken_back, "d-2")
    before = len(replies(service))

    outcome = (await handle(service, taken_back, "d-2")).outcome

    assert outcome == "/undismiss by alice"
    assert len(replies(service)) == before


# --- a check that is asked for again ---------------------------------------------------------
@pytest.mark.holds("P23")
async def test_a_check_that_is_asked_for_again_is_posted_anew_and_nothing_else_is() -> None:
    service = build_service()
    await run_review(service.runs, build_order(), RUN_ID)
    before = service.host.checks[-1]
    wrote = len(service.host.writes)
    (order,) = (await handle(service, check(), "d-2")).orders

    end = await run_review(service.runs, order, "run-2")
    again = await run_review(service.runs, order, "run-3")

    assert end.state is again.state is RunState.COMPLETED
    assert [call.operation for call in service.host.writes[wrote:]] == [Operation.POST_CHECK]
    assert len(service.host.checks) == 2
    after = service.host.checks[-1]
    assert (after.conclusion, after.title, after.head_sha) == (
        before.conclusion,
        before.title,
        before.head_sha,
    )


@pytest.mark.holds("P23", "P02")
async def test_after_a_check_that_was_posted_anew_an_identical_run_writes_nothing() -> None:
    service = build_service()
    await run_review(service.runs, build_order(), RUN_ID)
    (order,) = (await handle(service, check(), "d-2")).orders
    await run_review(service.runs, order, "run-2")
    wrote = len(service.host.writes)
    await run_review(service.runs, build_order(), "run-3")
    assert service.host.writes[wrote:] == []


@pytest.mark.holds("P23")
async def test_a_check_of_what_is_not_reviewed_is_posted_anew_too() -> None:
    service = build_service()
    service.host.request = replace(service.host.request, labels=("skip-review",))
    await run_review(service.runs, build_order(), RUN_ID)
    before = service.host.checks[-1]
    (order,) = (await handle(service, check(), "d-2")).orders
    await run_review(service.runs, order, "run-2")
    assert len(service.host.checks) == 2
    assert service.host.checks[-1].conclusion is before.conclusion
