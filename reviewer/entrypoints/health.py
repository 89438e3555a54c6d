"""The door of a container's health check: ``python -m reviewer.entrypoints.health``.

It asks the service on this machine and needs no other program in the image. The settings are not
loaded, because it runs every few seconds: the port is the environment's or the usual one.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException

from reviewer.config import process_environment

_PATH = "/health"
_PORT_VARIABLE = "REVIEWER_SERVER_PORT"
_PORT = "8080"
_TIMEOUT_SECONDS = 4.0
#: What the service says of itself is shown by the container engine; this much is enough to read.
_SHOWN_CHARACTERS = 2000
_OK = 200

HEALTHY, UNHEALTHY = 0, 1


def main(environment: Mapping[str, str] | None = None) -> int:
    """Ask once, and say what came back.

    Args:
        environment: Instead of the process's own.

    Returns:
        0 where the service is well, else 1: the only two that a container engine reads
        (https://docs.docker.com/reference/dockerfile/#healthcheck).
    """
    variables = process_environment() if environment is None else environment
    # An address and no name: `localhost` may stand for ::1, where nobody listens.
    place = f"127.0.0.1:{variables.get(_PORT_VARIABLE) or _PORT}"
    try:
        with closing(HTTPConnection(place, timeout=_TIMEOUT_SECONDS)) as connection:
            connection.request("GET", _PATH)
            answer = connection.getresponse()
            text = answer.read(_SHOWN_CHARACTERS).decode("utf-8", "replace")
    except (OSError, HTTPException) as error:
        reason = str(error) or type(error).__name__
        sys.stderr.write(f"no answer from {place}{_PATH}: {reason}\n")
        return UNHEALTHY
    sys.stdout.write(f"{answer.status} {text.strip()}\n")
    return HEALTHY if answer.status == _OK else UNHEALTHY


if __name__ == "__main__":
    sys.exit(main())
