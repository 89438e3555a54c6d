"""The settings of the program: the only module that reads the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

_YES = frozenset({"1", "true", "yes", "on"})

#: Where each provider's key stands: in its own variable, which no other provider reads.
KEY_VARIABLES = {
    "anthropic": "ANTHROPIC_API_KEY",
    "openai": "OPENAI_API_KEY",
    "gemini": "GEMINI_API_KEY",
    "compatible": "REVIEWER_COMPATIBLE_API_KEY",
}
#: Where the code host's token stands; the first that holds one counts. The program's own comes
#: first: what a workflow or a person hands to other tools need not be what this one may use.
TOKEN_VARIABLES = ("REVIEWER_GITHUB_TOKEN", "GITHUB_TOKEN", "GH_TOKEN")
_PROGRAM = "persona-reviewer"


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubSettings:
    """Where the code host is, and what we are there.

    Args:
        token: The token, never shown; empty where there is none.
        api_url: The REST interface (``GITHUB_API_URL``); empty for github.com's.
        graphql_url: The GraphQL interface (``GITHUB_GRAPHQL_URL``); empty for github.com's.
        server_url: What people open (``GITHUB_SERVER_URL``); empty for github.com.
        state_key: Signs what a review remembers (``REVIEWER_STATE_KEY``), never shown; empty
            where nothing can be signed.
    """

    token: str = field(default="", repr=False)
    api_url: str = ""
    graphql_url: str = ""
    server_url: str = ""
    state_key: str = field(default="", repr=False)

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> GitHubSettings:
        """Read the variables."""
        tokens = (variables.get(name, "").strip() for name in TOKEN_VARIABLES)
        return cls(
            token=next((token for token in tokens if token), ""),
            api_url=variables.get("GITHUB_API_URL", "").strip().rstrip("/"),
            graphql_url=variables.get("GITHUB_GRAPHQL_URL", "").strip().rstrip("/"),
            server_url=variables.get("GITHUB_SERVER_URL", "").strip().rstrip("/"),
            state_key=variables.get("REVIEWER_STATE_KEY", "").strip(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment says; read once at a door and handed on, never global.

    Args:
        colour: Whether colours are wanted, where the output can show them (``NO_COLOR``,
            https://no-color.org, and ``TERM=dumb``).
        debug: Whether a defect of ours is shown with its traceback (``REVIEWER_DEBUG``).
        model: Which model answers (``REVIEWER_MODEL``); empty for the operator's file's word.
        keys: The key of each provider that has one (`KEY_VARIABLES`), never shown.
        operator_file: The operator's file (``REVIEWER_CONFIG``, else in the user's
            configuration folder); it need not exist.
        operator_file_named: Whether somebody named that file, so that it has to exist.
        state_folder: Where the ledger stands (``REVIEWER_STATE``, else the user's state folder).
        github: Where the code host is, and what we are there.
    """

    colour: bool = True
    debug: bool = False
    model: str = ""
    keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    operator_file: Path = Path("config.toml")
    operator_file_named: bool = False
    state_folder: Path = Path()
    github: GitHubSettings = field(default_factory=GitHubSettings)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the environment.

        Args:
            environment: Instead of the process's own.
        """
        variables = os.environ if environment is None else environment
        return cls(
            colour=not variables.get("NO_COLOR") and variables.get("TERM") != "dumb",
            debug=variables.get("REVIEWER_DEBUG", "").strip().lower() in _YES,
            model=variables.get("REVIEWER_MODEL", "").strip(),
            keys={
                provider: value
                for provider, name in KEY_VARIABLES.items()
                if (value := variables.get(name, "").strip())
            },
            operator_file=Path(
                variables.get("REVIEWER_CONFIG")
                or _user_folder(variables, "XDG_CONFIG_HOME", ".config") / "config.toml"
            ),
            operator_file_named=bool(variables.get("REVIEWER_CONFIG")),
            state_folder=Path(
                variables.get("REVIEWER_STATE")
                or _user_folder(variables, "XDG_STATE_HOME", ".local/state")
            ),
            github=GitHubSettings.of(variables),
        )


#: What the inputs of ``action.yml`` reach its script as: ``fail-on`` is REVIEWER_INPUT_FAIL_ON.
_INPUT_PREFIX = "REVIEWER_INPUT_"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSettings:
    """What GitHub's runner says to the Action, besides `Settings`.

    https://docs.github.com/en/actions/reference/workflows-and-actions/variables

    Args:
        event_name: What started the workflow (``GITHUB_EVENT_NAME``).
        event_file: The event as GitHub sent it (``GITHUB_EVENT_PATH``); None outside a runner.
        workspace: Where a workflow checks out (``GITHUB_WORKSPACE``); None outside a runner.
        output_file: Takes the outputs (``GITHUB_OUTPUT``); None where nobody reads them.
        summary_file: Takes the job summary (``GITHUB_STEP_SUMMARY``); None where nobody does.
        inputs: What the workflow sets of the Action's inputs, by their names.
    """

    event_name: str = ""
    event_file: Path | None = None
    workspace: Path | None = None
    output_file: Path | None = None
    summary_file: Path | None = None
    inputs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> ActionSettings:
        """Read the environment.

        Args:
            environment: Instead of the process's own.
        """
        variables = os.environ if environment is None else environment
        return cls(
            event_name=variables.get("GITHUB_EVENT_NAME", "").strip(),
            event_file=_path(variables, "GITHUB_EVENT_PATH"),
            workspace=_path(variables, "GITHUB_WORKSPACE"),
            output_file=_path(variables, "GITHUB_OUTPUT"),
            summary_file=_path(variables, "GITHUB_STEP_SUMMARY"),
            inputs={
                name.removeprefix(_INPUT_PREFIX).lower().replace("_", "-"): value.strip()
                for name, value in variables.items()
                if name.startswith(_INPUT_PREFIX) and value.strip()
            },
        )


def _path(variables: Mapping[str, str], name: str) -> Path | None:
    value = variables.get(name, "")
    return Path(value) if value else None


def _user_folder(variables: Mapping[str, str], name: str, below_home: str) -> Path:
    """Return a folder of ours in one of the user's, as the XDG base directories say.

    https://specifications.freedesktop.org/basedir-spec/latest/: a relative path is ignored.
    """
    given = Path(variables.get(name, ""))
    try:
        home = Path(variables["HOME"]) if variables.get("HOME") else Path.home()
    except RuntimeError:
        # A user without a home and without an entry in the list of users (a bare container).
        home = Path("/nonexistent")
    return (given if given.is_absolute() else home / below_home) / _PROGRAM


def process_environment() -> Mapping[str, str]:
    """Return the environment of this process, for the adapters that pass parts of it on."""
    return os.environ
