"""One durable run: a review that may be begun again at any moment, and knows what it did.

The engine calls `run_review` until it returns. What a model answered is kept by the journal of
the run, what was written stands on the pull request with our marker, and how the run ended stands
in the store: a run that has ended is not looked at again.

::

    queue_run    queued
    run_review   running ──► the pull request as it is now, the words of the trigger
                         ──► review_pull_request ──► verdicts, findings, the end: one transaction
    end_run      for runs that could not end themselves; a failure is told on the pull request
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from reviewer.domain.event import UNKNOWN_ACCOUNT, CommentEvent, PullRequestEvent
from reviewer.domain.history import History, KnownState
from reviewer.domain.marker import Signer, Subject
from reviewer.domain.policy import PolicyLayer
from reviewer.domain.pull_request import PullRequest
from reviewer.domain.recall import history_of
from reviewer.domain.review import Review
from reviewer.domain.review_order import ReviewOrder, RunEnd
from reviewer.domain.run import RunRecord, verdicts_of
from reviewer.domain.run_event import FailureCause
from reviewer.domain.run_news import review_ended, review_started, run_paused, run_resumed
from reviewer.domain.status import TRANSITIONS, RunState
from reviewer.errors import CommunicationError, GitHubError, ResourceError, UserError
from reviewer.ports.analyser import Analyser
from reviewer.ports.clock import Clock
from reviewer.ports.code_host import CodeHostError, Refusal
from reviewer.ports.installed_hosts import Hosted, InstalledHosts
from reviewer.ports.progress import Progress
from reviewer.ports.run_events import RunEvents
from reviewer.ports.store import Store
from reviewer.ports.telemetry import NoTelemetry, Telemetry
from reviewer.service.handle_command import acknowledge
from reviewer.service.publish_review import Ending, publish_end
from reviewer.service.redact_findings import redact_findings
from reviewer.service.review_pull_request import (
    Round,
    RoundResult,
    RoundTools,
    review_pull_request,
)
from reviewer.service.stored_memory import Place, StoredMemory, keep_round

#: What no waiting mends: the App is gone there, or lost a permission.
PERMANENT = frozenset(
    {Refusal.UNAUTHORIZED, Refusal.FORBIDDEN, Refusal.NOT_FOUND, Refusal.UNPROCESSABLE}
)

_DONE = frozenset({RunState.COMPLETED, RunState.PARTIAL})
_GONE = "the App was uninstalled"
_WAY_OUT = "To try again, ask with `/review`."


class UnfinishedError(GitHubError):
    """A run came to no end because the host did not answer; it may be tried again."""


@dataclass(frozen=True, kw_only=True)
class RunDesk:
    """What runs work with.

    Args:
        store: Remembers them.
        hosts: Opens pull requests.
        events: Passes on what happens in them.
        clock: Tells the time.
        analyser: Returns who reviews in a run, with that run's journal and account.
        progress: Returns who is told how far a run is.
        state_key: Signs what is remembered on the pull request; None where nothing can be.
        layer: What the operator sets of the policy.
        telemetry: Watches each stage of a run.
    """

    store: Store
    hosts: InstalledHosts
    events: RunEvents
    clock: Clock
    analyser: Callable[[RunRecord], Analyser]
    progress: Callable[[str], Progress | None] = lambda _: None
    state_key: str | None = field(default=None, repr=False)
    layer: PolicyLayer | None = None
    telemetry: Telemetry = field(default_factory=NoTelemetry)


async def queue_run(desk: RunDesk, order: ReviewOrder, run_id: str) -> None:
    """Write down that an order waits as a run.

    Args:
        desk: What runs work with.
        order: The order.
        run_id: The run's id.

    Raises:
        CommunicationError: The store does not answer.
    """
    async with desk.store.begin() as work:
        await work.runs.add(_record(desk, order, run_id))


async def run_review(desk: RunDesk, order: ReviewOrder, run_id: str) -> RunEnd:
    """Carry an order out, from the beginning or from wherever it was left.

    Args:
        desk: What runs work with.
        order: The order.
        run_id: The run's id.

    Returns:
        How the run ended.

    Raises:
        UnfinishedError: Something outside did not answer; the run is to be tried again.
        CommunicationError: The store does not answer; likewise.
    """
    beginning = await _begin(desk, order, run_id)
    run = beginning.run
    if not TRANSITIONS[run.state]:
        return RunEnd(state=run.state, reason=run.reason)
    if beginning.suspended:
        skipped = replace(run, state=RunState.SKIPPED, reason="the installation is suspended")
        return await _finish(desk, skipped)
    now = desk.clock.now()
    started = run_resumed(run.id, at=now) if beginning.resumed else review_started(run, at=now)
    await desk.events.publish(started)
    try:
        async with desk.hosts.on(
            run.installation_id, run.repository_id, run.pull_request
        ) as hosted:
            return await _Visit(desk, order, run, hosted).review()
    except CodeHostError as error:
        if error.refusal in PERMANENT:
            refused = replace(run, state=RunState.FAILED, reason=f"GitHub refuses: {error}")
            return await _finish(desk, refused, cause=FailureCause.CODE_HOST)
        await _pause(desk, run, str(error))
        raise
    except (CommunicationError, ResourceError) as error:
        await _pause(desk, run, str(error))
        raise


async def end_run(desk: RunDesk, order: ReviewOrder, run_id: str, end: RunEnd) -> None:
    """End a run that could not end itself; a failure is told where people look.

    Args:
        desk: What runs work with.
        order: What was ordered.
        run_id: The run's id.
        end: How it ended.

    Raises:
        CommunicationError: The host or the store does not answer; it may be asked again.
    """
    async with desk.store.look() as work:
        run = await work.runs.get(run_id)
    if run is None or not TRANSITIONS[run.state]:
        return
    try:
        async with desk.hosts.on(
            run.installation_id, run.repository_id, run.pull_request
        ) as hosted:
            if end.state is RunState.FAILED:
                await _tell_failure(desk, hosted, run, end, check_again=order.check_again)
            await _acknowledge(order, hosted, done=False)
    except CodeHostError as error:
        if error.refusal not in PERMANENT:
            raise
        # Where we may not write any more, nobody waits for a word of ours.
    await _finish(desk, replace(run, state=end.state, reason=end.reason), cause=end.cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beginning:
    """A run at the moment it is taken up.

    Args:
        run: The run.
        resumed: Whether it was under way before.
        suspended: Whether its installation is suspended.
    """

    run: RunRecord
    resumed: bool = False
    suspended: bool = False


class _Visit:
    """One try of one run, on an open pull request."""

    def __init__(self, desk: RunDesk, order: ReviewOrder, run: RunRecord, hosted: Hosted) -> None:
        self._desk = desk
        self._order = order
        self._run = run
        self._hosted = hosted

    async def review(self) -> RunEnd:
        """Review, and keep what came of it."""
        desk, order = self._desk, self._order
        pull_request = order.freeze(await self._hosted.host.pull_request())
        run = replace(self._run, head_sha=pull_request.head_sha, title=pull_request.title)
        if not await _advance(desk, run):
            return await _ended(desk, run)
        self._run = run
        stages = _Stages(desk.clock, desk.progress(run.id))
        try:
            result = await review_pull_request(
                RoundTools(
                    host=self._hosted.host,
                    workspace=self._hosted.workspace(pull_request),
                    analyser=desk.analyser(run),
                    clock=desk.clock,
                    repository_url=self._hosted.repository_url,
                    state_key=desk.state_key,
                    progress=stages,
                    seconds=stages.seconds,
                    telemetry=desk.telemetry,
                    memory=StoredMemory(desk.store, desk.clock, _place_of(run)),
                ),
                self._round(pull_request),
            )
        except UserError as error:
            # Told on the pull request already: whom it names does not exist, or the like.
            await _acknowledge(order, self._hosted, done=False)
            failed = replace(run, state=RunState.FAILED, reason=error.message)
            return await _finish(desk, failed, cause=FailureCause.CONFIGURATION)
        if result.state is RunState.FAILED and result.published is None:
            # Nothing could be read and nothing was said: somebody still waits for it.
            raise UnfinishedError(result.reason)
        await _acknowledge(order, self._hosted, done=result.state in _DONE)
        return await self._keep(result)

    def _round(self, pull_request: PullRequest) -> Round:
        order = self._order
        event = None
        if not order.asked:
            event = PullRequestEvent(
                action=order.trigger,
                pull_request=pull_request,
                sender=order.sender or UNKNOWN_ACCOUNT,
                base_changed=order.base_changed,
            )
        return Round(
            pull_request=pull_request,
            event=event,
            personas=order.personas,
            panel=order.panel,
            full=order.full,
            narrowed=order.narrowed,
            layer=self._desk.layer,
            check_again=order.check_again,
        )

    async def _keep(self, result: RoundResult) -> RunEnd:
        """Keep what was found, and that the run has ended, in one transaction."""
        review, use = result.review, result.review.model_use
        run = replace(
            self._run,
            state=result.state,
            reason=result.reason,
            conclusion=result.conclusion.kind,
            score=review.score.percent,
            tokens=0 if use is None else use.usage.total,
            cost=self._run.cost if use is None else use.cost,
        )
        remembered = None if result.published is None else result.published.history
        return await _finish(self._desk, run, review, remembered=remembered, cause=review.cause)


class _Stages:
    """Measures the stages of a run and passes them on; implements `ports.progress.Progress`."""

    def __init__(self, clock: Clock, listener: Progress | None) -> None:
        self._clock = clock
        self._listener = listener
        self._began = clock.monotonic()
        self._stage = ""
        self._since = self._began
        self._seconds: dict[str, float] = {}

    def stage(self, name: str) -> None:
        """Begin a stage, which ends the one before."""
        self._end(name)
        if self._listener is not None:
            self._listener.stage(name)

    def seconds(self) -> Mapping[str, float]:
        """Return the seconds that each stage took, and their ``total``."""
        self._end("")
        return {**self._seconds, "total": self._clock.monotonic() - self._began}

    def _end(self, following: str) -> None:
        now = self._clock.monotonic()
        if self._stage:
            self._seconds[self._stage] = self._seconds.get(self._stage, 0.0) + now - self._since
        self._stage, self._since = following, now


async def _begin(desk: RunDesk, order: ReviewOrder, run_id: str) -> _Beginning:
    """Set a run to running, where it has not ended."""
    async with desk.store.begin() as work:
        run = await work.runs.get(run_id)
        if run is None:
            run = _record(desk, order, run_id)
            if not await work.runs.add(run):
                return _Beginning(run=replace(run, state=RunState.SKIPPED, reason=_GONE))
        installation = await work.installations.get(run.installation_id)
        suspended = installation is not None and installation.suspended
        if suspended or not TRANSITIONS[run.state]:
            return _Beginning(run=run, suspended=suspended)
        resumed = run.state is RunState.RUNNING
        running = replace(
            run, state=RunState.RUNNING, started_at=run.started_at or desk.clock.now()
        )
        await work.runs.advance(running)
        return _Beginning(run=running, resumed=resumed)


def _record(desk: RunDesk, order: ReviewOrder, run_id: str) -> RunRecord:
    return RunRecord(
        id=run_id,
        installation_id=order.installation_id,
        repository_id=order.repository_id,
        pull_request=order.pull_request,
        head_sha=order.head_sha,
        trigger=order.trigger,
        delivery_id=order.delivery_id,
        title=order.title or "",
        queued_at=desk.clock.now(),
    )


async def _advance(desk: RunDesk, run: RunRecord) -> bool:
    async with desk.store.begin() as work:
        return await work.runs.advance(run)


async def _ended(desk: RunDesk, run: RunRecord) -> RunEnd:
    """Return how a run ended that somebody else has ended, or forgotten with its installation."""
    async with desk.store.look() as work:
        kept = await work.runs.get(run.id)
    if kept is None:
        return RunEnd(state=RunState.SKIPPED, reason=_GONE)
    return RunEnd(state=kept.state, reason=kept.reason)


async def _finish(
    desk: RunDesk,
    run: RunRecord,
    review: Review | None = None,
    *,
    remembered: History | None = None,
    cause: FailureCause | None = None,
) -> RunEnd:
    """Write the end of a run with everything that it found, then pass it on.

    Where the run has ended otherwise meanwhile, that end holds.
    """
    ended = replace(run, ended_at=desk.clock.now())
    async with desk.store.begin() as work:
        first = await work.runs.advance(ended)
        if first and review is not None:
            await work.runs.keep_verdicts(run.id, verdicts_of(review))
            await work.findings.keep(run.id, redact_findings(review.findings))
            await work.findings.mark(
                run.repository_id, run.pull_request.number, _standing(remembered)
            )
        if first and remembered is not None:
            await keep_round(work, _place_of(run), remembered, at=desk.clock.now())
        kept = ended if first else await work.runs.get(run.id)
    if kept is None or TRANSITIONS[kept.state]:
        return RunEnd(state=ended.state, reason=ended.reason)
    if first:
        for event in review_ended(kept, review, at=desk.clock.now(), cause=cause):
            await desk.events.publish(event)
    return RunEnd(state=kept.state, reason=kept.reason)


async def _pause(desk: RunDesk, run: RunRecord, reason: str) -> None:
    await desk.events.publish(run_paused(run.id, reason, at=desk.clock.now()))


async def _tell_failure(
    desk: RunDesk, hosted: Hosted, run: RunRecord, end: RunEnd, *, check_again: str
) -> None:
    """Say on the pull request that a review failed, as a neutral check."""
    conversation = await hosted.host.conversation()
    subject = Subject.of(
        conversation.viewer,
        repository_id=run.repository_id,
        number=run.pull_request.number,
    )
    signer = Signer(subject=subject, key=desk.state_key)
    ending = Ending(
        head_sha=conversation.head_sha, state=end.state, reason=end.reason, way_out=_WAY_OUT
    )
    memory = StoredMemory(desk.store, desk.clock, _place_of(run))
    await publish_end(
        hosted.host,
        signer,
        desk.clock,
        ending,
        history=history_of(conversation, signer, await memory.recall()),
        conversation=conversation,
        memory=memory,
        check_again=check_again,
    )


async def _acknowledge(order: ReviewOrder, hosted: Hosted, *, done: bool) -> None:
    """Answer the comment that asked; a reaction that fails is nobody's loss."""
    asked_in = order.asked_in
    if asked_in is None:
        return
    event = CommentEvent(
        action="created",
        comment_id=asked_in.comment_id,
        body="",
        author=None,
        sender=UNKNOWN_ACCOUNT,
        pull_request=order.pull_request,
        inline=asked_in.inline,
    )
    await acknowledge(event, hosted.discussion, done=done)


def _standing(remembered: History | None) -> dict[str, KnownState]:
    """Return where every finding of the pull request stands now, by fingerprint."""
    if remembered is None:
        return {}
    return {known.fingerprint: known.state for known in remembered.known}


def _place_of(run: RunRecord) -> Place:
    return Place(
        installation_id=run.installation_id,
        repository_id=run.repository_id,
        pull_request=run.pull_request,
    )
