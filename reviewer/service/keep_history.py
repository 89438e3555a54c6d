"""Keeps what people's commands changed: in the memory, where there is one, and in our summary.

Of the summary only the marker changes, its text stays. A command moves no generation: a review
that is under way takes over what it says before it writes (`recall.merged`). Without a key nothing
can be kept, since nobody would believe it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from reviewer.domain.history import History, KnownFinding
from reviewer.domain.history_text import TEXT_LIMIT, text_size
from reviewer.domain.marker import Signer, SummaryMark, without_marker
from reviewer.domain.recall import history_of, our_summaries
from reviewer.domain.remember import bounded
from reviewer.ports.code_host import CodeHost, CodeHostError
from reviewer.ports.memory import Memory
from reviewer.rendering.markdown import BODY_LIMIT
from reviewer.rendering.posted_comment import with_marker

#: What stands in a summary that only keeps state, until a review takes its place.
_KEEPER = "Nothing has been reviewed here yet; what was said to this reviewer is kept."


async def keep_history(
    host: CodeHost,
    history: History,
    *,
    before: History,
    signer: Signer,
    memory: Memory | None = None,
) -> bool:
    """Keep a changed history, in our summary too; begin one where none stands.

    Args:
        host: The code host.
        history: What is known now.
        before: The same before the command.
        signer: Writes and reads our markers.
        memory: Holds it as well; None where there are comments alone.

    Returns:
        Whether it is kept; not so without a key.

    Raises:
        CodeHostError: The host did not take it, and nothing else holds it.
        CommunicationError: The memory did not take it.
    """
    if not signer.signs:
        return False
    if memory is None:
        await _keep_in_summary(host, history, before, signer, None)
        return True
    await memory.keep(history, before=before)
    # It is kept; the next review writes it into its summary, if this does not.
    with suppress(CodeHostError):
        await _keep_in_summary(host, history, before, signer, await memory.recall())
    return True


async def _keep_in_summary(
    host: CodeHost, history: History, before: History, signer: Signer, remembered: History | None
) -> None:
    conversation = await host.conversation()
    kept = onto(history_of(conversation, signer, remembered), history, before)
    summary = next(iter(our_summaries(conversation, signer)), None)
    if summary is None:
        if remembered is None or not remembered.generation:
            await host.post_comment(_body(_KEEPER, conversation.head_sha, kept, signer))
        # Else somebody has deleted it: nobody asked for another one.
        return
    text = without_marker(summary.comment.body)
    mark = replace(summary.mark, history=_bounded(kept, text), text="")
    await host.edit_comment(summary.comment.id, with_marker(text, signer.write(mark)))


def onto(now: History, changed: History, before: History) -> History:
    """Put what a command changed onto what stands now: a review may have been published since.

    Args:
        now: What stands now.
        changed: What the command made of what it found.
        before: What it found.
    """
    if not now.trusted:
        return changed
    was = {entry.fingerprint: entry for entry in before.known}
    by_command = {
        entry.fingerprint: entry for entry in changed.known if was.get(entry.fingerprint) != entry
    }
    known = tuple(
        _with_state(entry, by_command.pop(entry.fingerprint, entry)) for entry in now.known
    )
    return replace(
        now,
        known=(*known, *by_command.values()),
        paused=changed.paused if changed.paused != before.paused else now.paused,
        rounds=changed.rounds if changed.rounds != before.rounds else now.rounds,
        spent=now.spent + changed.spent - before.spent,
        tokens=now.tokens + changed.tokens - before.tokens,
    )


def _with_state(entry: KnownFinding, changed: KnownFinding) -> KnownFinding:
    return replace(
        entry,
        state=changed.state,
        by=changed.by,
        reason=changed.reason,
        authorised=changed.authorised,
    )


def _body(text: str, head_sha: str, history: History, signer: Signer) -> str:
    mark = SummaryMark(head_sha=head_sha, history=_bounded(history, text))
    return with_marker(text, signer.write(mark))


def _bounded(history: History, text: str) -> History:
    room = min(TEXT_LIMIT, BODY_LIMIT + 4_000 - len(text.encode()))
    return bounded(history, room, text_size)
