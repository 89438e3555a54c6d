"""Wires reviews of pull requests: the side that holds a token reads and publishes.

The side that thinks runs as a child process without that token (security.md S2).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from reviewer.bootstrap.model import ModelRequest
from reviewer.errors import UserError

if TYPE_CHECKING:
    from reviewer.adapters.github.client import GitHubClient
    from reviewer.config import Settings
    from reviewer.domain.conclusion import Conclusion
    from reviewer.domain.policy import PolicyLayer
    from reviewer.domain.posting import Annotation
    from reviewer.domain.pull_request import PullRequestName
    from reviewer.domain.review import Review
    from reviewer.domain.status import RunState
    from reviewer.ports.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How a run is to go.

    Args:
        model: What is asked for of models.
        personas: Exactly these review, by name; empty lets the change decide.
        panel: A panel's name; None for none.
        layer: What the door sets of the policy.
        publish: Whether anything is written to the pull request.
    """

    model: ModelRequest = field(default_factory=ModelRequest)
    personas: tuple[str, ...] = ()
    panel: str | None = None
    layer: PolicyLayer | None = None
    publish: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a run went.

    Args:
        state: How the review ended; None where none was asked for.
        reason: Why, or what was done; one line, untrusted.
        review: The review; None where there is none.
        conclusion: What the check says; None without a review.
        annotations: The findings as lines of a check, best first.
        notes: What people must know besides: what could not be written, and why.
        seconds: How long each stage took.
    """

    state: RunState | None
    reason: str = ""
    review: Review | None = None
    conclusion: Conclusion | None = None
    annotations: tuple[Annotation, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[GitHubClient]:
    """Connect to the code host.

    Raises:
        UserError: There is no token, or an address is wrong.
    """
    from reviewer.adapters.github.addresses import GitHubAddresses
    from reviewer.adapters.github.client import GitHubClient
    from reviewer.adapters.system_clock import SystemClock

    github = settings.github
    if not github.token:
        raise UserError(
            "a pull request is read with a token, and there is none",
            hint="Set GITHUB_TOKEN; reading needs `pull requests: read` and `contents: read`.",
        )
    addresses = GitHubAddresses.of(
        api_url=github.api_url, graphql_url=github.graphql_url, server_url=github.server_url
    )
    secrets = (*settings.keys.values(), *filter(None, (github.state_key,)))
    client = GitHubClient(github.token, addresses, clock=SystemClock(), secrets=secrets)
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def opened_workspace(name: PullRequestName, settings: Settings) -> AsyncIterator[Workspace]:
    """Open a pull request as a change that is only read.

    Raises:
        UserError: There is no token, or an address is wrong.
        CodeHostError: The code host does not let us read it.
    """
    from reviewer.adapters.github.code_host import GitHubCodeHost
    from reviewer.adapters.github.workspace import PullRequestWorkspace

    async with connected(settings) as client:
        pull_request = await GitHubCodeHost(client, name).pull_request()
        yield PullRequestWorkspace(client, pull_request)
