"""Publishing over rounds: threads resolved by the rules, dismissals that stick, nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewer.domain.change import Change, Location, Side
from reviewer.domain.checklist import Verdict
from reviewer.domain.finding import OutcomeKind
from reviewer.domain.history import History, KnownState
from reviewer.domain.marker import Signer
from reviewer.domain.policy import Policy
from reviewer.domain.published import Published
from reviewer.domain.pull_request_policy import PullRequestPolicy
from reviewer.domain.recall import history_of
from reviewer.domain.remember import since
from reviewer.domain.review import MODEL_SOURCE, Review
from reviewer.domain.status import RunState
from reviewer.ports.code_host import Refusal
from reviewer.service.keep_history import keep_history
from reviewer.testing.builders import (
    build_change,
    build_file,
    build_finding,
    build_placed,
)
from reviewer.testing.fake_code_host import OURSELVES, FakeCodeHost, Operation
from tests.unit.publishing_example import (
    ALICE,
    SIGNER,
    UNSIGNED,
    build_findings,
    build_host,
    build_reviewed,
    build_source,
    error,
    publish,
    three_findings,
)

ANYWHERE = Location(path="app/api.py", side=Side.HEAD, start_line=1, end_line=1)
LINES = [f"os.system(value_{index})" for index in range(8)]


def _change(lines: Sequence[str], head: int) -> Change:
    """Build a change of lines that stand apart, so that none is named after another."""
    file = build_file("app/api.py", after="".join(f"{line}\n\n\n" for line in lines))
    return build_change(file, head=f"{head:040x}")


def _review(change: Change, history: History | None = None) -> Review:
    """Find every shell in the change; what people dismissed is withheld, as a review does."""
    file = change.files[0]
    dismissed = {
        known.fingerprint
        for known in (history.known if history is not None and history.trusted else ())
        if known.state is KnownState.DISMISSED
    }
    findings = [
        build_finding(file, number, headline=f"{text} runs a shell")
        for number, text in file.added.items()
        if "os.system" in text
    ]
    placed = tuple(
        build_placed(f, OutcomeKind.DISMISSED if f.fingerprint in dismissed else OutcomeKind.INLINE)
        for f in findings
    )
    review = replace(build_reviewed(change, findings), findings=placed)
    return replace(review, since=since(history, review, "") if history is not None else None)


async def _round(
    host: FakeCodeHost, lines: Sequence[str], number: int, signer: Signer = SIGNER
) -> Published:
    change = _change(lines, number)
    host.push(change)
    history = history_of(await host.conversation(), signer)
    return await publish(host, _review(change, history), signer=signer)


def _host(lines: Sequence[str] = LINES) -> FakeCodeHost:
    return build_host(_change(lines, 0))


def _summary(host: FakeCodeHost) -> str:
    (comment,) = host.comments.values()
    return comment.body


async def test_a_finding_that_is_gone_resolves_its_thread() -> None:
    host = _host()
    await _round(host, LINES[:3], 1)
    published = await _round(host, ["pass", *LINES[1:3]], 2)
    assert published.resolved == 1
    assert [thread.resolved_by_us for thread in host.threads] == [True, False, False]
    assert "Since the last review: 1 fixed" in _summary(host)


async def test_a_thread_stays_where_the_same_text_is_found_under_another_name() -> None:
    host = _host()
    await _round(host, LINES[:1], 1)
    first = host.threads[0].comments[0]
    # A line beside it changes the fingerprint, and the host calls the thread outdated.
    file = build_file("app/api.py", after=f"{LINES[0]}\nbeside = 1\n")
    change = build_change(file, head=f"{2:040x}")
    host.push(_change(["pass"], 2))
    host.push(change)
    published = await publish(host, _review(change))
    assert host.threads[0].outdated
    assert (published.resolved, len(published.new)) == (0, 1)
    assert host.threads[0].comments == (first,)


@pytest.mark.holds("P07")
async def test_a_partial_run_resolves_nothing() -> None:
    host = _host()
    await _round(host, LINES[:1], 1)
    change = _change(["pass"], 2)
    host.push(change)
    partial = replace(_review(change), state=RunState.PARTIAL, reason="the budget was spent")
    published = await publish(host, partial)
    assert published.resolved == 0
    assert not host.threads[0].resolved
    assert "1 earlier comment still open, not found again" in _summary(host)


async def test_what_was_fixed_before_is_not_resolved_by_a_partial_run() -> None:
    host = _host()
    await _round(host, LINES[:1], 1)
    # Found no more while its lines still stand: fixed, and not yet outdated.
    same = _change(LINES[:1], 2)
    host.push(same)
    await publish(host, build_reviewed(same, []))
    change = _change(["pass"], 3)
    host.push(change)
    await publish(host, replace(_review(change), state=RunState.PARTIAL, reason="no budget"))
    assert host.threads[0].outdated
    assert not host.threads[0].resolved
    again = await _round(host, ["pass"], 4)
    assert again.resolved == 1


async def test_what_a_model_found_and_no_model_was_asked_about_again_is_not_fixed() -> None:
    host = _host()
    change = _change(LINES[:1], 1)
    heard = build_finding(change.files[0], 1, sources=(MODEL_SOURCE,))
    host.push(change)
    await publish(host, build_reviewed(change, [heard]))
    change = _change(["pass"], 2)
    host.push(change)
    review = _review(change)
    answers = tuple(replace(a, verdict=Verdict.NOT_ASSESSED) for a in review.answers)
    cards = tuple(replace(card, answers=answers) for card in review.scorecards)
    await publish(host, replace(review, scorecards=cards))
    assert host.threads[0].outdated
    assert not host.threads[0].resolved


@pytest.mark.holds("S15")
async def test_without_a_key_nothing_is_resolved_and_nothing_posted_twice() -> None:
    host = _host()
    await _round(host, LINES[:2], 1, UNSIGNED)
    host.answer(host.threads[0].id, "a false alarm", author=ALICE)
    published = await _round(host, ["pass", LINES[1]], 2, UNSIGNED)
    assert published.resolved == 0
    assert not any(thread.resolved for thread in host.threads)
    await _round(host, LINES[:2], 3, UNSIGNED)
    assert len(host.threads) == len(
        {t.comments[0].body.split("fingerprint=")[1][:40] for t in host.threads}
    )


async def test_a_token_that_may_not_resolve_is_asked_once_and_the_summary_says_so() -> None:
    host = _host()
    await _round(host, LINES[:3], 1)
    host.fail(Operation.RESOLVE, error(Refusal.FORBIDDEN, status=200), times=None)
    published = await _round(host, ["pass"], 2)
    assert host.count(Operation.RESOLVE) == 1
    assert published.state is RunState.COMPLETED
    assert "3 threads are fixed and stay open: this token may not resolve threads" in _summary(host)


async def test_a_token_that_says_beforehand_that_it_may_not_resolve_is_not_asked() -> None:
    host = _host()
    host.may_resolve = False
    await _round(host, LINES[:1], 1)
    await _round(host, ["pass"], 2)
    assert host.count(Operation.RESOLVE) == 0
    assert "1 thread is fixed and stays open" in _summary(host)


async def test_a_policy_that_wants_no_thread_resolved_is_obeyed() -> None:
    host = _host()
    await _round(host, LINES[:1], 1)
    change = _change(["pass"], 2)
    host.push(change)
    policy = Policy(pull_request=PullRequestPolicy(resolve_threads=False))
    await publish(host, _review(change), policy=policy)
    assert not host.threads[0].resolved
    assert "may not resolve" not in _summary(host)


@pytest.mark.parametrize("refusal", [Refusal.RATE_LIMITED, Refusal.UNAVAILABLE])
async def test_trouble_with_threads_leaves_the_rest_for_the_next_round(refusal: Refusal) -> None:
    host = _host()
    await _round(host, LINES[:3], 1)
    host.fail(Operation.RESOLVE, error(refusal))
    published = await _round(host, ["pass"], 2)
    assert host.count(Operation.RESOLVE) == 1
    assert published.problems
    assert f"Threads were left alone: {refusal.value}" in _summary(host)
    again = await _round(host, ["pass"], 3)
    assert again.resolved == 3


async def test_an_expired_token_ends_the_run_at_the_first_thread() -> None:
    host = _host()
    await _round(host, LINES[:1], 1)
    before = _summary(host)
    host.fail(Operation.RESOLVE, error(Refusal.UNAUTHORIZED, status=401))
    published = await _round(host, ["pass"], 2)
    assert published.state is RunState.FAILED
    assert _summary(host) == before


@pytest.mark.holds("P07")
async def test_a_wrong_fixed_is_answered_exactly_once() -> None:
    host = _host()
    await _round(host, LINES[:1], 1)
    host.answer(host.threads[0].id, "Fixed", author=ALICE)
    published = await _round(host, [*LINES[:1], "pass"], 2)
    assert published.answered == 1
    reply = host.threads[0].comments[-1]
    assert reply.ours
    assert "this still stands in `app/api.py:1`" in reply.body
    assert LINES[0] in reply.body
    for number in (3, 4):
        published = await _round(host, [*LINES[:1], f"x = {number}"], number)
        assert published.answered == 0
    assert host.count(Operation.REPLY) == 1
    assert not host.threads[0].resolved


@pytest.mark.parametrize("applied", [True, False])
async def test_an_answer_that_broke_off_is_not_sent_again_in_that_run(applied: bool) -> None:  # noqa: FBT001
    host = _host()
    await _round(host, LINES[:1], 1)
    host.answer(host.threads[0].id, "Fixed", author=ALICE)
    broken = error(Refusal.UNAVAILABLE, uncertain=True)
    host.fail(Operation.REPLY, broken, applied=applied)
    published = await _round(host, [*LINES[:1], "pass"], 2)
    assert published.answered == 0
    assert host.count(Operation.REPLY) == 1


@pytest.mark.holds("P07")
async def test_what_was_dismissed_is_not_posted_again_in_ten_rounds() -> None:
    host = _host()
    await _round(host, LINES[:4], 1)
    host.answer(host.threads[0].id, "a false alarm", author=ALICE)
    host.settle(host.threads[1].id)
    for number in range(2, 12):
        lines = LINES[:4] if number % 2 else [*LINES[:4], f"x = {number}"]
        published = await _round(host, lines, number)
        assert published.new == ()
        states = [known.state for known in published.history.known]
        assert states.count(KnownState.DISMISSED) == 2
    assert len(host.threads) == 4
    text = _summary(host)
    assert "2 dismissed" in text
    assert "dismissed by `alice`" in text
    assert text.startswith("**2 to fix**")


async def test_a_finding_whose_thread_we_resolved_and_that_comes_back_is_told_in_the_summary() -> (
    None
):
    host = _host()
    await _round(host, LINES[:1], 1)
    await _round(host, ["pass"], 2)
    assert host.threads[0].resolved_by_us
    published = await _round(host, LINES[:1], 3)
    assert len(host.threads) == 1
    assert published.posted.standing == frozenset()
    assert "its thread is resolved" in _summary(host)
    assert "Pass a list and no shell" in _summary(host)


async def test_what_somebody_says_while_a_review_runs_is_taken_over() -> None:
    review = three_findings()
    host = build_host(review.change)
    await publish(host, review)
    began = history_of(await host.conversation(), SIGNER)
    dismissed = replace(
        began.known[0],
        state=KnownState.DISMISSED,
        by="bob",
        reason="no user input",
        authorised=True,
    )
    after = replace(began, known=(dismissed, *began.known[1:]), paused=True)
    assert await keep_history(host, after, before=began, signer=SIGNER)
    file = build_source(6)
    more = build_reviewed(review.change, build_findings(file, (1, 3, 5, 6)))
    published = await publish(host, more, history=began)
    kept = history_of(await host.conversation(), SIGNER)
    assert kept.paused
    assert published.state is RunState.COMPLETED
    assert dismissed.fingerprint not in published.new


async def test_a_command_keeps_its_state_without_touching_the_text() -> None:
    review = three_findings()
    host = build_host(review.change)
    await publish(host, review)
    text = _summary(host).split("<!--")[0]
    began = history_of(await host.conversation(), SIGNER)
    await keep_history(host, replace(began, paused=True), before=began, signer=SIGNER)
    assert _summary(host).split("<!--")[0] == text
    kept = history_of(await host.conversation(), SIGNER)
    assert kept == replace(began, paused=True)


async def test_a_command_undoes_nothing_that_a_review_has_published_since() -> None:
    review = three_findings()
    host = build_host(review.change)
    await publish(host, review)
    began = history_of(await host.conversation(), SIGNER)
    file = build_source(6)
    await publish(host, build_reviewed(review.change, build_findings(file, (1, 3, 5, 6))))
    changed = replace(began.known[0], state=KnownState.DISMISSED, by="bob", authorised=True)
    after = replace(began, known=(changed, *began.known[1:]))
    await keep_history(host, after, before=began, signer=SIGNER)
    kept = history_of(await host.conversation(), SIGNER)
    assert kept.generation == 2
    assert len(kept.known) == 4
    assert kept.known[0].state is KnownState.DISMISSED


async def test_a_command_before_the_first_review_begins_the_summary() -> None:
    host = build_host(three_findings().change)
    paused = History(paused=True)
    assert await keep_history(host, paused, before=History(), signer=SIGNER)
    assert history_of(await host.conversation(), SIGNER).paused
    await publish(host, three_findings())
    assert len(host.comments) == 1


async def test_without_a_key_nothing_can_be_kept() -> None:
    host = build_host(three_findings().change)
    assert not await keep_history(host, History(), before=History(), signer=UNSIGNED)
    assert host.writes == []


STEP = st.tuples(
    st.lists(st.sampled_from([*LINES, "pass", "x = 1"]), min_size=1, max_size=6, unique=True),
    st.sampled_from(["nothing", "reply", "resolve", "fixed", "run again", "delete summary"]),
    st.integers(0, 5),
)


@pytest.mark.holds("P07")
@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(STEP, min_size=2, max_size=7), st.sampled_from([SIGNER, UNSIGNED]))
async def test_over_any_rounds_a_finding_has_at_most_one_comment_and_people_the_last_word(
    steps: list[tuple[list[str], str, int]], signer: Signer
) -> None:
    host = _host()
    mine = {"thread": host.start_thread(ANYWHERE, "Why?", author=ALICE)}
    for number, (lines, deed, which) in enumerate(steps, start=1):
        await _round(host, lines, number, signer)
        ours = [thread for thread in host.threads if thread.comments[0].ours]
        if deed == "run again":
            writes = len(host.writes)
            await _round(host, lines, number, signer)
            again = [call.operation for call in host.writes[writes:]]
            assert set(again) <= {Operation.EDIT_COMMENT}
        elif deed == "delete summary":
            host.comments.clear()
        elif ours and deed != "nothing":
            thread = ours[which % len(ours)]
            if deed == "resolve":
                host.settle(thread.id)
            else:
                host.answer(thread.id, {"fixed": "Fixed"}.get(deed, "by design"), author=ALICE)
    ours = [thread for thread in host.threads if thread.comments[0].ours]
    prints = [thread.comments[0].body.split("fingerprint=")[1][:40] for thread in ours]
    assert len(prints) == len(set(prints))
    assert sum(c.author == OURSELVES for c in host.comments.values()) <= 1
    for thread in ours:
        assert sum(reply.ours for reply in thread.comments[1:]) <= 1
    theirs = next(thread for thread in host.threads if thread.id == mine["thread"].id)
    assert not theirs.resolved
    assert len(theirs.comments) == 1
