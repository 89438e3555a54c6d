"""``reviewer review``: review a change and say whether the policy holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reviewer.entrypoints.cli.change_options import change_options, chosen_by_itself, request_of
from reviewer.entrypoints.cli.estimate import tell_estimate
from reviewer.entrypoints.cli.model_options import model_options, model_request_of
from reviewer.entrypoints.cli.output import (
    Output,
    OutputType,
    settle,
    write_file,
    write_standard_output,
)
from reviewer.entrypoints.cli.page import Page
from reviewer.entrypoints.cli.progress import TerminalProgress
from reviewer.entrypoints.cli.pull_request import check_options, posting_lines, review_on_host
from reviewer.entrypoints.cli.session import (
    EXIT_CODES_HELP,
    ExitCode,
    Session,
    debug_option,
    session_of,
)
from reviewer.entrypoints.cli.suggestion import Word
from reviewer.errors import ReviewerError

if TYPE_CHECKING:
    from reviewer.bootstrap import Request
    from reviewer.domain.conclusion import Conclusion
    from reviewer.domain.policy import PolicyLayer
    from reviewer.rendering.document import ReviewDocument

#: Severities from which on a finding may fail a run; a test holds them to the policy's own.
FAIL_ON = ("critical", "major", "minor", "note", "never")

_EXAMPLES = """\b
Examples:
  reviewer review                            this branch since it left the default branch
  reviewer review main...HEAD --fail-on major
  reviewer review --staged                   what the next commit would hold
  reviewer review HEAD --persona security-sentinel,bug-hunter
  git diff main | reviewer review --patch -
  reviewer review --model anthropic:claude-sonnet-5-5 --max-cost 0.20
  reviewer review --estimate                 what a model would be asked, and its price
  reviewer review --pr octo/shop#7           a pull request, and what would be posted
  reviewer review --output json=review.json --output terminal"""


@click.command(epilog=f"{_EXAMPLES}\n\n{EXIT_CODES_HELP}")
@change_options
@click.option(
    "--evidence",
    metavar="FILE.sarif",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Another analyser's results; those on changed lines count. Repeatable.",
)
@click.option(
    "--output",
    "outputs",
    multiple=True,
    type=OutputType(),
    help="terminal (default), markdown, json, sarif or html, to standard output or a file. "
    "Repeatable.",
)
@click.option(
    "--fail-on",
    metavar="SEVERITY",
    type=Word(FAIL_ON),
    help="Exit with 1 on a finding of this severity or worse: critical, major, minor, note, "
    "or never.",
)
@click.option(
    "--min-score",
    metavar="N",
    type=click.FloatRange(0, 100),
    help="Exit with 1 when the score is below N per cent.",
)
@model_options
@click.option(
    "--publish",
    is_flag=True,
    help="With --pr: post the review there; without it only say what would be posted.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show every answer and every frame.")
@click.option("--no-progress", is_flag=True, help="Do not tell on standard error what is done.")
@debug_option
@click.pass_context
def review(context: click.Context, /, **options: Any) -> None:  # noqa: ANN401 - as the decorators say
    """Review a change with the personas that fit it.

    RANGE is two revisions (main...HEAD: what HEAD adds since it left main; A..B: from A to B) or
    one commit. Without it, the commits of this branch since it left the default branch are
    reviewed, or, where there are none, all that is not committed.

    Nothing of the change is executed. Configuration and personas are taken from its base. Where a
    model is configured, it is asked what tools leave open; see --estimate first.
    """
    session = session_of(context)
    check_options(options)
    outputs = settle(options["outputs"])
    request = request_of(
        options,
        layer=_layer(options["fail_on"], options["min_score"]),
        sarif=options["evidence"],
        model=model_request_of(options),
    )
    if options["estimate"]:
        tell_estimate(request)
        return
    from reviewer.domain.sanitiser import terminal

    wanted = not options["no_progress"]
    colour = session.settings.colour
    with TerminalProgress.for_person(wanted=wanted, colour=colour) as progress:
        document, conclusion, posted = _reviewed(request, session, progress, options)
        progress.stage("writing the review")
        texts = [
            (output, _render(output, document, session, verbose=options["verbose"]))
            for output in outputs
        ]
    said = chosen_by_itself(request, document.review.change)
    if said is not None:
        click.echo(terminal(said), err=True)
    # Files first: a reader that closes the pipe early must not cost anybody a report.
    for output, text in sorted(texts, key=lambda pair: pair[0].file is None):
        if output.file is None:
            write_standard_output(text)
        else:
            write_file(output.file, text)
    for line in posted:
        click.echo(terminal(line), err=True)
    state = document.review.state.value
    context.exit(_exit_code(state, conclusion.kind.value, conclusion.reason))


def _reviewed(
    request: Request, session: Session, progress: TerminalProgress, options: dict[str, Any]
) -> tuple[ReviewDocument, Conclusion, list[str]]:
    """Review what is asked for; for a pull request, also say what is posted there."""
    from reviewer.rendering.document import ReviewDocument

    if request.pull_request is None:
        from reviewer.bootstrap import review as make_review
        from reviewer.domain.conclusion import conclude

        result = make_review(request, progress=progress)
        document = ReviewDocument(review=result.review, seconds=result.seconds)
        return document, conclude(result.review, result.policy), []
    report = review_on_host(
        request,
        session.settings,
        publish=options["publish"],
        progress=progress,
        tell=lambda line: click.echo(line, err=True),
    )
    if report.review is None or report.conclusion is None:
        raise ReviewerError(report.reason)
    document = ReviewDocument(
        review=report.review, seconds=report.seconds, repository_url=report.repository_url
    )
    posted = posting_lines(report, published=options["publish"], verbose=options["verbose"])
    return document, report.conclusion, posted


def _layer(fail_on: str | None, min_score: float | None) -> PolicyLayer | None:
    """Return what the command line says of the policy."""
    if fail_on is None and min_score is None:
        return None
    from reviewer.domain.policy import FailOn, LayerOwner, PolicyLayer

    return PolicyLayer(
        owner=LayerOwner.COMMAND_LINE,
        origin="command line",
        fail_on=None if fail_on is None else FailOn(fail_on),
        min_score=min_score,
    )


def _exit_code(state: str, conclusion: str, reason: str) -> int:
    from reviewer.domain.sanitiser import one_line, terminal

    if conclusion == "failure":
        click.echo(terminal(one_line(f"The policy fails: {reason}.")), err=True)
        return ExitCode.POLICY_FAILED
    if state == "failed":
        click.echo(terminal(one_line(f"The change could not be reviewed: {reason}")), err=True)
        return ExitCode.COULD_NOT_REVIEW
    if state != "completed":
        # Whoever reads the exit code alone must not take half a look for a clean bill.
        click.echo(terminal(one_line(f"This review is {reason}")), err=True)
    return ExitCode.CLEAN


def _render(output: Output, document: ReviewDocument, session: Session, *, verbose: bool) -> str:
    """Render one output; each renderer is imported only where it is wanted."""
    if output.format == "markdown":
        from reviewer.rendering.markdown import render_markdown

        return render_markdown(document)
    if output.format == "json":
        from reviewer.rendering.json_document import render_json

        return render_json(document)
    if output.format == "sarif":
        from reviewer.rendering.sarif import render_sarif

        return render_sarif(document)
    if output.format == "html":
        from reviewer.rendering.html import render_html

        return render_html(document)
    from reviewer.rendering.terminal import render_terminal

    page = Page.of(session, to_file=output.file is not None)
    return render_terminal(
        document,
        width=page.width,
        color=page.colour,
        unicode=page.unicode,
        verbose=verbose,
    )
