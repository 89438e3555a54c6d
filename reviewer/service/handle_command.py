"""Handle a comment: hear whether it is a command, ask who may, do it, say so with a reaction.

In this order, so that whoever may not costs nothing but a question to the host::

    no command of ours, not a new comment, not by a person   nothing is read or written
    the host says what this person may do                    no answer is a no (security.md S12)
    not allowed                                              😕
    our own comment; too often                               nothing; 😕
    👀                                                       what follows is counted (command_rate)
    written wrongly                                          😕 and one reply with the right form
    carried out                                              👍, and a reply where one was asked for

There is no other comment than the reply that was asked for. No model is asked before the 👀.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reviewer.domain.command import Reading, read_commands
from reviewer.domain.command_rate import Asker, too_often
from reviewer.domain.command_usage import may_use
from reviewer.domain.conversation import Conversation
from reviewer.domain.event import CommentEvent
from reviewer.domain.gate import unheard
from reviewer.domain.history import History
from reviewer.domain.marker import ReplyMark, Signer, Subject, comment_name
from reviewer.domain.posting import Permission, Reaction
from reviewer.domain.pull_request import PullRequest
from reviewer.domain.recall import history_of, replied
from reviewer.errors import ReviewerError
from reviewer.ports.code_host import CodeHostError, Discussion
from reviewer.rendering.command_reply import render_problem, render_refusals, reply_body
from reviewer.rendering.template import Safe
from reviewer.service.carry_out_command import (
    CarriedOut,
    CommandDesk,
    CommandRefusedError,
    Errand,
    ReviewWish,
)
from reviewer.service.keep_history import keep_history


class CommandState(StrEnum):
    """What became of a comment."""

    IGNORED = "ignored"
    REFUSED = "refused"
    DONE = "done"
    FAILED = "failed"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """What became of a comment, for a job summary and for whoever goes on.

    Args:
        state: What.
        words: Why, one phrase without a full stop; holds no word of the comment.
        review: The review that is to be run now; whoever runs it ends with `acknowledge`.
        refresh: Whether the summary is to be made anew from what is remembered; what has not
            changed is asked nobody again.
        pull_request: Where, as it was read for this comment; None where it was not.
    """

    state: CommandState
    words: str
    review: ReviewWish | None = None
    refresh: bool = False
    pull_request: PullRequest | None = None


async def handle_command(event: CommentEvent, desk: CommandDesk) -> Handled:
    """Handle a comment.

    Args:
        event: What the host says that happened.
        desk: What commands are answered with; its host is bound to the event's pull request.
    """
    reading = read_commands(event.body)
    deaf = "no line of it is a command" if not reading.speaks_to_us else unheard(event)
    if deaf is not None:
        return Handled(state=CommandState.IGNORED, words=deaf)
    return await _Visit(event, desk, reading).answer()


async def acknowledge(event: CommentEvent, discussion: Discussion, *, done: bool) -> str:
    """End a command that somebody else carried out with a reaction.

    Args:
        event: The comment.
        discussion: Gives the reaction.
        done: Whether it was done.

    Returns:
        Why there is no reaction; empty where there is one.
    """
    reaction = Reaction.DONE if done else Reaction.REFUSED
    try:
        await discussion.react(event.comment_id, reaction, inline=event.inline)
    except CodeHostError as error:
        return f"no reaction could be given: {error}"
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a comment stands, and how it is signed there."""

    pull_request: PullRequest
    conversation: Conversation
    signer: Signer

    @classmethod
    def of(
        cls, pull_request: PullRequest, conversation: Conversation, state_key: str | None
    ) -> _Place:
        """Put together what belongs to one pull request."""
        subject = Subject.of(
            conversation.viewer,
            repository_id=pull_request.repository_id,
            number=pull_request.name.number,
        )
        signer = Signer(subject=subject, key=state_key)
        return cls(pull_request=pull_request, conversation=conversation, signer=signer)

    def own_thread(self, event: CommentEvent) -> int | None:
        """Return the comment that begins the thread, where we began it; nobody else's is ours.

        An answer to somebody in a thread of people stands under the pull request.
        """
        known = {event.comment_id, event.thread_comment_id}
        for thread in self.conversation.threads if event.inline else ():
            stands = any(comment.id in known for comment in thread.comments)
            if stands and thread.comments[0].ours:
                return thread.comments[0].id
        return None


