"""Review one pull request: may it be, what is new, what is wrong, and what is said about it.

::

    event ──► gate ──► conversation, base ──► change ──► analyser ──► publish
                          who we are,           files,     values in,    head read
                          what we said          texts      values out    before each write

Whatever goes wrong on the way is told where people look: the run ends as failed, with a neutral
check, and never as a success. A head that moves ends it as superseded, and nothing is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeVar

from reviewer.domain.base_files import FilesAtBase
from reviewer.domain.change import Change
from reviewer.domain.conclusion import Conclusion, ConclusionKind
from reviewer.domain.conversation import Conversation
from reviewer.domain.event import PullRequestEvent
from reviewer.domain.failure_cause import cause_of
from reviewer.domain.gate import Gate, begins_review, decide, with_round
from reviewer.domain.history import History
from reviewer.domain.marker import Signer, Subject
from reviewer.domain.material import Material
from reviewer.domain.policy import Policy, PolicyLayer
from reviewer.domain.published import Published
from reviewer.domain.pull_request import PullRequest
from reviewer.domain.recall import history_of
from reviewer.domain.review import Review
from reviewer.domain.run_event import FailureCause
from reviewer.domain.selection import Selection
from reviewer.domain.status import RunState
from reviewer.errors import ReviewerError
from reviewer.ports.analyser import Analyser
from reviewer.ports.clock import Clock
from reviewer.ports.code_host import CodeHost, CodeHostError
from reviewer.ports.memory import Memory
from reviewer.ports.progress import Progress
from reviewer.ports.telemetry import NoTelemetry, Telemetry
from reviewer.ports.workspace import MovedOnError, Workspace
from reviewer.service.describe_review import with_own_suspicion
from reviewer.service.publish_review import Ending, publish_end, publish_review
from reviewer.service.publish_setup import PublishSetup
from reviewer.service.read_base import CONFIGURATION_GLOBS, read_policy

_SHORT_SHA = 7
_INCOMPLETE = frozenset({RunState.PARTIAL, RunState.FAILED})
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One run on a pull request, and why it happens.

    Args:
        pull_request: The pull request, frozen when the run was triggered.
        event: What happened; None where a person asks.
        personas: Exactly these review, by name; empty lets the change decide.
        panel: A panel's name; None for none.
        full: Look at everything again.
        narrowed: Whether a command asks for some personas only, beside what the door asks for.
        layer: What the door sets of the policy.
        check_again: Names the request for which the check is posted anew, whatever stands there;
            empty for none.
    """

    pull_request: PullRequest
    event: PullRequestEvent | None = None
    personas: tuple[str, ...] = ()
    panel: str | None = None
    full: bool = False
    narrowed: bool = False
    layer: PolicyLayer | None = None
    check_again: str = ""


@dataclass(frozen=True, kw_only=True)
class RoundTools:
    """What a run works with.

    Args:
        host: Reads and writes the pull request.
        workspace: Reads its change and its base.
        analyser: Reviews; knows nothing of the host.
        clock: Tells the time.
        repository_url: Where the repository can be read, from our own configuration.
        state_key: Signs what is remembered; None where nothing can be.
        progress: Who is told how far it is.
        seconds: How long each stage took so far, asked just before the summary is written.
        memory: Holds what is remembered as well; None where there are comments alone.
        telemetry: Watches each stage.
    """

    host: CodeHost
    workspace: Workspace
    analyser: Analyser
    clock: Clock
    repository_url: str = ""
    state_key: str | None = field(default=None, repr=False)
    progress: Progress | None = None
    seconds: Callable[[], Mapping[str, float]] = field(default=lambda: MappingProxyType({}))
    memory: Memory | None = None
    telemetry: Telemetry = field(default_factory=NoTelemetry)


