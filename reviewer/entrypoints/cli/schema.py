"""``reviewer schema``: print the JSON Schema of a file, for editors and for other programs."""

from __future__ import annotations

import json

import click

from reviewer.entrypoints.cli.output import write_standard_output
from reviewer.entrypoints.cli.session import debug_option
from reviewer.entrypoints.cli.suggestion import Word

_NAMES = ("persona", "reviewer-toml", "review")

_EXAMPLES = """\b
Examples:
  reviewer schema persona > persona.schema.json
  reviewer schema reviewer-toml
  reviewer schema review"""


@click.command(epilog=_EXAMPLES, short_help="Print the JSON Schema of a file.")
@click.argument("name", metavar="NAME", type=Word(_NAMES))
@debug_option
def schema(name: str) -> None:
    """Print the JSON Schema of a persona file, of .reviewer.toml, or of a review as JSON.

    NAME is persona, reviewer-toml or review.
    """
    if name == "review":
        from reviewer.rendering.json_schema import review_schema

        write_standard_output(json.dumps(review_schema(), indent=2) + "\n")
        return
    from reviewer.domain.published_schema import schema_text

    write_standard_output(schema_text(name))
