"""zizmor: the security linter of GitHub workflows, fed one file at a time on stdin.

Offline, without configuration, and deaf to the ``# zizmor: ignore`` of the change.
Rules: https://docs.zizmor.sh/audits/
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from reviewer.adapters.linters import reply
from reviewer.adapters.linters.each_file import Sheet, examine_each
from reviewer.adapters.linters.process import DEFAULT_LIMITS, Limits, Ran, find_program
from reviewer.domain.change import Change, FileChange
from reviewer.domain.evidence import Evidence, EvidenceKind, Examination, Hit, SetAside, Unexamined
from reviewer.domain.subject import subjects

_KIND = EvidenceKind.ZIZMOR
#: 390 kB took 28 seconds and printed 30 MB.
_LIMIT_BYTES = 256_000

_OPTIONS = (
    "--offline",
    "--no-config",
    "--no-ignores",
    "--no-exit-codes",
    "--no-progress",
    "--format=json-v1",
    "-",
)
#: zizmor's code for "nothing was looked at": https://docs.zizmor.sh/usage/#exit-codes
_NOTHING_AUDITED = 3

_READS = re.compile(
    r"""
      \.github/workflows/[^/]+\.ya?ml
    | (?:.*/)?action\.ya?ml
    | \.github/dependabot\.ya?ml
    """,
    re.VERBOSE | re.DOTALL,  # git allows a line feed in a path
)


class ZizmorExaminer:
    """Examines workflows, actions and Dependabot's configuration with zizmor.

    Args:
        program: zizmor's program; the installed package's own by default.
        limits: How much one call may use.
    """

    def __init__(self, program: Path | None = None, *, limits: Limits = DEFAULT_LIMITS) -> None:
        self._program = program
        self._limits = limits

    @property
    def kind(self) -> EvidenceKind:
        """Which evidence it gives."""
        return _KIND

    async def examine(self, change: Change, evidence: Sequence[Evidence]) -> Examination:
        """Look for the audits that the evidence names; see `reviewer.ports.examiner`."""
        codes = frozenset(code for piece in evidence for code in piece.codes)
        found, blind = subjects(change, _KIND, among=_is_read, limit_bytes=_LIMIT_BYTES)
        seen = Examination(unexamined=blind)
        if not codes or not found:
            return seen
        program = self._program or find_program("zizmor", "zizmor")
        if program is None:
            missing = Unexamined(kind=_KIND, reason="zizmor is not installed")
            return seen + Examination(unexamined=(missing,))
        return seen + await examine_each(
            program,
            _OPTIONS,
            [Sheet(subject=subject, text=subject.text) for subject in found],
            kind=_KIND,
            read=lambda sheet, ran: _read(sheet, ran, codes),
            limits=self._limits,
        )


def _is_read(file: FileChange) -> bool:
    return _READS.fullmatch(file.path) is not None


def _read(sheet: Sheet, ran: Ran, codes: frozenset[str]) -> Examination | str:
    """Turn zizmor's answer into an examination, or say why it is none."""
    if ran.exit_code == _NOTHING_AUDITED or "failed to load" in ran.stderr:
        return "does not parse as a workflow, an action or Dependabot's configuration"
    if ran.exit_code != 0:
        return f"zizmor {ran.ending}"
    found: list[Hit] = []
    harmless: list[SetAside] = []
    for record in reply.records(ran.stdout):
        code = reply.text(record, "ident")
        if code not in codes:
            continue
        hits = _hits(sheet, code, record)
        if _is_harmless(record):
            harmless += (SetAside(hit=hit, reason="zizmor rates it low") for hit in hits)
        else:
            found += hits
    return Examination(hits=tuple(found), set_aside=tuple(harmless))


def _is_harmless(record: Mapping[str, object]) -> bool:
    """Tell whether zizmor itself thinks little of it: `job.status` or `env.VERSION` in a script."""
    level = reply.mapping(record.get("determinations")).get("severity")
    return level in {"Informational", "Low"}


def _hits(sheet: Sheet, code: str, record: Mapping[str, object]) -> tuple[Hit, ...]:
    """Make a hit of each primary place, on its first line.

    A place may be a whole job or step; what is wrong with it began where it begins, and a changed
    line somewhere inside did not bring it.
    """
    described = reply.text(record, "desc")
    hits = {}
    for item in reply.sequence(record.get("locations")):
        place = reply.mapping(item)
        symbolic = reply.mapping(place.get("symbolic"))
        if reply.text(symbolic, "kind") != "Primary":
            continue
        concrete = reply.mapping(reply.mapping(place.get("concrete")).get("location"))
        row = reply.number(reply.mapping(concrete.get("start_point")), "row")
        line = sheet.line(row + 1)  # rows start at 0
        hits[line] = Hit(
            kind=_KIND,
            code=code,
            path=sheet.path,
            message=f"{described}: {reply.text(symbolic, 'annotation')}",
            start_line=line,
            end_line=line,
        )
    if not hits:
        raise reply.UnexpectedReplyError("it names no place for what it found")
    return tuple(hits.values())
