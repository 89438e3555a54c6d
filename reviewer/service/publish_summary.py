"""Tells the verdict: one summary, edited in place, and a check; neither is written twice.

Two digests in the summary's marker name its text and the check that was posted with it: where both
are the same, nothing is written. What tells of the run alone (times, costs, what is different from
the run before) is no part of the name, so that a second look at the same commit which asked nobody
leaves the summary as it stands. The check comes last; where it fails, the summary says so.
A check that a summary names is looked for all the same: the run may have ended before it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from reviewer.domain.conclusion import Conclusion, ConclusionKind
from reviewer.domain.conversation import Conversation
from reviewer.domain.history import History
from reviewer.domain.history_text import history_text
from reviewer.domain.marker import SummaryMark
from reviewer.domain.model_use import ModelUse
from reviewer.domain.posting import AGAIN, ANNOTATIONS_A_REQUEST, Check
from reviewer.domain.published import CheckFate, SummaryFate
from reviewer.domain.recall import OurSummary, our_summaries
from reviewer.domain.status import RunState
from reviewer.ports.code_host import CodeHostError, Refusal
from reviewer.rendering.check import render_check
from reviewer.rendering.document import ReviewDocument
from reviewer.rendering.posted_comment import summary_text, with_marker
from reviewer.service.publish_setup import SETTLING_SECONDS, HeadGuard, PublishSetup

#: What a superseded summary reads, once; another one of ours says more.
_REPLACED = "Superseded: another summary of this reviewer stands on this pull request."


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is to be told.

    Args:
        document: The review, and what stands on the pull request.
        conclusion: What the check says.
        history: What the next round starts from.
        narrowed: Whether somebody asked for some personas only, by a command.
        silent: Whether no summary is begun; one that stands is edited all the same.
    """

    document: ReviewDocument
    conclusion: Conclusion
    history: History
    narrowed: bool = False
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of summary and check.

    Args:
        summary: What became of the summary.
        check: What became of the check.
        problems: What went wrong, each ready to be read.
    """

    summary: SummaryFate
    check: CheckFate
    problems: tuple[str, ...] = ()


class VerdictTeller:
    """Writes summary and check of one run.

    Args:
        setup: What publishing works with.
        guard: Stands before every write.
    """

    def __init__(self, setup: PublishSetup, guard: HeadGuard) -> None:
        self._setup = setup
        self._guard = guard

    async def tell(self, verdict: Verdict, conversation: Conversation) -> Told:
        """Write what is new.

        Args:
            verdict: What is to be told.
            conversation: What stands there, just read.

        Raises:
            SupersededError: The head moved, or a newer run has published.
            CodeHostError: The host does not let us read the head, or write anything.
        """
        standing = next(iter(our_summaries(conversation, self._setup.signer)), None)
        if standing is not None and await self._skips_what_is_told(standing, verdict):
            return Told(summary=SummaryFate.UNCHANGED, check=CheckFate.UNCHANGED)
        check = render_check(verdict.document, verdict.conclusion, self._setup.change)
        name = _name_of_check(check)
        if standing is not None and self._outweighs(standing, verdict):
            name = standing.mark.check
        if standing is None and verdict.silent:
            summary, problem = SummaryFate.NONE, ""
        else:
            summary, problem = await self._summary(verdict, name, standing)
        if problem:
            verdict = _with_problem(verdict, problem)
            check = render_check(verdict.document, verdict.conclusion, self._setup.change)
        elif await self._told_before(standing, name, silent=verdict.silent):
            return Told(summary=summary, check=CheckFate.UNCHANGED)
        check_problem = await self._check(check)
        problems = tuple(text for text in (problem, check_problem) if text)
        if check_problem and not problem and summary is not SummaryFate.NONE:
            problems += await self._tell_that_check_failed(verdict, check_problem)
        fate = CheckFate.FAILED if check_problem else CheckFate.POSTED
        return Told(summary=summary, check=fate, problems=problems)

    async def _told_before(self, standing: OurSummary | None, name: str, *, silent: bool) -> bool:
        """Tell whether the check stands already: a summary says so, or none was to be written."""
        if self._setup.check_again:
            return await self._stands(name) is True
        if standing is None:
            return silent and await self._stands(name) is True
        return standing.mark.check == name and await self._stands(name) is not False

    def _outweighs(self, standing: OurSummary, verdict: Verdict) -> bool:
        """Tell whether the check that stands is kept: a narrower look makes it worse or nothing."""
        return (
            verdict.narrowed
            and standing.mark.head_sha == self._setup.change.head
            and bool(standing.mark.check)
            and verdict.conclusion.kind is not ConclusionKind.FAILURE
        )

    async def _skips_what_is_told(self, standing: OurSummary, verdict: Verdict) -> bool:
        """Tell whether a run that looked at nothing finds a verdict on this very commit.

        Who closes and opens a pull request until there are too many reviews an hour buys nothing:
        the commit is the same, and what was said of it stays.
        """
        mark = standing.mark
        return (
            verdict.document.review.state is RunState.SKIPPED
            and not self._setup.check_again
            and standing.trusted
            and mark.head_sha == self._setup.change.head
            and bool(mark.check)
            and await self._stands(mark.check) is not False
        )

    async def retire(self, conversation: Conversation) -> str:
        """Edit down the summaries that other runs left beside the newest; return what went wrong.

        Raises:
            SupersededError: The head moved.
            CodeHostError: The host does not let us read the head.
        """
        signer = self._setup.signer
        for older in our_summaries(conversation, signer)[1:]:
            mark = SummaryMark(head_sha=older.mark.head_sha, history=History())
            body = with_marker(_REPLACED, signer.write(mark))
            if not older.trusted or older.comment.body.rstrip() == body:
                continue
            await self._guard.require_head()
            try:
                await self._setup.host.edit_comment(older.comment.id, body)
            except CodeHostError as error:
                return f"an older summary still stands: {error.message}"
        return ""

    async def _summary(
        self, verdict: Verdict, check: str, standing: OurSummary | None
    ) -> tuple[SummaryFate, str]:
        """Post the summary or edit the one that stands; say what went wrong."""
        body, name = self._body(verdict, check)
        told = standing is not None and self._same(standing, name, check, verdict.history)
        if told and not _asked_models(verdict):
            return SummaryFate.UNCHANGED, ""
        fate = SummaryFate.POSTED if standing is None else SummaryFate.EDITED
        self._guard.expect(verdict.history.generation)
        for _ in range(2):
            await self._guard.require_head()
            try:
                if standing is None:
                    await self._setup.host.post_comment(body)
                else:
                    await self._setup.host.edit_comment(standing.comment.id, body)
            except CodeHostError as error:
                problem = _told("the summary", error)
                if error.refusal is Refusal.NOT_FOUND and standing is not None:
                    # Somebody has deleted it meanwhile.
                    standing, fate = None, SummaryFate.POSTED
                    continue
                if not error.uncertain:
                    return SummaryFate.FAILED, problem
                standing = next(
                    iter(our_summaries(await self._guard.look_again(), self._setup.signer)), None
                )
                if standing is not None and self._same(standing, name, check, verdict.history):
                    return fate, ""
            else:
                return fate, ""
        return SummaryFate.FAILED, "the summary could not be written: the host broke off twice"

    def _body(self, verdict: Verdict, check: str) -> tuple[str, str]:
        """Render the summary; return it with the name of its text."""
        mark = SummaryMark(
            head_sha=self._setup.change.head, history=verdict.history, text="0" * 16, check=check
        )
        room = len(self._setup.signer.write(mark).encode())
        name = _digest(summary_text(_lasting(verdict.document), marker_bytes=room))
        text = summary_text(verdict.document, marker_bytes=room)
        return with_marker(text, self._setup.signer.write(replace(mark, text=name))), name

    def _same(self, standing: OurSummary, name: str, check: str, history: History) -> bool:
        """Tell whether the summary that stands says the same, apart from how a run went."""
        mark = standing.mark
        if (mark.head_sha, mark.text, mark.check) != (self._setup.change.head, name, check):
            return False
        return not standing.trusted or _timeless(mark.history) == _timeless(history)

    async def _check(self, check: Check) -> str:
        """Post the check; say what went wrong.

        One of which nobody knows whether it was posted is looked for, then sent once more.
        """
        name, problem = _name_of_check(check), ""
        for _ in range(2):
            try:
                await self._guard.require_head()
                await self._setup.host.post_check(replace(check, mark=self._mark(name)))
            except CodeHostError as error:
                problem = _told("the check", error)
                if not error.uncertain:
                    return problem
            else:
                return ""
            await self._setup.clock.sleep(SETTLING_SECONDS)
            stands = await self._stands(name)
            if stands is None:
                return problem
            if stands:
                # Annotations that came with further requests may be missing.
                return problem if len(check.annotations) > ANNOTATIONS_A_REQUEST else ""
        return problem

    async def _stands(self, name: str) -> bool | None:
        """Tell whether a check of ours is there; None where the host does not tell.

        A summary names its check before that is posted: a run that ended in between left none.
        """
        try:
            return await self._setup.host.has_check(self._setup.change.head, self._mark(name))
        except CodeHostError as error:
            _told("the check", error)
            return None

    def _mark(self, name: str) -> str:
        """Return by what a check is known: what it decides, and whose it is."""
        mark = f"{name}.{self._setup.signer.subject.bot}"
        again = self._setup.check_again
        return f"{mark}{AGAIN}{again}" if again else mark

    async def _tell_that_check_failed(self, verdict: Verdict, problem: str) -> tuple[str, ...]:
        """Say in the summary that no check stands, so that the next run posts it."""
        try:
            conversation = await self._guard.look()
            standing = next(iter(our_summaries(conversation, self._setup.signer)), None)
            if standing is None:
                return ()
            body, _ = self._body(_with_problem(verdict, problem), "")
            await self._guard.require_head()
            await self._setup.host.edit_comment(standing.comment.id, body)
        except CodeHostError as error:
            return (_told("the summary", error),)
        return ()


def _with_problem(verdict: Verdict, problem: str) -> Verdict:
    posted = verdict.document.posted
    if posted is None:
        return verdict
    posted = replace(posted, notes=(*posted.notes, f"{problem}."))
    document = replace(verdict.document, posted=posted)
    return replace(verdict, document=document, conclusion=cautious(verdict.conclusion, problem))


def cautious(conclusion: Conclusion, problem: str) -> Conclusion:
    """Let nothing succeed that was not told as it should be."""
    if conclusion.kind is not ConclusionKind.SUCCESS:
        return conclusion
    return Conclusion(kind=ConclusionKind.NEUTRAL, reason=problem)


def _lasting(document: ReviewDocument) -> ReviewDocument:
    """Leave out what tells of the run and not of the commit."""
    use = None if document.review.model_use is None else ModelUse()
    return replace(document, seconds={}, review=replace(document.review, since=None, model_use=use))


def _asked_models(verdict: Verdict) -> bool:
    """Tell whether the run cost something, which people must read."""
    use = verdict.document.review.model_use
    return use is not None and (use.calls > 0 or use.usage.total > 0)


def _timeless(history: History) -> str:
    """Write what two equal rounds have in common, as a marker would."""
    return history_text(replace(history, generation=0, rounds=()))


def _name_of_check(check: Check) -> str:
    """Name what a check decides; its record tells times and tokens too, which decide nothing."""
    return _digest(repr((check.head_sha, check.conclusion, check.title, check.annotations)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _told(what: str, error: CodeHostError) -> str:
    """Name an error; where the host accepts nothing from us, that ends the run.

    Raises:
        CodeHostError: The host does not accept our token.
    """
    if error.refusal is Refusal.UNAUTHORIZED:
        raise error
    done = "may not have been written" if error.uncertain else "could not be written"
    return f"{what} {done}: {error.refusal.value}: {error.message}"
