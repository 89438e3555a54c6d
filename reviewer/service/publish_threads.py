"""Settles the threads that we began: resolves what is gone, answers a wrong "fixed" once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from reviewer.domain.finding import Finding
from reviewer.domain.history import KnownFinding, KnownState
from reviewer.domain.marker import ReplyMark
from reviewer.domain.patch_name import text_name
from reviewer.domain.recall import OurThread
from reviewer.domain.review import Review
from reviewer.domain.status import RunState
from reviewer.domain.thread_rules import ThreadFacts, ThreadOutcome, outcome
from reviewer.ports.code_host import CodeHostError, Refusal
from reviewer.rendering.document import ReviewDocument
from reviewer.rendering.posted_comment import still_there
from reviewer.service.publish_setup import HeadGuard, PublishSetup

#: How many threads one run resolves or answers at most; the next one goes on.
MOST_SETTLED = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of our threads.

    Args:
        resolved: Names of the threads that were resolved.
        answered: How many replies were answered.
        forbidden: Names of threads that are fixed and stay open: our token may not resolve.
        trouble: Why the rest was left alone; empty where nothing was.
    """

    resolved: frozenset[str] = frozenset()
    answered: int = 0
    forbidden: frozenset[str] = frozenset()
    trouble: str = ""


async def settle_threads(
    setup: PublishSetup,
    guard: HeadGuard,
    threads: Sequence[OurThread],
    document: ReviewDocument,
    *,
    known: Collection[KnownFinding],
) -> Settled:
    """Do what is due in the threads that we began.

    Args:
        setup: What publishing works with.
        guard: Stands before every write.
        threads: Our threads as they stand.
        document: The review, ready to be rendered.
        known: Every finding that people were told of, with where it stands after this run.

    Raises:
        SupersededError: The head moved.
        CodeHostError: The host does not let us read the head, or write anything.
    """
    entries = {entry.fingerprint: entry for entry in known}
    shown = {placed.finding.fingerprint: placed.finding for placed in document.review.shown}
    fates = [(ours, _fate(ours, document.review, shown, entries)) for ours in threads]
    due = [ours for ours, fate in fates if fate is ThreadOutcome.RESOLVE]
    if not setup.policy.pull_request.resolve_threads:
        due = []
    settled = await _resolve(setup, guard, due)
    answered = 0
    for ours, fate in fates:
        if fate is ThreadOutcome.ANSWER and answered < MOST_SETTLED and not settled.trouble:
            finding = shown[ours.mark.fingerprint]
            mark = ReplyMark(head_sha=setup.change.head, fingerprint=finding.fingerprint)
            body = still_there(document, finding, setup.signer.write(mark))
            await guard.require_head()
            try:
                await setup.host.reply(ours.thread.comments[0].id, body)
            except CodeHostError as error:
                # Whether it was done or not: nobody is answered twice for that.
                return _with_trouble(settled, answered, error)
            answered += 1
    return Settled(
        resolved=settled.resolved,
        answered=answered,
        forbidden=settled.forbidden,
        trouble=settled.trouble,
    )


def _fate(
    ours: OurThread,
    review: Review,
    shown: Mapping[str, Finding],
    entries: Mapping[str, KnownFinding],
) -> ThreadOutcome:
    fingerprint = ours.mark.fingerprint
    entry = entries.get(fingerprint)
    fixed = entry is not None and entry.state is KnownState.FIXED
    quote = "" if entry is None else entry.quote
    facts = ThreadFacts(
        ours=ours.trusted,
        outdated=ours.thread.outdated,
        gone=fixed and review.state is RunState.COMPLETED,
        undisturbed=not ours.voices.spoken,
        clear=not any(_on_its_lines(finding, ours, quote) for finding in shown.values()),
    )
    return outcome(
        facts,
        ours.voices,
        resolved=ours.thread.resolved,
        still_stands=fingerprint in shown,
        answered=ours.answered,
    )


def _on_its_lines(finding: Finding, ours: OurThread, quote: str) -> bool:
    """Tell whether a finding stands where a thread stood.

    The host forgets the lines of an outdated thread, so they are known by what was quoted: the
    same rule on the same text is the old finding under a new name, since the lines around it
    changed. Where nobody knows the quote any more, the same rule in the same file is enough.

    Args:
        finding: A finding of today.
        ours: The thread.
        quote: Names the lines that its finding quoted; empty where they are not known.
    """
    thread, location = ours.thread, finding.location
    if finding.path != thread.path:
        return False
    on_line = (
        thread.line is not None
        and location is not None
        and location.side is thread.side
        and location.start_line <= thread.line <= location.end_line
    )
    same_text = not quote or text_name(finding.quote) == quote
    return on_line or (finding.rule_id == ours.mark.rule_id and same_text)


async def _resolve(setup: PublishSetup, guard: HeadGuard, due: Sequence[OurThread]) -> Settled:
    resolved: list[str] = []
    wanted = frozenset(ours.thread.id for ours in due)
    possible = [ours for ours in due if ours.thread.resolvable]
    for ours in possible[:MOST_SETTLED]:
        await guard.require_head()
        try:
            await setup.host.resolve(ours.thread.id)
        except CodeHostError as error:
            done = frozenset(resolved)
            if error.refusal is Refusal.FORBIDDEN:
                return Settled(resolved=done, forbidden=wanted - done)
            if not error.uncertain and error.refusal is not Refusal.NOT_FOUND:
                return _with_trouble(Settled(resolved=done), 0, error)
        else:
            resolved.append(ours.thread.id)
    asked = frozenset(ours.thread.id for ours in possible)
    return Settled(resolved=frozenset(resolved), forbidden=wanted - asked)


def _with_trouble(settled: Settled, answered: int, error: CodeHostError) -> Settled:
    if error.refusal is Refusal.UNAUTHORIZED:
        raise error
    return Settled(
        resolved=settled.resolved,
        answered=answered,
        forbidden=settled.forbidden,
        trouble=f"threads were left alone: {error.refusal.value}: {error.message}",
    )
