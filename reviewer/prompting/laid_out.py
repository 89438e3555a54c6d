"""A whole change laid out: its pieces for the plan, and the text of each batch of the plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from reviewer.domain.arrangement import Batch, Piece
from reviewer.domain.change import Change
from reviewer.domain.finding import Finding
from reviewer.domain.plan import LeftOut, Plan
from reviewer.domain.risk import by_risk
from reviewer.prompting.batch import BatchText, build_batch, evidence_lines
from reviewer.prompting.estimate import CountTokens
from reviewer.prompting.layout import LEAST_AROUND, LINE_LIMIT, Section, lay_out

#: The code around its hunks that a small change gets in any case, all files together, in
#: characters: the functions of two small edits, as a rule.
_AROUND_SMALL_CHANGE = 2_000


@dataclass(frozen=True, kw_only=True)
class LaidOut:
    """Every reviewed file of a change as it would be shown, in the order of risk.

    Args:
        change: The change.
        sections: Its files and parts of files.
        findings: What tools found.
    """

    change: Change
    sections: tuple[Section, ...] = field(repr=False)
    findings: tuple[Finding, ...] = field(repr=False)

    @cached_property
    def _by_path(self) -> dict[str, list[Finding]]:
        found: dict[str, list[Finding]] = {}
        for finding in self.findings:
            found.setdefault(finding.path, []).append(finding)
        return found

    @cached_property
    def _by_piece(self) -> dict[tuple[str, int], Section]:
        return {(section.path, section.part): section for section in self.sections}

    def pieces(self, count: CountTokens) -> tuple[Piece, ...]:
        """Measure what the plan packs.

        Args:
            count: Counts the tokens of a text.
        """
        return tuple(
            Piece(
                path=section.path,
                part=section.part,
                tokens=count("\n".join((section.text, *self._evidence(section)))),
            )
            for section in self.sections
        )

    def _evidence(self, section: Section) -> tuple[str, ...]:
        return evidence_lines(section, self._by_path.get(section.path, ()))

    def text(
        self, plan: Plan, batch: Batch, introduction: Iterable[tuple[str, str]] = ()
    ) -> BatchText:
        """Build the text of a batch.

        Args:
            plan: The plan.
            batch: One of its batches.
            introduction: Kind and text of blocks that stand before it, already cleaned.
        """
        sections = [self._by_piece[piece.path, piece.part] for piece in batch.pieces]
        findings = [f for path in batch.paths for f in self._by_path.get(path, ())]
        return build_batch(
            sections,
            findings=findings,
            not_shown=plan.not_shown(self.change, batch),
            introduction=introduction,
        )

    def cut_lines(self, plan: Plan) -> tuple[LeftOut, ...]:
        """Name the files of a plan whose long lines are not shown to their end.

        Args:
            plan: The plan.
        """
        pieces = dict.fromkeys((p.path, p.part) for batch in plan.batches for p in batch.pieces)
        longest: dict[str, list[int]] = {}
        for piece in pieces:
            for line in self._by_piece[piece].cuts:
                longest.setdefault(piece[0], []).append(line.length)
        return tuple(
            LeftOut(
                path=path,
                reason=(
                    f"{len(lengths)} long {'line' if len(lengths) == 1 else 'lines'} cut after"
                    f" {LINE_LIMIT:,} of {max(lengths):,} characters"
                ),
            )
            for path, lengths in longest.items()
        )


def lay_out_change(change: Change, findings: Sequence[Finding], *, part_characters: int) -> LaidOut:
    """Lay a change out.

    Args:
        change: The change.
        findings: What tools found.
        part_characters: Larger files are divided; what the smallest batch holds.
    """
    least = max(LEAST_AROUND, _AROUND_SMALL_CHANGE // max(1, len(change.reviewed)))
    sections = tuple(
        section
        for file in by_risk(change, findings)
        for section in lay_out(file, part_characters=part_characters, least_around=least)
    )
    return LaidOut(change=change, sections=sections, findings=tuple(findings))
