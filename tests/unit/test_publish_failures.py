"""Every failure of publishing: what it says, what stands, and that it never ends as a success."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewer.domain.conclusion import ConclusionKind
from reviewer.domain.policy import FailOn, Policy
from reviewer.domain.published import CheckFate, SummaryFate
from reviewer.domain.review import Review
from reviewer.domain.status import RunState
from reviewer.ports.code_host import CodeHostError, Refusal
from reviewer.testing.builders import build_change
from reviewer.testing.fake_code_host import FakeCodeHost, Operation
from tests.unit.publishing_example import (
    build_findings,
    build_host,
    build_reviewed,
    build_source,
    error,
    moved,
    publish,
)

#: A criterion that these findings do not break: without a failure the run would succeed.
LENIENT = Policy(fail_on_rules=("PY001",))

UNPROCESSABLE = error(Refusal.UNPROCESSABLE, status=422)
FORBIDDEN = error(Refusal.FORBIDDEN, status=403)
LIMITED = error(Refusal.RATE_LIMITED, status=403)
EXPIRED = error(Refusal.UNAUTHORIZED, status=401)
BROKEN = error(Refusal.UNAVAILABLE, uncertain=True, status=502)
DOWN = error(Refusal.UNAVAILABLE, status=503)
BLOCKED = CodeHostError(
    Refusal.UNPROCESSABLE, "one pending review", status=422, pending_review=True
)


def _review(lines: Sequence[int] = (1, 3, 5)) -> Review:
    file = build_source(6)
    return build_reviewed(build_change(file), build_findings(file, lines))


def _only(host: FakeCodeHost) -> str:
    (comment,) = host.comments.values()
    return comment.body


async def test_without_a_failure_the_run_would_succeed() -> None:
    host = build_host(_review().change)
    published = await publish(host, _review(), policy=LENIENT)
    assert published.conclusion.kind is ConclusionKind.SUCCESS


@dataclass(frozen=True, kw_only=True)
class Row:
    """A failure, and what is left of the run after it.

    Args:
        operation: What fails.
        error: How.
        applied: Whether it was done all the same.
        times: How often it fails; None for always.
        state: How the run ends.
        threads: How many comments stand on lines.
        on_files: How many stand on their file.
        summary: What became of the summary.
        check: What became of the check.
        says: What the summary tells of it; empty where there is none.
        kind: What the check says, or would.
    """

    operation: Operation
    error: CodeHostError
    applied: bool = False
    times: int | None = 1
    state: RunState = RunState.COMPLETED
    threads: int = 3
    on_files: int = 0
    summary: SummaryFate = SummaryFate.POSTED
    check: CheckFate = CheckFate.POSTED
    says: str = ""
    kind: ConclusionKind = ConclusionKind.NEUTRAL


REVIEW, COMMENT, CHECK = Operation.POST_REVIEW, Operation.POST_COMMENT, Operation.POST_CHECK
ROWS = {
    "a 502 before the review is taken: sent again": Row(
        operation=REVIEW, error=BROKEN, kind=ConclusionKind.SUCCESS
    ),
    "a 502 after the review is taken: not sent again": Row(
        operation=REVIEW, error=BROKEN, applied=True, kind=ConclusionKind.SUCCESS
    ),
    "502 on every review": Row(
        operation=REVIEW,
        error=BROKEN,
        times=None,
        state=RunState.PARTIAL,
        threads=0,
        says="3 comments could not be posted (unavailable",
    ),
    "a pending review of ours in the way": Row(
        operation=REVIEW, error=BLOCKED, kind=ConclusionKind.SUCCESS
    ),
    "a pending review that cannot be deleted": Row(
        operation=REVIEW,
        error=BLOCKED,
        times=None,
        threads=0,
        on_files=3,
        says="on the file: refused: one pending review",
    ),
    "a 422 once, for nothing that we can see": Row(
        operation=REVIEW, error=UNPROCESSABLE, kind=ConclusionKind.SUCCESS
    ),
    "422 on every review": Row(
        operation=REVIEW,
        error=UNPROCESSABLE,
        times=None,
        threads=0,
        on_files=3,
        says="on the file: refused: it said unprocessable",
    ),
    "a token that may not comment on lines": Row(
        operation=REVIEW,
        error=FORBIDDEN,
        times=None,
        state=RunState.PARTIAL,
        threads=0,
        says="3 comments could not be posted (forbidden",
    ),
    "a secondary limit on the review": Row(
        operation=REVIEW,
        error=LIMITED,
        times=None,
        state=RunState.PARTIAL,
        threads=0,
        says="3 comments could not be posted (rate limited",
    ),
    "an expired token": Row(
        operation=REVIEW,
        error=EXPIRED,
        times=None,
        state=RunState.FAILED,
        threads=0,
        summary=SummaryFate.NONE,
        check=CheckFate.NONE,
    ),
    "a 502 before the summary is taken": Row(
        operation=COMMENT, error=BROKEN, kind=ConclusionKind.SUCCESS
    ),
    "a 502 after the summary is taken": Row(
        operation=COMMENT, error=BROKEN, applied=True, kind=ConclusionKind.SUCCESS
    ),
    "502 on every summary": Row(
        operation=COMMENT,
        error=BROKEN,
        times=None,
        state=RunState.PARTIAL,
        summary=SummaryFate.FAILED,
    ),
    "a token that may not write a summary": Row(
        operation=COMMENT,
        error=FORBIDDEN,
        times=None,
        state=RunState.PARTIAL,
        summary=SummaryFate.FAILED,
    ),
    "an expired token before the summary": Row(
        operation=COMMENT,
        error=EXPIRED,
        times=None,
        state=RunState.FAILED,
        summary=SummaryFate.NONE,
        check=CheckFate.NONE,
    ),
    "a token that may not write checks": Row(
        operation=CHECK,
        error=FORBIDDEN,
        times=None,
        state=RunState.PARTIAL,
        check=CheckFate.FAILED,
        says="the check could not be written: forbidden",
    ),
    "a 502 after the check was posted: it is found": Row(
        operation=CHECK, error=BROKEN, applied=True, kind=ConclusionKind.SUCCESS
    ),
    "a 502 before the check was posted: it is sent once more": Row(
        operation=CHECK, error=BROKEN, kind=ConclusionKind.SUCCESS
    ),
    "no check can be posted": Row(
        operation=CHECK,
        error=BROKEN,
        times=None,
        state=RunState.PARTIAL,
        check=CheckFate.FAILED,
        says="the check may not have been written",
    ),
    "no reading of the head": Row(
        operation=Operation.HEAD_SHA,
        error=DOWN,
        times=None,
        state=RunState.PARTIAL,
        check=CheckFate.FAILED,
        says="the check could not be written",
    ),
}


@pytest.mark.holds("P03")
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
async def test_a_failure_ends_as_its_row_says(row: Row) -> None:
    review = _review()
    host = build_host(review.change)
    host.fail(row.operation, row.error, applied=row.applied, times=row.times)
    published = await publish(host, review, policy=LENIENT)
    on_files = sum(thread.line is None for thread in host.threads)
    assert published.state is row.state
    assert (len(host.threads) - on_files, on_files) == (row.threads, row.on_files)
    assert (published.summary, published.check) == (row.summary, row.check)
    assert published.conclusion.kind is row.kind
    assert len({thread.comments[0].body for thread in host.threads}) == len(host.threads)
    if row.says:
        assert row.says in _only(host)
    if row.state is not RunState.COMPLETED:
        assert published.reason
        assert published.problems


async def test_a_check_that_may_stand_is_not_sent_again_where_nobody_can_look() -> None:
    review = _review()
    host = build_host(review.change)
    host.fail(Operation.POST_CHECK, BROKEN, applied=True)
    host.fail(Operation.HAS_CHECK, FORBIDDEN)
    published = await publish(host, review, policy=LENIENT)
    assert published.state is RunState.PARTIAL
    assert len(host.checks) == 1
    assert "the check may not have been written" in _only(host)


async def test_a_check_that_a_summary_names_and_that_is_not_there_is_posted() -> None:
    review = _review()
    host = build_host(review.change)
    await publish(host, review, policy=LENIENT)
    host.checks.clear()
    published = await publish(host, review, policy=LENIENT)
    assert published.summary is SummaryFate.UNCHANGED
    assert published.check is CheckFate.POSTED
    assert len(host.checks) == 1
    await publish(host, review, policy=LENIENT)
    assert len(host.checks) == 1


async def test_what_the_summary_could_not_tell_the_check_does() -> None:
    review = _review()
    host = build_host(review.change)
    host.fail(Operation.POST_COMMENT, FORBIDDEN, times=None)
    await publish(host, review, policy=LENIENT)
    (check,) = host.checks
    assert check.conclusion is ConclusionKind.NEUTRAL
    assert "the summary could not be written: forbidden" in check.summary
    assert "Line 3 runs a shell" in check.summary


@pytest.mark.holds("P05")
async def test_what_could_not_be_posted_is_explained_in_the_summary() -> None:
    review = _review()
    host = build_host(review.change)
    host.fail(Operation.POST_REVIEW, LIMITED, times=None)
    published = await publish(host, review)
    text = _only(host)
    assert text.startswith("**Partial: 3 to fix; 3 comments could not be posted")
    assert "Pass a list and no shell" in text
    assert published.posted.standing == frozenset()


async def test_a_check_that_failed_is_posted_by_the_next_run() -> None:
    review = _review()
    host = build_host(review.change)
    host.fail(Operation.POST_CHECK, FORBIDDEN)
    await publish(host, review)
    assert host.checks == []
    published = await publish(host, review)
    assert published.check is CheckFate.POSTED
    assert "could not be written" not in _only(host)


async def test_a_summary_that_somebody_deleted_meanwhile_is_begun_anew() -> None:
    review = _review()
    host = build_host(review.change)
    await publish(host, review)
    host.fail(Operation.EDIT_COMMENT, error(Refusal.NOT_FOUND, status=404))
    published = await publish(host, replace(review, notices=("New.",)))
    assert published.summary is SummaryFate.POSTED


async def test_a_broken_edit_is_looked_for_and_sent_once_more() -> None:
    review = _review()
    host = build_host(review.change)
    await publish(host, review)
    for applied, edits in ((True, 1), (False, 2)):
        before = host.count(Operation.EDIT_COMMENT)
        host.fail(Operation.EDIT_COMMENT, BROKEN, applied=applied)
        noticed = replace(review, notices=(f"Applied: {applied}.",))
        published = await publish(host, noticed)
        assert published.summary is SummaryFate.EDITED
        assert host.count(Operation.EDIT_COMMENT) - before == edits


async def test_a_pending_review_that_a_broken_run_left_is_deleted_first() -> None:
    review = _review()
    host = build_host(review.change)
    host.pending_reviews = 1
    published = await publish(host, review)
    assert host.pending_reviews == 0
    assert host.count(Operation.DELETE_PENDING_REVIEWS) == 1
    assert len(host.threads) == 3
    assert published.state is RunState.COMPLETED


async def test_a_pending_review_that_may_not_be_deleted_stops_the_posting() -> None:
    review = _review()
    host = build_host(review.change)
    host.pending_reviews = 1
    host.fail(Operation.DELETE_PENDING_REVIEWS, FORBIDDEN)
    published = await publish(host, review)
    assert published.state is RunState.PARTIAL
    assert host.threads == ()


# -- the head moves ---------------------------------------------------------------------------


@pytest.mark.holds("S11", "P10")
@pytest.mark.parametrize("readings", range(1, 4))
async def test_a_head_that_moves_before_a_write_ends_the_run_there(readings: int) -> None:
    review = _review()
    host = build_host(review.change)
    # The first reading is the recall of the run; then one before review, summary and check.
    host.push_after(readings, moved(review.change))
    published = await publish(host, review)
    assert published.state is RunState.SUPERSEDED
    assert published.reason == "the head moved to 9b1d2c3"
    assert len(host.writes) == readings - 1
    assert published.conclusion.kind is ConclusionKind.NEUTRAL


async def test_a_head_that_moves_while_a_bad_comment_is_looked_for_ends_the_run() -> None:
    review = _review()
    host = build_host(review.change)
    host.fail(Operation.POST_REVIEW, UNPROCESSABLE, times=None)
    host.push_after(2, moved(review.change))
    published = await publish(host, review)
    assert published.state is RunState.SUPERSEDED
    assert host.writes == []


FAULTS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                Operation.POST_REVIEW,
                Operation.POST_COMMENT,
                Operation.EDIT_COMMENT,
                Operation.POST_CHECK,
                Operation.HEAD_SHA,
                Operation.POST_FILE_COMMENT,
            ]
        ),
        st.sampled_from([UNPROCESSABLE, FORBIDDEN, LIMITED, EXPIRED, BROKEN, DOWN]),
        st.booleans(),
    ),
    max_size=5,
)


@pytest.mark.holds("P02")
@settings(max_examples=120, derandomize=True, deadline=None)
@given(st.lists(FAULTS, min_size=1, max_size=4))
async def test_whatever_fails_no_finding_is_posted_twice_and_no_second_summary_begins(
    rounds: list[list[tuple[Operation, CodeHostError, bool]]],
) -> None:
    review = _review()
    host = build_host(review.change)
    for faults in rounds:
        for operation, fault, applied in faults:
            # Only a break in the connection leaves a doubt about what was done.
            done = applied and fault.uncertain and operation is not Operation.HEAD_SHA
            host.fail(operation, fault, applied=done)
        published = await publish(host, review, policy=Policy(fail_on=FailOn.NEVER))
        assert published.conclusion.kind is ConclusionKind.NEUTRAL
    fingerprints = [
        thread.comments[0].body.split("fingerprint=")[1][:40] for thread in host.threads
    ]
    assert len(fingerprints) == len(set(fingerprints))
    assert len(host.comments) <= 1
