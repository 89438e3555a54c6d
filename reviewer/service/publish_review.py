"""Publishes a review: comments, threads, the summary, the check; in this order, and nothing twice.

What stands is read again before anything is written, and the head before every write: another
head, or a newer run's summary, ends the run at once. The summary is rendered last, from what
really stands, so that its counts are those of the pull request. Whatever the host refuses is told
in the summary, and what the summary cannot tell, the check does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from reviewer.domain.change import Change
from reviewer.domain.comment_plan import CommentPlan, plan_comments, posted_after
from reviewer.domain.conclusion import Conclusion, ConclusionKind, conclude
from reviewer.domain.conversation import Conversation
from reviewer.domain.history import History, KnownState
from reviewer.domain.history_text import RECORD_LIMIT, TEXT_LIMIT, text_size
from reviewer.domain.left_open import left_open
from reviewer.domain.marker import Signer
from reviewer.domain.policy import Policy
from reviewer.domain.posting import FileComment, InlineComment
from reviewer.domain.published import CheckFate, Posted, Published, SummaryFate
from reviewer.domain.pull_request_policy import OnClean
from reviewer.domain.recall import OurThread, history_of, merged, our_threads
from reviewer.domain.remember import after_round, bounded, known_after
from reviewer.domain.review import Review
from reviewer.domain.rounds import believed
from reviewer.domain.selection import Selection
from reviewer.domain.status import RunState
from reviewer.ports.clock import Clock
from reviewer.ports.code_host import CodeHost, CodeHostError
from reviewer.ports.memory import Memory
from reviewer.rendering.document import ReviewDocument, count
from reviewer.rendering.posted_comment import finding_comment
from reviewer.service.publish_comments import CommentPoster
from reviewer.service.publish_setup import HeadGuard, PublishSetup, SupersededError
from reviewer.service.publish_summary import Told, Verdict, VerdictTeller, cautious
from reviewer.service.publish_threads import Settled, settle_threads

_LOOKED = frozenset({RunState.COMPLETED, RunState.PARTIAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ended that made no review.

    Args:
        head_sha: The commit that was not reviewed.
        state: Skipped or failed.
        reason: Why.
        way_out: What people can do about it; empty for nothing.
    """

    head_sha: str
    state: RunState
    reason: str
    way_out: str = ""


async def publish_review(
    setup: PublishSetup,
    review: Review,
    *,
    history: History,
    conversation: Conversation,
    inline: bool = True,
    narrowed: bool = False,
    notice: str = "",
) -> Published:
    """Publish a review.

    Args:
        setup: What publishing works with.
        review: The review; its findings are held against the publisher's own change.
        history: What the run began with.
        conversation: What stood on the pull request then.
        inline: Whether findings may stand as comments of their own.
        narrowed: Whether somebody asked for some personas only, by a command: the check of a
            review by all is not taken back by it.
        notice: What people must know besides; empty for nothing.

    Returns:
        What was done, and what stands; also where the host refused something.
    """
    run = _Run(setup, review, history, notice=notice, narrowed=narrowed)
    try:
        return await run.publish(conversation, inline=inline)
    except SupersededError as reason:
        return run.broken_off(RunState.SUPERSEDED, str(reason))
    except CodeHostError as error:
        return run.broken_off(RunState.FAILED, f"{error.refusal.value}: {error.message}")


async def publish_end(
    host: CodeHost,
    signer: Signer,
    clock: Clock,
    ending: Ending,
    *,
    history: History,
    conversation: Conversation,
    memory: Memory | None = None,
    check_again: str = "",
) -> Published:
    """Publish how a run ended that made no review: a neutral check, and no new summary.

    Args:
        host: The code host.
        signer: Writes and reads our markers.
        clock: Waits.
        ending: How it ended.
        history: What the run began with.
        conversation: What stood on the pull request then.
        memory: Holds what is remembered as well; None where there are comments alone.
        check_again: Names the request for which a check is posted anew; empty for none.
    """
    change = Change(base="", head=ending.head_sha, files=())
    setup = PublishSetup(
        host=host,
        signer=signer,
        clock=clock,
        change=change,
        policy=Policy(),
        memory=memory,
        check_again=check_again,
    )
    review = Review(
        state=ending.state,
        reason=ending.reason,
        change=change,
        personas=(),
        selection=Selection(choices=()),
        scorecards=(),
        findings=(),
    )
    return await publish_review(
        setup, review, history=history, conversation=conversation, notice=ending.way_out
    )


