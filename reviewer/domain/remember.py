"""What a round leaves behind for the next one: known findings, what was seen, what models said.

Only a review that is complete fixes anything: a finding is gone where its file left the change, or
where everybody looked who could have found it again and nobody did. A review that is not complete
fixes nothing, and what models said in a round that was not whole is not carried forward.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from decimal import Decimal

from reviewer.domain.change import Change
from reviewer.domain.checklist import Verdict
from reviewer.domain.finding import Confidence, Finding, OutcomeKind
from reviewer.domain.history import (
    Heard,
    HeardAnswer,
    HeardFinding,
    History,
    KnownFinding,
    KnownState,
    SeenFile,
    Since,
)
from reviewer.domain.patch_name import line_names, patch_name, text_name
from reviewer.domain.quoted_code import QuotedCode
from reviewer.domain.review import COMMENTS, MODEL_SOURCE, Review
from reviewer.domain.rounds import believed, follow, match_files
from reviewer.domain.sanitiser import cut_words
from reviewer.domain.status import RunState

#: What a comment has room for besides its text, compressed; in a marker it grows by a third.
MOST_BYTES = 14_000

#: A longer list of changed lines is not kept; findings on them are never called late.
_MOST_LINES = 500

#: What is left of an explanation where there is no room for all of it.
_FEW_WORDS = 12

#: Nothing was looked at: what an earlier round left behind stays as it is.
_NO_LOOK = frozenset({RunState.SKIPPED, RunState.SUPERSEDED, RunState.FAILED})


def after_round(
    history: History | None,
    review: Review,
    *,
    change: Change | None = None,
    standing: Collection[str] | None = None,
    most_bytes: int = MOST_BYTES,
    size: Callable[[History], int] | None = None,
) -> History:
    """Return what the next round is to know.

    Args:
        history: What this round knew; None for a first one. Unsigned, it is not believed.
        review: What came of it.
        change: What was reviewed, read by whoever publishes; the review's own by default.
        standing: Fingerprints of the findings that stand as comments of their own now; by their
            outcomes by default.
        most_bytes: What there is room for.
        size: Measures a history in bytes; by default as JSON, compressed.
    """
    before = believed(history)
    spent, tokens = _spent(review)
    following = replace(
        before,
        generation=before.generation + 1,
        state=review.state,
        spent=before.spent + spent,
        tokens=before.tokens + tokens,
        trusted=True,
    )
    if review.state not in _NO_LOOK:
        followed = follow(change or review.change, before)
        following = replace(
            following,
            head_sha=followed.head,
            look=review.look,
            files=tuple(_seen(followed, review.heard)),
            known=_with_places(known_after(before, review), review, standing),
            answers=review.heard.answers if review.heard.whole else (),
            heard=review.heard.findings,
            whole=review.heard.whole,
        )
    return bounded(following, most_bytes, size or _compressed_size)


def since(history: History | None, review: Review, note: str) -> Since | None:
    """Say what is different from the round before; None where there was none.

    Args:
        history: What is known from earlier rounds.
        review: What came of this one.
        note: What was looked at again and why.
    """
    if history is None or history.generation == 0:
        return None
    before = believed(history)
    known = known_after(before, review)
    open_before = {k.fingerprint for k in before.known if k.state is KnownState.OPEN}
    told = {k.fingerprint for k in before.known if k.state is not KnownState.FIXED}
    shown = {placed.finding.fingerprint for placed in review.shown}
    return Since(
        head_sha=before.head_sha,
        note=note,
        fixed=tuple(
            k for k in known if k.state is KnownState.FIXED and k.fingerprint in open_before
        ),
        dismissed=tuple(k for k in known if k.state is KnownState.DISMISSED),
        new=frozenset(shown - told) if before.head_sha else frozenset(),
    )


def known_after(before: History, review: Review) -> tuple[KnownFinding, ...]:
    """Return every finding that people were ever told of, with where it stands now.

    Args:
        before: What is believed of earlier rounds.
        review: What came of this one.
    """
    shown = {p.finding.fingerprint: p.finding for p in review.shown}
    gone = _Gone(before, review)
    known: dict[str, KnownFinding] = {}
    for entry in before.known:
        now = replace(entry, path=gone.path_today(entry.path))
        if entry.fingerprint in shown:
            now = _told_again(entry, shown[entry.fingerprint])
        elif entry.state is KnownState.OPEN and gone.holds(entry):
            now = replace(now, state=KnownState.FIXED)
        known[entry.fingerprint] = now
    for fingerprint, finding in shown.items():
        known.setdefault(fingerprint, _told(finding))
    return tuple(known.values())


class _Gone:
    """Tells whether a finding of an earlier round is gone (pains.md P07)."""

    def __init__(self, before: History, review: Review) -> None:
        self._complete = review.state is RunState.COMPLETED
        self._present = {
            placed.finding.fingerprint
            for placed in review.findings
            if placed.outcome.kind is not OutcomeKind.DROPPED
        }
        self._answers = {(a.persona, a.rule_id): a for a in review.answers}
        self._exist = {choice.persona for choice in review.selection.choices}
        self._files = review.change.by_path
        self._paths = {seen.path: path for path, seen in match_files(review.change, before).items()}
        self._by_request = review.selection.by_request
        self._code = QuotedCode(before, review.change)
        self._reviewed_then = {seen.path for seen in before.files}

    def path_today(self, path: str) -> str:
        return self._paths.get(path, path)

    def holds(self, known: KnownFinding) -> bool:
        if not self._complete or known.fingerprint in self._present:
            return False
        file = self._files.get(self.path_today(known.path))
        if file is None or (self._exist and known.persona not in self._exist):
            return True
        if not file.reviewed and known.path in self._reviewed_then:
            # Nobody looked into it this time.
            return False
        answer = self._answers.get((known.persona, known.rule_id))
        if answer is None:
            # Whom the change no longer wakes has nothing left to find, where its code is gone.
            path = self.path_today(known.path)
            return not self._by_request and not self._code.stands(known, path)
        # A tool that could not look makes a run partial; that no model was asked does not.
        looked = answer.asked or answer.verdict is not Verdict.NOT_ASSESSED
        return looked or not known.by_model


def _told(finding: Finding) -> KnownFinding:
    return KnownFinding(
        fingerprint=finding.fingerprint,
        rule_id=finding.rule_id,
        persona=finding.persona,
        severity=finding.severity,
        path=finding.path,
        headline=finding.headline,
        sure=finding.confidence.at_least(Confidence.MEDIUM),
        by_model=set(finding.sources) == {MODEL_SOURCE},
        quote=text_name(finding.quote),
        suggestion=text_name(finding.suggestion),
    )


def _told_again(entry: KnownFinding, finding: Finding) -> KnownFinding:
    """Return a finding as it is told now, with what people ever did about it."""
    return replace(
        _told(finding),
        inline=entry.inline,
        by=entry.by,
        reason=entry.reason,
        authorised=entry.authorised,
    )


def _with_places(
    known: tuple[KnownFinding, ...], review: Review, standing: Collection[str] | None
) -> tuple[KnownFinding, ...]:
    """Note which findings stand as comments of their own; one that ever did, does."""
    if standing is None:
        standing = {
            placed.finding.fingerprint
            for placed in review.findings
            if placed.outcome.kind in COMMENTS
        }
    held = {placed.finding.fingerprint: placed.outcome.held for placed in review.findings}
    return tuple(
        replace(
            entry,
            inline=entry.inline or entry.fingerprint in standing,
            held=held.get(entry.fingerprint, entry.held),
        )
        for entry in known
    )


def _seen(change: Change, heard: Heard) -> Iterator[SeenFile]:
    gaps = dict(heard.gaps)
    for file in change.reviewed:
        lines = line_names(file)
        unseen = file.path in heard.unseen
        yield SeenFile(
            path=file.path,
            patch="" if unseen else patch_name(file),
            lines=frozenset() if unseen or len(lines) > _MOST_LINES else lines,
            origin="" if file.first_path == file.path else file.first_path,
            gap=gaps.get(file.path, ""),
        )


def _spent(review: Review) -> tuple[Decimal, int]:
    use = review.model_use
    return (Decimal(0), 0) if use is None else (use.known_cost, use.usage.total)


def bounded(history: History, most_bytes: int, size: Callable[[History], int]) -> History:
    """Leave out what there is no room for, what people lose least by first.

    The names of lines go first, of the longest files before others; then words: why a rule was
    kept, the end of long explanations. Then what is carried forward, so that the next round looks
    at everything and says so; then findings that are gone; then open ones that do not stand as
    comments. Dismissals go last.

    Args:
        history: What the next round is to know.
        most_bytes: What there is room for.
        size: Measures a history in bytes.
    """
    for smaller in _ever_smaller(history):
        history = smaller
        if size(history) <= most_bytes:
            break
    return history


def _ever_smaller(history: History) -> Iterator[History]:
    yield history
    longest = sorted(history.files, key=lambda seen: -len(seen.lines))
    step = max(1, len(longest) // 8)
    for end in range(step, len(longest) + step, step):
        dropped = {seen.path for seen in longest[:end]}
        files = (replace(s, lines=frozenset()) if s.path in dropped else s for s in history.files)
        history = replace(history, files=tuple(files))
        yield history
    history = replace(history, answers=tuple(map(_without_reason, history.answers)))
    yield history
    history = replace(history, heard=tuple(map(_in_few_words, history.heard)))
    yield history
    history = replace(history, files=(), answers=(), whole=False)
    yield history
    history = replace(history, heard=())
    yield history
    for kept in (
        lambda k: k.state is not KnownState.FIXED,
        lambda k: k.state is KnownState.DISMISSED or k.inline,
        lambda k: k.state is KnownState.DISMISSED,
    ):
        known = [entry for entry in history.known if not kept(entry)]
        others = [entry for entry in history.known if kept(entry)]
        while known:
            known = known[len(known) // 2 + 1 :]
            stay = {entry.fingerprint for entry in (*known, *others)}
            history = replace(
                history, known=tuple(k for k in history.known if k.fingerprint in stay)
            )
            yield history
    dismissed = history.known
    while dismissed:
        dismissed = dismissed[len(dismissed) // 2 + 1 :]
        yield replace(history, known=dismissed)


def _without_reason(answer: HeardAnswer) -> HeardAnswer:
    """Forget why a rule was kept; why nobody could tell is what people are shown."""
    return answer if answer.verdict is Verdict.NOT_ASSESSED else replace(answer, reason="")


def _in_few_words(heard: HeardFinding) -> HeardFinding:
    finding = heard.finding
    return replace(
        heard,
        finding=replace(
            finding,
            explanation=cut_words(finding.explanation, _FEW_WORDS),
            remedy=cut_words(finding.remedy, _FEW_WORDS),
        ),
    )


def _compressed_size(history: History) -> int:
    return len(zlib.compress(repr(history).encode("utf-8", "surrogatepass"), 9))
