"""Gives the results of SARIF files as evidence; they were gathered by others, so nothing is run."""

from __future__ import annotations

from collections.abc import Sequence

from reviewer.adapters.sarif.report import SarifReport
from reviewer.domain.change import Change
from reviewer.domain.evidence import Evidence, EvidenceKind, Examination


class SarifExaminer:
    """Gives every result on a file of the change, whether a rule asks for it or not.

    Args:
        reports: The files that were read.
    """

    def __init__(self, reports: Sequence[SarifReport] = ()) -> None:
        self._reports = tuple(reports)

    @property
    def kind(self) -> EvidenceKind:
        """Which evidence it gives."""
        return EvidenceKind.SARIF

    async def examine(self, change: Change, evidence: Sequence[Evidence]) -> Examination:  # noqa: ARG002 - the port's form
        """Return the results on files of the change; see `reviewer.ports.examiner`."""
        hits = (hit for report in self._reports for hit in report.hits)
        return Examination(hits=tuple(hit for hit in hits if hit.path in change.by_path))
