"""What earlier rounds found and nobody looked at again counts: no command buys a verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewer.domain.checklist import Verdict
from reviewer.domain.conclusion import ConclusionKind
from reviewer.domain.finding import Confidence, Finding
from reviewer.domain.history import History, KnownState
from reviewer.domain.left_open import left_open
from reviewer.domain.marker import Signer
from reviewer.domain.policy import FailOn, Policy, Switch
from reviewer.domain.published import CheckFate, Published
from reviewer.domain.remember import after_round
from reviewer.domain.review import Review
from reviewer.domain.status import RunState
from reviewer.testing.builders import (
    build_answer,
    build_change,
    build_file,
    build_finding,
    build_persona,
    build_placed,
    build_review,
    build_rule,
    build_scorecard,
    build_selection,
)
from reviewer.testing.fake_code_host import FakeCodeHost
from tests.unit.publishing_example import SIGNER, STRICT, UNSIGNED, build_host, moved, publish

SHELL, TRACES = build_rule("SEC007", "Escape"), build_rule("OBS002", "Trace")
SENTINEL, OBSERVER = build_persona("security-sentinel", SHELL), build_persona("observer", TRACES)
FILE = build_file("app/api.py", after="import os\n\nos.system(value)\n\nx = 1\n")
CHANGE = build_change(FILE)
FINDING = build_finding(FILE, 3)
SELECTION = build_selection([("security-sentinel", "always"), ("observer", "always")])


def _by_all(*findings: Finding) -> Review:
    verdict = Verdict.FAIL if findings else Verdict.PASS
    return build_review(
        CHANGE,
        personas=(SENTINEL, OBSERVER),
        selection=SELECTION,
        scorecards=(
            build_scorecard(SENTINEL, build_answer(SHELL, SENTINEL.name, verdict)),
            build_scorecard(OBSERVER, build_answer(TRACES, OBSERVER.name, Verdict.PASS)),
        ),
        findings=tuple(build_placed(finding) for finding in findings),
    )


FULL = _by_all(FINDING)
NARROW = replace(FULL, personas=(OBSERVER,), scorecards=FULL.scorecards[1:], findings=())
KNOWN = replace(after_round(None, FULL), trusted=True)


def test_what_another_persona_found_is_left_open() -> None:
    (entry,) = left_open(KNOWN, NARROW, CHANGE, Policy())
    assert entry.fingerprint == FINDING.fingerprint


def test_who_looked_and_found_nothing_leaves_nothing_open() -> None:
    assert left_open(KNOWN, _by_all(), CHANGE, Policy()) == ()


def test_what_is_found_again_is_not_told_twice() -> None:
    assert left_open(KNOWN, FULL, CHANGE, Policy()) == ()


@pytest.mark.holds("S15")
def test_an_unsigned_history_leaves_nothing_open() -> None:
    assert left_open(replace(KNOWN, trusted=False), NARROW, CHANGE, Policy()) == ()


def test_a_rule_that_only_a_model_can_judge_and_none_did_leaves_its_finding_open() -> None:
    by_model = tuple(replace(entry, by_model=True) for entry in KNOWN.known)
    card = build_scorecard(SENTINEL, build_answer(SHELL, SENTINEL.name, Verdict.NOT_ASSESSED))
    review = replace(_by_all(), scorecards=(card,))
    assert left_open(replace(KNOWN, known=by_model), review, CHANGE, Policy())


def test_a_partial_look_at_the_rule_closes_what_it_did_not_find() -> None:
    partial = replace(_by_all(), state=RunState.PARTIAL, reason="the budget was spent")
    assert left_open(KNOWN, partial, CHANGE, Policy()) == ()


def test_code_that_is_gone_leaves_nothing_open() -> None:
    change = build_change(build_file("app/api.py", after="import os\n\nx = 1\n"))
    assert left_open(KNOWN, replace(NARROW, change=change), change, Policy()) == ()


def test_code_that_still_stands_in_a_changed_file_is_left_open() -> None:
    text = "import os\nimport sys\n\nif x:\n    os.system(value)\n"
    change = build_change(build_file("app/api.py", after=text))
    assert left_open(KNOWN, replace(NARROW, change=change), change, Policy())


def test_a_file_that_left_the_change_leaves_nothing_open() -> None:
    change = build_change(build_file("app/other.py", after="x = 1\n"))
    assert left_open(KNOWN, replace(NARROW, change=change), change, Policy()) == ()


@pytest.mark.parametrize(
    "policy",
    [
        Policy(rules={"SEC007": Switch(name="SEC007", on=False, origin="x")}),
        Policy(personas={SENTINEL.name: Switch(name=SENTINEL.name, on=False, origin="x")}),
    ],
)
def test_who_is_switched_off_has_nothing_open(policy: Policy) -> None:
    assert left_open(KNOWN, NARROW, CHANGE, policy) == ()


@pytest.mark.parametrize("state", [KnownState.FIXED, KnownState.DISMISSED])
def test_what_is_fixed_or_dismissed_is_not_open(state: KnownState) -> None:
    known = tuple(replace(entry, state=state) for entry in KNOWN.known)
    assert left_open(replace(KNOWN, known=known), NARROW, CHANGE, Policy()) == ()


# -- on the pull request ----------------------------------------------------------------------


def _summary(host: FakeCodeHost) -> str:
    (comment,) = host.comments.values()
    return comment.body


async def _shopping(policy: Policy) -> tuple[FakeCodeHost, Published]:
    host = build_host(CHANGE)
    await publish(host, FULL, policy=policy)
    return host, await publish(host, NARROW, policy=policy)


@pytest.mark.holds("R43")
async def test_a_narrower_review_of_the_same_commit_buys_no_verdict() -> None:
    host, published = await _shopping(STRICT)
    assert published.conclusion.kind is ConclusionKind.FAILURE
    assert all(check.conclusion is ConclusionKind.FAILURE for check in host.checks)
    text = _summary(host)
    assert text.startswith("**No new finding; 1 from earlier was not looked at again**")
    assert "**User input reaches a shell** · `app/api.py` · SEC007 critical" in text
    assert "Nothing found" not in text
    assert "not found again" not in text


async def test_what_was_told_with_low_confidence_fails_nothing_later_either() -> None:
    low = replace(FULL, findings=(build_placed(replace(FINDING, confidence=Confidence.LOW)),))
    host = build_host(CHANGE)
    await publish(host, low, policy=STRICT)
    published = await publish(host, NARROW, policy=STRICT)
    assert published.conclusion.kind is ConclusionKind.SUCCESS
    assert "1 from earlier" in _summary(host)


@pytest.mark.holds("P03")
async def test_a_score_without_what_was_left_open_is_no_success() -> None:
    _, published = await _shopping(Policy(min_score=60.0))
    assert published.conclusion.kind is ConclusionKind.NEUTRAL


@pytest.mark.holds("R43")
@pytest.mark.parametrize("signer", [SIGNER, UNSIGNED], ids=["signed", "hints"])
async def test_the_check_of_all_is_not_taken_back_by_some(signer: Signer) -> None:
    policy = Policy(min_score=60.0)
    host = build_host(CHANGE)
    await publish(host, FULL, policy=policy, signer=signer)
    published = await publish(host, NARROW, policy=policy, signer=signer, narrowed=True)
    assert published.check is CheckFate.UNCHANGED
    assert [check.conclusion for check in host.checks] == [ConclusionKind.FAILURE]
    # Who reviews as all of them do may change it again.
    whole = await publish(host, _by_all(), policy=policy, signer=signer)
    assert whole.check is CheckFate.POSTED
    assert host.checks[-1].conclusion is ConclusionKind.SUCCESS


async def test_some_may_make_a_check_worse() -> None:
    host = build_host(CHANGE)
    await publish(host, _by_all(), policy=STRICT)
    alone = replace(FULL, personas=(SENTINEL,), scorecards=FULL.scorecards[:1])
    published = await publish(host, alone, policy=STRICT, narrowed=True)
    assert published.check is CheckFate.POSTED
    assert host.checks[-1].conclusion is ConclusionKind.FAILURE


async def test_on_another_commit_some_may_post_the_first_check() -> None:
    host = build_host(CHANGE)
    await publish(host, FULL, policy=Policy(fail_on=FailOn.CRITICAL))
    change = moved(CHANGE)
    host.push(change)
    published = await publish(host, replace(NARROW, change=change), policy=STRICT, narrowed=True)
    assert published.check is CheckFate.POSTED
    assert host.checks[-1].conclusion is ConclusionKind.FAILURE


def test_the_history_of_nobody_is_empty() -> None:
    assert left_open(History(), FULL, CHANGE, Policy()) == ()
