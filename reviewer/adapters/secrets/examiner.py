"""Looks for secrets in the lines that a change adds, in text files of any language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reviewer.domain.change import Change, FileChange, FileKind, LineKind
from reviewer.domain.evidence import ANY_CODE, Evidence, EvidenceKind, Examination, Hit
from reviewer.domain.secret_pattern import SECRET_KINDS, find_secrets


class SecretExaminer:
    """Examines added lines for secrets, in files that are only listed too, where known."""

    @property
    def kind(self) -> EvidenceKind:
        """Which evidence it gives."""
        return EvidenceKind.SECRET

    async def examine(self, change: Change, evidence: Sequence[Evidence]) -> Examination:
        """Look for the kinds that the evidence names; see `reviewer.ports.examiner`."""
        asked = {code for piece in evidence for code in piece.codes}
        hits = [
            hit
            for file in change.files
            if file.kind is FileKind.TEXT
            for hit in _hits(file)
            if ANY_CODE in asked or hit.code in asked
        ]
        return Examination(hits=tuple(hits))


def _hits(file: FileChange) -> Iterator[Hit]:
    """Scan each run of added lines as one text, because a private key has many."""
    for first, text in _runs(file):
        for secret in find_secrets(text):
            line = first + text.count("\n", 0, secret.start)
            title = SECRET_KINDS[secret.kind].title
            # The value itself is never told: a review is read by more people than the code.
            yield Hit(
                kind=EvidenceKind.SECRET,
                code=secret.kind,
                path=file.path,
                message=f"This looks like {title}",
                start_line=line,
                end_line=line,
            )


def _runs(file: FileChange) -> Iterator[tuple[int, str]]:
    """Yield every run of neighbouring added lines: the number of its first line, and its text."""
    for hunk in file.hunks:
        first, texts = 0, []
        for line in hunk.lines:
            if line.kind is LineKind.ADDED and line.head_number is not None:
                first = first or line.head_number
                texts.append(line.text)
            elif line.kind is LineKind.CONTEXT and texts:
                yield first, "\n".join(texts)
                first, texts = 0, []
        if texts:
            yield first, "\n".join(texts)
