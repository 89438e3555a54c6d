"""Wires reviews of pull requests: the side that holds a token reads and publishes.

The side that thinks runs as a child process without that token (security.md S2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from reviewer.bootstrap.model import ModelRequest

if TYPE_CHECKING:
    from reviewer.domain.conclusion import Conclusion
    from reviewer.domain.policy import PolicyLayer
    from reviewer.domain.posting import Annotation
    from reviewer.domain.review import Review
    from reviewer.domain.status import RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How a run is to go.

    Args:
        model: What is asked for of models.
        personas: Exactly these review, by name; empty lets the change decide.
        panel: A panel's name; None for none.
        layer: What the door sets of the policy.
        publish: Whether anything is written to the pull request.
    """

    model: ModelRequest = field(default_factory=ModelRequest)
    personas: tuple[str, ...] = ()
    panel: str | None = None
    layer: PolicyLayer | None = None
    publish: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a run went.

    Args:
        state: How the review ended; None where none was asked for.
        reason: Why, or what was done; one line, untrusted.
        review: The review; None where there is none.
        conclusion: What the check says; None without a review.
        annotations: The findings as lines of a check, best first.
        notes: What people must know besides: what could not be written, and why.
        seconds: How long each stage took.
    """

    state: RunState | None
    reason: str = ""
    review: Review | None = None
    conclusion: Conclusion | None = None
    annotations: tuple[Annotation, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
