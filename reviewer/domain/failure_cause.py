"""What kind of thing failed: from the kind of an error, and of several causes the one to mend."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reviewer.domain.completion import FailureKind
from reviewer.domain.run_event import FailureCause
from reviewer.errors import (
    CommunicationError,
    GitHubError,
    ProviderError,
    ResourceError,
    ReviewerError,
    UserError,
)

#: First match counts. Models and the code host have kinds of their own; what else answers a run
#: from outside of the process is a database, its own or the engine's.
_KINDS: Sequence[tuple[type[ReviewerError], FailureCause]] = (
    (ProviderError, FailureCause.MODEL),
    (GitHubError, FailureCause.CODE_HOST),
    (CommunicationError, FailureCause.DATABASE),
    (ResourceError, FailureCause.LIMIT),
    (UserError, FailureCause.CONFIGURATION),
)

#: Of several causes the one that somebody has to do something about.
_ORDER = (
    FailureCause.INTERNAL,
    FailureCause.CONFIGURATION,
    FailureCause.BUDGET,
    FailureCause.MODEL,
    FailureCause.CODE_HOST,
    FailureCause.DATABASE,
    FailureCause.LIMIT,
    FailureCause.TOOL,
)


def cause_of(error: BaseException) -> FailureCause:
    """Return what kind of thing failed.

    Args:
        error: What ended a piece of work.
    """
    for kind, cause in _KINDS:
        if isinstance(error, kind):
            return cause
    return FailureCause.INTERNAL


def cause_of_call(kind: FailureKind) -> FailureCause:
    """Return what kind of thing kept a call to a model from its answer.

    Args:
        kind: How the call failed.
    """
    if kind is FailureKind.BUDGET:
        return FailureCause.BUDGET
    return FailureCause.LIMIT if kind is FailureKind.DEADLINE else FailureCause.MODEL


def first_cause(causes: Iterable[FailureCause | None]) -> FailureCause | None:
    """Return the cause that somebody has to do something about first; None where there is none.

    Args:
        causes: Of everything that failed; None for what did not.
    """
    known = set(causes)
    return next((cause for cause in _ORDER if cause in known), None)
