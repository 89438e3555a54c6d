"""What of our environment the analyser's process is given: these names and no other.

A list of what is allowed and not of what is not: whatever a runner or a workflow adds tomorrow
stays out. So `GITHUB_…`, `ACTIONS_…`, `RUNNER_…`, `INPUT_…`, `GH_…` and our own token and key for
markers never get in.
"""

from __future__ import annotations

from collections.abc import Mapping

from reviewer.config import KEY_VARIABLES, TOKEN_VARIABLES
from reviewer.errors import UserError

#: Where programs, the user's folders and certificates are, and which language is spoken.
_SYSTEM = (
    "PATH",
    "HOME",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
#: What the analyser reads of our own settings, see `config.Settings`.
_SETTINGS = ("REVIEWER_MODEL", "REVIEWER_CONFIG", "REVIEWER_STATE", "REVIEWER_DEBUG")

INHERITED = (*_SYSTEM, *_SETTINGS, *KEY_VARIABLES.values())

#: What signs markers; whoever has it can dismiss findings in anybody's name.
_STATE_KEY = "REVIEWER_STATE_KEY"
WITHHELD = (*TOKEN_VARIABLES, _STATE_KEY, "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")

#: Shorter values are no secrets and stand in other values by chance.
_SHORTEST_SECRET = 8


def analyser_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Choose what the analyser's process is given.

    Args:
        variables: Our own environment.

    Raises:
        UserError: What is allowed holds a secret that is not: a job's own token as the key of a
            model server, for example.
    """
    given = {name: variables[name] for name in INHERITED if variables.get(name)}
    secrets = {name: variables.get(name, "").strip() for name in WITHHELD}
    for name, value in given.items():
        for withheld, secret in secrets.items():
            if len(secret) >= _SHORTEST_SECRET and secret in value:
                raise UserError(
                    f"{name} holds the value of {withheld}, which no model server may have",
                    hint="Whoever has it can write to the repository. Use a key of its own.",
                )
    return given
