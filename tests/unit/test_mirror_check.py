"""A merge queue gets the stored conclusion, once, and always gets a check."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewer.domain.conclusion import ConclusionKind
from reviewer.domain.event import MergeGroupEvent
from reviewer.domain.status import RunState
from reviewer.service.handle_delivery import handle_delivery
from tests.unit.publishing_example import REQUEST
from tests.unit.run_example import Service, build_delivery, build_run, build_service

QUEUED_SHA = "9" * 40
BRANCH = f"refs/heads/gh-readonly-queue/main/pr-12-{'8' * 40}"


def with_queue() -> Service:
    """Return a pull request whose repository has the queue's commit."""
    service = build_service()
    change = service.host.change
    service.host.push(replace(change, head=QUEUED_SHA))
    service.host.push(change)
    return service


async def asked(service: Service, head_ref: str = BRANCH, delivery_id: str = "d-1") -> str:
    event = MergeGroupEvent(
        action="checks_requested",
        repository=REQUEST.name.repository,
        head_sha=QUEUED_SHA,
        head_ref=head_ref,
    )
    delivery = build_delivery(event, delivery_id)
    return (await handle_delivery(service.deliveries, delivery)).outcome


@pytest.mark.holds("P23")
@pytest.mark.parametrize("kind", list(ConclusionKind))
async def test_the_conclusion_of_the_last_review_stands_on_the_queues_commit(
    kind: ConclusionKind,
) -> None:
    service = with_queue()
    async with service.store.begin() as work:
        await work.runs.add(build_run(RunState.COMPLETED, conclusion=kind, score=87.5))

    outcome = await asked(service)

    (check,) = service.host.checks
    assert (check.head_sha, check.conclusion) == (QUEUED_SHA, kind)
    assert check.title == "As #12: completed, score 88 %"
    assert kind.value in outcome
    assert service.analyser.calls == 0


async def test_the_same_queue_is_told_once() -> None:
    service = with_queue()
    await asked(service)
    await asked(service, delivery_id="d-2")
    assert len(service.host.checks) == 1


@pytest.mark.holds("P23")
@pytest.mark.parametrize(
    ("state", "title"),
    [
        (None, "#12 has not been reviewed"),
        (RunState.SKIPPED, "#12 has not been reviewed"),
        (RunState.SUPERSEDED, "#12 has not been reviewed"),
    ],
)
async def test_what_was_never_reviewed_is_neutral(state: RunState | None, title: str) -> None:
    service = with_queue()
    if state is not None:
        async with service.store.begin() as work:
            await work.runs.add(build_run(state, conclusion=ConclusionKind.NEUTRAL))
    await asked(service)
    (check,) = service.host.checks
    assert (check.conclusion, check.title) == (ConclusionKind.NEUTRAL, title)


@pytest.mark.holds("P23")
async def test_a_review_that_is_under_way_is_not_waited_for() -> None:
    service = with_queue()
    async with service.store.begin() as work:
        done = build_run(RunState.COMPLETED, conclusion=ConclusionKind.SUCCESS)
        await work.runs.add(done)
        await work.runs.add(build_run(id=f"{done.id}-2", queued_at=done.queued_at))
    await asked(service)
    (check,) = service.host.checks
    assert check.conclusion is ConclusionKind.NEUTRAL
    assert check.title == "#12 is being reviewed"


@pytest.mark.parametrize(
    "branch", ["refs/heads/main", "gh-readonly-queue/main/pr-x-1", "refs/heads/pr-12-9"]
)
async def test_a_branch_that_names_no_pull_request_writes_nothing(branch: str) -> None:
    service = build_service()
    assert await asked(service, branch) == "the queue's branch names no pull request"
    assert service.host.calls == []
