"""Where a review is written: ``--output FORMAT[=FILE]``, each format once to a place of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from typing_extensions import override

from reviewer.entrypoints.cli.suggestion import did_you_mean
from reviewer.errors import UserError

FORMATS = ("terminal", "markdown", "json", "sarif", "html")


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One wish: a format, and the file that it goes to; None is standard output."""

    format: str
    file: Path | None = None


class OutputType(click.ParamType[Output]):
    """Reads ``json`` and ``json=review.json``."""

    name = "output"

    @override
    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "FORMAT[=FILE]"

    @override
    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Output:
        if isinstance(value, Output):
            return value
        word, equals, name = str(value).partition("=")
        if word not in FORMATS:
            return self.fail(
                f"there is no format {word!r}. {did_you_mean(word, list(FORMATS))}", param, ctx
            )
        if equals and not name:
            return self.fail(f"a file name is missing after {word}=", param, ctx)
        if not name or name == "-":
            return Output(format=word)
        file = Path(name)
        if file.is_dir():
            return self.fail(f"{name} is a folder; name a file in it", param, ctx)
        if not file.absolute().parent.is_dir():
            return self.fail(f"the folder {file.parent} does not exist; make it first", param, ctx)
        return Output(format=word, file=file)


def settle(outputs: Sequence[Output]) -> tuple[Output, ...]:
    """Return what is to be written: the terminal's format where nothing is asked for.

    Raises:
        click.UsageError: Two formats would go to one place.
    """
    if not outputs:
        return (Output(format="terminal"),)
    places = [None if output.file is None else output.file.absolute() for output in outputs]
    if places.count(None) > 1:
        raise click.UsageError(
            "Two formats cannot both go to standard output; give one a file: --output json=FILE"
        )
    for place in places:
        if place is not None and places.count(place) > 1:
            raise click.UsageError(f"Two formats cannot both go to {place.name}.")
    return tuple(outputs)


def write_file(file: Path, text: str) -> None:
    """Write a file so that nobody ever sees half of it.

    Args:
        file: Where; a device or a pipe is written to as it is.
        text: What.

    Raises:
        UserError: The system refuses.
    """
    content = text.encode("utf-8")
    try:
        if file.exists() and not file.is_file():
            file.write_bytes(content)
            return
        target = file.resolve()
        partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
        try:
            partial.write_bytes(content)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}") from error


def write_standard_output(text: str) -> None:
    """Write to standard output as UTF-8, whatever the locale says."""
    sys.stdout.flush()
    stream = sys.stdout.buffer
    stream.write(text.encode("utf-8"))
    stream.flush()
