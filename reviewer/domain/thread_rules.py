"""What becomes of a review thread of ours: five conditions, what people said, and one answer.

A thread is resolved only where all five hold (pains.md P07)::

    ours          its first comment is ours, and our signature says which finding it tells
    outdated      the host says that its lines have changed since
    gone          a completed run looked into the file and did not find it again
    undisturbed   no person has spoken in it
    clear         no finding of today stands where it stood

A person who replies, or resolves it, has dismissed the finding: it is not told again. Only a reply
that says "fixed" while the finding still stands is answered, once. All else is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from reviewer.domain.conversation import Comment, Thread
from reviewer.domain.pull_request import AccountKind

_WORDS = re.compile(r"\S+")
_CLAIM = re.compile(r"\b(?:fixed|done|addressed|resolved|corrected)\b", re.IGNORECASE)
#: Words beside which a claim is none: "not fixed yet", "will be done later", "fixed how?".
_DOUBT = re.compile(
    r"\?|\b(?:not|never|no|nothing|cannot|\w+n['\u2019]t|will|would|could|later|if|when|once|until)\b",
    re.IGNORECASE,
)
_LONGEST_CLAIM = 30
_COMMAND = re.compile(r"\s*/[a-z]", re.IGNORECASE)

REPLIED = "replied in the thread"
RESOLVED = "resolved the thread"


class ThreadOutcome(StrEnum):
    """What becomes of a thread."""

    LEAVE = "leave"
    RESOLVE = "resolve"
    ANSWER = "answer"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadFacts:
    """The five conditions for resolving a thread; see the module."""

    ours: bool
    outdated: bool
    gone: bool
    undisturbed: bool
    clear: bool

    @property
    def all_hold(self) -> bool:
        """Whether the thread may be resolved."""
        return self.ours and self.outdated and self.gone and self.undisturbed and self.clear


@dataclass(frozen=True, slots=True, kw_only=True)
class Voices:
    """What people did in a thread of ours.

    Args:
        spoken: Whether a person has written in it.
        dismissed_by: Who dismissed the finding, by login; empty where the host does not tell.
        dismissed: How, ready to be read; empty where nobody did.
        claims_fixed: Whether the last person who spoke says that it is fixed.
    """

    spoken: bool = False
    dismissed_by: str = ""
    dismissed: str = ""
    claims_fixed: bool = False


def listen(thread: Thread) -> Voices:
    """Find out what people did in a thread that we began.

    Args:
        thread: The thread; its first comment is ours.
    """
    said = [comment for comment in thread.comments[1:] if is_by_person(comment)]
    dismissing = [c for c in said if not _COMMAND.match(c.body) and not claims_fixed(c.body)]
    if dismissing:
        author = dismissing[-1].author
        return Voices(
            spoken=True, dismissed=REPLIED, dismissed_by="" if author is None else author.login
        )
    if thread.resolved and not thread.resolved_by_us:
        return Voices(spoken=bool(said), dismissed=RESOLVED)
    return Voices(spoken=bool(said), claims_fixed=_last_claims(said))


def _last_claims(said: Sequence[Comment]) -> bool:
    claims = [claims_fixed(comment.body) for comment in said if not _COMMAND.match(comment.body)]
    return bool(claims) and claims[-1]


def is_by_person(comment: Comment) -> bool:
    """Tell whether a person wrote a comment; a deleted account was one."""
    if comment.ours:
        return False
    return comment.author is None or comment.author.kind is not AccountKind.BOT


def claims_fixed(text: str) -> bool:
    """Tell whether a reply says that the finding is fixed.

    A question, a promise or a refusal says no such thing, and a long text says more than that.
    """
    words = _WORDS.findall(text)
    return (
        0 < len(words) <= _LONGEST_CLAIM
        and _CLAIM.search(text) is not None
        and _DOUBT.search(text) is None
    )


def outcome(
    facts: ThreadFacts, voices: Voices, *, resolved: bool, still_stands: bool, answered: bool
) -> ThreadOutcome:
    """Decide what becomes of a thread.

    Args:
        facts: The five conditions.
        voices: What people did in it.
        resolved: Whether it is resolved already.
        still_stands: Whether this run found the finding again, quote and all.
        answered: Whether we answered in it before.
    """
    if not facts.ours:
        return ThreadOutcome.LEAVE
    if voices.dismissed:
        return ThreadOutcome.DISMISSED
    if resolved:
        return ThreadOutcome.LEAVE
    if voices.claims_fixed and still_stands and not answered:
        return ThreadOutcome.ANSWER
    return ThreadOutcome.RESOLVE if facts.all_hold else ThreadOutcome.LEAVE
