"""``reviewer serve``: the webhook service, in one process."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import click

from reviewer.entrypoints.cli.server_options import server_file_option, server_settings
from reviewer.entrypoints.cli.session import ExitCode, debug_option, session_of
from reviewer.entrypoints.cli.suggestion import Word

_EXAMPLES = """\b
Examples:
  reviewer serve                          with REVIEWER_SERVER_… of the environment
  reviewer serve --config server.toml
  reviewer serve --setup --url https://reviewer.example.com     register the App first

\b
Three settings are needed: the App's number, its private key and the webhook secret:
  export REVIEWER_SERVER_APP_ID=12345
  export REVIEWER_SERVER_PRIVATE_KEY_FILE=app.private-key.pem
  export REVIEWER_SERVER_WEBHOOK_SECRET=…
`reviewer config explain --server` shows all of them."""


@click.command(epilog=_EXAMPLES)
@click.option(
    "--role",
    type=Word(["all", "web", "worker"]),
    default=None,
    help="Take deliveries (web), do the work (worker), or both (all, the default).",
)
@server_file_option
@click.option("--setup", is_flag=True, help="Register the App with a browser; serve nothing.")
@click.option("--url", default="", metavar="ADDRESS", help="--setup: where GitHub reaches us.")
@click.option("--name", default="persona-reviewer", show_default=True, help="--setup: its name.")
@click.option("--organization", default="", metavar="LOGIN", help="--setup: whose App it will be.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="--setup: where app.toml is put, if not in the state folder.",
)
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="--setup: of its page.")
@click.option(
    "--github",
    default="",
    envvar="REVIEWER_SERVER_GITHUB_SERVER_URL",
    metavar="ADDRESS",
    help="--setup: an Enterprise Server, if not github.com.",
)
@debug_option
@click.pass_context
def serve(  # noqa: PLR0913 - the options of two tasks
    context: click.Context,
    role: str | None,
    server_file: Path | None,
    *,
    setup: bool,
    url: str,
    name: str,
    organization: str,
    folder: Path | None,
    port: int,
    github: str,
) -> None:
    """Serve the GitHub App: take webhooks, review, publish.

    Everything that has to last stands in SQLite files of the state folder, or in PostgreSQL where
    one is named. Ctrl-C or SIGTERM ends it in order: what is under way goes on at the next start.
    """
    if setup:
        from reviewer.entrypoints.cli.setup import SetupWish, set_up

        wish = SetupWish(
            url=url,
            name=name,
            organization=organization,
            github=github,
            folder=folder or session_of(context).settings.state_folder,
            port=port,
        )
        set_up(wish)
        return
    if url or organization or folder is not None or port:
        raise click.UsageError("--url, --organization, --folder and --port belong to --setup")
    # What is made until it listens is there for good: looking through it for what is not takes a
    # fifth of the start.
    gc.disable()
    try:
        settings = server_settings(context, server_file, {} if role is None else {"role": role})
        from reviewer.bootstrap.server import open_services
        from reviewer.entrypoints.server import process

        shared = session_of(context).settings
        process.serve(
            settings,
            lambda: open_services(settings, shared),
            told=lambda address: click.echo(f"Listening on {address}", err=True),
            last_resort=_give_up,
        )
    finally:
        gc.enable()


def _give_up() -> None:
    """End at once: something hangs, and whatever was under way is taken over by others."""
    click.echo("It does not end in order; it ends all the same.", err=True)
    os._exit(ExitCode.COULD_NOT_REVIEW)
