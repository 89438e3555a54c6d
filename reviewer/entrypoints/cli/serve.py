"""``reviewer serve``: the webhook service, in one process."""

from __future__ import annotations

from pathlib import Path

import click

from reviewer.entrypoints.cli.server_options import server_file_option, server_settings
from reviewer.entrypoints.cli.session import debug_option, session_of
from reviewer.entrypoints.cli.suggestion import Word

_EXAMPLES = """\b
Examples:
  reviewer serve                          with REVIEWER_SERVER_… of the environment
  reviewer serve --config server.toml

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
@debug_option
@click.pass_context
def serve(context: click.Context, role: str | None, server_file: Path | None) -> None:
    """Serve the GitHub App: take webhooks, review, publish.

    Everything that has to last stands in SQLite files of the state folder, or in PostgreSQL where
    one is named. Ctrl-C or SIGTERM ends it in order: what is under way goes on at the next start.
    """
    settings = server_settings(context, server_file, {} if role is None else {"role": role})
    from reviewer.bootstrap.server import open_services
    from reviewer.entrypoints.server import process

    shared = session_of(context).settings
    process.serve(
        settings,
        lambda: open_services(settings, shared),
        told=lambda address: click.echo(f"Listening on {address}", err=True),
    )
