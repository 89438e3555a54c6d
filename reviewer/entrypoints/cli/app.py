"""``reviewer app``: what is needed to register the GitHub App."""

from __future__ import annotations

import json

import click

from reviewer.entrypoints.cli.output import write_standard_output
from reviewer.entrypoints.cli.session import debug_option
from reviewer.entrypoints.cli.suggestion import SuggestingGroup

_EXAMPLES = """\b
Examples:
  reviewer app manifest --url https://reviewer.example.com
  reviewer serve --setup --url https://reviewer.example.com    walks through it in a browser"""


@click.group(cls=SuggestingGroup, epilog=_EXAMPLES)
def app() -> None:
    """Register the GitHub App."""


@app.command(epilog=_EXAMPLES)
@click.option(
    "--url", required=True, metavar="ADDRESS", help="Where GitHub reaches the service: https://…"
)
@click.option("--name", default="persona-reviewer", show_default=True, help="The App's name.")
@click.option("--public", is_flag=True, help="Let others than the owner install it.")
@click.option(
    "--resolve-threads",
    "resolves",
    is_flag=True,
    help="Let it resolve its own threads: GitHub demands `contents: write` for that.",
)
@debug_option
def manifest(url: str, name: str, *, public: bool, resolves: bool) -> None:
    """Print the manifest of the App: permissions, events, address."""
    from reviewer.domain.app_manifest import AppManifest

    made = AppManifest(name=name, url=url, public=public, resolves=resolves)
    write_standard_output(json.dumps(made.fields(), indent=2) + "\n")
