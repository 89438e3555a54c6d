"""One bad comment in a review: isolated in a few calls, demoted, and no finding told twice."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from reviewer.domain.change import Change
from reviewer.domain.conclusion import ConclusionKind
from reviewer.domain.policy import Policy
from reviewer.domain.posting import InlineComment
from reviewer.domain.review import Review, Thresholds
from reviewer.domain.status import RunState
from reviewer.ports.code_host import Refusal
from reviewer.service.publish_comments import MOST_ATTEMPTS
from reviewer.testing.builders import build_change, build_finding
from reviewer.testing.fake_code_host import FakeCodeHost, Operation
from tests.unit.publishing_example import (
    build_findings,
    build_host,
    build_reviewed,
    build_source,
    error,
    publish,
)

#: A criterion that these findings do not break: without a failure the run would succeed.
LENIENT = Policy(fail_on_rules=("PY001",))
ROOMY = Policy(thresholds=Thresholds(inline_cap=50))
UNPROCESSABLE = error(Refusal.UNPROCESSABLE, status=422)
BROKEN = error(Refusal.UNAVAILABLE, uncertain=True, status=502)


def _review(lines: Sequence[int]) -> Review:
    file = build_source(6)
    return build_reviewed(build_change(file), build_findings(file, lines))


def _only(host: FakeCodeHost) -> str:
    (comment,) = host.comments.values()
    return comment.body


class _PickyHost(FakeCodeHost):
    """A code host that refuses every review with one of these lines, and does not say which."""

    bad: frozenset[int] = frozenset()

    @override
    async def post_review(self, comments: Sequence[InlineComment], *, head_sha: str) -> None:
        if any(comment.location.start_line in self.bad for comment in comments):
            self.fail(Operation.POST_REVIEW, UNPROCESSABLE)
        await super().post_review(comments, head_sha=head_sha)


def _picky(change: Change, bad: frozenset[int]) -> _PickyHost:
    host = _PickyHost(request=build_host(change).request, change=change)
    host.bad = bad
    return host


@pytest.mark.holds("P05")
async def test_one_bad_comment_is_isolated_and_stands_on_its_file() -> None:
    review = _review((1, 2, 3, 4, 5))
    host = _picky(review.change, frozenset({4}))
    published = await publish(host, review, policy=LENIENT)
    assert len(published.posted.inline) == 4
    assert len(published.posted.file_level) == 1
    assert host.count(Operation.POST_REVIEW) <= 6
    assert published.state is RunState.COMPLETED
    assert published.conclusion.kind is ConclusionKind.NEUTRAL


async def test_a_comment_that_its_file_does_not_take_either_is_told_in_the_summary() -> None:
    review = _review((1, 2, 3))
    host = _picky(review.change, frozenset({2}))
    host.fail(Operation.POST_FILE_COMMENT, UNPROCESSABLE)
    published = await publish(host, review)
    assert len(published.posted.standing) == 2
    assert "Line 2 runs a shell** · " in _only(host)
    assert "refused: it said" in _only(host)
    assert "Pass a list and no shell" in _only(host)


async def test_a_comment_on_a_file_that_broke_off_is_not_posted_twice() -> None:
    review = _review((1, 2, 3))
    for applied in (True, False):
        host = _picky(review.change, frozenset({2}))
        host.fail(Operation.POST_FILE_COMMENT, BROKEN, applied=applied)
        published = await publish(host, review)
        assert len(host.threads) == len(published.posted.standing) == 3


@pytest.mark.holds("P05")
@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.sets(st.integers(1, 12), min_size=1), st.sets(st.integers(1, 12)))
async def test_whatever_is_refused_each_finding_is_told_once_and_the_calls_are_bounded(
    lines: set[int], bad: set[int]
) -> None:
    file = build_source(12)
    review = build_reviewed(build_change(file), build_findings(file, sorted(lines)))
    host = _picky(review.change, frozenset(bad))
    published = await publish(host, review, policy=ROOMY)
    bodies = [thread.comments[0].body for thread in host.threads]
    assert len(bodies) == len(set(bodies)) == len(published.posted.standing)
    told = published.posted.standing | published.posted.demoted.keys()
    assert told == {placed.finding.fingerprint for placed in review.findings}
    assert host.count(Operation.POST_REVIEW) <= MOST_ATTEMPTS
    assert host.count(Operation.POST_FILE_COMMENT) <= MOST_ATTEMPTS
    if len(lines) <= 7:
        assert published.posted.inline == {
            placed.finding.fingerprint
            for placed in review.findings
            if placed.finding.location and placed.finding.location.start_line not in bad
        }


async def test_one_bad_comment_in_many_costs_a_logarithm() -> None:
    file = build_source(40)
    review = build_reviewed(build_change(file), build_findings(file, range(1, 41)))
    host = _picky(review.change, frozenset({29}))
    published = await publish(host, review, policy=ROOMY)
    assert len(published.posted.inline) == 39
    assert host.count(Operation.POST_REVIEW) <= 8


async def test_a_comment_that_is_too_long_is_told_in_the_summary() -> None:
    file = build_source(2)
    finding = build_finding(file, 1, sources=tuple(f"tool {i} {'x' * 900}" for i in range(200)))
    review = build_reviewed(build_change(file), [finding])
    host = build_host(review.change)
    published = await publish(host, review)
    assert host.threads == ()
    assert published.posted.demoted == {finding.fingerprint: "too long for a comment"}
