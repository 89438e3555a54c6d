"""``reviewer ask`` and ``reviewer plan``: one question to a model, within the same ceilings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reviewer.entrypoints.cli.change_options import request_of, which_change_options
from reviewer.entrypoints.cli.model_options import Dollars
from reviewer.entrypoints.cli.output import write_standard_output
from reviewer.entrypoints.cli.session import Function, debug_option
from reviewer.errors import ReviewerError

if TYPE_CHECKING:
    from reviewer.bootstrap import Request
    from reviewer.bootstrap.model import ModelRequest
    from reviewer.domain.material import QuestionKind

_OPTIONS = (
    click.option(
        "--model",
        "model_name",
        metavar="NAME",
        help="The model that is asked (default: REVIEWER_MODEL, then config.toml).",
    ),
    click.option(
        "--max-cost",
        metavar="DOLLARS",
        type=Dollars(),
        help="The most that this may cost; it can only lower the ceiling of config.toml.",
    ),
    click.option("--language", metavar="TAG", help="The language of the answer: en, de, pt-BR."),
)


def _question_options(function: Function) -> Function:
    for decorator in reversed(_OPTIONS):
        function = decorator(function)
    return function


_ASK_EXAMPLES = """\b
Examples:
  reviewer ask "Who calls total() with an empty list?"
  reviewer ask "Is the retry safe to run twice?" main...HEAD
  git diff | reviewer ask "What does this break?" --patch -"""

_PLAN_EXAMPLES = """\b
Examples:
  reviewer plan "Move sessions from files to Redis without logging anybody out"
  reviewer plan "Add a second region" --max-cost 0.10"""


@click.command(epilog=_ASK_EXAMPLES, short_help="Ask a model one question about a change.")
@click.argument("text")
@which_change_options
@_question_options
@debug_option
def ask(text: str, **options: Any) -> None:  # noqa: ANN401 - as the decorators say
    """Ask a model one question about a change, and show the lines that answer it.

    TEXT is the question; RANGE is as in reviewer review. Quotes that are not in the change are
    left out, and so is said what the model was not shown.
    """
    from reviewer.domain.material import QuestionKind

    _tell_reply(request_of(options, model=_model(options)), QuestionKind.ASK, text)


@click.command(epilog=_PLAN_EXAMPLES, short_help="Let a model plan something, or ask first.")
@click.argument("text")
@_question_options
@debug_option
def plan(text: str, **options: Any) -> None:  # noqa: ANN401 - as the decorators say
    """Let the Systems Architect plan something, or ask what it has to know first.

    TEXT is what is wanted. Nothing of a repository is read or sent.
    """
    from reviewer.bootstrap import Request
    from reviewer.domain.material import QuestionKind

    _tell_reply(Request(model=_model(options)), QuestionKind.PLAN, text)


def _model(options: dict[str, Any]) -> ModelRequest:
    from reviewer.bootstrap.model import ModelRequest

    return ModelRequest(
        name=options["model_name"],
        most_dollars=options["max_cost"],
        language=options["language"],
    )


def _tell_reply(request: Request, kind: QuestionKind, text: str) -> None:
    """Print the answer; what it cost goes beside it."""
    from reviewer.bootstrap.question import answer
    from reviewer.domain.material import Question
    from reviewer.domain.sanitiser import one_line, terminal
    from reviewer.rendering.document import used

    reply = answer(request, Question(kind=kind, text=text))
    if reply.use is not None:
        click.echo(terminal(one_line(" · ".join(used(reply.use)))), err=True)
    if reply.problem:
        raise ReviewerError(reply.problem)
    write_standard_output(f"{terminal(reply.text)}\n")
