"""What a fact says about a change: places, "no subject here", or what it could not look at.

A *fact* is a pure function from a change to an observation. Three answers are kept apart, because
a scorecard that mixes them up lies:

- *sightings*: the fault is here, and this change brings it;
- *no subject*: there is nothing in this change that the fact speaks about;
- *not read*: there is something, and it could not be looked at (no head text, no YAML, …).

None of the three: looked, and saw nothing wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reviewer.domain.change import Change, FileChange, FileStatus, Side
from reviewer.domain.evidence import EvidenceKind, Examination, Hit, Inapplicable, Unexamined
from reviewer.domain.subject import NO_HEAD_TEXT

NO_BASE_TEXT = "no base text to compare with"
ALREADY_SO = "already so before this change"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One place where a fact sees a fault.

    Args:
        path: The file, as the change names it.
        message: What exactly was seen, one phrase; it stands before the rule's "why".
        headline: What is wrong in the reader's words, where it can be more exact than the rule's.
        side: Which version the numbers count in.
        start_line: First line from 1; None for the file as a whole.
        end_line: Last line, inclusive; None for the file as a whole.
    """

    path: str
    message: str = ""
    headline: str = ""
    side: Side = Side.HEAD
    start_line: int | None = None
    end_line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRead:
    """A file that should have been looked at and could not; the reason follows "not assessed"."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoSubject:
    """Nothing here that the fact speaks about, and why."""

    reason: str


#: What a fact says about one file.
Seen = tuple[Sighting, ...] | NotRead | NoSubject


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What a fact says about a whole change.

    Args:
        hits: Where it sees the fault.
        inapplicable: Why it has no subject in this change; None where it has one.
        unexamined: Path and reason of everything that it could not look at; an empty path
            stands for the whole change.
    """

    hits: tuple[Sighting, ...] = ()
    inapplicable: str | None = None
    unexamined: tuple[tuple[str, str], ...] = ()

    def examination(self, code: str) -> Examination:
        """Return this as the examination of the fact that is registered under a name.

        Args:
            code: The fact's name in the registry.
        """
        kind = EvidenceKind.FACT
        inapplicable = self.inapplicable
        return Examination(
            hits=tuple(
                Hit(
                    kind=kind,
                    code=code,
                    path=hit.path,
                    message=hit.message,
                    side=hit.side,
                    start_line=hit.start_line,
                    end_line=hit.end_line,
                    headline=hit.headline,
                )
                for hit in self.hits
            ),
            unexamined=tuple(
                Unexamined(kind=kind, code=code, path=path, reason=reason)
                for path, reason in self.unexamined
            ),
            inapplicable=()
            if inapplicable is None
            else (Inapplicable(kind=kind, code=code, reason=inapplicable),),
        )


#: A fact: pure, total, and fast enough to run over any change.
Fact = Callable[[Change], Observation]


def look(
    change: Change,
    *,
    subject: str,
    among: Callable[[FileChange], bool],
    at: Callable[[FileChange], Seen],
) -> Observation:
    """Ask one question of every reviewed file that the change leaves behind with content.

    Args:
        change: What is reviewed.
        subject: What the files are, in words: ``Dockerfile``, ``Kubernetes manifest``.
        among: Which files are asked.
        at: The question; only asked of files whose head text is known.

    Returns:
        All answers as one: inapplicable only if every file had no subject.
    """
    hits: list[Sighting] = []
    blind: list[tuple[str, str]] = []
    idle: list[str] = []
    looked = False
    for file in change.reviewed:
        if not touched(file) or not among(file):
            continue
        seen = NotRead(reason=NO_HEAD_TEXT) if file.head_text is None else at(file)
        match seen:
            case NotRead(reason=reason):
                blind.append((file.path, reason))
            case NoSubject(reason=reason):
                idle.append(reason)
            case _:
                looked = True
                hits += seen
    if not looked and not blind:
        return Observation(inapplicable=idle[0] if idle else f"no {subject} in this change")
    return Observation(hits=tuple(hits), unexamined=tuple(blind))


def touched(file: FileChange) -> bool:
    """Tell whether the file exists at the head and the change touches its content."""
    return file.status is not FileStatus.DELETED and bool(file.hunks)


def base_is_known(file: FileChange) -> bool:
    """Tell whether a fault can be compared with the base: a new file has none to compare."""
    return file.status is FileStatus.ADDED or file.base_text is not None


def on_changed_lines(
    file: FileChange, found: Iterable[tuple[int, int, str, str]]
) -> tuple[Sighting, ...]:
    """Turn ranges of head lines into sightings and leave out those that the change did not touch.

    Args:
        file: The file.
        found: First line, last line, headline and message of each.
    """
    return tuple(
        Sighting(
            path=file.path, start_line=first, end_line=last, headline=headline, message=message
        )
        for first, last, headline, message in found
        if file.locate(Side.HEAD, first, last) is not None
    )


def anchored(
    file: FileChange, lines: tuple[int, int] | None, *, headline: str = "", message: str = ""
) -> Sighting:
    """Return a sighting on the given head lines if the change touches them, else on the file.

    For absences, which this change brings but which stand on no line of their own.
    """
    if lines is None or file.locate(Side.HEAD, *lines) is None:
        return Sighting(path=file.path, headline=headline, message=message)
    return Sighting(
        path=file.path,
        start_line=lines[0],
        end_line=lines[1],
        headline=headline,
        message=message,
    )
