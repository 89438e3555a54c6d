"""What people's commands change in a history: findings that are dismissed, and a pause.

Only a history whose signature holds is changed: where nobody can prove who wrote the state, a
dismissal would be anybody's (security.md S15). Whoever calls has asked the host whether the person
may do this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reviewer.domain.history import History, KnownFinding, KnownState

#: How many candidates are named where the beginning of a fingerprint is not enough.
_MOST_NAMED = 5
#: As long as `finding.Finding.handle`.
_HANDLE = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The finding that a short name means.

    Args:
        finding: Which; None where it is none or more than one.
        problem: Why, one sentence; empty where there is one.
    """

    finding: KnownFinding | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A history after a command.

    Args:
        history: The history; the same one where nothing is different.
        problem: Why nothing is, one sentence; empty where all is well.
    """

    history: History
    problem: str = ""


def find(known: Sequence[KnownFinding], name: str) -> Found:
    """Find what a short name means.

    Args:
        known: Findings that people have been told of.
        name: The first digits of a fingerprint, at least seven.
    """
    matches = [entry for entry in known if entry.fingerprint.startswith(name)]
    if len(matches) == 1:
        return Found(finding=matches[0])
    if not matches:
        return Found(problem=f"Nobody was told of a finding {name} on this pull request.")
    digits = _digits_needed(matches)
    names = ", ".join(entry.fingerprint[:digits] for entry in matches[:_MOST_NAMED])
    return Found(problem=f"{name} is the beginning of {len(matches)} findings: {names}.")


def _digits_needed(matches: Sequence[KnownFinding]) -> int:
    """Return how many digits tell these findings apart."""
    longest = max(len(entry.fingerprint) for entry in matches)
    for digits in range(_HANDLE, longest):
        if len({entry.fingerprint[:digits] for entry in matches}) == len(matches):
            return digits
    return longest


def dismiss(history: History, name: str, *, by: str, reason: str) -> Change:
    """Dismiss a finding: it is told no more and counts no more, until somebody takes that back.

    Args:
        history: What is known.
        name: The first digits of the finding's fingerprint.
        by: Who says so, by login.
        reason: Why; untrusted.
    """
    found = find(history.known, name)
    if found.finding is None:
        return Change(history=history, problem=found.problem)
    entry = replace(
        found.finding, state=KnownState.DISMISSED, by=by, reason=reason, authorised=True
    )
    return Change(history=_with(history, entry))


def undismiss(history: History, name: str, *, by: str) -> Change:
    """Take a dismissal back, whoever dismissed.

    Args:
        history: What is known.
        name: The first digits of the finding's fingerprint.
        by: Who says so, by login; it is kept, so that an older reply does not dismiss again.
    """
    found = find(history.known, name)
    if found.finding is None:
        return Change(history=history, problem=found.problem)
    if found.finding.state is KnownState.OPEN and found.finding.by == by:
        # The same person took it back before: a command that is carried out again changes nothing.
        return Change(history=history)
    if found.finding.state is not KnownState.DISMISSED:
        problem = f"{name} is not dismissed: it is {found.finding.state.value}."
        return Change(history=history, problem=problem)
    entry = replace(found.finding, state=KnownState.OPEN, by=by, reason="", authorised=False)
    return Change(history=_with(history, entry))


def pause(history: History) -> Change:
    """Stop reviews of pushes."""
    return Change(history=replace(history, paused=True))


def resume(history: History) -> Change:
    """Let pushes be reviewed again; also after too many of them."""
    return Change(history=replace(history, paused=False, rounds=()))


def _with(history: History, entry: KnownFinding) -> History:
    known = tuple(
        entry if other.fingerprint == entry.fingerprint else other for other in history.known
    )
    return replace(history, known=known)
