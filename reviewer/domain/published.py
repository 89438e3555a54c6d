"""What stands on a pull request after a run, and what the run did there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from reviewer.domain.conclusion import Conclusion
from reviewer.domain.history import History
from reviewer.domain.review import Review
from reviewer.domain.status import RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierComment:
    """A comment of ours that stands open and whose finding this run did not find again.

    Args:
        path: The file.
        line: The line it stands on; None where it is outdated or about a file.
        rule_id: Its rule; may be empty.
    """

    path: str
    line: int | None
    rule_id: str


@dataclass(frozen=True, kw_only=True)
class Posted:
    """What stands on the pull request besides the summary, which is rendered from it.

    Args:
        inline: Fingerprints of the findings that stand on their lines.
        file_level: Those that stand on their file.
        demoted: Why a finding does not stand where it should, by fingerprint.
        earlier: Our open comments whose finding was not found again.
        unresolved: Those among them that are fixed, and that our token may not resolve.
        notes: What people must know about the posting itself.
    """

    inline: frozenset[str] = frozenset()
    file_level: frozenset[str] = frozenset()
    demoted: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    earlier: tuple[EarlierComment, ...] = ()
    unresolved: tuple[EarlierComment, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def standing(self) -> frozenset[str]:
        """Fingerprints of the findings that stand as comments of their own."""
        return self.inline | self.file_level


class SummaryFate(StrEnum):
    """What became of the summary."""

    NONE = "none"
    POSTED = "posted"
    EDITED = "edited"
    UNCHANGED = "unchanged"
    FAILED = "failed"


class CheckFate(StrEnum):
    """What became of the check."""

    NONE = "none"
    POSTED = "posted"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Published:
    """What a run did on a pull request.

    Args:
        state: Where the run ended, its posting included.
        conclusion: What the check says, or would.
        reason: Why, for every state but ``completed``.
        posted: What stands there now.
        new: Fingerprints that this run posted.
        resolved: How many threads it resolved.
        answered: How many replies it answered.
        summary: What became of the summary.
        check: What became of the check.
        review: The review as it was told; None where none was.
        history: What the next round starts from.
        problems: What went wrong on the way, each ready to be read.
    """

    state: RunState
    conclusion: Conclusion
    reason: str = ""
    posted: Posted = field(default_factory=Posted)
    new: tuple[str, ...] = ()
    resolved: int = 0
    answered: int = 0
    summary: SummaryFate = SummaryFate.NONE
    check: CheckFate = CheckFate.NONE
    review: Review | None = None
    history: History = field(default_factory=History)
    problems: tuple[str, ...] = ()
