"""The settings of the service: from a TOML file and the environment, each with its origin.

One flat list of names. ``webhook_secret`` of the file is ``REVIEWER_SERVER_WEBHOOK_SECRET`` of the
environment, which wins; lists in the environment are separated by commas. Each secret may stand in
a file of its own instead, as orchestrators mount them: ``webhook_secret_file`` names it. An unknown
name is an error in both places: a limit that is misspelt would not hold, and nobody would know.

`config.Settings` holds what the service has in common with the command line: the model, its keys,
the operator's file.
"""

from __future__ import annotations

from reviewer.server_settings.loading import FILE_VARIABLE, NEEDED, load_server_settings
from reviewer.server_settings.model import (
    BODY_LIMIT_BYTES,
    PREFIX,
    ExplainedSetting,
    ServerRole,
    ServerSettings,
)

__all__ = [
    "BODY_LIMIT_BYTES",
    "FILE_VARIABLE",
    "NEEDED",
    "PREFIX",
    "ExplainedSetting",
    "ServerRole",
    "ServerSettings",
    "load_server_settings",
]
