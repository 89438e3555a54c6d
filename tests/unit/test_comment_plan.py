"""The plan of comments: held against the publisher's own change; everything finds its place."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewer.domain.change import Location, Side
from reviewer.domain.comment_plan import plan_comments
from reviewer.domain.finding import Finding, OutcomeKind
from reviewer.testing.builders import build_change, build_finding, build_placed
from tests.unit.publishing_example import build_findings, build_reviewed, build_source

FILE = build_source(6)
CHANGE = build_change(FILE)
FINDING = build_finding(FILE, 2)


def _at(path: str, side: Side, start: int, end: int) -> Finding:
    location = Location(path=path, side=side, start_line=start, end_line=end)
    return replace(FINDING, location=location)


def test_a_finding_on_lines_that_the_change_shows_stands_there() -> None:
    plan = plan_comments(build_reviewed(CHANGE, [FINDING]), CHANGE, ())
    assert [placed.finding for placed in plan.inline] == [FINDING]
    assert not plan.file_level
    assert not plan.demoted


@pytest.mark.holds("P05")
@pytest.mark.parametrize(
    "wrong",
    [
        _at(FILE.path, Side.HEAD, 0, 1),
        _at(FILE.path, Side.HEAD, -1, 1),
        _at(FILE.path, Side.HEAD, 5, 10**12),
        _at(FILE.path, Side.HEAD, 3, 2),
        _at(FILE.path, Side.BASE, 1, 1),
        _at("other.py", Side.HEAD, 1, 1),
        replace(FINDING, location=None),
    ],
)
def test_a_line_that_the_change_does_not_show_sends_the_finding_to_its_file(
    wrong: Finding,
) -> None:
    plan = plan_comments(build_reviewed(CHANGE, [wrong]), CHANGE, ())
    assert not plan.inline
    assert [placed.finding for placed in plan.file_level] == [wrong]
    assert plan.demoted == {wrong.fingerprint: "the change does not show these lines"}


def test_a_file_that_the_change_does_not_hold_sends_it_to_the_summary() -> None:
    foreign = replace(FINDING, path="../../.github/workflows/x.yml")
    plan = plan_comments(build_reviewed(CHANGE, [foreign]), CHANGE, ())
    assert plan.empty
    assert plan.demoted == {foreign.fingerprint: "the change does not hold this file"}


def test_what_is_about_a_file_stands_on_the_file_and_says_nothing_of_a_refusal() -> None:
    about_file = build_finding(FILE, None)
    plan = plan_comments(build_reviewed(CHANGE, [about_file], OutcomeKind.FILE_LEVEL), CHANGE, ())
    assert [placed.finding for placed in plan.file_level] == [about_file]
    assert not plan.demoted


@pytest.mark.parametrize(
    "kind",
    [OutcomeKind.SUMMARY, OutcomeKind.DUPLICATE, OutcomeKind.DROPPED, OutcomeKind.DISMISSED],
)
def test_what_is_not_meant_for_a_comment_gets_none(kind: OutcomeKind) -> None:
    plan = plan_comments(build_reviewed(CHANGE, [FINDING], kind), CHANGE, ())
    assert plan.empty


def test_what_stands_is_not_posted_and_no_finding_twice() -> None:
    review = build_reviewed(CHANGE, build_findings(FILE, (1, 3)))
    first, second = (placed.finding.fingerprint for placed in review.findings)
    doubled = replace(review, findings=review.findings * 2)
    plan = plan_comments(doubled, CHANGE, {first})
    assert [placed.finding.fingerprint for placed in plan.inline] == [second]


@pytest.mark.holds("P05")
@settings(max_examples=80, derandomize=True)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([FILE.path, "other.py", "../x"]),
            st.sampled_from(list(Side)),
            st.integers(-2, 9),
            st.integers(-2, 9),
            st.sampled_from([OutcomeKind.INLINE, OutcomeKind.FILE_LEVEL]),
        ),
        max_size=6,
    )
)
def test_every_anchor_is_one_that_the_change_shows_and_nothing_gets_lost(
    entries: list[tuple[str, Side, int, int, OutcomeKind]],
) -> None:
    placed = tuple(
        build_placed(
            replace(_at(path, side, start, end), path=path, fingerprint=f"{index:040x}"), kind
        )
        for index, (path, side, start, end, kind) in enumerate(entries)
    )
    review = replace(build_reviewed(CHANGE, []), findings=placed)
    plan = plan_comments(review, CHANGE, ())
    for entry in plan.inline:
        assert entry.finding.location is not None
        assert CHANGE.is_commentable(entry.finding.location)
    planned = {entry.finding.fingerprint for entry in (*plan.inline, *plan.file_level)}
    assert planned | plan.demoted.keys() == {entry.finding.fingerprint for entry in placed}
    assert all(entry.finding.path in CHANGE.by_path for entry in plan.file_level)