class _Run:
    """One publishing; what was done is kept, so that a run that breaks off can tell it."""

    def __init__(
        self,
        setup: PublishSetup,
        review: Review,
        history: History,
        *,
        notice: str,
        narrowed: bool,
    ) -> None:
        self._setup = setup
        self._review = review
        self._history = history
        self._notice = notice
        self._narrowed = narrowed
        self._guard = HeadGuard(setup, history)
        self._poster = CommentPoster(setup, self._guard)
        self._settled = Settled()

    async def publish(self, conversation: Conversation, *, inline: bool) -> Published:
        """Do everything in order."""
        review = self._review
        if review.state is RunState.SUPERSEDED:
            raise SupersededError(review.reason)
        if review.change.head != self._setup.change.head:
            raise SupersededError("the review is of another commit")
        looked = review.state in _LOOKED
        if looked and inline and not self._plan(conversation).empty:
            conversation = await self._take_over()
            await self._post(self._plan(conversation))
        conversation = await self._take_over()
        if looked:
            self._settled = await settle_threads(
                self._setup,
                self._guard,
                self._threads(conversation),
                self._document(Posted()),
                known=known_after(believed(self._history), review),
            )
        return await self._tell(conversation)

    def broken_off(self, state: RunState, reason: str) -> Published:
        """Say what was done until the run broke off."""
        return Published(
            state=state,
            conclusion=Conclusion(kind=ConclusionKind.NEUTRAL, reason=reason),
            reason=reason,
            posted=self._new(()),
            new=self._poster.new,
            resolved=len(self._settled.resolved),
            answered=self._settled.answered,
            history=self._history,
            problems=(reason,),
        )

    async def _take_over(self) -> Conversation:
        """Read what stands now, and take over what people said since the run began."""
        conversation = await self._guard.look()
        memory = self._setup.memory
        remembered = None if memory is None else await memory.recall()
        theirs = history_of(conversation, self._setup.signer, remembered)
        self._history = merged(self._history, theirs)
        return conversation

    def _threads(self, conversation: Conversation) -> tuple[OurThread, ...]:
        return our_threads(conversation, self._setup.signer)

    def _plan(self, conversation: Conversation) -> CommentPlan:
        """Plan what is posted: nothing that stands, stood, or was dismissed."""
        standing = {ours.mark.fingerprint for ours in self._threads(conversation)}
        if self._history.trusted:
            standing |= {
                known.fingerprint
                for known in self._history.known
                if known.state is KnownState.DISMISSED
            }
        most = self._setup.policy.thresholds.inline_cap
        return plan_comments(self._review, self._setup.change, standing, most=most)

    async def _post(self, plan: CommentPlan) -> None:
        """Post one review, and on files what it does not take."""
        head_sha = self._setup.change.head
        document = self._document(Posted())
        planned = {
            placed.finding.fingerprint: placed for placed in (*plan.inline, *plan.file_level)
        }
        bodies = {
            fingerprint: body
            for fingerprint, placed in planned.items()
            if (body := finding_comment(document, placed, self._setup.signer))
        }
        self._poster.demoted.update(plan.demoted)
        self._poster.demoted.update(
            dict.fromkeys(planned.keys() - bodies.keys(), "too long for a comment")
        )
        refused = await self._poster.post_review(
            [
                InlineComment(
                    location=location,
                    body=bodies[placed.finding.fingerprint],
                    fingerprint=placed.finding.fingerprint,
                )
                for placed in plan.inline
                if placed.finding.fingerprint in bodies
                and (location := placed.finding.location) is not None
            ],
            head_sha=head_sha,
        )
        for_files = (*refused, *(placed.finding.fingerprint for placed in plan.file_level))
        await self._poster.post_files(
            [
                FileComment(path=planned[key].finding.path, body=bodies[key], fingerprint=key)
                for key in for_files
                if key in bodies
            ],
            head_sha=head_sha,
        )

    async def _tell(self, conversation: Conversation) -> Published:
        """Write summary and check from what stands, and say what was done."""
        setup, review = self._setup, self._final()
        threads = self._threads(conversation)
        posted = posted_after(
            review,
            threads,
            resolved=self._settled.resolved,
            unresolved=self._settled.forbidden,
            new=self._new(threads),
        )
        if review.state not in _LOOKED:
            posted = replace(posted, earlier=())
        following = after_round(
            self._history,
            review,
            change=setup.change,
            standing=posted.standing,
            most_bytes=TEXT_LIMIT if setup.memory is None else RECORD_LIMIT,
            size=text_size,
        )
        document = self._document(posted, review)
        conclusion = conclude(review, setup.policy, self._history.known)
        if self._poster.refused:
            conclusion = cautious(conclusion, "the host refused a comment")
        silent = review.state not in _LOOKED or (
            document.clean and setup.policy.pull_request.on_clean is OnClean.SILENT
        )
        verdict = Verdict(
            document=document,
            conclusion=conclusion,
            history=bounded(following, TEXT_LIMIT, text_size),
            narrowed=self._narrowed,
            silent=silent,
        )
        teller = VerdictTeller(setup, self._guard)
        told = await teller.tell(verdict, conversation)
        problem = await teller.retire(conversation)
        published = self._published(review, verdict, told, (problem,) if problem else ())
        return replace(published, history=following)

    def _published(
        self, review: Review, verdict: Verdict, told: Told, others: tuple[str, ...]
    ) -> Published:
        trouble = (self._poster.trouble, self._settled.trouble)
        problems = (*(text for text in trouble if text), *told.problems, *others)
        failed = SummaryFate.FAILED is told.summary or CheckFate.FAILED is told.check
        state, reason, conclusion = review.state, review.reason, verdict.conclusion
        if failed and told.problems:
            conclusion = cautious(conclusion, told.problems[0])
            if state is RunState.COMPLETED:
                state, reason = RunState.PARTIAL, "; ".join(told.problems)
        return Published(
            state=state,
            reason=reason,
            conclusion=conclusion,
            posted=verdict.document.posted or Posted(),
            new=self._poster.new,
            resolved=len(self._settled.resolved),
            answered=self._settled.answered,
            summary=told.summary,
            check=told.check,
            review=review,
            history=verdict.history,
            problems=problems,
        )

    def _final(self) -> Review:
        """Return the review with what else counts, and with what went wrong on the way."""
        setup, review, trouble = self._setup, self._review, self._poster.trouble
        if review.state in _LOOKED:
            left = left_open(self._history, review, setup.change, setup.policy)
            review = replace(review, left_open=left)
        if not trouble:
            return review
        missing = sum(key not in self._poster.new for key in self._poster.demoted)
        reason = f"{count(missing, 'comment')} could not be posted ({trouble})"
        if review.state is RunState.PARTIAL:
            reason = f"{review.reason}; {reason}"
        return replace(review, state=RunState.PARTIAL, reason=reason)

    def _new(self, threads: tuple[OurThread, ...]) -> Posted:
        """Return what this run posted, and what people must know about it."""
        looked = self._review.state in _LOOKED
        notes = [self._notice] if self._notice and looked else []
        if self._settled.trouble:
            notes.append(f"{self._settled.trouble.capitalize()}.")
        standing = 0 if looked else sum(not ours.thread.resolved for ours in threads)
        if standing:
            verb = "is" if standing == 1 else "are"
            notes.append(f"{count(standing, 'comment')} of earlier reviews {verb} still open.")
        return Posted(
            inline=frozenset(self._poster.inline),
            file_level=frozenset(self._poster.file_level),
            demoted=dict(self._poster.demoted),
            notes=tuple(notes),
        )

    def _document(self, posted: Posted, review: Review | None = None) -> ReviewDocument:
        setup = self._setup
        number = setup.signer.subject.number
        url = f"{setup.repository_url}/pull/{number}" if setup.repository_url else ""
        return ReviewDocument(
            review=review or self._review,
            seconds=setup.seconds,
            repository_url=setup.repository_url,
            pull_request_url=url,
            advice=self._advice(),
            posted=posted,
        )

    def _advice(self) -> str:
        """Say what people can do, where that is not what a run of this state says anyway."""
        if self._review.state not in _LOOKED:
            return f"Nothing was judged. {self._notice}" if self._notice else ""
        completed = self._review.state is RunState.COMPLETED
        if self._poster.trouble and completed:
            return "Everything was judged; what could not be posted is explained here."
        return ""
