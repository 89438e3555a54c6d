"""The job summary of the Action: the review as it is posted, and what people must know besides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reviewer.domain.pull_request import PullRequestName
from reviewer.rendering.document import ReviewDocument
from reviewer.rendering.markdown import render_markdown
from reviewer.rendering.template import Safe, markdown_environment


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSummary:
    """What stands in a job summary.

    Args:
        headline: What happened, in one line; shown where there is no review.
        document: The review; None where there is none.
        withheld: The pull request of a fork that nothing could be posted to; None where it could.
        notes: What people must know besides.
    """

    headline: str = ""
    document: ReviewDocument | None = None
    withheld: PullRequestName | None = None
    notes: Sequence[str] = ()


def render_job_summary(summary: JobSummary) -> str:
    """Render the job summary as Markdown."""
    review = "" if summary.document is None else render_markdown(summary.document)
    return (
        markdown_environment()
        .get_template("job_summary.md.j2")
        .render(
            headline=summary.headline,
            review=Safe(review),
            withheld="" if summary.withheld is None else str(summary.withheld),
            notes=tuple(summary.notes),
        )
        .strip()
        + "\n"
    )
