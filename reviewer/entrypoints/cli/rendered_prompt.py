"""``reviewer prompts render``: what would be sent to a model, with its token estimate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from reviewer.entrypoints.cli.change_options import change_options, request_of
from reviewer.entrypoints.cli.output import write_standard_output
from reviewer.entrypoints.cli.session import debug_option, session_of

if TYPE_CHECKING:
    from reviewer.bootstrap import Request
    from reviewer.bootstrap.model import ModelRequest
    from reviewer.config import Settings
    from reviewer.service.render_prompt import RenderedCall, RenderedPrompt

_EXAMPLES = """\b
Examples:
  reviewer prompts render --persona bug-hunter main...HEAD
  reviewer prompts render --persona architect HEAD --json | jq '.calls[0].question'"""


@click.command(epilog=_EXAMPLES, short_help="Show what would be sent to a model.")
@change_options
@click.option(
    "--model",
    metavar="MODEL",
    help="For this model: its tokens, and what it holds (default: REVIEWER_MODEL, "
    "then config.toml).",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the answer's schema.")
@debug_option
@click.pass_context
def render(context: click.Context, /, **options: Any) -> None:  # noqa: ANN401 - as the decorators say
    """Show what would be sent to a model, and about how many tokens it has.

    Nothing is sent, and no key is needed. RANGE is as in reviewer review. It is what a review with
    this persona alone sends; the word that marks data is new in every run. On a terminal hidden
    characters are named and secrets masked; --json has every character as it is laid out.
    """
    from reviewer.bootstrap.model import ModelRequest
    from reviewer.bootstrap.prompt_terms import USUAL_CONTEXT_TOKENS

    # Tools alone: what a model would be asked is what they leave open.
    request = request_of(options)
    if len(request.personas) != 1 or request.panel:
        raise click.UsageError("Name one persona: --persona NAME (reviewer personas list).")
    model, rendered = _rendered(
        request, ModelRequest(name=options["model"]), session_of(context).settings
    )
    if options["as_json"]:
        write_standard_output(_json(rendered))
        return
    from reviewer.domain.sanitiser import terminal

    if not model:
        size = f"{USUAL_CONTEXT_TOKENS:,}"
        click.echo(f"No model is named: laid out for one that holds {size} tokens.", err=True)
    write_standard_output(terminal("\n".join(_lines(rendered))) + "\n")


def _rendered(
    request: Request, model: ModelRequest, settings: Settings
) -> tuple[str, RenderedPrompt]:
    """Let tools answer what they can, and render the rest for a model; return its name, too."""
    from reviewer.bootstrap import review
    from reviewer.bootstrap.prompt_terms import prompt_terms
    from reviewer.domain.status import RunState
    from reviewer.errors import UserError
    from reviewer.service.render_prompt import render_prompt

    (persona,) = request.personas
    name, terms = prompt_terms(model, settings, request.repository, persona)
    made = review(request).review
    if made.state is RunState.SKIPPED:
        raise UserError(f"nothing would be sent: {made.reason}")
    return name, render_prompt(made.personas[0], made.scorecards[0], made.change, terms)


def _lines(rendered: RenderedPrompt) -> Iterator[str]:
    """Write every call as text."""
    from reviewer.domain.sanitiser import label

    if not rendered.calls:
        yield "Nothing would be sent: tools have answered every rule that speaks about this change."
    for number, call in enumerate(rendered.calls, 1):
        yield from _call(call, f"Call {number} of {len(rendered.calls)}")
    if rendered.left_out:
        yield "\nNot sent, although rules speak about it"
        for entry in rendered.left_out:
            part = "" if entry.part is None else f" (part {entry.part})"
            yield f"  {label(entry.path)}{part}: {entry.reason}"
    if len(rendered.calls) > 1:
        total = sum(call.input_tokens for call in rendered.calls)
        yield f"\nAll {len(rendered.calls)} calls: about {total:,} tokens in."


def _call(call: RenderedCall, title: str) -> Iterator[str]:
    from reviewer.domain.sanitiser import label

    text = call.text
    yield (
        f"{title}: {text.prompt}, about {call.input_tokens:,} tokens in (system"
        f" {call.system_tokens:,}, batch {call.prefix_tokens:,}, question"
        f" {call.question_tokens:,}, schema {call.schema_tokens:,})"
    )
    yield f"Parameters: {_parameters(call)}"
    yield f"Files: {', '.join(map(label, call.paths))}"
    for name, part in (
        ("system", text.system),
        ("batch", text.prefix),
        ("question", text.question),
        (f"schema {text.schema_name}", json.dumps(text.schema, ensure_ascii=False)),
    ):
        yield f"\n--- {name} ---"
        yield part


def _parameters(call: RenderedCall) -> str:
    from dataclasses import asdict

    given = asdict(call.text.parameters).items()
    return ", ".join(f"{name} {value}" for name, value in given if value is not None)


def _json(rendered: RenderedPrompt) -> str:
    """Write every call; ASCII alone, so that no character of a change is live anywhere."""
    from dataclasses import asdict

    content = {
        "schema": 1,
        "calls": [
            {
                "prompt": str(call.text.prompt),
                "persona": call.text.persona,
                "rules": list(call.text.rules),
                "paths": list(call.paths),
                "system": call.text.system,
                "batch": call.text.prefix,
                "question": call.text.question,
                "answer": {"name": call.text.schema_name, "schema": call.text.schema},
                "parameters": asdict(call.text.parameters),
                "estimated_tokens": {
                    "input": call.input_tokens,
                    "system": call.system_tokens,
                    "batch": call.prefix_tokens,
                    "question": call.question_tokens,
                    "schema": call.schema_tokens,
                },
            }
            for call in rendered.calls
        ],
        "left_out": [asdict(entry) for entry in rendered.left_out],
    }
    return json.dumps(content, indent=2) + "\n"
