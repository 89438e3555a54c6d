"""``reviewer select``: say which personas would review a change, and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from reviewer.entrypoints.cli.change_options import change_options, chosen_by_itself, request_of
from reviewer.entrypoints.cli.model_options import model_request_of, which_model_options
from reviewer.entrypoints.cli.output import write_standard_output
from reviewer.entrypoints.cli.page import Page
from reviewer.entrypoints.cli.session import debug_option, session_of

if TYPE_CHECKING:
    from reviewer.bootstrap import SelectionResult

_EXAMPLES = """\b
Examples:
  reviewer select
  reviewer select main...HEAD -v
  reviewer select HEAD --json | jq '.choices[] | select(.kind == "chosen") | .persona'"""


@click.command(epilog=_EXAMPLES, short_help="Say which personas would review it, and why.")
@change_options
@which_model_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-v", "--verbose", is_flag=True, help="Show every signal.")
@debug_option
@click.pass_context
def select(context: click.Context, /, **options: Any) -> None:  # noqa: ANN401 - as the decorators say
    """Say which personas would review a change, and why, without reviewing it.

    RANGE is as in reviewer review. Some personas (Bug Hunter) review only with a model.
    """
    request = request_of(options, model=model_request_of(options))
    from reviewer.bootstrap import select as make_selection
    from reviewer.domain.sanitiser import terminal

    result = make_selection(request)
    said = chosen_by_itself(request, result.change)
    for notice in (*result.notices, *(() if said is None else (said,))):
        click.echo(terminal(notice), err=True)
    if options["as_json"]:
        write_standard_output(_json(result))
        return
    from reviewer.rendering.terminal import render_selection

    page = Page.of(session_of(context))
    text = render_selection(
        result.change,
        result.personas,
        result.selection,
        width=page.width,
        color=page.colour,
        unicode=page.unicode,
        verbose=options["verbose"],
    )
    write_standard_output(text)


def _json(result: SelectionResult) -> str:
    """Write the selection; ASCII alone, so that no character of a path is live anywhere."""
    from dataclasses import asdict

    content = {
        "schema": 1,
        "base": result.change.base,
        "head": result.change.head,
        "choices": [asdict(choice) for choice in result.selection.choices],
    }
    return json.dumps(content, indent=2) + "\n"
