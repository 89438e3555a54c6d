"""Publishing where all goes well: one review, one summary, one check; and nothing twice."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from reviewer.domain.change import Location, Side
from reviewer.domain.conclusion import ConclusionKind
from reviewer.domain.finding import OutcomeKind
from reviewer.domain.history import History, KnownState
from reviewer.domain.marker import PREFIX, Signer, SummaryMark
from reviewer.domain.policy import FailOn, Policy
from reviewer.domain.posting import AnnotationLevel
from reviewer.domain.published import CheckFate, SummaryFate
from reviewer.domain.pull_request_policy import OnClean, PullRequestPolicy
from reviewer.domain.recall import history_of
from reviewer.domain.status import RunState
from reviewer.service.publish_review import Ending, publish_end
from reviewer.testing.builders import HEAD, build_change, build_file, build_finding
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.fake_code_host import OURSELVES, FakeCodeHost, Operation
from tests.unit.publishing_example import (
    ALICE,
    OTHER_HEAD,
    SIGNER,
    STRICT,
    UNSIGNED,
    build_findings,
    build_host,
    build_reviewed,
    build_source,
    moved,
    publish,
    three_findings,
)

SOURCE = build_source(6)
CLEAN = build_reviewed(build_change(SOURCE), [])
WRITES = {
    Operation.POST_REVIEW,
    Operation.POST_FILE_COMMENT,
    Operation.POST_COMMENT,
    Operation.EDIT_COMMENT,
    Operation.REPLY,
    Operation.RESOLVE,
    Operation.POST_CHECK,
    Operation.DELETE_PENDING_REVIEWS,
}


def _operations(host: FakeCodeHost) -> list[Operation]:
    return [call.operation for call in host.calls]


def _summary(host: FakeCodeHost) -> str:
    (comment,) = host.comments.values()
    return comment.body


async def test_a_first_review_is_one_review_one_summary_and_one_check() -> None:
    review = three_findings()
    host = build_host(review.change)
    published = await publish(host, review)
    assert [call.operation for call in host.writes] == [
        Operation.POST_REVIEW,
        Operation.POST_COMMENT,
        Operation.POST_CHECK,
    ]
    assert host.review_count == 1
    assert len(host.threads) == len(published.new) == 3
    assert published.state is RunState.COMPLETED
    assert (published.summary, published.check) == (SummaryFate.POSTED, CheckFate.POSTED)


@pytest.mark.holds("S11", "R22", "P10")
async def test_the_head_is_read_before_every_write() -> None:
    review = three_findings()
    host = build_host(review.change)
    await publish(host, review)
    operations = _operations(host)
    readings = {Operation.HEAD_SHA, Operation.CONVERSATION}
    for index, operation in enumerate(operations):
        if operation in WRITES:
            assert operations[index - 1] in readings


@pytest.mark.holds("P02")
@pytest.mark.parametrize("signer", [SIGNER, UNSIGNED], ids=["signed", "hints"])
async def test_a_second_identical_run_writes_nothing(signer: Signer) -> None:
    review = three_findings()
    host = build_host(review.change)
    await publish(host, review, signer=signer)
    before = list(host.writes)
    published = await publish(host, review, signer=signer)
    assert host.writes == before
    assert (published.summary, published.check) == (SummaryFate.UNCHANGED, CheckFate.UNCHANGED)


@pytest.mark.holds("P02")
async def test_a_run_that_has_more_to_say_edits_its_one_summary() -> None:
    review = three_findings()
    host = build_host(review.change)
    await publish(host, review)
    published = await publish(host, replace(review, notices=("Something new.",)))
    assert published.summary is SummaryFate.EDITED
    assert published.check is CheckFate.UNCHANGED
    assert "Something new." in _summary(host)
    assert host.count(Operation.POST_COMMENT) == 1


async def test_new_findings_are_posted_and_old_ones_are_not_again() -> None:
    file = build_source(6)
    first = build_reviewed(build_change(file), build_findings(file, (1,)))
    host = build_host(first.change)
    await publish(host, first)
    change = build_change(file, head=OTHER_HEAD)
    host.push(change)
    published = await publish(host, build_reviewed(change, build_findings(file, (1, 3))))
    assert len(published.new) == 1
    assert len(host.threads) == 2
    assert published.history.generation == 2
    assert OTHER_HEAD[:7] in _summary(host)


@pytest.mark.holds("P05")
async def test_the_count_of_the_summary_is_what_stands() -> None:
    file = build_source(6)
    findings = build_findings(file, (1, 3, 5))
    review = build_reviewed(build_change(file), findings)
    host = build_host(review.change)
    host.change = build_change(build_source(3))
    published = await publish(host, review)
    assert len(published.posted.standing) == len(host.threads)
    told = re.search(r"(\d+) comments? in the code", _summary(host))
    assert told is not None
    assert int(told[1]) == len(host.threads)


async def test_a_finding_on_removed_code_stands_on_the_base_side_and_is_no_annotation() -> None:
    file = build_file("a.py", before="guard()\nrun()\n", after="run()\n")
    finding = build_finding(file, 1, side=Side.BASE)
    review = build_reviewed(build_change(file), [finding])
    host = build_host(review.change)
    await publish(host, review)
    assert [thread.side for thread in host.threads] == [Side.BASE]
    assert host.checks[0].annotations == ()
    assert "/pull/12/files#diff-" in _summary(host)


async def test_a_finding_about_a_file_stands_on_the_file_in_a_call_of_its_own() -> None:
    file = build_source(2)
    review = build_reviewed(build_change(file), [build_finding(file, None)], OutcomeKind.FILE_LEVEL)
    host = build_host(review.change)
    published = await publish(host, review)
    assert host.count(Operation.POST_FILE_COMMENT) == 1
    assert published.posted.file_level == {review.findings[0].finding.fingerprint}
    again = await publish(host, review)
    assert host.count(Operation.POST_FILE_COMMENT) == 1
    assert again.posted.file_level == published.posted.file_level


@pytest.mark.holds("S3")
async def test_anchors_are_held_against_the_publishers_own_change() -> None:
    review = three_findings()
    own = build_change(build_source(2))
    host = build_host(own)
    published = await publish(host, review, change=own)
    assert host.review_count == 1
    assert len(published.posted.inline) == 1
    assert len(published.posted.file_level) == 2
    assert "the change does not show these lines" in _summary(host)


@pytest.mark.holds("S3")
async def test_a_review_of_another_commit_is_not_published() -> None:
    review = three_findings()
    host = build_host(moved(review.change))
    published = await publish(host, review, change=moved(review.change))
    assert published.state is RunState.SUPERSEDED
    assert host.writes == []


# -- clean ------------------------------------------------------------------------------------


@pytest.mark.holds("P01")
async def test_a_clean_review_is_one_line_and_a_check() -> None:
    host = build_host(CLEAN.change)
    published = await publish(host, CLEAN, policy=STRICT)
    text, _, marker = _summary(host).partition("\n\n")
    assert "\n" not in text
    assert text.startswith("**Nothing found in 1 file**")
    assert marker.startswith(PREFIX)
    assert host.threads == ()
    assert published.conclusion.kind is ConclusionKind.SUCCESS


def _silent(fail_on: FailOn = FailOn.CRITICAL) -> Policy:
    return Policy(fail_on=fail_on, pull_request=PullRequestPolicy(on_clean=OnClean.SILENT))


async def test_a_silent_policy_says_nothing_where_nothing_was_found_but_a_check() -> None:
    host = build_host(CLEAN.change)
    published = await publish(host, CLEAN, policy=_silent())
    assert [call.operation for call in host.writes] == [Operation.POST_CHECK]
    assert published.summary is SummaryFate.NONE
    assert host.checks[0].conclusion is ConclusionKind.SUCCESS


async def test_a_silent_policy_still_edits_a_summary_that_says_otherwise() -> None:
    review = three_findings()
    host = build_host(review.change)
    await publish(host, review, policy=_silent())
    await publish(host, replace(CLEAN, change=review.change), policy=_silent())
    assert "Nothing found" in _summary(host)


async def test_a_silent_policy_does_not_hide_what_is_not_clean() -> None:
    host = build_host(CLEAN.change)
    suspected = replace(CLEAN, injection_suspected=True)
    await publish(host, suspected, policy=_silent())
    assert "Nothing found" not in _summary(host)


# -- runs that did not complete ---------------------------------------------------------------


@pytest.mark.holds("P03")
@pytest.mark.parametrize("state", [RunState.SKIPPED, RunState.FAILED])
async def test_a_run_without_a_review_says_so_in_a_neutral_check_alone(state: RunState) -> None:
    host = build_host(CLEAN.change)
    conversation = await host.conversation()
    published = await publish_end(
        host,
        SIGNER,
        FakeClock(),
        Ending(head_sha=HEAD, state=state, reason="it is a draft", way_out="Mark it as ready."),
        history=History(),
        conversation=conversation,
    )
    assert [call.operation for call in host.writes] == [Operation.POST_CHECK]
    (check,) = host.checks
    assert check.conclusion is ConclusionKind.NEUTRAL
    assert check.title == f"{state.value.capitalize()}: it is a draft"
    assert "Mark it as ready." in check.summary
    assert published.state is state


@pytest.mark.parametrize("state", [RunState.SKIPPED, RunState.FAILED])
async def test_a_summary_that_stands_cannot_be_read_as_current_after_such_a_run(
    state: RunState,
) -> None:
    review = three_findings()
    host = build_host(review.change)
    await publish(host, review)
    change = moved(review.change)
    host.push(change)
    conversation = await host.conversation()
    history = history_of(conversation, SIGNER)
    published = await publish_end(
        host,
        SIGNER,
        FakeClock(),
        Ending(head_sha=change.head, state=state, reason="the provider did not answer"),
        history=history,
        conversation=conversation,
    )
    first = _summary(host).splitlines()[0]
    assert first.startswith(f"**{state.value.capitalize()}: the provider did not answer**")
    assert f"`{change.head[:7]}` was not reviewed" in first
    assert "3 comments of earlier reviews are still open" in _summary(host)
    assert published.history.known == history.known
    assert published.history.head_sha == HEAD
    assert len(host.threads) == 3


async def test_a_superseded_review_writes_nothing() -> None:
    review = replace(CLEAN, state=RunState.SUPERSEDED, reason="the head moved to 9b1d2c3")
    host = build_host(review.change)
    published = await publish(host, review)
    assert (published.state, host.writes) == (RunState.SUPERSEDED, [])


@pytest.mark.holds("P03")
async def test_a_partial_review_says_so_first_and_never_succeeds() -> None:
    review = replace(CLEAN, state=RunState.PARTIAL, reason="the budget was spent after 2 files")
    host = build_host(review.change)
    published = await publish(host, review, policy=STRICT)
    assert _summary(host).startswith("**Partial: the budget was spent after 2 files**")
    assert published.conclusion.kind is ConclusionKind.NEUTRAL


# -- the check --------------------------------------------------------------------------------


@pytest.mark.holds("P30")
async def test_the_check_tells_the_verdict_the_annotations_and_the_record() -> None:
    review = three_findings()
    host = build_host(review.change)
    await publish(host, review, policy=STRICT)
    (check,) = host.checks
    assert check.head_sha == HEAD
    assert check.conclusion is ConclusionKind.FAILURE
    assert check.title == "3 to fix"
    assert "Failure: 3 findings are critical or worse." in check.summary
    assert PREFIX not in f"{check.summary}{check.text}"
    assert [a.level for a in check.annotations] == [AnnotationLevel.FAILURE] * 3
    record = json.loads(check.text.removeprefix("```json\n").removesuffix("\n```"))
    assert record["headline"] == "3 to fix"


async def test_a_dismissal_by_somebody_who_may_not_ends_the_talk_and_not_the_failure() -> None:
    file = build_source(2)
    review = build_reviewed(build_change(file), build_findings(file, (1,)))
    host = build_host(review.change)
    await publish(host, review, policy=STRICT)
    host.answer(host.threads[0].id, "a false alarm", author=ALICE)
    dismissed = build_reviewed(
        review.change, [placed.finding for placed in review.findings], OutcomeKind.DISMISSED
    )
    published = await publish(host, dismissed, policy=STRICT)
    assert published.conclusion.kind is ConclusionKind.FAILURE
    assert published.history.known[0].state is KnownState.DISMISSED

    history = published.history
    allowed = tuple(replace(known, authorised=True, by="bob") for known in history.known)
    summary = next(iter(host.comments.values()))
    mark = SummaryMark(head_sha=HEAD, history=replace(history, known=allowed))
    await host.edit_comment(summary.id, f"kept\n\n{SIGNER.write(mark)}")
    published = await publish(host, dismissed, policy=STRICT)
    assert published.conclusion.kind is ConclusionKind.SUCCESS


# -- races and neighbours ---------------------------------------------------------------------


@pytest.mark.holds("P10")
async def test_an_older_run_cannot_overwrite_a_newer_summary() -> None:
    review = three_findings()
    host = build_host(review.change)
    began = history_of(await host.conversation(), SIGNER)
    await publish(host, review)
    before = _summary(host), list(host.writes)
    published = await publish(host, CLEAN, history=began, policy=STRICT)
    assert published.state is RunState.SUPERSEDED
    assert (_summary(host), host.writes) == before


async def test_of_two_summaries_the_newest_is_edited_and_the_other_is_edited_down_once() -> None:
    review = three_findings()
    host = build_host(review.change)
    await publish(host, review)
    twin = SummaryMark(head_sha=HEAD, history=History(generation=1))
    older = host.say(f"**Nothing found**\n\n{SIGNER.write(twin)}", author=OURSELVES, ours=True)
    await publish(host, replace(review, notices=("New.",)))
    assert host.comments[older].body.startswith("Superseded: another summary")
    count = len(host.writes)
    await publish(host, replace(review, notices=("New.",)))
    assert len(host.writes) == count


async def test_without_a_key_only_the_summary_that_counts_is_edited() -> None:
    review = three_findings()
    host = build_host(review.change)
    await publish(host, review, signer=UNSIGNED)
    twin = SummaryMark(head_sha=HEAD, history=History())
    forged = host.say(f"Not ours.\n\n{UNSIGNED.write(twin)}", author=OURSELVES, ours=True)
    body = host.comments[forged].body
    await publish(host, replace(review, notices=("New.",)), signer=UNSIGNED)
    assert host.comments[forged].body == body


@pytest.mark.holds("S15", "P21")
async def test_what_others_wrote_is_never_edited_and_their_threads_are_never_touched() -> None:
    review = three_findings()
    host = build_host(review.change)
    line = Location(path="app/api.py", side=Side.HEAD, start_line=1, end_line=1)
    copied = SIGNER.write(SummaryMark(head_sha=HEAD, history=History(generation=7)))
    theirs = host.say(f"copied\n\n{copied}", author=ALICE)
    neighbour = host.say("Coverage went up.", author=OURSELVES, ours=True)
    thread = host.start_thread(line, "Why a shell?", author=ALICE)
    bodies = {key: host.comments[key].body for key in (theirs, neighbour)}
    for notice in ("One.", "Two."):
        await publish(host, replace(review, notices=(notice,)))
    assert {key: host.comments[key].body for key in bodies} == bodies
    assert next(t for t in host.threads if t.id == thread.id) == thread


@pytest.mark.holds("S15", "P02")
async def test_another_bot_with_the_same_code_keeps_its_own_summary() -> None:
    review = three_findings()
    host = build_host(review.change)
    await publish(host, review)
    theirs = replace(SIGNER, subject=replace(SIGNER.subject, bot="77"))
    await publish(host, review, signer=theirs)
    assert len(host.comments) == 2