@dataclass(frozen=True, kw_only=True)
class RoundResult:
    """How a run on a pull request went.

    Args:
        state: Where it ended.
        reason: Why, for every state but ``completed``.
        review: What was found, and by which policy it is judged; also where nothing was looked at.
        policy: The policy.
        conclusion: What the check says, or would.
        published: What was written; None where nothing was to be.
    """

    state: RunState
    reason: str
    review: Review
    policy: Policy
    conclusion: Conclusion
    published: Published | None = None


async def review_pull_request(tools: RoundTools, wanted: Round) -> RoundResult:
    """Review a pull request and say so on it.

    Args:
        tools: What the run works with.
        wanted: The run.

    Returns:
        How it went; also where the host or a model did not do their part.

    Raises:
        UserError: Somebody was asked for who does not exist, or a setting is wrong.
    """
    if wanted.event is not None and (skip := begins_review(wanted.event)) is not None:
        return _quiet(wanted, skip.words)
    try:
        return await _Run(tools, wanted).run()
    except CodeHostError as error:
        # The host does not even tell what stands there: nothing can be said on it either.
        return _failed(wanted, str(error))


class _Run:
    """One run, step by step."""

    def __init__(self, tools: RoundTools, wanted: Round) -> None:
        self._tools = tools
        self._wanted = wanted
        self._pull_request = wanted.pull_request
        self._cause: FailureCause | None = None

    async def run(self) -> RoundResult:
        pull_request, tools = self._pull_request, self._tools
        with self._stage("reading the pull request"):
            async with asyncio.TaskGroup() as group:
                talk = group.create_task(_caught(tools.host.conversation()))
                base = group.create_task(_caught(tools.workspace.base_files(CONFIGURATION_GLOBS)))
            conversation, texts = _value(talk.result()), _value(base.result())
        policy = read_policy(texts, self._wanted.layer)
        event = self._wanted.event
        skip = None if event is None else begins_review(event, conversation.viewer)
        if skip is not None:
            return _quiet(self._wanted, skip.words, policy)
        subject = Subject.of(
            conversation.viewer,
            repository_id=pull_request.repository_id,
            number=pull_request.name.number,
        )
        signer = Signer(subject=subject, key=tools.state_key)
        now = tools.clock.now()
        remembered = None if tools.memory is None else await tools.memory.recall()
        history = history_of(conversation, signer, remembered)
        gate = decide(pull_request, policy.pull_request, history, now=now, asked=event is None)
        if gate.skip is not None and gate.skip.silent:
            return _quiet(self._wanted, gate.skip.words, policy)
        history = with_round(history, now)
        looked = await self._look(conversation, texts, policy, history, gate)
        if isinstance(looked, Ending):
            published = await publish_end(
                tools.host,
                signer,
                tools.clock,
                looked,
                history=history,
                conversation=conversation,
                memory=tools.memory,
                check_again=self._wanted.check_again,
            )
            return _ended(self._wanted, looked, policy, published, self._cause)
        change, review = looked
        with self._stage("publishing the review"):
            published = await publish_review(
                PublishSetup(
                    host=tools.host,
                    signer=signer,
                    clock=tools.clock,
                    change=change,
                    policy=policy,
                    repository_url=tools.repository_url,
                    seconds=tools.seconds(),
                    memory=tools.memory,
                    check_again=self._wanted.check_again,
                ),
                review,
                history=history,
                conversation=conversation,
                inline=gate.inline,
                narrowed=self._wanted.narrowed,
                notice=gate.notice,
            )
        return RoundResult(
            state=published.state,
            reason=published.reason,
            review=replace(
                published.review or review,
                state=published.state,
                reason=published.reason,
                cause=_cause_after(published.state, review.state, review.cause),
            ),
            policy=policy,
            conclusion=published.conclusion,
            published=published,
        )

    async def _look(
        self,
        conversation: Conversation,
        texts: FilesAtBase,
        policy: Policy,
        history: History,
        gate: Gate,
    ) -> tuple[Change, Review] | Ending:
        """Read the change and have it reviewed; a run that cannot look says why."""
        pull_request = self._pull_request
        if gate.skip is not None:
            return self._end(RunState.SKIPPED, gate.skip.words, gate.skip.way_out)
        if conversation.head_sha != pull_request.head_sha:
            moved = f"the head moved to {conversation.head_sha[:_SHORT_SHA]}"
            return self._end(RunState.SUPERSEDED, moved)
        try:
            with self._stage("reading the change"):
                change = await self._tools.workspace.change(excluded=policy.exclude)
            with self._stage("reviewing the change"):
                review = await self._tools.analyser.review(
                    Material(
                        name=pull_request.name,
                        title=pull_request.title,
                        body=pull_request.body,
                        change=change,
                        base_texts=texts.texts,
                        base_unread=texts.unread,
                        before=history,
                        personas=self._wanted.personas,
                        panel=self._wanted.panel,
                        full=self._wanted.full,
                        layer=self._wanted.layer,
                    )
                )
        except MovedOnError as error:
            return self._end(RunState.SUPERSEDED, str(error))
        except ReviewerError as error:
            self._cause = cause_of(error)
            return self._end(RunState.FAILED, str(error))
        review = replace(review, change=change)
        return change, with_own_suspicion(review, (pull_request.title, pull_request.body))

    def _end(self, state: RunState, reason: str, way_out: str = "") -> Ending:
        return Ending(
            head_sha=self._pull_request.head_sha, state=state, reason=reason, way_out=way_out
        )

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        """Tell a stage, and let it be a span."""
        if self._tools.progress is not None:
            self._tools.progress.stage(name)
        with self._tools.telemetry.span(name, {}):
            yield


