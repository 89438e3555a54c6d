"""Handle a delivery: write it down, do what is done at once, and say what follows.

=====================  ===================================================================
pull_request           a review, debounced by the engine; runs on another head are given up
pull_request closed    runs are given up
a comment              commands are carried out here; a review that was asked for follows at once
check re-requested     a review, as if a person had asked
merge_group            the stored conclusion is put on the queue's commit
installation           kept; an uninstalled App's data is deleted, for good
anything else          nothing, and it is said
=====================  ===================================================================

The engine may call it again for the same delivery. An installation or a review comes out the
same; what a command did is kept by the journal of the delivery, so that nobody is answered twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reviewer.domain.audit import AuditEntry
from reviewer.domain.command import read_commands
from reviewer.domain.delivery import Delivery
from reviewer.domain.event import (
    CheckEvent,
    CommentEvent,
    InstallationEvent,
    MergeGroupEvent,
    PullRequestEvent,
    ThreadEvent,
)
from reviewer.domain.gate import begins_review, unheard
from reviewer.domain.installation import Installation
from reviewer.domain.pull_request import AccountKind, PullRequestName
from reviewer.domain.review_order import REREQUESTED, AskedIn, Followup, ReviewOrder
from reviewer.domain.run import RunQuery, RunRecord
from reviewer.domain.status import RunState
from reviewer.ports.clock import Clock
from reviewer.ports.code_host import CodeHostError
from reviewer.ports.installed_hosts import Hosted, InstalledHosts
from reviewer.ports.journal import Journal
from reviewer.ports.store import Store, UnitOfWork
from reviewer.service.carry_out_command import CommandDesk
from reviewer.service.handle_command import CommandState, Handled, handle_command
from reviewer.service.mirror_check import MirrorDesk, mirror_check
from reviewer.service.run_review import PERMANENT
from reviewer.service.stored_memory import Place, StoredMemory

_CLOSED = "closed"
_UNINSTALLED = "deleted"
_RESOLVED = frozenset({"resolved", "unresolved"})
#: Runs of a pull request, or of a commit, that may still be under way are among the newest.
_NEWEST = 50
_ACTIVE = frozenset({RunState.QUEUED, RunState.RUNNING})
_ALLOWED = frozenset({CommandState.DONE, CommandState.SUPERSEDED})


@dataclass(frozen=True, kw_only=True)
class DeliveryDesk:
    """What deliveries are handled with.

    Args:
        store: Remembers them.
        hosts: Opens pull requests.
        clock: Tells the time.
        commands: Returns what commands on an open pull request are answered with; the id names
            the delivery, for its journal and its account.
        journal: Returns the journal of a delivery.
        app_id: Returns the App's number; whose checks are ours.
    """

    store: Store
    hosts: InstalledHosts
    clock: Clock
    commands: Callable[[Hosted, Delivery], CommandDesk]
    journal: Callable[[Delivery], Journal]
    app_id: Callable[[], Awaitable[int]]


async def handle_delivery(desk: DeliveryDesk, delivery: Delivery) -> Followup:
    """Handle a delivery.

    Args:
        desk: What it is handled with.
        delivery: The delivery.

    Returns:
        What follows.

    Raises:
        CodeHostError: The host did not answer; it may be tried again.
        CommunicationError: The store did not answer; likewise.
    """
    async with desk.store.begin() as work:
        await work.deliveries.add(delivery)
        gone = await _is_gone(work, delivery)
    if gone:
        await _keep_outcome(desk, delivery, "the App was uninstalled there")
        return Followup(outcome="the App was uninstalled there")
    try:
        followup = await _follow(desk, delivery)
    except CodeHostError as error:
        if error.refusal not in PERMANENT:
            raise
        followup = Followup(outcome=f"the host refuses: {error.refusal.value}")
    await _keep_outcome(desk, delivery, followup.outcome)
    return followup


async def give_delivery_up(desk: DeliveryDesk, delivery: Delivery, why: str) -> None:
    """Write down that a delivery could not be handled.

    Args:
        desk: What it would have been handled with.
        delivery: The delivery.
        why: Why.

    Raises:
        CommunicationError: The store did not answer.
    """
    async with desk.store.begin() as work:
        await work.deliveries.add(delivery)
        await work.deliveries.handled(delivery.id, f"failed: {why}", desk.clock.now())


async def _is_gone(work: UnitOfWork, delivery: Delivery) -> bool:
    """Tell whether a delivery is about an installation that is gone; the farewell itself is not."""
    event, whose = delivery.event, delivery.installation_id
    if isinstance(event, InstallationEvent):
        whose = None if event.action == _UNINSTALLED else event.installation_id
    return whose is not None and await work.installations.uninstalled(whose)


async def _keep_outcome(desk: DeliveryDesk, delivery: Delivery, outcome: str) -> None:
    async with desk.store.begin() as work:
        # It went with everything else where it told that the App was uninstalled.
        await work.deliveries.add(delivery)
        await work.deliveries.handled(delivery.id, outcome, desk.clock.now())


async def _follow(desk: DeliveryDesk, delivery: Delivery) -> Followup:
    """Do what an event asks for."""
    event = delivery.event
    if isinstance(event, InstallationEvent):
        return await _installation(desk, event)
    if delivery.installation_id is None or delivery.repository_id is None:
        return Followup(outcome="it names no installation and repository: nothing to do")
    place = _Place(
        desk=desk,
        delivery=delivery,
        installation_id=delivery.installation_id,
        repository_id=delivery.repository_id,
    )
    match event:
        case PullRequestEvent():
            return await place.pull_request(event)
        case CommentEvent():
            return await place.comment(event)
        case CheckEvent():
            return await place.check(event)
        case MergeGroupEvent():
            return await place.merge_group(event)
        case ThreadEvent() if event.action in _RESOLVED:
            return Followup(outcome="the next round takes it over")
        case _:
            return Followup(outcome="nothing to do")


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A delivery about a repository of an installation."""

    desk: DeliveryDesk
    delivery: Delivery
    installation_id: int
    repository_id: int

    async def pull_request(self, event: PullRequestEvent) -> Followup:
        """Order a review, or give up what a closed pull request needs no more."""
        active = await self._active(event.pull_request.name.number)
        if event.action == _CLOSED:
            return Followup(
                outcome="closed: nothing more is reviewed",
                ended=tuple(run.id for run in active),
                because="the pull request was closed",
            )
        skip = begins_review(event)
        if skip is not None:
            return Followup(outcome=skip.words)
        pull_request = event.pull_request
        order = self._order(
            pull_request.name,
            head_sha=pull_request.head_sha,
            trigger=event.action,
            title=pull_request.title,
            description=pull_request.body,
        )
        return Followup(
            outcome="a review was ordered",
            orders=(replace(order, sender=event.sender, base_changed=event.base_changed),),
            ended=await self._overtaken(event, active),
            because="a newer head was pushed",
        )

    async def comment(self, event: CommentEvent) -> Followup:
        """Carry commands out; whoever may not, or says nothing to us, costs nothing."""
        name = event.pull_request
        if name is None:
            return Followup(outcome="the comment is not on a pull request")
        deaf = unheard(event)
        if not read_commands(event.body).speaks_to_us:
            return Followup(outcome="no line of it is a command")
        if deaf is not None:
            return Followup(outcome=deaf)

        memory = StoredMemory(
            self.desk.store,
            self.desk.clock,
            Place(
                installation_id=self.installation_id,
                repository_id=self.repository_id,
                pull_request=name,
            ),
            actor=event.sender,
        )

        async def carry_out() -> dict[str, Any]:
            async with self.desk.hosts.on(self.installation_id, self.repository_id, name) as hosted:
                commands = self.desk.commands(hosted, self.delivery)
                handled = await handle_command(event, replace(commands, memory=memory))
            await self._audit(event, name, handled)
            return _kept(handled)

        kept = await self.desk.journal(self.delivery).once("command", carry_out)
        return Followup(outcome=kept["words"], orders=self._asked(event, name, kept))

    def _asked(
        self, event: CommentEvent, name: PullRequestName, kept: Mapping[str, Any]
    ) -> tuple[ReviewOrder, ...]:
        if not kept["review"]:
            return ()
        order = self._order(
            name,
            head_sha=kept["head_sha"],
            trigger="command",
            title=kept["title"],
            description=kept["body"],
        )
        asked_in = AskedIn(comment_id=event.comment_id, inline=event.inline)
        return (
            replace(
                order,
                asked=True,
                full=kept["full"],
                personas=tuple(kept["personas"]),
                panel=kept["panel"],
                asked_in=asked_in if kept["wished"] else None,
            ),
        )

    async def check(self, event: CheckEvent) -> Followup:
        """Order reviews of the pull requests whose check somebody wants again."""
        if event.action != REREQUESTED:
            return Followup(outcome=f"“{event.action}” of a check begins no review")
        if event.app_id != await self.desk.app_id():
            return Followup(outcome="the check of another application")
        if event.sender.kind is AccountKind.BOT:
            return Followup(outcome="a program asked for it")
        names = [
            PullRequestName(repository=event.repository, number=number) for number in event.numbers
        ] or await self._named(event)
        orders = tuple(
            replace(self._order(name, head_sha=event.head_sha, trigger=event.action), asked=True)
            for name in names
        )
        outcome = "a review was ordered" if orders else "no pull request of ours has this head"
        return Followup(outcome=outcome, orders=orders)

    async def merge_group(self, event: MergeGroupEvent) -> Followup:
        """Put the stored conclusion on the queue's commit."""
        outcome = await mirror_check(
            MirrorDesk(store=self.desk.store, hosts=self.desk.hosts),
            event,
            installation_id=self.installation_id,
            repository_id=self.repository_id,
        )
        return Followup(outcome=outcome)

    def _order(
        self,
        name: PullRequestName,
        *,
        head_sha: str,
        trigger: str,
        title: str | None = None,
        description: str | None = None,
    ) -> ReviewOrder:
        return ReviewOrder(
            installation_id=self.installation_id,
            repository_id=self.repository_id,
            pull_request=name,
            head_sha=head_sha,
            trigger=trigger,
            delivery_id=self.delivery.id,
            title=title,
            description=description,
        )

    async def _active(self, number: int) -> Sequence[RunRecord]:
        async with self.desk.store.look() as work:
            return await work.runs.find(
                RunQuery(
                    repository_id=self.repository_id,
                    number=number,
                    states=_ACTIVE,
                    limit=_NEWEST,
                )
            )

    async def _overtaken(
        self, event: PullRequestEvent, active: Sequence[RunRecord]
    ) -> tuple[str, ...]:
        """Return the runs that look at a head that is no more.

        Deliveries overtake each other: an old one must not end the run on the newest head. So
        the host is asked where it would, and only there.
        """
        head = event.pull_request.head_sha
        others = [run for run in active if run.state is RunState.RUNNING and run.head_sha != head]
        if not others:
            return ()
        name = event.pull_request.name
        try:
            async with self.desk.hosts.on(self.installation_id, self.repository_id, name) as hosted:
                now = await hosted.host.head_sha()
        except CodeHostError:
            # They will see it themselves before they write anything.
            return ()
        return tuple(run.id for run in others if run.head_sha != now)

    async def _named(self, event: CheckEvent) -> list[PullRequestName]:
        """Return the pull requests that we reviewed at a commit: of forks GitHub names none."""
        async with self.desk.store.look() as work:
            runs = await work.runs.find(RunQuery(repository_id=self.repository_id, limit=200))
        names = dict.fromkeys(run.pull_request for run in runs if run.head_sha == event.head_sha)
        return list(names)

    async def _audit(self, event: CommentEvent, name: PullRequestName, handled: Handled) -> None:
        if handled.state is CommandState.IGNORED:
            return
        said = read_commands(event.body)
        words = [command.name.value for command in said.commands]
        words += [refused.name.value for refused in said.refused]
        entry = AuditEntry(
            at=self.desk.clock.now(),
            actor=event.sender.login,
            actor_id=event.sender.id,
            action=" ".join(["command", *(f"/{word}" for word in words)]),
            allowed=handled.state in _ALLOWED,
            detail=handled.words,
            installation_id=self.installation_id,
            repository_id=self.repository_id,
            number=name.number,
            delivery_id=self.delivery.id,
        )
        async with self.desk.store.begin() as work:
            await work.audit.add(entry)


