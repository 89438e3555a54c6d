"""A review as a check run: the verdict, the summary, annotations, and the JSON record.

What stands on the base side has no line at the head, and no annotation. The record is fenced, and
nothing in it can be taken for a marker of ours.
"""

from __future__ import annotations

import json

from reviewer.domain.change import Change, Side
from reviewer.domain.conclusion import Conclusion
from reviewer.domain.finding import Finding
from reviewer.domain.persona import Severity
from reviewer.domain.posting import Annotation, AnnotationLevel, Check
from reviewer.domain.sanitiser import cut, fenced, one_line, plain
from reviewer.rendering.document import ReviewDocument, agreement, count
from reviewer.rendering.json_document import render_json
from reviewer.rendering.markdown import BODY_LIMIT, render_markdown
from reviewer.rendering.template import safe_phrase

#: https://docs.github.com/en/rest/checks/runs#create-a-check-run
TITLE_LIMIT = 255
#: Nobody reads more; each fifty are a request.
MOST_ANNOTATIONS = 100
_MESSAGE_LIMIT = 4_000

_LEVELS = {
    Severity.CRITICAL: AnnotationLevel.FAILURE,
    Severity.MAJOR: AnnotationLevel.WARNING,
    Severity.MINOR: AnnotationLevel.NOTICE,
    Severity.NOTE: AnnotationLevel.NOTICE,
}


def render_check(document: ReviewDocument, conclusion: Conclusion, change: Change) -> Check:
    """Render the check of a run that has ended.

    Args:
        document: The review, and what stands on the pull request.
        conclusion: What the check says, and why.
        change: What was reviewed, as whoever publishes has read it.
    """
    annotations = _annotations(document, change)
    held_back = len(annotations) - MOST_ANNOTATIONS
    more = f" {count(held_back, 'annotation')} more were left out." if held_back > 0 else ""
    why = safe_phrase(f"{conclusion.kind.value.capitalize()}: {conclusion.reason}.{more}")
    summary = render_markdown(document, limit=BODY_LIMIT - len(why.encode()) - 2)
    return Check(
        head_sha=change.head,
        conclusion=conclusion.kind,
        title=cut(plain(one_line(document.review.headline)), TITLE_LIMIT),
        summary=f"{summary}\n{why}\n",
        text=_record(document, conclusion),
        annotations=annotations[:MOST_ANNOTATIONS],
    )


def _annotations(document: ReviewDocument, change: Change) -> tuple[Annotation, ...]:
    return tuple(
        _annotation(document, placed.finding)
        for placed in document.review.shown
        if (location := placed.finding.location) is not None
        and location.side is Side.HEAD
        and change.is_commentable(location)
    )


def _annotation(document: ReviewDocument, finding: Finding) -> Annotation:
    location = finding.location
    lines = (0, 0) if location is None else (location.start_line, location.end_line)
    who = agreement(document.signers(finding))
    paragraphs = (
        finding.explanation,
        finding.remedy,
        f"{finding.rule_id} {finding.severity.value} · {who}",
    )
    return Annotation(
        path=finding.path,
        start_line=lines[0],
        end_line=lines[1],
        level=_LEVELS[finding.severity],
        title=cut(plain(one_line(finding.headline)), TITLE_LIMIT),
        message=cut("\n".join(plain(text) for text in paragraphs), _MESSAGE_LIMIT),
    )


def _record(document: ReviewDocument, conclusion: Conclusion) -> str:
    """Return the JSON record in a fence: the whole of it, or its head where that is too long."""
    record = json.loads(render_json(document))
    text = _fenced(record)
    if len(text.encode()) <= BODY_LIMIT:
        return text
    review = document.review
    return _fenced(
        {
            "schema_version": record["schema_version"],
            "generator": record["generator"],
            "truncated": True,
            "state": record["state"],
            "reason": record["reason"],
            "headline": record["headline"],
            "conclusion": conclusion.kind.value,
            "head": record["change"]["head"],
            "to_fix": len(review.to_fix),
            "to_consider": len(review.to_consider),
            "score": record["score"],
            "ledger": record["ledger"],
        }
    )


def _fenced(record: object) -> str:
    written = json.dumps(record, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return fenced(written.replace("<", "\\u003c"), "json")
