"""What the commands of the service share: where its settings are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reviewer.entrypoints.cli.session import session_of

if TYPE_CHECKING:
    from reviewer.server_settings import ServerSettings

Function = TypeVar("Function", bound=Callable[..., Any])


def server_file_option(function: Function) -> Function:
    """Add ``--config``."""
    return click.option(
        "--config",
        "server_file",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="The service's TOML file (or set REVIEWER_SERVER_CONFIG).",
    )(function)


def server_settings(
    context: click.Context,
    file: Path | None,
    said: Mapping[str, str] = MappingProxyType({}),
    *,
    needed: Collection[str] | None = None,
) -> ServerSettings:
    """Return the settings of the service.

    Args:
        context: The run.
        file: What ``--config`` names.
        said: What other options say.
        needed: What this command cannot do without; None for all that the service needs.

    Raises:
        UserError: The extra ``server`` is not installed.
        ConfigurationError: A setting is wrong or missing.
    """
    from reviewer.bootstrap.door import require_extra

    require_extra()
    from reviewer.server_settings import NEEDED, load_server_settings

    return load_server_settings(
        file,
        data_folder=session_of(context).settings.state_folder,
        said=said,
        needed=NEEDED if needed is None else needed,
    )
