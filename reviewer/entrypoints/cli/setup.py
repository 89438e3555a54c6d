"""What ``reviewer serve --setup`` does: registers the App with a browser's help."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from reviewer.errors import UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupWish:
    """What is asked for.

    Args:
        url: Where GitHub will reach the service.
        name: What the App is to be called.
        organization: Whose it will be; empty for one's own account.
        github: The GitHub; empty for github.com.
        folder: Where the file is put.
        port: Where the page listens; 0 for any free port.
    """

    url: str
    name: str
    organization: str
    github: str
    folder: Path
    port: int


def set_up(wish: SetupWish) -> None:
    """Register the App and say what to do next; no secret is shown.

    Raises:
        UserError: Something about it will not do, or nobody finished it.
        CommunicationError: GitHub did not answer as agreed.
    """
    if not wish.url:
        raise UserError(
            "--setup needs the public address of the service",
            hint="Write: reviewer serve --setup --url https://reviewer.example.com",
        )
    from reviewer.bootstrap.door import require_extra

    require_extra()
    from reviewer.bootstrap.registration import registration
    from reviewer.domain.sanitiser import terminal
    from reviewer.entrypoints.server.setup import run_setup

    with registration(
        url=wish.url,
        name=wish.name,
        organization=wish.organization,
        github=wish.github,
        folder=wish.folder,
    ) as prepared:
        app = run_setup(prepared, port=wish.port, told=_told)
    file = prepared.file
    click.echo(
        terminal(
            f"App {app.id} is registered.\n"
            f"app_id, private_key and webhook_secret stand in {file}, for you alone to read.\n\n"
            f"Install it:  {app.installing}\n"
            f"Serve it:    reviewer serve --config {file}\n"
        ),
        nl=False,
    )


def _told(address: str) -> None:
    click.echo(f"Open this in a browser on this machine, within 15 minutes:\n  {address}", err=True)
