"""Wires the registration of an App: its GitHub, its manifest, and the file that it ends in."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reviewer.domain.app_manifest import AppManifest
from reviewer.domain.registered_app import RegisteredApp

#: The file with the settings of the service, in the folder that is named.
FILE_NAME = "app.toml"
_GITHUB_COM = "https://github.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What a registration needs.

    Args:
        form_url: Where the browser posts the manifest.
        manifest: Returns the manifest, in JSON, for the address that the browser comes back to.
        convert: Exchanges the code that it brings for the App, and keeps that in the file.
        file: The file.
    """

    form_url: str
    manifest: Callable[[str], str]
    convert: Callable[[str], Awaitable[RegisteredApp]]
    file: Path


@contextmanager
def registration(
    *, url: str, name: str, organization: str, github: str, folder: Path
) -> Iterator[Registration]:
    """Take the file, and hand out what else is needed.

    Args:
        url: Where GitHub will reach the service.
        name: What the App is to be called.
        organization: Whose it will be; empty for the account of whoever registers it.
        github: The GitHub; empty for github.com.
        folder: Where the file is put.

    Raises:
        UserError: An address or a name will not do, or the file is there already.
    """
    from reviewer.adapters.github.addresses import GitHubAddresses, path_of
    from reviewer.adapters.github.app_registration import convert_code
    from reviewer.adapters.private_file import new_private_file

    addresses = GitHubAddresses.of(server_url=github)
    AppManifest(name=name, url=url)
    place = path_of("organizations", organization) if organization else ""
    others = {"public_url": url.rstrip("/")}
    if addresses.server_url != _GITHUB_COM:
        others |= {
            "github_api_url": addresses.api_url,
            "github_graphql_url": addresses.graphql_url,
            "github_server_url": addresses.server_url,
        }

    def manifest(redirect_url: str) -> str:
        made = AppManifest(name=name, url=url, redirect_url=redirect_url)
        return json.dumps(made.fields())

    with new_private_file(folder / FILE_NAME) as file:

        async def convert(code: str) -> RegisteredApp:
            app = await convert_code(code, addresses)
            file.write(app.settings(others))
            return app

        yield Registration(
            form_url=f"{addresses.server_url}{place}/settings/apps/new",
            manifest=manifest,
            convert=convert,
            file=file.path,
        )
