"""What is posted as a comment, marker and all: the summary, a finding, an answer to "fixed"."""

from __future__ import annotations

from reviewer.domain.finding import Finding, PlacedFinding
from reviewer.domain.marker import FindingMark, Signer
from reviewer.domain.sanitiser import fenced
from reviewer.rendering.document import ReviewDocument, place_of
from reviewer.rendering.markdown import BODY_LIMIT, render_inline_comment, render_markdown
from reviewer.rendering.template import Safe, markdown_environment

#: How many lines of a quote stand in an answer.
_QUOTED_LINES = 8


def finding_comment(document: ReviewDocument, placed: PlacedFinding, signer: Signer) -> str:
    """Render the comment of one finding; empty where it is longer than a host takes.

    Args:
        document: The review.
        placed: The finding.
        signer: Marks it as ours.
    """
    finding = placed.finding
    mark = FindingMark(
        fingerprint=finding.fingerprint,
        head_sha=document.review.change.head,
        rule_id=finding.rule_id,
        persona=finding.persona,
        severity=finding.severity,
    )
    body = with_marker(render_inline_comment(document, placed), signer.write(mark))
    return body if len(body.encode()) <= BODY_LIMIT else ""


def summary_text(document: ReviewDocument, *, marker_bytes: int = 0) -> str:
    """Render what people read of the summary.

    Args:
        document: The review, and what stands on the pull request.
        marker_bytes: How much room the marker takes that will follow.
    """
    return render_markdown(document, limit=BODY_LIMIT - marker_bytes - 2)


def still_there(document: ReviewDocument, finding: Finding, marker: str) -> str:
    """Render the answer to somebody who says that a finding is fixed while it still stands."""
    lines = finding.quote.split("\n")
    shown = "\n".join([*lines[:_QUOTED_LINES], *(["…"] if len(lines) > _QUOTED_LINES else [])])
    text = (
        markdown_environment()
        .get_template("still_there.md.j2")
        .render(
            head=document.head,
            place=place_of(finding),
            quote=Safe(fenced(shown)) if finding.quote.strip() else Safe(""),
            dismiss=f"/dismiss {finding.handle} reason",
        )
    )
    return with_marker(text, marker)


def with_marker(text: str, marker: str) -> str:
    """Put a marker under a text, as the last line of the comment."""
    return f"{text.rstrip()}\n\n{marker}"
