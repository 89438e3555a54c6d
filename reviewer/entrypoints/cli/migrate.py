"""``reviewer migrate``: bring the service's databases to this version, or back before another."""

from __future__ import annotations

from pathlib import Path

import click

from reviewer.entrypoints.cli.output import write_standard_output
from reviewer.entrypoints.cli.server_options import server_file_option, server_settings
from reviewer.entrypoints.cli.session import debug_option
from reviewer.errors import UserError

_EXAMPLES = """\b
Examples:
  reviewer migrate                before the processes of a new version start
  reviewer migrate --to 0002      with the new version, before an older one starts again
  reviewer migrate --seal-anew    with a new key in front, before the old one goes"""


@click.command(epilog=_EXAMPLES)
@click.option(
    "--to",
    default="",
    metavar="REVISION",
    help="Another revision than the newest; what only newer ones have is deleted.",
)
@click.option(
    "--seal-anew",
    "seals",
    is_flag=True,
    help="Encrypt what is stored with the first of the encryption keys.",
)
@click.option("--yes", is_flag=True, help="Do not ask before something is deleted.")
@server_file_option
@debug_option
@click.pass_context
def migrate(
    context: click.Context, to: str, *, seals: bool, yes: bool, server_file: Path | None
) -> None:
    """Bring the tables of the service to this version.

    `reviewer serve` does it too when it starts; apart from it, it can be waited for.
    """
    settings = server_settings(context, server_file, needed=())
    import asyncio

    from reviewer.bootstrap.migration import loses, migrate_databases, seal_anew

    if to and seals:
        raise UserError("--to and --seal-anew are two different things: give one of them")
    if loses(to) and not yes:
        click.confirm(
            f"Going back to {to} deletes what newer revisions added. Is there a backup?",
            abort=True,
            err=True,
        )
    if seals:
        count = asyncio.run(seal_anew(settings))
        write_standard_output(f"{count} rows are encrypted with the first key now.\n")
        return
    moved = asyncio.run(migrate_databases(settings, to=to))
    if moved.before == moved.after:
        told = f"The tables are at revision {moved.after} already.\n"
    else:
        told = f"The tables went from {moved.before or 'nothing'} to revision {moved.after}.\n"
    write_standard_output(told)
