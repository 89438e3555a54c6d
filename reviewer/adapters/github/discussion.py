"""GitHubDiscussion: what people may do in a repository, and reactions to their comments."""

from __future__ import annotations

from collections.abc import Mapping

from reviewer.adapters.github.addresses import path_of
from reviewer.adapters.github.client import GitHubClient
from reviewer.adapters.github.json_value import mapping, text
from reviewer.domain.posting import Permission, Reaction
from reviewer.domain.pull_request import PullRequestName
from reviewer.ports.code_host import CodeHostError, Refusal

#: What the older, coarser field can mean at most: it says ``write`` for maintainers and ``read``
#: for those who triage.
_MOST: Mapping[str, Permission] = {
    "admin": Permission.ADMIN,
    "write": Permission.MAINTAIN,
    "read": Permission.TRIAGE,
}


class GitHubDiscussion:
    """Implements `ports.code_host.Discussion`.

    Args:
        client: Speaks to GitHub.
        name: The pull request whose people are answered.
    """

    def __init__(self, client: GitHubClient, name: PullRequestName) -> None:
        self._client = client
        self._repository = path_of("repos", name.repository.owner, name.repository.name)

    async def permission(self, login: str) -> Permission:
        """Return what somebody may do; ``NONE`` for whom GitHub does not know here.

        A role's name is believed as far as the coarser field goes along: organisations may name
        roles of their own, which then count as what they are built on.
        """
        path = f"{self._repository}{path_of('collaborators', login, 'permission')}"
        try:
            answer = mapping(await self._client.get(path))
        except CodeHostError as error:
            if error.refusal is Refusal.NOT_FOUND:
                return Permission.NONE
            raise
        coarse = text(answer.get("permission"))
        most = _MOST.get(coarse, Permission.NONE)
        named = text(answer.get("role_name")) or coarse
        role = next((role for role in Permission if role.value == named), None)
        if role is None:
            return Permission.NONE if most is Permission.NONE else Permission(coarse)
        return role if most.at_least(role) else most

    async def react(self, comment_id: int, reaction: Reaction, *, inline: bool) -> None:
        """React to a comment; the same reaction twice is one."""
        kind = "pulls" if inline else "issues"
        path = f"{self._repository}{path_of(kind, 'comments', comment_id, 'reactions')}"
        await self._client.send("POST", path, {"content": reaction.value})
