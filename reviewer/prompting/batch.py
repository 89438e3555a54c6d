"""A batch of the change as text: what every persona that is asked about it is shown, byte by byte.

The batch is data and nothing else: how to read it says the contract of the prompts. Its blocks are
fenced (`reviewer.prompting.fence`); apart from the nonce its text depends on the change and on what
tools found, never on who is asked, so that a provider's cache pays for it once.

==============  ===============================================================================
``change``      files in the order of risk, see `reviewer.prompting.layout`
``evidence``    what tools found in them: ``RULE path:lines headline``
``not shown``   every other file and every line that was cut, by reason
==============  ===============================================================================
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from reviewer.domain.change import FileChange
from reviewer.domain.finding import Finding
from reviewer.domain.sanitiser import HEADLINE_LIMIT, cut, one_line
from reviewer.prompting.fence import PLACE_OF_NONCE, fenced
from reviewer.prompting.layout import LINE_LIMIT, Section, path_label
from reviewer.prompting.sent import Sent, SentFile

#: Raised whenever the same change is laid out in another way, so that no old answer is used again.
FORM = "batch/1"

#: Paths that are listed by name for one reason; a model may speak of none of the others either.
_MOST_LISTED = 30
#: Findings of tools that are listed for one rule in one file.
_MOST_PLACES = 12
#: Lines of evidence for one file or part of it.
_MOST_EVIDENCE = 40

CHANGE = "change"
EVIDENCE = "evidence"
NOT_SHOWN = "not shown"


@dataclass(frozen=True, kw_only=True)
class BatchText:
    """One batch, ready to be sent.

    Args:
        blocks: Kind and text of each block, in order, without fences.
        sent: What is shown of which file, line by line.
        key: sha256 of everything in it that decides an answer: neither the nonce nor the list of
            what is not shown.
    """

    blocks: tuple[tuple[str, str], ...] = field(repr=False)
    sent: Sent = field(repr=False)
    key: str

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that are shown, exactly as git has their paths, in order."""
        return tuple(self.sent.by_path)

    def render(self, nonce: str = PLACE_OF_NONCE) -> str:
        """Return the text between fences.

        Args:
            nonce: The run's nonce, chosen so that it stands in none of `blocks`; without one, the
                text that may be kept and compared.
        """
        return "\n".join(fenced(kind, text, nonce) for kind, text in self.blocks)


def build_batch(
    sections: Sequence[Section],
    *,
    findings: Sequence[Finding] = (),
    not_shown: Iterable[tuple[str, str]] = (),
    introduction: Iterable[tuple[str, str]] = (),
) -> BatchText:
    """Build the text of a batch.

    Args:
        sections: The files and parts of files that it shows, in order.
        findings: What tools found, in the whole change.
        not_shown: Every path of the change that the batch does not show, with the reason.
        introduction: Kind and text of blocks that stand before it (title and description), already
            cleaned.
    """
    blocks = [*introduction, (CHANGE, "\n".join(section.text for section in sections))]
    evidence = [line for section in sections for line in evidence_lines(section, findings)]
    if evidence:
        blocks.append((EVIDENCE, "\n".join(evidence)))
    omitted = [*_grouped(not_shown), *_cuts(sections)]
    if omitted:
        blocks.append((NOT_SHOWN, "\n".join(omitted)))
    # What is shown decides an answer. The list of what is not only keeps a model from speaking of
    # it: were it in the key, every file that joins a change would have all others asked again.
    deciding = [block for block in blocks if block[0] != NOT_SHOWN]
    material = json.dumps([FORM, deciding], ensure_ascii=True, separators=(",", ":"))
    return BatchText(
        blocks=tuple(blocks),
        sent=Sent(files=tuple(_sent(sections))),
        key=hashlib.sha256(material.encode()).hexdigest(),
    )


def evidence_lines(section: Section, findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return what tools found in the lines of a section, one line a rule and headline.

    Args:
        section: What is shown. What is about the file as a whole stands with its first part.
        findings: What tools found, in the whole change.
    """
    places: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        if finding.path != section.path:
            continue
        where = finding.location
        if where is None:
            if section.part == 1:
                places.setdefault((finding.rule_id, finding.headline), [])
        elif section.holds(where.side, where.start_line):
            lines = (
                f"{where.start_line}"
                if where.start_line == where.end_line
                else f"{where.start_line}-{where.end_line}"
            )
            places.setdefault((finding.rule_id, finding.headline), []).append(lines)
    path = path_label(section.path)
    found = [
        f"{rule} {path}{_listed(lines)} {cut(one_line(headline), HEADLINE_LIMIT)}"
        for (rule, headline), lines in places.items()
    ]
    more = len(found) - _MOST_EVIDENCE
    return (*found[:_MOST_EVIDENCE], *([f"{path} has {more} more"] if more > 0 else []))


def _listed(lines: Sequence[str]) -> str:
    if not lines:
        return ""
    distinct = list(dict.fromkeys(lines))
    more = len(distinct) - _MOST_PLACES
    return f":{','.join(distinct[:_MOST_PLACES])}" + (f" and {more} more" if more > 0 else "")


def _grouped(not_shown: Iterable[tuple[str, str]]) -> Iterable[str]:
    """Yield one line a reason."""
    reasons: dict[str, list[str]] = {}
    for path, reason in not_shown:
        reasons.setdefault(reason, []).append(path_label(path))
    for reason, paths in reasons.items():
        more = len(paths) - _MOST_LISTED
        listed = ", ".join(paths[:_MOST_LISTED])
        yield f"{one_line(reason)}: {listed}" + (f" and {more} more" if more > 0 else "")


def _cuts(sections: Sequence[Section]) -> Iterable[str]:
    """Yield one line a file whose long lines are cut."""
    for section in sections:
        if section.cuts:
            numbers = [str(line.number) for line in section.cuts]
            longest = max(line.length for line in section.cuts)
            yield (
                f"cut after {LINE_LIMIT:,} characters, the longest has {longest:,}:"
                f" {path_label(section.path)}{_listed(numbers)}"
            )


def _sent(sections: Sequence[Section]) -> Iterable[SentFile]:
    """Put the parts of a file that one batch shows together."""
    files: dict[str, tuple[FileChange, dict[int, str], dict[int, str]]] = {}
    for section in sections:
        _, head, base = files.setdefault(section.path, (section.file, {}, {}))
        head.update(section.head)
        base.update(section.base)
    return [SentFile(file=file, head=head, base=base) for file, head, base in files.values()]
