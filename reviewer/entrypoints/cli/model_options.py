"""The options that say whether and how a model is asked."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from typing_extensions import override

from reviewer.entrypoints.cli.session import Function

if TYPE_CHECKING:
    from reviewer.bootstrap.model import ModelRequest

_MOST_DOLLARS = Decimal(100_000)
_SMALLEST_DOLLARS = Decimal("0.0001")


class Dollars(click.ParamType[Decimal]):
    """Reads ``0.25`` and ``$0.25``, exactly."""

    name = "dollars"

    @override
    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        if isinstance(value, Decimal):
            return value
        text = str(value).strip().removeprefix("$")
        try:
            dollars = Decimal(text)
        except ArithmeticError:
            return self.fail(f"{value!r} is no amount of US dollars; write 0.25", param, ctx)
        if not dollars.is_finite() or not 0 < dollars <= _MOST_DOLLARS:
            return self.fail("write more than 0 and at most 100000 US dollars", param, ctx)
        if dollars != dollars.quantize(_SMALLEST_DOLLARS):
            return self.fail("money has at most four decimals", param, ctx)
        return dollars


_WHICH = (
    click.option(
        "--model",
        "model_name",
        metavar="NAME",
        help="The model that is asked: anthropic:NAME, openai:NAME, gemini:NAME or "
        "compatible:URL#NAME (default: REVIEWER_MODEL, then config.toml).",
    ),
    click.option("--no-model", is_flag=True, help="Ask no model, whatever is configured."),
)

_HOW = (
    click.option(
        "--max-cost",
        metavar="DOLLARS",
        type=Dollars(),
        help="The most that this review may cost; it can only lower the ceiling of config.toml.",
    ),
    click.option(
        "--estimate",
        is_flag=True,
        help="Say what would be asked and what it would cost, ask nothing, and stop.",
    ),
    click.option(
        "--language", metavar="TAG", help="The language of what a model writes: en, de, pt-BR."
    ),
    click.option(
        "--fast",
        is_flag=True,
        help="Ask all personas at once; dearer, as none waits for the other's cache.",
    ),
    click.option(
        "--suggest", is_flag=True, help="Propose new lines where they can be applied as they are."
    ),
    click.option(
        "--record",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Keep the model's answers in a file for --replay.",
    ),
    click.option(
        "--replay",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Let a file of --record answer, with no key and no network.",
    ),
)


def which_model_options(function: Function) -> Function:
    """Add the options that say whether a model is asked, and which."""
    for decorator in reversed(_WHICH):
        function = decorator(function)
    return function


def model_options(function: Function) -> Function:
    """Add every option about models."""
    for decorator in reversed(_HOW):
        function = decorator(function)
    return which_model_options(function)


def model_request_of(options: dict[str, Any]) -> ModelRequest:
    """Turn the options into what the composition root takes.

    Args:
        options: What `model_options` or `which_model_options` collected.

    Raises:
        click.UsageError: Options exclude each other.
    """
    from reviewer.bootstrap.model import ModelRequest

    given = [
        name
        for name, value in (
            ("--model", options["model_name"]),
            ("--max-cost", options.get("max_cost")),
            ("--estimate", options.get("estimate")),
            ("--language", options.get("language")),
            ("--fast", options.get("fast")),
            ("--suggest", options.get("suggest")),
            ("--record", options.get("record")),
            ("--replay", options.get("replay")),
        )
        if value
    ]
    if options["no_model"] and given:
        raise click.UsageError(f"--no-model and {given[0]} exclude each other.")
    for one, other in (
        ("--record", "--replay"),
        ("--estimate", "--record"),
        ("--estimate", "--replay"),
    ):
        if one in given and other in given:
            raise click.UsageError(f"{one} and {other} exclude each other.")
    return ModelRequest(
        name=options["model_name"],
        without=options["no_model"],
        most_dollars=options.get("max_cost"),
        language=options.get("language"),
        fast=options.get("fast") or None,
        suggestions=options.get("suggest") or None,
        record=options.get("record"),
        replay=options.get("replay"),
    )
