"""A run that looks at nothing takes no verdict away: asking often buys no neutral check."""

from __future__ import annotations

import pytest

from reviewer.domain.published import CheckFate, Published, SummaryFate
from reviewer.domain.recall import history_of
from reviewer.domain.status import RunState
from reviewer.service.publish_review import Ending, publish_end
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.fake_code_host import FakeCodeHost
from tests.unit.publishing_example import SIGNER, build_host, moved, publish, three_findings

REASON = "paused: 20 reviews began here within an hour"


async def skipped(host: FakeCodeHost, head_sha: str) -> Published:
    conversation = await host.conversation()
    return await publish_end(
        host,
        SIGNER,
        FakeClock(),
        Ending(head_sha=head_sha, state=RunState.SKIPPED, reason=REASON),
        history=history_of(conversation, SIGNER),
        conversation=conversation,
    )


@pytest.mark.holds("R43", "P08")
async def test_a_skipped_run_leaves_the_verdict_on_the_same_commit() -> None:
    review = three_findings()
    host = build_host(review.change)
    await publish(host, review)
    before = (list(host.checks), {c.id: c.body for c in host.comments.values()}, len(host.writes))
    published = await skipped(host, review.change.head)
    after = (list(host.checks), {c.id: c.body for c in host.comments.values()}, len(host.writes))
    assert after == before
    assert (published.summary, published.check) == (SummaryFate.UNCHANGED, CheckFate.UNCHANGED)
    assert published.state is RunState.SKIPPED


@pytest.mark.holds("R43", "P03")
async def test_a_skipped_run_says_so_on_a_commit_that_nobody_has_looked_at() -> None:
    review = three_findings()
    host = build_host(review.change)
    await publish(host, review)
    host.push(moved(review.change))
    await skipped(host, moved(review.change).head)
    assert host.checks[-1].title == f"Skipped: {REASON}"


@pytest.mark.holds("R43", "P03")
async def test_a_check_that_is_gone_is_posted_all_the_same() -> None:
    review = three_findings()
    host = build_host(review.change)
    await publish(host, review)
    host.checks.clear()
    await skipped(host, review.change.head)
    assert host.checks[-1].title == f"Skipped: {REASON}"
