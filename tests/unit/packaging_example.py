"""Reads what the service is shipped in, for the tests that hold it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from reviewer.config import KEY_VARIABLES
from reviewer.server_settings import FILE_VARIABLE, PREFIX, ServerSettings
from tests.guards import ROOT

DOCKERFILE = ROOT / "Dockerfile"
COMPOSE = ROOT / "deploy" / "compose.yaml"
KUBERNETES = ROOT / "deploy" / "kubernetes"
RELEASE = ROOT / ".github" / "workflows" / "release.yml"

IMAGE = "ghcr.io/persona-reviewer/persona-reviewer"

Document = dict[str, Any]

SETTINGS = frozenset(ServerSettings.model_fields)
#: What the program reads besides the settings of the service.
_OTHER_VARIABLES = {"REVIEWER_MODEL", "REVIEWER_STATE", *KEY_VARIABLES.values()}


def read_documents(path: Path) -> list[Document]:
    """Read YAML with every value as the text that stands there; `on` stays `on`."""
    return list(yaml.load_all(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader))


def unknown_variables(variables: dict[str, str]) -> set[str]:
    """Return the names that the program does not read: one of its own would end its start."""
    return {
        name
        for name in variables
        if name not in {FILE_VARIABLE, *_OTHER_VARIABLES}
        and not (name.startswith(PREFIX) and name.removeprefix(PREFIX).lower() in SETTINGS)
    }


def default_seconds(name: str) -> float:
    """Return what a setting of the service is when nobody sets it."""
    return float(ServerSettings.model_fields[name].default)
