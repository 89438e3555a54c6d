"""Every shape of what people see on a pull request, each made by publishing for real to a fake."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from reviewer.domain.completion import PromptIdentity, Usage
from reviewer.domain.finding import OutcomeKind
from reviewer.domain.history import KnownFinding, KnownState, Since
from reviewer.domain.marker import Signer
from reviewer.domain.model_use import ModelUse
from reviewer.domain.policy import FailOn, Policy
from reviewer.domain.recall import history_of
from reviewer.domain.review import Review
from reviewer.domain.status import RunState
from reviewer.ports.code_host import CodeHostError, Refusal
from reviewer.service.publish_review import Ending, publish_end, publish_review
from reviewer.service.publish_setup import PublishSetup
from reviewer.testing.builders import build_placed
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.fake_code_host import FakeCodeHost, Operation
from tests.golden.examples import (
    CLEAN,
    FINDINGS,
    NEEDS_MODEL,
    NOT_REVIEWED,
    PATHS_FINDING,
    REMOVED_LINES,
    SHELL_FINDING,
    TYPES_FINDING,
    many_findings,
)
from tests.unit.publishing_example import ALICE, SIGNER, UNSIGNED, build_host

POLICY = Policy(fail_on=FailOn.CRITICAL)
USE = ModelUse(
    models=("claude-sonnet-5",),
    prompts=(PromptIdentity(name="review", version=3, sha256="ab12cd34ef56" + "0" * 52),),
    usage=Usage(fresh_input=3_300, cache_read=9_100, output=1_800),
    cost=Decimal("0.031"),
    known_cost=Decimal("0.031"),
    ceiling=Decimal("0.50"),
    calls=3,
)
JUDGED = replace(FINDINGS, model="claude-sonnet-5", model_use=USE)
NEXT_HEAD = "9b1d2c3d4e5f60718293a4b5c6d7e8f901234567"
LATER = 14.2


async def _publish(
    host: FakeCodeHost, review: Review, *, signer: Signer = SIGNER, notice: str = ""
) -> None:
    conversation = await host.conversation()
    setup = PublishSetup(
        host=host,
        signer=signer,
        clock=FakeClock(),
        change=review.change,
        policy=POLICY,
        repository_url="https://github.example/octo/shop",
        seconds={"total": LATER},
    )
    await publish_review(
        setup,
        review,
        history=history_of(conversation, signer),
        conversation=conversation,
        notice=notice,
    )


async def _end(host: FakeCodeHost, state: RunState, reason: str, way_out: str = "") -> None:
    conversation = await host.conversation()
    ending = Ending(head_sha=host.change.head, state=state, reason=reason, way_out=way_out)
    await publish_end(
        host,
        SIGNER,
        FakeClock(),
        ending,
        history=history_of(conversation, SIGNER),
        conversation=conversation,
    )


def _known(*states: KnownState) -> tuple[KnownFinding, ...]:
    findings = (SHELL_FINDING, TYPES_FINDING, PATHS_FINDING)
    return tuple(
        KnownFinding(
            fingerprint=finding.fingerprint,
            rule_id=finding.rule_id,
            persona=finding.persona,
            severity=finding.severity,
            path=finding.path,
            headline=finding.headline,
            state=state,
            by="alice" if state is KnownState.DISMISSED else "",
            reason="the folder is a constant in production, @bob"
            if state is KnownState.DISMISSED
            else "",
        )
        for finding, state in zip(findings, states, strict=False)
    )


def _next(review: Review) -> Review:
    return replace(review, change=replace(review.change, head=NEXT_HEAD))


async def _first() -> FakeCodeHost:
    host = build_host(JUDGED.change)
    await _publish(host, JUDGED)
    return host


async def _clean() -> FakeCodeHost:
    host = build_host(CLEAN.change)
    await _publish(host, replace(CLEAN, model_use=USE))
    return host


async def _no_model() -> FakeCodeHost:
    host = build_host(NEEDS_MODEL.change)
    await _publish(host, NEEDS_MODEL)
    return host


async def _not_reviewed() -> FakeCodeHost:
    host = build_host(NOT_REVIEWED.change)
    await _publish(host, NOT_REVIEWED)
    return host


async def _second_round() -> FakeCodeHost:
    host = await _first()
    review = _next(JUDGED)
    gone = {SHELL_FINDING.fingerprint}
    findings = tuple(p for p in review.findings if p.finding.fingerprint not in gone)
    since = Since(
        head_sha=JUDGED.change.head,
        note="1 of 2 files changed since 3f9c2ab",
        fixed=_known(KnownState.FIXED),
        new=frozenset({TYPES_FINDING.fingerprint}),
    )
    host.push(review.change)
    await _publish(host, replace(review, findings=findings, since=since))
    return host


async def _rebase() -> FakeCodeHost:
    host = await _first()
    review = _next(JUDGED)
    note = "no change by the author since 3f9c2ab: nothing was asked again"
    use = replace(USE, usage=Usage(), cost=Decimal(0), known_cost=Decimal(0), calls=0)
    host.push(review.change)
    since = Since(head_sha=JUDGED.change.head, note=note)
    await _publish(host, replace(review, since=since, model_use=use))
    return host


async def _dismissed() -> FakeCodeHost:
    host = await _first()
    host.answer(host.threads[0].id, "the folder is a constant", author=ALICE)
    review = _next(JUDGED)
    host.push(review.change)
    first, *rest = review.findings
    dismissed = build_placed(first.finding, OutcomeKind.DISMISSED, "dismissed by alice")
    since = Since(
        head_sha=JUDGED.change.head,
        note="0 of 2 files changed since 3f9c2ab",
        dismissed=_known(KnownState.DISMISSED),
    )
    await _publish(host, replace(review, findings=(dismissed, *rest), since=since))
    return host


async def _left_open() -> FakeCodeHost:
    """Somebody asks one persona to look again: what the others found is not lost."""
    host = await _first()
    alone = replace(
        JUDGED,
        personas=JUDGED.personas[-1:],
        scorecards=JUDGED.scorecards[-1:],
        findings=(),
        since=Since(head_sha=JUDGED.change.head, note="no change by the author since 3f9c2ab"),
    )
    await _publish(host, alone)
    return host


async def _demoted() -> FakeCodeHost:
    host = build_host(JUDGED.change)
    error = CodeHostError(Refusal.UNPROCESSABLE, "Line could not be resolved", status=422)
    host.fail(Operation.POST_REVIEW, error, times=4)
    host.fail(Operation.POST_FILE_COMMENT, error)
    await _publish(host, JUDGED)
    return host


async def _rate_limited() -> FakeCodeHost:
    host = build_host(JUDGED.change)
    message = "You have exceeded a secondary rate limit"
    host.fail(Operation.POST_REVIEW, CodeHostError(Refusal.RATE_LIMITED, message, status=403))
    await _publish(host, JUDGED)
    return host


async def _may_not_resolve() -> FakeCodeHost:
    host = await _first()
    host.may_resolve = False
    for thread in host.threads:
        host._standing[thread.id].thread = replace(  # noqa: SLF001 - as a host that tells it
            thread, resolvable=False, outdated=True, line=None
        )
    clean = _next(replace(CLEAN, model_use=USE))
    host.push(clean.change)
    await _publish(host, clean)
    return host


async def _partial() -> FakeCodeHost:
    reason = "the budget of $0.50 was spent; 3 rules were not judged"
    host = build_host(JUDGED.change)
    await _publish(host, replace(JUDGED, state=RunState.PARTIAL, reason=reason))
    return host


async def _fork() -> FakeCodeHost:
    host = build_host(NEEDS_MODEL.change)
    notice = (
        "This pull request comes from a fork and gets no secrets: it was reviewed without a model."
    )
    await _publish(host, NEEDS_MODEL, signer=UNSIGNED, notice=notice)
    return host


async def _draft() -> FakeCodeHost:
    host = await _first()
    host.push(_next(JUDGED).change)
    await _end(host, RunState.SKIPPED, "the pull request is a draft", "Mark it as ready.")
    return host


async def _failed() -> FakeCodeHost:
    host = await _first()
    host.push(_next(JUDGED).change)
    await _end(host, RunState.FAILED, "the provider answered 500 three times")
    return host


async def _superseded() -> FakeCodeHost:
    host = await _first()
    host.push_after(1, replace(JUDGED.change, head="7" * 40))
    review = replace(JUDGED, notices=("Not told.",))
    await _publish(host, review)
    return host


async def _many() -> FakeCodeHost:
    review = many_findings(40)
    host = build_host(review.change)
    await _publish(host, review)
    return host


async def _removed_lines() -> FakeCodeHost:
    host = build_host(REMOVED_LINES.change)
    await _publish(host, REMOVED_LINES)
    return host


async def _fixed_claim() -> FakeCodeHost:
    host = await _first()
    host.answer(host.threads[0].id, "Fixed", author=ALICE)
    await _publish(host, JUDGED)
    return host


SCENES: Mapping[str, Callable[[], Awaitable[FakeCodeHost]]] = {
    "clean": _clean,
    "no_model": _no_model,
    "not_reviewed": _not_reviewed,
    "first_round": _first,
    "second_round": _second_round,
    "rebase": _rebase,
    "dismissed": _dismissed,
    "left_open": _left_open,
    "demoted": _demoted,
    "rate_limited": _rate_limited,
    "may_not_resolve": _may_not_resolve,
    "partial": _partial,
    "fork": _fork,
    "draft": _draft,
    "failed": _failed,
    "superseded": _superseded,
    "many_findings": _many,
    "removed_lines": _removed_lines,
    "fixed_claim": _fixed_claim,
}
