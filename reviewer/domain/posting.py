"""What is written to a pull request: comments, a check and its annotations, as values.

Texts are final when they stand here: rendered, sanitised, cut and marked. There is no approval and
no request for changes: neither exists in this program (security.md S4).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reviewer.domain.change import Location
from reviewer.domain.conclusion import ConclusionKind

#: What stands in a check's mark before the name of the request for which it was posted anew.
AGAIN = "~"

#: GitHub takes so many annotations in one request; more come with further ones:
#: https://docs.github.com/en/rest/checks/runs#update-a-check-run
ANNOTATIONS_A_REQUEST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineComment:
    """A comment on lines that the change shows.

    Args:
        location: Where; inside one hunk, on one side. On the base side for removed code.
        body: The text, with its marker.
        fingerprint: The finding that it tells.
    """

    location: Location
    body: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileComment:
    """A comment on a file as a whole; a call of its own (GitHub's review takes none)."""

    path: str
    body: str
    fingerprint: str


class AnnotationLevel(StrEnum):
    """How loud an annotation is; GitHub's words."""

    NOTICE = "notice"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A line of a check.

    Args:
        path: The file at the head; annotations have no side.
        start_line: First line at the head, from 1.
        end_line: Last line, inclusive.
        level: How loud.
        title: What is wrong, plain text, at most 255 characters.
        message: How it happens and the way out, plain text, at most 64 kB.
    """

    path: str
    start_line: int
    end_line: int
    level: AnnotationLevel
    title: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check run that has ended; it stands on the commit that was reviewed.

    Args:
        head_sha: That commit.
        conclusion: What it says.
        title: The verdict in one line.
        summary: Markdown, at most 65,535 characters.
        text: More Markdown (our JSON record in a fence); may be empty.
        annotations: Any number; the adapter sends them in portions.
        mark: By what we know it again; the host keeps it and shows it to nobody.
    """

    head_sha: str
    conclusion: ConclusionKind
    title: str
    summary: str
    text: str = ""
    annotations: tuple[Annotation, ...] = ()
    mark: str = ""


def is_marked(found: str, mark: str) -> bool:
    """Tell whether a check has a mark, or is one that was posted anew in its place.

    Args:
        found: The mark of the check that stands.
        mark: What is looked for.
    """
    return found == mark or found.startswith(f"{mark}{AGAIN}")


class Reaction(StrEnum):
    """How a command is acknowledged; GitHub's words."""

    SEEN = "eyes"
    DONE = "+1"
    REFUSED = "confused"


class Permission(StrEnum):
    """What somebody may do in a repository; the host's role, from the least on."""

    NONE = "none"
    READ = "read"
    TRIAGE = "triage"
    WRITE = "write"
    MAINTAIN = "maintain"
    ADMIN = "admin"

    def at_least(self, other: Permission) -> bool:
        """Tell whether this allows as much as the other or more."""
        order = tuple(Permission)
        return order.index(self) >= order.index(other)
