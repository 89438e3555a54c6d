"""Runs the facts that personas name: pure functions of ours over the change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reviewer.domain.change import Change
from reviewer.domain.evidence import Evidence, EvidenceKind, Examination, Unexamined
from reviewer.domain.facts import FACTS, Fact


class FactExaminer:
    """Examines a change with the registered facts.

    Args:
        facts: The facts by name; all that ship by default.
    """

    def __init__(self, facts: Mapping[str, Fact] = FACTS) -> None:
        self._facts = facts

    @property
    def kind(self) -> EvidenceKind:
        """Which evidence it gives."""
        return EvidenceKind.FACT

    async def examine(self, change: Change, evidence: Sequence[Evidence]) -> Examination:
        """Run every fact that the evidence names once; see `reviewer.ports.examiner`."""
        names = dict.fromkeys(code for piece in evidence for code in piece.codes)
        seen = Examination()
        for name in names:
            fact = self._facts.get(name)
            if fact is None:
                gap = Unexamined(kind=self.kind, code=name, reason=f"there is no fact {name}")
                seen += Examination(unexamined=(gap,))
            else:
                seen += fact(change).examination(name)
        return seen
