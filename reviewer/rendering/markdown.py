"""A review as Markdown: the summary comment, and the inline comment of one finding.

The summary is what is posted and edited in place; written to a file it is complete in itself.
GitHub takes 65,536 characters; ours end at 60,000 bytes, cut between whole rows, and say what
was left out: https://github.com/orgs/community/discussions/27190.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, takewhile

from jinja2.environment import TemplateModule

from reviewer.domain.evidence import Hit
from reviewer.domain.finding import OutcomeKind, PlacedFinding
from reviewer.domain.sanitiser import cut_words
from reviewer.rendering.document import (
    FindingGroup,
    ReviewDocument,
    agreement,
    count,
    places_of,
)
from reviewer.rendering.template import Safe, code, markdown_environment, safe_phrase

#: How long a comment may be, in bytes: a limit in characters alone would be three times that.
BODY_LIMIT = 60_000

#: How many words an inline comment spends on explanation and remedy.
INLINE_WORDS = 80

#: How many rows of what is to fix stand open; the rest is folded.
OPEN_ROWS = 10

_BACKTICKS = re.compile("`+")

#: What a "n more" line may need, and the frame of a folded section.
_RESERVE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """One list of the summary.

    Args:
        noun: What its rows are, for the "n more" line.
        rows: The rendered rows.
        title: Its title when it is folded; empty when it is not.
        head: Lines before the rows.
        rank: Who takes room first when there is not enough: the lowest.
        more: How many rows are left out, in words.
    """

    noun: str
    rows: tuple[str, ...]
    rank: int
    title: str = ""
    head: tuple[str, ...] = ()
    more: str = field(default="")


def render_markdown(document: ReviewDocument, *, limit: int = BODY_LIMIT) -> str:
    """Render the summary comment.

    Args:
        document: The review.
        limit: At most so many bytes; where a marker follows, what is left of `BODY_LIMIT`.
    """
    template = markdown_environment().get_template("summary.md.j2")
    sections = [section for section in _sections(document) if section.rows]
    values = {
        "headline": document.review.headline,
        "facts": _facts(document),
        "way_out": document.way_out,
        "ledger": _ledger(document),
    }
    room = limit - _size(template.render(**values, sections=()))
    return template.render(**values, sections=_fit(sections, room)).strip() + "\n"


def render_inline_comment(document: ReviewDocument, placed: PlacedFinding) -> str:
    """Render the comment that stands on the lines of one finding."""
    finding = placed.finding
    room = max(INLINE_WORDS - len(finding.remedy.split()), INLINE_WORDS // 4)
    return (
        markdown_environment()
        .get_template("inline.md.j2")
        .render(
            finding=finding,
            who=agreement(document.signers(finding)),
            explanation=cut_words(finding.explanation, room),
            suggestion=_suggestion(document, placed),
            dismiss=f"/dismiss {finding.handle} reason",
        )
        .strip()
        + "\n"
    )


def _suggestion(document: ReviewDocument, placed: PlacedFinding) -> Safe:
    """Fence what may replace the commented lines, so that nothing in it ends the fence.

    https://docs.github.com/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/commenting-on-a-pull-request
    """
    text = document.frames.suggestion(placed.finding).replace("\r\n", "\n")
    if not text or placed.outcome.kind is not OutcomeKind.INLINE:
        return Safe("")
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return Safe(f"{fence}suggestion\n{text}\n{fence}")


def _facts(document: ReviewDocument) -> list[Safe]:
    """Return what follows the verdict on the first line; for a clean review that is all."""
    if not document.looked:
        return [Safe(f"{code(document.head)} was not reviewed")]
    place = Safe(f"reviewed {code(document.head)}: {document.coverage}")
    if document.clean:
        # That there is no model, and how many rules need one, is in the verdict already.
        waiting = document.review.needs_model and document.review.model_use is None
        ledger = document.ledger[1:] if waiting else document.ledger
        answered = "" if waiting else document.answered
        parts = (answered, place, *ledger, *_since_note(document), *_help(document))
        return [part if isinstance(part, Safe) else safe_phrase(part) for part in parts if part]
    if not document.review.answers:
        return [place]
    return [Safe(f"score **{document.review.score}**"), place]


def _ledger(document: ReviewDocument) -> list[str]:
    if document.clean:
        return []
    parts = (*_since_note(document), document.comments, document.answered, *document.ledger)
    return [*(part for part in parts if part), *_help(document)]


def _help(document: ReviewDocument) -> list[Safe]:
    """Say how to talk to us, where somebody listens."""
    return [] if document.posted is None else [code("/help")]


def _since_note(document: ReviewDocument) -> list[str]:
    """Say what was looked at again, where no folded list says it."""
    since = document.review.since
    return [since.note] if since is not None and since.note and not document.differences else []


def _rows() -> TemplateModule:
    return markdown_environment().get_template("rows.md.j2").module


def _sections(document: ReviewDocument) -> Iterable[_Section]:
    """Return every list of the summary, in the order of the page."""
    review = document.review
    rows = _rows()
    yield _Section(noun="notice", rows=_each(rows, "notice", document.notices), rank=0)
    to_fix = _findings(document, review.to_fix)
    yield _Section(noun="finding", rows=to_fix[:OPEN_ROWS], rank=1)
    yield from _scores(document)
    yield from _since(document)
    more = to_fix[OPEN_ROWS:]
    yield _Section(noun="finding", rows=more, rank=2, title=f"{len(more)} more to fix")
    yield _Section(
        noun="finding",
        rows=tuple(_call(rows, "known", k, document.title(k.persona)) for k in review.left_open),
        rank=2,
        title=review.earlier,
    )
    consider = _findings(document, review.to_consider)
    title = f"{len(review.to_consider)} to consider"
    yield _Section(noun="finding", rows=consider, rank=3, title=title)
    if not (document.clean and not review.needs_model):
        yield _Section(
            noun="answer",
            rows=_answers(document),
            rank=7,
            title=f"{count(len(review.answers), 'answer')}: {document.verdicts}",
            head=("| rule | asks | verdict | reason |", "|---|---|---|---|"),
        )
    files = document.not_reviewed
    title = f"Not reviewed: {count(len(files), 'file')}"
    yield _Section(noun="file", rows=_each(rows, "file", files), rank=4, title=title)
    also = document.would_also_apply
    if not document.clean:
        yield _Section(
            noun="persona",
            rows=tuple(_call(rows, "choice", document.title(c.persona), c) for c in also),
            rank=6,
            title=f"Would also apply: {count(len(also), 'persona')}",
        )
    hits = review.other_analysers
    title = f"Other analysers: {count(len(hits), 'result')} that no rule here claims"
    others = tuple(_call(rows, "hit", hit, _hit_place(hit)) for hit in hits)
    yield _Section(noun="result", rows=others, rank=5, title=title)


def _since(document: ReviewDocument) -> Iterable[_Section]:
    """Return what is different from the last review, and our comments that it leaves open."""
    rows = _rows()
    since = document.review.since
    if since is not None:
        new = [p for p in document.review.shown if p.finding.fingerprint in since.new]
        yield _Section(
            noun="difference",
            rows=(
                *_each(rows, "fixed", since.fixed),
                *_each(rows, "new", [placed.finding for placed in new]),
                *_each(rows, "dismissed", since.dismissed),
            ),
            rank=3,
            title=f"Since the last review: {document.differences}",
            head=(safe_phrase(f"{since.note}."), "") if since.note else (),
        )
    if document.posted is None:
        return
    fixed, earlier = document.posted.unresolved, document.posted.earlier
    they = "is fixed and stays" if len(fixed) == 1 else "are fixed and stay"
    may_not = "this token may not resolve threads (it needs contents: write)"
    yield _Section(
        noun="thread",
        rows=_each(rows, "earlier", fixed),
        rank=3,
        title=f"{count(len(fixed), 'thread')} {they} open: {may_not}",
    )
    yield _Section(
        noun="comment",
        rows=_each(rows, "earlier", earlier),
        rank=3,
        title=f"{count(len(earlier), 'earlier comment')} still open, not found again",
    )


def _scores(document: ReviewDocument) -> Iterable[_Section]:
    """Return the scorecard: failed first, the rest folded; none where nothing was found."""
    if document.clean:
        return
    rows = _rows()
    failed = tuple(_call(rows, "failed", row) for row in document.rows if row.fails)
    passed = tuple(_call(rows, "unfailed", row) for row in document.rows if not row.fails)
    head = ("| persona | why it looked | score | fails |", "|---|---|---|---|")
    yield _Section(noun="persona", rows=failed, rank=0, head=head)
    yield _Section(
        noun="persona",
        rows=passed,
        rank=0,
        title=f"No fail: {count(len(passed), 'persona')}",
        head=("| persona | why it looked | score |", "|---|---|---|"),
    )


def _findings(document: ReviewDocument, placed: Sequence[PlacedFinding]) -> tuple[str, ...]:
    rows = _rows()
    return tuple(
        _call(
            rows,
            "finding",
            group,
            _place(document, group),
            agreement(document.signers(group.first)),
        )
        for group in document.grouped(placed)
    )


def _place(document: ReviewDocument, group: FindingGroup) -> Safe:
    """Return where a group stands, as code, with a link to the first place where one is known."""
    span = code(places_of(group))
    url = document.url(group.first)
    return Safe(f"[{span}]({url})") if url else span


def _answers(document: ReviewDocument) -> tuple[str, ...]:
    rows = _rows()
    return tuple(
        _call(rows, "answer", row.title, answer, document.rule_title(answer.rule_id))
        for row in document.rows
        for answer in row.card.answers
    )


def _hit_place(hit: Hit) -> str:
    return hit.path if hit.start_line is None else f"{hit.path}:{hit.start_line}"


def _each(rows: TemplateModule, macro: str, values: Iterable[object]) -> tuple[str, ...]:
    return tuple(_call(rows, macro, value) for value in values)


def _call(rows: TemplateModule, macro: str, *values: object) -> Safe:
    """Render one row; what a macro returns has been sanitised inside it."""
    return Safe(getattr(rows, macro)(*values))


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _fit(sections: Sequence[_Section], room: int) -> list[_Section]:
    """Cut the sections between whole rows so that together they fit into so many bytes."""
    taken: dict[int, int] = {}
    for index, section in sorted(enumerate(sections), key=lambda pair: pair[1].rank):
        room -= _RESERVE + _size("\n".join((section.title, *section.head)))
        sizes = accumulate(_size(row) + 1 for row in section.rows)
        fitting = list(takewhile(lambda size, limit=room: size <= limit, sizes))  # type: ignore[misc]
        taken[index] = len(fitting)
        room -= fitting[-1] if fitting else 0
    return [
        _Section(
            noun=section.noun,
            rows=section.rows[: taken[index]],
            rank=section.rank,
            title=section.title,
            head=section.head if taken[index] else (),
            more=_more(len(section.rows) - taken[index], section.noun),
        )
        for index, section in enumerate(sections)
    ]


def _more(left: int, noun: str) -> str:
    words = count(left, noun).replace(" ", " more ", 1)
    return f"… {words}; the comment would be too long." if left else ""
