"""Wires reviews of pull requests: the side that holds a token reads and publishes.

The side that thinks runs as a child process without that token (security.md S2).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING

from reviewer.bootstrap.model import ModelRequest
from reviewer.domain.command_usage import CommandRules
from reviewer.domain.status import RunState
from reviewer.errors import UserError

if TYPE_CHECKING:
    from reviewer.adapters.github.client import GitHubClient
    from reviewer.adapters.github.code_host import GitHubCodeHost
    from reviewer.adapters.github.workspace import PullRequestWorkspace
    from reviewer.config import Settings
    from reviewer.domain.conclusion import Conclusion
    from reviewer.domain.event import CommentEvent, PullRequestEvent
    from reviewer.domain.policy import PolicyLayer
    from reviewer.domain.posting import Annotation
    from reviewer.domain.pull_request import PullRequest, PullRequestName
    from reviewer.domain.review import Review
    from reviewer.ports.analyser import Analyser
    from reviewer.ports.clock import Clock
    from reviewer.ports.progress import Progress
    from reviewer.ports.workspace import Workspace
    from reviewer.service.rehearse import Intention
    from reviewer.service.review_pull_request import Round, RoundResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How a run is to go.

    Args:
        model: What is asked for of models.
        personas: Exactly these review, by name; empty lets the change decide.
        panel: A panel's name; None for none.
        layer: What the door sets of the policy.
        rules: Who may use which slash command, and how often.
        publish: Whether anything is written to the pull request.
    """

    model: ModelRequest = field(default_factory=ModelRequest)
    personas: tuple[str, ...] = ()
    panel: str | None = None
    layer: PolicyLayer | None = None
    rules: CommandRules = field(default_factory=CommandRules)
    publish: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a run went.

    Args:
        state: How the review ended; None where none was asked for.
        reason: Why, or what was done; one line, untrusted.
        review: The review; None where there is none.
        conclusion: What the check says; None without a review.
        annotations: The findings as lines of a check, best first.
        notes: What people must know besides: what could not be written, and why.
        seconds: How long each stage took.
        repository_url: Where the repository can be read.
        intentions: What would have been written, where nothing was to be.
    """

    state: RunState | None
    reason: str = ""
    review: Review | None = None
    conclusion: Conclusion | None = None
    annotations: tuple[Annotation, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    repository_url: str = ""
    intentions: tuple[Intention, ...] = ()


def require_extra() -> None:
    """Make sure that what pull requests need is installed, before any of it is imported.

    Raises:
        UserError: It is not.
    """
    if find_spec("github") is None:
        raise UserError(
            "pull requests are read with PyGithub, which is not installed",
            hint="Install it: pip install 'persona-reviewer[github]'",
        )


@asynccontextmanager
async def connected(
    settings: Settings, *, clock: Clock | None = None
) -> AsyncIterator[GitHubClient]:
    """Connect to the code host.

    Args:
        settings: What the environment says.
        clock: Passes the time instead of the machine's.

    Raises:
        UserError: There is no token, or an address is wrong.
    """
    from reviewer.adapters.github.addresses import GitHubAddresses
    from reviewer.adapters.github.client import GitHubClient
    from reviewer.adapters.system_clock import SystemClock

    github = settings.github
    if not github.token:
        raise UserError(
            "a pull request is read with a token, and there is none",
            hint="Set GITHUB_TOKEN; reading needs `pull requests: read` and `contents: read`.",
        )
    addresses = GitHubAddresses.of(
        api_url=github.api_url, graphql_url=github.graphql_url, server_url=github.server_url
    )
    secrets = (*settings.keys.values(), *filter(None, (github.state_key,)))
    client = GitHubClient(github.token, addresses, clock=clock or SystemClock(), secrets=secrets)
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def opened_workspace(name: PullRequestName, settings: Settings) -> AsyncIterator[Workspace]:
    """Open a pull request as a change that is only read.

    Raises:
        UserError: There is no token, or an address is wrong.
        CodeHostError: The code host does not let us read it.
    """
    require_extra()
    from reviewer.adapters.github.code_host import GitHubCodeHost
    from reviewer.adapters.github.workspace import PullRequestWorkspace

    async with connected(settings) as client:
        pull_request = await GitHubCodeHost(client, name).pull_request()
        yield PullRequestWorkspace(client, pull_request)


def host_and_workspace(
    client: GitHubClient, pull_request: PullRequest
) -> tuple[GitHubCodeHost, PullRequestWorkspace]:
    """Return what one run reads and writes a pull request with; both share the first question.

    Args:
        client: Speaks to the code host.
        pull_request: Which pull request, frozen when the run was triggered.
    """
    from reviewer.adapters.github.code_host import GitHubCodeHost
    from reviewer.adapters.github.opening import Opening
    from reviewer.adapters.github.workspace import PullRequestWorkspace
    from reviewer.service.read_base import CONFIGURATION_GLOBS

    opening = Opening(client, pull_request, CONFIGURATION_GLOBS)
    return (
        GitHubCodeHost(client, pull_request.name, opening=opening),
        PullRequestWorkspace(client, pull_request, opening=opening),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestDesk:
    """Attends to pull requests: one run a call, with connections of its own.

    Args:
        settings: What the environment says.
        tell: Is told what the analyser prints, a sanitised line at a time.
        progress: Who is told how far a run is.
        analyser: Reviews and answers instead of a child process; for tests of this side.
        clock: Passes the time instead of the machine's; for tests likewise.
    """

    settings: Settings
    tell: Callable[[str], None]
    progress: Progress | None = None
    analyser: Analyser | None = None
    clock: Clock | None = None

    def review(self, event: PullRequestEvent, order: Order) -> Report:
        """Review a pull request as an event shows it.

        Raises:
            UserError: Settings or wishes are wrong.
        """
        require_extra()
        return asyncio.run(self._review_event(event, order))

    def look(self, name: PullRequestName, order: Order) -> Report:
        """Review a pull request as it is now, because a person asks at the command line.

        Raises:
            UserError: Settings or wishes are wrong.
            CodeHostError: The pull request cannot be read.
        """
        require_extra()
        return asyncio.run(self._look(name, order))

    def answer(self, event: CommentEvent, order: Order) -> Report:
        """Do what a comment asks for, where its author may ask.

        Raises:
            UserError: Settings or wishes are wrong.
        """
        require_extra()
        return asyncio.run(self._answer(event, order))

    async def _review_event(self, event: PullRequestEvent, order: Order) -> Report:
        from reviewer.service.review_pull_request import Round

        wanted = Round(
            pull_request=event.pull_request,
            event=event,
            personas=order.personas,
            panel=order.panel,
            layer=order.layer,
        )
        async with connected(self.settings, clock=self.clock) as client:
            return await self._run(client, wanted, order)

    async def _look(self, name: PullRequestName, order: Order) -> Report:
        from reviewer.adapters.github.code_host import GitHubCodeHost
        from reviewer.service.review_pull_request import Round

        async with connected(self.settings, clock=self.clock) as client:
            pull_request = await GitHubCodeHost(client, name).pull_request()
            wanted = Round(
                pull_request=pull_request,
                personas=order.personas,
                panel=order.panel,
                layer=order.layer,
            )
            return await self._run(client, wanted, order)

    async def _run(self, client: GitHubClient, wanted: Round, order: Order) -> Report:
        from reviewer.adapters.system_clock import SystemClock
        from reviewer.bootstrap import StageTimes
        from reviewer.service.rehearse import Rehearsal
        from reviewer.service.review_pull_request import RoundTools, review_pull_request

        times = StageTimes(self.progress)
        pull_request = wanted.pull_request
        address = f"{client.addresses.server_url}/{pull_request.name.repository}"
        host, workspace = host_and_workspace(client, pull_request)
        rehearsal = None if order.publish else Rehearsal(host)
        result = await review_pull_request(
            RoundTools(
                host=rehearsal or host,
                workspace=workspace,
                analyser=self._analyser(order),
                clock=self.clock or SystemClock(),
                repository_url=address,
                state_key=self.settings.github.state_key or None,
                progress=times,
                seconds=times.seconds,
            ),
            wanted,
        )
        return Report(
            state=result.state,
            reason=result.reason,
            review=result.review,
            conclusion=result.conclusion,
            annotations=_annotations(result),
            notes=() if result.published is None else result.published.problems,
            seconds=times.seconds(),
            repository_url=address,
            intentions=() if rehearsal is None else tuple(rehearsal.intentions),
        )

    def _analyser(self, order: Order) -> Analyser:
        from reviewer.bootstrap.analyser import analyser_here, analyser_in_child

        if self.analyser is not None:
            return self.analyser
        if not order.publish and (order.model.record or order.model.replay):
            # Nothing is written, and a cassette belongs to one process.
            return analyser_here(order.model, self.settings, progress=self.progress)
        return analyser_in_child(order.model, self.settings, tell=self.tell)

    async def _answer(self, event: CommentEvent, order: Order) -> Report:
        from reviewer.adapters.github.code_host import GitHubCodeHost
        from reviewer.adapters.github.discussion import GitHubDiscussion
        from reviewer.adapters.github.workspace import PullRequestWorkspace
        from reviewer.adapters.system_clock import SystemClock
        from reviewer.bootstrap import built_in_personas
        from reviewer.bootstrap.model import names_model
        from reviewer.service.carry_out_command import CommandDesk
        from reviewer.service.handle_command import CommandState, acknowledge, handle_command
        from reviewer.service.review_pull_request import Round

        name = event.pull_request
        if name is None or not order.publish:
            reason = "the comment is not on a pull request" if name is None else "a dry run"
            return Report(state=None, reason=reason)
        async with connected(self.settings, clock=self.clock) as client:
            discussion = GitHubDiscussion(client, name)
            handled = await handle_command(
                event,
                CommandDesk(
                    host=GitHubCodeHost(client, name),
                    discussion=discussion,
                    analyser=self._analyser(order),
                    clock=self.clock or SystemClock(),
                    workspace=lambda pull_request: PullRequestWorkspace(client, pull_request),
                    built_in=built_in_personas(),
                    state_key=self.settings.github.state_key or None,
                    layer=order.layer,
                    model_configured=names_model(order.model, self.settings),
                    rules=order.rules,
                ),
            )
            wish, pull_request = handled.review, handled.pull_request
            if pull_request is None or (wish is None and not handled.refresh):
                failed = handled.state is CommandState.FAILED
                return Report(state=RunState.FAILED if failed else None, reason=handled.words)
            wanted = Round(
                pull_request=pull_request,
                personas=order.personas,
                panel=order.panel,
                layer=order.layer,
            )
            if wish is not None and (wish.personas or wish.panel):
                wanted = replace(wanted, personas=wish.personas, panel=wish.panel, narrowed=True)
            if wish is not None:
                wanted = replace(wanted, full=wish.full)
            report = await self._run(client, wanted, order)
            problem = ""
            if wish is not None:
                done = report.state in {RunState.COMPLETED, RunState.PARTIAL}
                problem = await acknowledge(event, discussion, done=done)
        return report if not problem else replace(report, notes=(*report.notes, problem))


def _annotations(result: RoundResult) -> tuple[Annotation, ...]:
    """Return the findings as lines of a check, for doors that have no check to post."""
    from reviewer.rendering.check import render_check
    from reviewer.rendering.document import ReviewDocument

    document = ReviewDocument(review=result.review)
    return render_check(document, result.conclusion, result.review.change).annotations