async def _caught(reading: Awaitable[Result]) -> Result | ReviewerError:
    """Return what went wrong as a value, so that its neighbour is not torn down with it."""
    try:
        return await reading
    except ReviewerError as error:
        return error


def _value(result: Result | ReviewerError) -> Result:
    if isinstance(result, ReviewerError):
        raise result
    return result


def _quiet(wanted: Round, reason: str, policy: Policy | None = None) -> RoundResult:
    """Return a run that is not worth a word on the pull request."""
    ending = Ending(head_sha=wanted.pull_request.head_sha, state=RunState.SKIPPED, reason=reason)
    return _ended(wanted, ending, policy or Policy(), None)


def _failed(wanted: Round, reason: str) -> RoundResult:
    ending = Ending(head_sha=wanted.pull_request.head_sha, state=RunState.FAILED, reason=reason)
    return _ended(wanted, ending, Policy(), None, FailureCause.CODE_HOST)


def _cause_after(
    told: RunState, found: RunState, cause: FailureCause | None
) -> FailureCause | None:
    """Return what kind of thing failed, once it is told.

    Args:
        told: Where the run ended, its posting included.
        found: Where it stood before anything was posted.
        cause: What kind of thing had failed then.
    """
    if told not in _INCOMPLETE:
        return None
    # What went wrong since then, the host refused.
    return cause if told is found and cause is not None else FailureCause.CODE_HOST


def _ended(
    wanted: Round,
    ending: Ending,
    policy: Policy,
    published: Published | None,
    cause: FailureCause | None = None,
) -> RoundResult:
    """Return a run that looked at nothing."""
    pull_request = wanted.pull_request
    state = ending.state if published is None else published.state
    reason = ending.reason if published is None else published.reason
    review = Review(
        state=state,
        reason=reason,
        cause=_cause_after(state, ending.state, cause),
        change=Change(base=pull_request.base_sha, head=pull_request.head_sha, files=()),
        personas=(),
        selection=Selection(choices=()),
        scorecards=(),
        findings=(),
    )
    neutral = Conclusion(kind=ConclusionKind.NEUTRAL, reason=f"{state.value}: {reason}")
    return RoundResult(
        state=state,
        reason=reason,
        review=review,
        policy=policy,
        conclusion=neutral if published is None else published.conclusion,
        published=published,
    )
