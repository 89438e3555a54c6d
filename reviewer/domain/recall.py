"""Recall: what our own comments on a pull request tell of the rounds before.

Only what the host says that we wrote is read, and of that only what our signature holds for
(security.md S15, R49). Of several summaries, left by runs that raced, the newest counts. What
people did in threads of ours is merged in: whoever replied or resolved has dismissed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reviewer.domain.conversation import Comment, Conversation, Thread
from reviewer.domain.history import History, KnownFinding, KnownState
from reviewer.domain.marker import FindingMark, MarkKind, ReplyMark, Signer, SummaryMark
from reviewer.domain.thread_rules import Voices, listen


@dataclass(frozen=True, slots=True, kw_only=True)
class OurSummary:
    """A summary of ours that stands.

    Args:
        comment: The comment.
        mark: What its marker says.
        trusted: Whether our signature holds.
    """

    comment: Comment
    mark: SummaryMark
    trusted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OurThread:
    """A thread that we began about a finding.

    Args:
        thread: The thread.
        mark: What the marker of its first comment says.
        trusted: Whether our signature holds.
        voices: What people did in it.
        answered: Whether we replied in it before.
    """

    thread: Thread
    mark: FindingMark
    trusted: bool
    voices: Voices
    answered: bool


def our_summaries(conversation: Conversation, signer: Signer) -> tuple[OurSummary, ...]:
    """Find our summaries: the newest round's first, and of one round the oldest comment first."""
    found = [
        OurSummary(comment=comment, mark=reading.mark, trusted=reading.trusted)
        for comment in conversation.comments
        if comment.ours
        and (reading := signer.read(comment.body, MarkKind.SUMMARY)) is not None
        and isinstance(reading.mark, SummaryMark)
    ]
    found.sort(
        key=lambda summary: (
            not summary.trusted,
            -summary.mark.history.generation,
            summary.comment.id,
        )
    )
    return tuple(found)


def our_threads(conversation: Conversation, signer: Signer) -> tuple[OurThread, ...]:
    """Find the threads that we began; those of people are not among them, whatever they quote."""
    found = []
    for thread in conversation.threads:
        first = thread.comments[0] if thread.comments else None
        if first is None or not first.ours:
            continue
        reading = signer.read(first.body, MarkKind.FINDING)
        if reading is None or not isinstance(reading.mark, FindingMark):
            continue
        found.append(
            OurThread(
                thread=thread,
                mark=reading.mark,
                trusted=reading.trusted,
                voices=listen(thread),
                answered=any(_is_answer(reply, signer) for reply in thread.comments[1:]),
            )
        )
    return tuple(found)


def replied(conversation: Conversation, signer: Signer, comment: str) -> bool:
    """Tell whether we have answered a comment already.

    Args:
        conversation: What stands on the pull request.
        signer: Reads our markers; a hint is enough not to answer twice.
        comment: Which comment (`marker.comment_name`).
    """
    ours = [each for each in conversation.comments if each.ours]
    ours += [each for thread in conversation.threads for each in thread.comments if each.ours]
    return any(
        reading is not None
        and isinstance(reading.mark, ReplyMark)
        and reading.mark.comment == comment
        for reading in (signer.read(each.body, MarkKind.REPLY) for each in ours)
    )


def history_of(
    conversation: Conversation, signer: Signer, remembered: History | None = None
) -> History:
    """Return what earlier rounds left behind.

    Args:
        conversation: What stands on the pull request.
        signer: Reads our markers.
        remembered: What a memory of ours holds; None for nothing. It wins over the marker, which
            somebody can edit, delete, or put back as we signed it once; unless the marker is of a
            later round, which ended before it was remembered (a process died, a database was
            restored).

    Returns:
        A trusted history where a signed marker is found or something is remembered. Without either
        only what stands already is known, so that it is not posted twice, and whose turn it was.
    """
    summaries = our_summaries(conversation, signer)
    threads = our_threads(conversation, signer)
    newest = summaries[0] if summaries else None
    if signer.signs and (newest is not None or threads or remembered is not None):
        history = newest.mark.history if newest is not None else History()
        if remembered is not None:
            history = _later(remembered, history)
        return replace(history, known=_with_threads(history.known, threads), trusted=True)
    generation = 0 if newest is None else newest.mark.history.generation
    known = tuple(_known(thread.mark, thread.thread.path) for thread in threads)
    return History(generation=generation, known=_once(known))


def merged(ours: History, theirs: History) -> History:
    """Take over what people said while a round was under way.

    Args:
        ours: What this round began with.
        theirs: What stands now, of the same generation.
    """
    if not (ours.trusted and theirs.trusted):
        return ours
    now = {entry.fingerprint: entry for entry in theirs.known}
    before = {entry.fingerprint for entry in ours.known}
    known = (
        *(now.get(entry.fingerprint, entry) for entry in ours.known),
        *(entry for entry in theirs.known if entry.fingerprint not in before),
    )
    return replace(ours, known=known, paused=theirs.paused)


def with_peoples_words(history: History, other: History, *, newer: bool) -> History:
    """Take over what people said by commands of findings, from a history of another round.

    Args:
        history: The history.
        other: Where it was said.
        newer: Whether it was said later than what the history has; else only what the history
            has no word of is taken.
    """
    entries = {entry.fingerprint: entry for entry in history.known}
    for said in other.known:
        entry = entries.get(said.fingerprint)
        if entry is None:
            if said.by:
                entries[said.fingerprint] = said
        elif said.by and (newer or not entry.by) and _words(said) != _words(entry):
            entry = replace(
                entry,
                state=said.state,
                by=said.by,
                reason=said.reason,
                authorised=said.authorised,
            )
            entries[said.fingerprint] = entry
    paused = other.paused if newer else history.paused
    return replace(history, known=tuple(entries.values()), paused=paused)


def _words(entry: KnownFinding) -> tuple[str, bool]:
    """Return who had the last word on a finding, and whether it was no."""
    return entry.by, entry.state is KnownState.DISMISSED


def _later(remembered: History, marked: History) -> History:
    """Return the later of two histories; of one round what is remembered."""
    if marked.generation <= remembered.generation:
        return remembered
    return with_peoples_words(marked, remembered, newer=False)


def _is_answer(comment: Comment, signer: Signer) -> bool:
    return comment.ours and signer.read(comment.body, MarkKind.REPLY) is not None


def _with_threads(
    known: Sequence[KnownFinding], threads: Sequence[OurThread]
) -> tuple[KnownFinding, ...]:
    entries = {entry.fingerprint: entry for entry in known}
    for ours in threads:
        entry = entries.get(ours.mark.fingerprint) or _known(ours.mark, ours.thread.path)
        entry = replace(entry, inline=True)
        # What somebody said by a command since then is not overruled by an older reply.
        if ours.voices.dismissed and entry.state is KnownState.OPEN and not entry.by:
            entry = replace(
                entry,
                state=KnownState.DISMISSED,
                by=ours.voices.dismissed_by,
                reason=ours.voices.dismissed,
            )
        entries[ours.mark.fingerprint] = entry
    return tuple(entries.values())


def _known(mark: FindingMark, path: str) -> KnownFinding:
    return KnownFinding(
        fingerprint=mark.fingerprint,
        rule_id=mark.rule_id,
        persona=mark.persona,
        severity=mark.severity,
        path=path,
        headline="",
        inline=True,
    )


def _once(known: Sequence[KnownFinding]) -> tuple[KnownFinding, ...]:
    return tuple({entry.fingerprint: entry for entry in known}.values())
