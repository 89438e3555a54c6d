"""Carry out the commands of one comment: all of them or none, and nothing is written here.

What only tells or changes goes first, what asks a model last, so that a slip in one command costs
nothing. The result says what is to be replied, remembered and reviewed; `handle_command` writes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from reviewer.domain.command import ASKING, Command, CommandName
from reviewer.domain.command_usage import CommandRules
from reviewer.domain.dismissal import Change, dismiss, find, pause, resume, undismiss
from reviewer.domain.gate import decide
from reviewer.domain.history import History
from reviewer.domain.marker import Signer
from reviewer.domain.material import Material, Question, QuestionKind, Reply
from reviewer.domain.model_use import ModelUse
from reviewer.domain.persona import Persona
from reviewer.domain.policy import Policy, PolicyLayer
from reviewer.domain.pull_request import PullRequest
from reviewer.errors import ReviewerError, UserError
from reviewer.ports.analyser import Analyser
from reviewer.ports.clock import Clock
from reviewer.ports.code_host import CodeHost, Discussion
from reviewer.ports.memory import Memory
from reviewer.ports.workspace import Workspace
from reviewer.rendering.command_reply import (
    render_answer,
    render_cost,
    render_explanation,
    render_help,
    render_personas,
    render_settings,
)
from reviewer.rendering.template import Safe
from reviewer.service.prepare_review import Preparation, Wishes, prepare_review, resolve
from reviewer.service.read_base import (
    CONFIGURATION_GLOBS,
    misspelt,
    read_catalogue,
    read_policy,
    unread_notices,
)

#: What `/plan` asks where nobody says what for.
_PLAN = "Plan the next steps for this change."

_NO_STATE = (
    "Nothing can be remembered here: dismissals and pauses need the Action's input `state-key`, "
    "a secret that signs them."
)


@dataclass(frozen=True, kw_only=True)
class CommandDesk:
    """What commands are answered with.

    Args:
        host: Reads and writes the pull request.
        discussion: Tells permissions and gives reactions.
        analyser: Asks models.
        clock: Tells the time.
        workspace: Reads a pull request's change and its base.
        built_in: The personas that ship.
        state_key: Signs what is remembered; None where nothing can be.
        layer: What the door sets of the policy.
        model_configured: Whether a model answers.
        rules: Who may use which command, and how often.
        memory: Holds what is remembered as well; None where there are comments alone.
    """

    host: CodeHost
    discussion: Discussion
    analyser: Analyser
    clock: Clock
    workspace: Callable[[PullRequest], Workspace]
    built_in: Sequence[Persona]
    state_key: str | None = field(default=None, repr=False)
    layer: PolicyLayer | None = None
    model_configured: bool = False
    rules: CommandRules = field(default_factory=CommandRules)
    memory: Memory | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewWish:
    """The review that somebody asks for.

    Args:
        full: Look at everything again.
        personas: Exactly these, by name; they exist.
        panel: A panel's name; it exists.
    """

    full: bool = False
    personas: tuple[str, ...] = ()
    panel: str | None = None


class CommandRefusedError(ReviewerError):
    """A command cannot be carried out; the text is for the person who wrote it."""


@dataclass(frozen=True, kw_only=True)
class CarriedOut:
    """What came of the commands.

    Args:
        sections: What is to be replied, in the order of the commands.
        history: What is to be remembered; the one from before where nothing is new.
        review: The review that somebody asks for; None where nobody does.
        restated: Whether the summary no longer says what holds.
    """

    sections: tuple[Safe, ...] = ()
    history: History
    review: ReviewWish | None = None
    restated: bool = False


@dataclass(frozen=True, kw_only=True)
class _Base:
    """What the base of the pull request says about its reviews."""

    catalogue: tuple[Persona, ...]
    policy: Policy
    notices: tuple[str, ...]


class Errand:
    """The commands of one comment, on one pull request.

    Args:
        desk: What they are answered with.
        pull_request: Where, frozen when the comment arrived.
        history: What earlier rounds left behind.
        signer: Whether anything can be remembered.
        login: Who wrote the comment.
    """

    def __init__(
        self,
        desk: CommandDesk,
        pull_request: PullRequest,
        history: History,
        *,
        signer: Signer,
        login: str,
    ) -> None:
        self._desk = desk
        self._pull_request = pull_request
        # Where a signature is possible and none was found, nothing has been said yet.
        self._history = replace(history, trusted=True) if signer.signs else history
        self._signer = signer
        self._login = login
        self._review: ReviewWish | None = None
        self._restated = False
        self._workspace: Workspace | None = None
        self._known_base: _Base | None = None
        self._preparation: Preparation | None = None

    async def carry_out(self, commands: Sequence[Command]) -> CarriedOut:
        """Carry out the commands.

        Raises:
            CommandRefusedError: One of them cannot be carried out; then none is.
            ReviewerError: Something outside did not answer.
        """
        said: dict[int, Safe | None] = {}
        numbered = sorted(enumerate(commands), key=lambda pair: pair[1].name in ASKING)
        for number, command in numbered:
            said[number] = await self._one(command)
        sections = tuple(text for _, text in sorted(said.items()) if text is not None)
        return CarriedOut(
            sections=sections, history=self._history, review=self._review, restated=self._restated
        )

    async def _one(self, command: Command) -> Safe | None:
        match command.name:
            case CommandName.REVIEW:
                await self._ask_for_review(command)
            case CommandName.ASK | CommandName.PLAN:
                return await self._ask(command)
            case CommandName.EXPLAIN:
                return await self._explain(command.finding)
            case CommandName.PERSONAS:
                ready = await self._prepared()
                return render_personas(ready.selection, ready.catalogue)
            case CommandName.CONFIG:
                base = await self._base()
                return render_settings(base.policy, base.notices)
            case CommandName.COST:
                return self._cost()
            case CommandName.HELP:
                return render_help(self._desk.rules)
            case (
                CommandName.DISMISS | CommandName.UNDISMISS | CommandName.PAUSE | CommandName.RESUME
            ):
                self._change(command)
        return None

    # -- what changes ----------------------------------------------------------------------------

    def _change(self, command: Command) -> None:
        if not self._signer.signs:
            raise CommandRefusedError(_NO_STATE)
        change = self._changed(command)
        if change.problem:
            raise CommandRefusedError(change.problem)
        self._restated = self._restated or change.history.known != self._history.known
        self._history = change.history

    def _changed(self, command: Command) -> Change:
        if command.name is CommandName.DISMISS:
            return dismiss(self._history, command.finding, by=self._login, reason=command.text)
        if command.name is CommandName.UNDISMISS:
            return undismiss(self._history, command.finding, by=self._login)
        return pause(self._history) if command.name is CommandName.PAUSE else resume(self._history)

    # -- what asks -------------------------------------------------------------------------------

    async def _ask_for_review(self, command: Command) -> None:
        await self._pass_gate()
        wishes = Wishes(personas=command.personas, panel=command.panel)
        try:
            resolve(wishes, (await self._base()).catalogue)
        except UserError as error:
            raise CommandRefusedError(f"{error.message}. {error.hint or ''}".strip()) from None
        self._review = ReviewWish(full=command.full, personas=command.personas, panel=command.panel)

    async def _pass_gate(self) -> None:
        """Spend nothing where the pull request is closed or its label says so."""
        gate = decide(
            self._pull_request,
            (await self._base()).policy.pull_request,
            self._history,
            now=self._desk.clock.now(),
            asked=True,
        )
        if gate.skip is not None:
            words = f"Not now: {gate.skip.words}. {gate.skip.way_out}"
            raise CommandRefusedError(words.strip())

    async def _ask(self, command: Command) -> Safe:
        await self._pass_gate()
        ready = await self._prepared()
        material = Material(
            name=self._pull_request.name,
            title=self._pull_request.title,
            body=self._pull_request.body,
            change=ready.change,
            base_texts=ready.base_texts,
            base_unread=ready.base_unread,
            before=self._history,
            layer=self._desk.layer,
        )
        kind = QuestionKind(command.name.value)
        question = Question(kind=kind, text=command.text or _PLAN)
        try:
            reply = await self._desk.analyser.answer(material, question)
        except ReviewerError as error:
            reply = Reply(problem=str(error))
        if reply.use is not None and self._signer.signs:
            self._history = _charged(self._history, reply.use)
        return render_answer(reply, self._pull_request.head_sha)

    # -- what tells ------------------------------------------------------------------------------

    async def _explain(self, name: str) -> Safe:
        found = find(self._history.known, name)
        if found.finding is None:
            raise CommandRefusedError(found.problem)
        for persona in (await self._base()).catalogue:
            rule = persona.rule(found.finding.rule_id)
            if rule is not None:
                return render_explanation(found.finding, persona, rule)
        raise CommandRefusedError(f"Nobody has the rule {found.finding.rule_id} any more.")

    def _cost(self) -> Safe:
        if not self._signer.signs:
            raise CommandRefusedError(
                f"{_NO_STATE} What the last review cost stands in its summary."
            )
        return render_cost(self._history)

    # -- what is read, once ----------------------------------------------------------------------

    def _source(self) -> Workspace:
        if self._workspace is None:
            self._workspace = self._desk.workspace(self._pull_request)
        return self._workspace

    async def _base(self) -> _Base:
        if self._known_base is None:
            texts = await self._source().base_files(CONFIGURATION_GLOBS)
            catalogue, notices = read_catalogue(self._desk.built_in, texts)
            policy = read_policy(texts, self._desk.layer)
            said = (*unread_notices(texts), *policy.notices, *misspelt(texts, catalogue), *notices)
            self._known_base = _Base(catalogue=catalogue, policy=policy, notices=said)
        return self._known_base

    async def _prepared(self) -> Preparation:
        if self._preparation is None:
            wishes = Wishes(layer=self._desk.layer, model_configured=self._desk.model_configured)
            self._preparation = await prepare_review(self._source(), self._desk.built_in, wishes)
        return self._preparation


def _charged(history: History, use: ModelUse) -> History:
    """Add what an answer cost to what the pull request has cost."""
    return replace(
        history,
        spent=history.spent + use.known_cost,
        tokens=history.tokens + use.usage.total,
    )
