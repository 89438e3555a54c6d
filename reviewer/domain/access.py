"""Who may ask the service for what: roles, and the least role for each thing that can be asked.

::

    read      runs, findings, costs, the stream of a run, metrics
    operate   … and order a review, or give a run up
    admin     … and delete an installation's data
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What somebody may do; each role may do what those before it may."""

    READ = "read"
    OPERATE = "operate"
    ADMIN = "admin"


class Request(StrEnum):
    """What can be asked of the service; the words stand in the audit trail."""

    READ_RUNS = "read runs"
    READ_COSTS = "read costs"
    READ_METRICS = "read metrics"
    ORDER_REVIEW = "order review"
    CANCEL_RUN = "cancel run"
    FORGET_INSTALLATION = "forget installation"


#: The least role that may ask for it.
LEAST: Mapping[Request, Role] = MappingProxyType(
    {
        Request.READ_RUNS: Role.READ,
        Request.READ_COSTS: Role.READ,
        Request.READ_METRICS: Role.READ,
        Request.ORDER_REVIEW: Role.OPERATE,
        Request.CANCEL_RUN: Role.OPERATE,
        Request.FORGET_INSTALLATION: Role.ADMIN,
    }
)

_RANK = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever asks, once they have proved who they are.

    Args:
        name: How the audit trail calls them: ``operator``, or ``service:`` and a token's subject.
        role: What they may do.
    """

    name: str
    role: Role

    def may(self, request: Request) -> bool:
        """Tell whether the caller's role is enough."""
        return _RANK[self.role] >= _RANK[LEAST[request]]
