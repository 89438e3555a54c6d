"""Opens pull requests of installations; implements `ports.installed_hosts.InstalledHosts`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from reviewer.adapters.github.addresses import GitHubAddresses
from reviewer.adapters.github.client import GitHubClient
from reviewer.adapters.github.code_host import GitHubCodeHost
from reviewer.adapters.github.discussion import GitHubDiscussion
from reviewer.adapters.github.installation_tokens import InstallationTokens
from reviewer.adapters.github.retrying import WritePace
from reviewer.adapters.github.workspace import PullRequestWorkspace
from reviewer.domain.pull_request import PullRequestName
from reviewer.ports.clock import Clock
from reviewer.ports.code_host import CodeHostError, Refusal
from reviewer.ports.installed_hosts import Hosted


class GitHubInstalledHosts:
    """Opens pull requests with tokens that reach one repository each.

    Args:
        tokens: Mints the tokens.
        addresses: Where that GitHub is.
        clock: What waits are measured and passed with.
        secrets: What no message may show, besides the tokens.
    """

    def __init__(
        self,
        tokens: InstallationTokens,
        addresses: GitHubAddresses,
        *,
        clock: Clock,
        secrets: Sequence[str] = (),
    ) -> None:
        self._tokens = tokens
        self._addresses = addresses
        self._clock = clock
        self._secrets = tuple(secrets)
        # GitHub counts what an installation writes, whatever the repository.
        self._paces: dict[int, WritePace] = {}

    @asynccontextmanager
    async def on(
        self, installation_id: int, repository_id: int, name: PullRequestName
    ) -> AsyncIterator[Hosted]:
        """Open one pull request; see `ports.installed_hosts.InstalledHosts.on`.

        Args:
            installation_id: Whose it is.
            repository_id: The host's number of the repository.
            name: Which.

        Raises:
            CodeHostError: The host gives no token.
        """
        token = await self._tokens.token(installation_id, repository_id)
        client = GitHubClient(
            token,
            self._addresses,
            clock=self._clock,
            secrets=self._secrets,
            pace=self._paces.setdefault(installation_id, WritePace(self._clock)),
            renew=partial(self._tokens.renewed, installation_id, repository_id),
        )
        try:
            yield Hosted(
                host=GitHubCodeHost(client, name),
                discussion=GitHubDiscussion(client, name),
                workspace=lambda pull_request: PullRequestWorkspace(client, pull_request),
                repository_url=f"{self._addresses.server_url}/{name.repository}",
            )
        except CodeHostError as error:
            if error.refusal is Refusal.UNAUTHORIZED:
                # Taken back again and again: the next run asks for another one.
                self._tokens.forget(installation_id)
            raise
        finally:
            await client.close()
