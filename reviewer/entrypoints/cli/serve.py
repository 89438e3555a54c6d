"""``reviewer serve``: the webhook service, in one process."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import click

from reviewer.entrypoints.cli.server_options import server_file_option, server_settings
from reviewer.entrypoints.cli.session import debug_option, session_of
from reviewer.entrypoints.cli.suggestion import Word

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from reviewer.bootstrap.door import Services
    from reviewer.config import Settings
    from reviewer.server_settings import ServerSettings

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


class _Wiring(Protocol):
    """What `bootstrap.server` has."""

    def open_services(
        self, settings: ServerSettings, shared: Settings
    ) -> AbstractAsyncContextManager[Services]:
        """Open everything behind the door."""
        ...


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
    from reviewer.entrypoints.server import process

    wiring = cast("_Wiring", import_module("reviewer.bootstrap.server"))
    shared = session_of(context).settings
    process.serve(
        settings,
        lambda: wiring.open_services(settings, shared),
        told=lambda address: click.echo(f"Listening on {address}", err=True),
    )
