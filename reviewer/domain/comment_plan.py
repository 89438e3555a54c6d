"""Which findings shall stand as comments of their own, where, and which cannot; pure.

Held against the change as the publisher itself has read it: a host refuses a whole review for one
comment on a line that the change does not show (pains.md P05).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from reviewer.domain.change import Change
from reviewer.domain.finding import Finding, OutcomeKind, PlacedFinding
from reviewer.domain.published import EarlierComment, Posted
from reviewer.domain.recall import OurThread
from reviewer.domain.review import COMMENTS, DEFAULT_INLINE_CAP, Review


@dataclass(frozen=True, kw_only=True)
class CommentPlan:
    """What is to be posted.

    Args:
        inline: Findings for their lines.
        file_level: Findings for their file.
        demoted: Why others are told in the summary, or on their file, by fingerprint.
    """

    inline: tuple[PlacedFinding, ...] = ()
    file_level: tuple[PlacedFinding, ...] = ()
    demoted: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def empty(self) -> bool:
        """Whether nothing is to be posted."""
        return not (self.inline or self.file_level)


def plan_comments(
    review: Review,
    change: Change,
    standing: Collection[str],
    *,
    most: int = DEFAULT_INLINE_CAP,
) -> CommentPlan:
    """Plan the comments of a review.

    Args:
        review: The review.
        change: What was reviewed, as whoever publishes has read it.
        standing: Fingerprints that are not to be posted: they stand, stood, or were dismissed.
        most: So many comments are posted in one run, whatever the review asks for.
    """
    inline: dict[str, PlacedFinding] = {}
    file_level: dict[str, PlacedFinding] = {}
    demoted: dict[str, str] = {}
    for placed in review.shown:
        finding = placed.finding
        fingerprint = finding.fingerprint
        wanted = placed.outcome.kind in COMMENTS and fingerprint not in standing
        if not wanted or fingerprint in inline or fingerprint in file_level:
            continue
        if len(inline) + len(file_level) >= most:
            demoted[fingerprint] = f"more than {most} in one review"
            continue
        on_lines = placed.outcome.kind is OutcomeKind.INLINE
        if on_lines and _is_commentable(finding, change):
            inline[fingerprint] = placed
        elif finding.path in change.by_path:
            file_level[fingerprint] = placed
            if on_lines:
                demoted[fingerprint] = "the change does not show these lines"
        else:
            demoted[fingerprint] = "the change does not hold this file"
    return CommentPlan(
        inline=tuple(inline.values()), file_level=tuple(file_level.values()), demoted=demoted
    )


def _is_commentable(finding: Finding, change: Change) -> bool:
    location = finding.location
    return (
        location is not None and location.path == finding.path and change.is_commentable(location)
    )


def posted_after(
    review: Review,
    threads: Collection[OurThread],
    *,
    resolved: Collection[str] = (),
    unresolved: Collection[str] = (),
    new: Posted | None = None,
) -> Posted:
    """Say what stands as comments after a run.

    Args:
        review: The review.
        threads: Our threads as they were read last.
        resolved: Names of the threads that this run resolved.
        unresolved: Names of those that it might have resolved, had the token been allowed to.
        new: What this run posted, demoted and has to say.
    """
    fresh = new or Posted()
    shown = {placed.finding.fingerprint for placed in review.shown}
    told = shown | {entry.fingerprint for entry in review.left_open}
    closed = {t.mark.fingerprint for t in threads if t.thread.resolved or t.thread.id in resolved}
    still = [t for t in threads if not t.thread.resolved and t.thread.id not in resolved]
    on_file = {t.mark.fingerprint for t in still if t.thread.line is None and not t.thread.outdated}
    on_file |= fresh.file_level
    on_lines = ({t.mark.fingerprint for t in still} | fresh.inline) - on_file
    demoted = dict(fresh.demoted)
    for fingerprint in closed - on_lines - on_file:
        demoted.setdefault(fingerprint, "its thread is resolved")
    earlier = [t for t in still if t.mark.fingerprint not in told and not t.voices.dismissed]
    return Posted(
        inline=frozenset(on_lines),
        file_level=frozenset(on_file),
        demoted={key: reason for key, reason in demoted.items() if key in shown},
        earlier=tuple(_earlier(t) for t in earlier if t.thread.id not in unresolved),
        unresolved=tuple(_earlier(t) for t in earlier if t.thread.id in unresolved),
        notes=fresh.notes,
    )


def _earlier(ours: OurThread) -> EarlierComment:
    return EarlierComment(path=ours.thread.path, line=ours.thread.line, rule_id=ours.mark.rule_id)