class _Visit:
    """One comment that is meant for us, on its way through the rules."""

    def __init__(self, event: CommentEvent, desk: CommandDesk, reading: Reading) -> None:
        self._event = event
        self._desk = desk
        self._reading = reading
        self._login = event.sender.login

    async def answer(self) -> Handled:
        """Ask who may, then do it."""
        try:
            permission = await self._desk.discussion.permission(self._login)
            pull_request = self._event.freeze(await self._desk.host.pull_request())
        except CodeHostError as error:
            return await self._end(CommandState.REFUSED, f"nobody could be asked who may: {error}")
        author = pull_request.author is not None and (
            pull_request.author.id == self._event.sender.id != 0
        )
        if not self._allowed(permission, author=author):
            words = f"{permission.value} permission is not enough"
            return await self._end(CommandState.REFUSED, words, pull_request)
        try:
            conversation = await self._desk.host.conversation()
        except CodeHostError as error:
            words = f"what stands there could not be read: {error}"
            return await self._end(CommandState.FAILED, words, pull_request)
        stop = self._stop(conversation, permission, author=author)
        if stop is not None:
            return (
                stop
                if stop.state is CommandState.IGNORED
                else await self._end(stop.state, stop.words, pull_request)
            )
        if not await self._react(Reaction.SEEN):
            # Unseen it would not be counted either.
            words = "it could not be acknowledged with a reaction"
            return Handled(state=CommandState.FAILED, words=words, pull_request=pull_request)
        try:
            return await self._serve(_Place.of(pull_request, conversation, self._desk.state_key))
        except ReviewerError as error:
            return await self._end(CommandState.FAILED, str(error), pull_request)

    def _allowed(self, permission: Permission, *, author: bool) -> bool:
        rules = self._desk.rules
        if self._reading.refused:
            # How a command is written is told to whoever may have any of them.
            return author or permission.at_least(Permission.TRIAGE)
        return all(
            may_use(command, permission, rules, author=author) for command in self._reading.commands
        )

    def _stop(
        self, conversation: Conversation, permission: Permission, *, author: bool
    ) -> Handled | None:
        """Return why nothing more happens; None where it does."""
        own = unheard(self._event, conversation.viewer)
        if own is not None:
            return Handled(state=CommandState.IGNORED, words=own)
        allowed_anyway = all(
            may_use(command, permission, self._desk.rules, author=False)
            for command in self._reading.commands
        )
        words = too_often(
            self._reading,
            Asker(account=self._event.sender, by_authorship=author and not allowed_anyway),
            conversation.accepted,
            self._desk.rules,
            now=self._desk.clock.now(),
            comment_id=self._event.comment_id,
        )
        return Handled(state=CommandState.REFUSED, words=words) if words else None

    async def _serve(self, place: _Place) -> Handled:
        """Do what the comment says; it may."""
        if self._reading.refused:
            told = render_refusals(self._reading.refused)
            return await self._refuse(place, told, "it is written wrongly")
        memory = self._desk.memory
        remembered = None if memory is None else await memory.recall()
        before = history_of(place.conversation, place.signer, remembered)
        errand = Errand(
            self._desk, place.pull_request, before, signer=place.signer, login=self._login
        )
        try:
            done = await errand.carry_out(self._reading.commands)
        except CommandRefusedError as problem:
            return await self._refuse(place, render_problem(str(problem)), str(problem))
        if place.signer.signs and _differs(before, done.history):
            await keep_history(
                self._desk.host,
                done.history,
                before=before,
                signer=place.signer,
                memory=memory,
            )
        if done.sections and not await self._post(done.sections, place):
            return await self._superseded(place)
        return await self._done(done, place)

    async def _done(self, done: CarriedOut, place: _Place) -> Handled:
        if done.review is None:
            await self._react(Reaction.DONE)
        names = ", ".join(f"/{command.name.value}" for command in self._reading.commands)
        return Handled(
            state=CommandState.DONE,
            words=f"{names} by {self._login}",
            review=done.review,
            refresh=done.restated and done.review is None,
            pull_request=place.pull_request,
        )

    async def _refuse(self, place: _Place, told: Safe, words: str) -> Handled:
        if not await self._post((told,), place):
            return await self._superseded(place)
        return await self._end(CommandState.REFUSED, words, place.pull_request)

    async def _superseded(self, place: _Place) -> Handled:
        words = "somebody pushed meanwhile: the answer would be about another commit"
        return await self._end(CommandState.SUPERSEDED, words, place.pull_request)

    async def _post(self, sections: tuple[Safe, ...], place: _Place) -> bool:
        """Reply, once; false where the pull request has another head by now.

        Whoever died between the reply and its record finds it here.
        """
        host, head = self._desk.host, place.pull_request.head_sha
        comment = comment_name(self._event.comment_id, inline=self._event.inline)
        if replied(place.conversation, place.signer, comment):
            return True
        if await host.head_sha() != head:
            return False
        mark = ReplyMark(head_sha=head, comment=comment)
        body = reply_body(sections, place.signer.write(mark))
        first = place.own_thread(self._event)
        if first is None:
            await host.post_comment(body)
        else:
            await host.reply(first, body)
        return True

    async def _end(
        self, state: CommandState, words: str, pull_request: PullRequest | None = None
    ) -> Handled:
        await self._react(Reaction.REFUSED)
        return Handled(state=state, words=words, pull_request=pull_request)

    async def _react(self, reaction: Reaction) -> bool:
        """React; a reaction that fails is nobody's loss but the first one's."""
        try:
            await self._desk.discussion.react(
                self._event.comment_id, reaction, inline=self._event.inline
            )
        except CodeHostError:
            return False
        return True


def _differs(before: History, after: History) -> bool:
    """Tell whether there is anything new to remember, apart from who is believed."""
    return (before.known, before.paused, before.rounds, before.spent, before.tokens) != (
        after.known,
        after.paused,
        after.rounds,
        after.spent,
        after.tokens,
    )