def _kept(handled: Handled) -> dict[str, Any]:
    """Return what a journal keeps of a command: what is needed to go on."""
    pull_request, wish = handled.pull_request, handled.review
    goes_on = pull_request is not None and (wish is not None or handled.refresh)
    kept: dict[str, Any] = {"words": handled.words, "review": goes_on}
    if pull_request is not None and goes_on:
        kept |= {
            "head_sha": pull_request.head_sha,
            "title": pull_request.title,
            "body": pull_request.body,
            "wished": wish is not None,
            "full": wish is not None and wish.full,
            "personas": [] if wish is None else list(wish.personas),
            "panel": None if wish is None else wish.panel,
        }
    return kept


async def _installation(desk: DeliveryDesk, event: InstallationEvent) -> Followup:
    """Keep where the App is installed; forget everything of an account that removed it."""
    async with desk.store.look() as work:
        active = await work.runs.find(
            RunQuery(installation_id=event.installation_id, states=_ACTIVE, limit=1_000)
        )
    runs = tuple(run.id for run in active)
    async with desk.store.begin() as work:
        match event.action:
            case "deleted":
                gone = await work.retention.forget_installation(
                    event.installation_id, uninstalled_at=desk.clock.now()
                )
                rows = sum(gone.values())
                return Followup(
                    outcome=f"uninstalled: {rows} rows were deleted",
                    ended=runs,
                    because="the App was uninstalled",
                    forgotten=event.installation_id,
                )
            case "suspend":
                await _put(work, event, suspended=True)
                return Followup(
                    outcome="suspended", ended=runs, because="the installation is suspended"
                )
            case _:
                await _put(work, event, suspended=False)
                await work.installations.take_repositories(event.installation_id, event.removed)
                return Followup(
                    outcome=f"“{event.action}” was kept",
                    ended=tuple(run.id for run in active if run.repository_id in event.removed),
                    because="the repository was taken from the App",
                )


async def _put(work: UnitOfWork, event: InstallationEvent, *, suspended: bool) -> None:
    if event.account is not None:
        installation = Installation(
            id=event.installation_id, account=event.account, suspended=suspended
        )
        await work.installations.put(installation)
