"""``reviewer replay-delivery``: send a recorded event to a running service, signed."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

import click

from reviewer.entrypoints.cli.output import write_standard_output
from reviewer.entrypoints.cli.server_options import server_file_option, server_settings
from reviewer.entrypoints.cli.session import ExitCode, debug_option
from reviewer.errors import UserError

_EXAMPLES = """\b
Examples:
  reviewer replay-delivery opened.json
  reviewer replay-delivery comment.json --event issue_comment
  reviewer replay-delivery opened.json --delivery 72d3162e-cc78-11e3-81ab-4c9367dc0958

\b
Exit codes: 0 the service took it, 2 the file or a setting is wrong, 3 it did not take it."""

_WHERE = (
    "The App's page shows payloads under Advanced, Recent deliveries: put the one that you want"
    " into a file."
)


@click.command("replay-delivery", epilog=_EXAMPLES)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--event", "name", default="", metavar="NAME", help="GitHub's name of the event.")
@click.option("--url", default="", metavar="ADDRESS", help="Where it listens, if not here.")
@click.option("--delivery", default="", metavar="ID", help="Its id: the same again does nothing.")
@server_file_option
@debug_option
@click.pass_context
def replay_delivery(
    context: click.Context,
    file: Path,
    *,
    name: str,
    url: str,
    delivery: str,
    server_file: Path | None,
) -> None:
    """Send a recorded payload to a running service, signed.

    FILE is a payload as the App's page shows it under Recent deliveries. It is signed with the
    webhook secret of the service's settings, so that the service takes it for GitHub's.
    """
    from reviewer.bootstrap.replay import send_delivery
    from reviewer.domain.recorded_delivery import read_recorded_delivery
    from reviewer.domain.sanitiser import one_line, terminal

    try:
        content = file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}", hint=_WHERE) from error
    recorded = read_recorded_delivery(content, name=name)
    settings = server_settings(context, server_file, needed=("webhook_secret",))
    sent = send_delivery(recorded, settings, url=url, delivery_id=delivery)
    told = f"{sent.status} {recorded.name} {sent.delivery_id}: {one_line(sent.answer)}"
    write_standard_output(terminal(told) + "\n")
    if sent.status not in {HTTPStatus.OK, HTTPStatus.ACCEPTED}:
        context.exit(ExitCode.COULD_NOT_REVIEW)
