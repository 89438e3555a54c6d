"""The composition root: turns a request of a door into wired parts; the only module that names adapters and services together."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reviewer.domain.change import Change
    from reviewer.domain.persona import Persona
    from reviewer.domain.policy import Policy, PolicyLayer
    from reviewer.domain.review import Review
    from reviewer.domain.selection import Selection
    from reviewer.ports.progress import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a door asks for.

    Args:
        repository: Any folder inside the git repository.
        revisions: A range (``main...HEAD``, ``A..B``) or one commit; None lets git's state decide.
        staged: Review the index against HEAD.
        working_tree: Review the working tree against HEAD.
        patch: A patch's bytes instead of a range.
        patch_name: How the patch is called in messages (``-`` for standard input).
        personas: Names of personas that are asked for; empty lets the selection choose.
        panel: Name of a panel that is asked for.
        sarif: SARIF files of other analysers.
        layer: What the command line sets of the policy.
    """

    repository: Path = field(default_factory=Path)
    revisions: str | None = None
    staged: bool = False
    working_tree: bool = False
    patch: bytes | None = None
    patch_name: str = "-"
    personas: tuple[str, ...] = ()
    panel: str | None = None
    sarif: tuple[Path, ...] = ()
    layer: PolicyLayer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewResult:
    """A review, the policy that judges it, and how long each stage took."""

    review: Review
    policy: Policy
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionResult:
    """Who would review a change."""

    change: Change
    personas: tuple[Persona, ...]
    selection: Selection
    policy: Policy


def review(request: Request, *, progress: Progress | None = None) -> ReviewResult:
    """Review what the request names.

    Raises:
        UserError: The request, the repository or a file of the command line is wrong.
        ReviewerError: The review could not be made.
    """
    return asyncio.run(_review(request, progress))


def select(request: Request) -> SelectionResult:
    """Choose the personas for what the request names, without reviewing."""


def catalogue(repository: Path) -> tuple[Persona, ...]:
    """Return the built-in personas and those of the repository's HEAD."""


def policy(repository: Path) -> Policy:
    """Return the effective policy at the repository's HEAD, each value with its origin."""
