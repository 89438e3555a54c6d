"""How a run ends: exit code, outputs, the message on top of the run, and the job summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType

from reviewer.bootstrap.pull_request import Report
from reviewer.domain.checklist import Score
from reviewer.domain.conclusion import ConclusionKind
from reviewer.domain.status import RunState
from reviewer.entrypoints.action.attend import Attended
from reviewer.rendering.document import ReviewDocument
from reviewer.rendering.job_summary import JobSummary, render_job_summary
from reviewer.rendering.workflow_command import Level, annotation_commands, message_command

#: Who speaks in messages on top of a run.
TITLE = "Persona Reviewer"

#: What GitHub says where a job's ``permissions:`` do not suffice:
#: https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
_NO_PERMISSION = "Resource not accessible by integration"
_PERMISSION_HINT = (
    "The job needs these permissions: contents: read, pull-requests: write, checks: write."
)


class ExitCode(IntEnum):
    """How a run ends; the numbers are the command line's."""

    CLEAN = 0
    POLICY_FAILED = 1
    USAGE = 2
    COULD_NOT_REVIEW = 3
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What a run leaves behind.

    Args:
        exit_code: 0 for a green job.
        lines: What the log says.
        commands: What the runner is told: messages and annotations.
        outputs: Outputs of the step.
        summary: The job summary as Markdown; empty for none.
    """

    exit_code: ExitCode = ExitCode.CLEAN
    lines: Sequence[str] = ()
    commands: Sequence[str] = ()
    outputs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    summary: str = ""


def mistake(words: str) -> Ending:
    """End because a person has something to mend; the job is red, and says what.

    Args:
        words: What is wrong and the way out; may be shown.
    """
    return Ending(
        exit_code=ExitCode.USAGE,
        commands=(message_command(Level.ERROR, TITLE, words),),
        outputs=_outputs(Report(state=RunState.FAILED, reason=words)),
        summary=render_job_summary(JobSummary(headline=f"Failed: {words}")),
    )


def interrupted() -> Ending:
    """End because the job was cancelled."""
    words = "The run was cancelled. Nothing more is posted, and no check is left open."
    return Ending(
        exit_code=ExitCode.INTERRUPTED,
        lines=(words,),
        outputs=_outputs(Report(state=RunState.FAILED, reason="cancelled")),
        summary=render_job_summary(JobSummary(headline=words)),
    )


def ending_of(attended: Attended, *, fail_on_error: bool) -> Ending:
    """End after what was done.

    Args:
        attended: What was done.
        fail_on_error: Whether the job fails when no review could be made.
    """
    report = attended.report
    # A check has the annotations, where one could be posted.
    wanted = report.annotations if report.notes or not attended.published else ()
    annotations, left = annotation_commands(wanted)
    notes = (*attended.notes, *report.notes, *_permission_hint(report.notes))
    warnings = tuple(message_command(Level.WARNING, TITLE, note) for note in notes)
    if left:
        notes = (*notes, f"{left} more findings have no annotation: GitHub shows ten of a kind.")
    exit_code, message = _verdict(report, fail_on_error=fail_on_error)
    return Ending(
        exit_code=exit_code,
        lines=_lines(report),
        commands=(*annotations, *warnings, *message),
        outputs=_outputs(report),
        summary=_summary(attended, notes),
    )


def _permission_hint(notes: Sequence[str]) -> tuple[str, ...]:
    """Say which permissions a job needs, where GitHub says that its token lacks one."""
    return (_PERMISSION_HINT,) if any(_NO_PERMISSION in note for note in notes) else ()


def _verdict(report: Report, *, fail_on_error: bool) -> tuple[ExitCode, tuple[str, ...]]:
    conclusion = report.conclusion
    if conclusion is not None and conclusion.kind is ConclusionKind.FAILURE:
        words = f"The policy fails: {conclusion.reason}."
        return ExitCode.POLICY_FAILED, (message_command(Level.ERROR, TITLE, words),)
    if report.state is not RunState.FAILED:
        return ExitCode.CLEAN, ()
    words = f"The change could not be reviewed: {report.reason}"
    if fail_on_error:
        return ExitCode.COULD_NOT_REVIEW, (message_command(Level.ERROR, TITLE, words),)
    return ExitCode.CLEAN, (message_command(Level.WARNING, TITLE, words),)


def _lines(report: Report) -> tuple[str, ...]:
    review, document = report.review, _document(report)
    if review is None or document is None:
        return (_headline(report),)
    facts = (f"score {review.score}", document.coverage) if review.answers else ()
    total = report.seconds.get("total")
    took = () if total is None else (f"{total:.1f} s",)
    first = " · ".join((review.headline, *facts, *took))
    return (first,) if report.reason in first else (first, report.reason)


def _document(report: Report) -> ReviewDocument | None:
    if report.review is None:
        return None
    return ReviewDocument(
        review=report.review, seconds=report.seconds, repository_url=report.repository_url
    )


def _headline(report: Report) -> str:
    if report.state is None:
        return report.reason
    words = report.state.value.capitalize()
    return f"{words}: {report.reason}" if report.reason else words


def _outputs(report: Report) -> dict[str, str]:
    review, conclusion = report.review, report.conclusion
    return {
        "state": "" if report.state is None else report.state.value,
        "conclusion": "" if conclusion is None else conclusion.kind.value,
        "reason": report.reason or ("" if conclusion is None else conclusion.reason),
        "score": "" if review is None else _percent(review.score),
        "to-fix": "" if review is None else str(len(review.to_fix)),
        "to-consider": "" if review is None else str(len(review.to_consider)),
        "head-sha": "" if review is None else review.change.head,
    }


def _percent(score: Score) -> str:
    """Return the score as it is shown everywhere; empty where there is none."""
    return "" if score.percent is None else str(score).removesuffix(" %")


def _summary(attended: Attended, notes: Sequence[str]) -> str:
    report = attended.report
    if report.state is None and not notes:
        # An event that is nothing for us, or a command that was answered where it was given.
        return ""
    return render_job_summary(
        JobSummary(
            headline=_headline(report),
            document=_document(report),
            withheld=attended.withheld,
            notes=notes,
        )
    )
