"""Who gives mechanical evidence about a change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from reviewer.domain.change import Change
from reviewer.domain.evidence import Evidence, EvidenceKind, Examination


class Examiner(Protocol):
    """Looks at the reviewed files of a change; never executes or imports anything of it."""

    @property
    def kind(self) -> EvidenceKind:
        """Which evidence it gives."""
        ...

    async def examine(self, change: Change, evidence: Sequence[Evidence]) -> Examination:
        """Look for what the evidence names, in every reviewed file that it can read.

        Args:
            change: What is reviewed; hits outside its changed lines are dropped by the caller.
            evidence: The evidence of the chosen personas that is of this examiner's kind.

        Returns:
            Hits, and for everything that could not be looked at an ``Unexamined`` with the
            reason. It raises nothing for bad input, a crash or a time-out of a tool: these are
            ``Unexamined`` too.
        """
        ...
