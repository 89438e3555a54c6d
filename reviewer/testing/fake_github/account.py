"""Who there is on a FakeGitHub, and what a token may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: The account that GitHub shows in place of one that was deleted.
GHOST_LOGIN = "ghost"
_GHOST_ID = 10_137
#: GitHub's own: https://api.github.com/users/github-actions%5Bbot%5D
_ACTIONS_ID = 41_898_282
_SUFFIX = "[bot]"


@dataclass(slots=True, kw_only=True)
class FakeAccount:
    """Somebody.

    Args:
        id: The number of the account.
        login: The name; that of a bot ends in ``[bot]``.
        type: REST's word: ``User``, ``Bot`` or ``Organization``.
        deleted: Whether the account is gone: GraphQL says null, REST says ``ghost`` or null.
    """

    id: int
    login: str
    type: str
    deleted: bool = False

    @property
    def slug(self) -> str:
        """The name as GraphQL writes it: a bot's without its suffix."""
        return self.login.removesuffix(_SUFFIX) if self.type == "Bot" else self.login


class Accounts:
    """Every account, made when it is first named."""

    def __init__(self) -> None:
        self._by_login: dict[str, FakeAccount] = {}
        self.ghost = FakeAccount(id=_GHOST_ID, login=GHOST_LOGIN, type="User")

    def get(self, login: str, kind: str | None = None) -> FakeAccount:
        """Return an account.

        Args:
            login: Its name.
            kind: REST's word for what it is, where the name does not tell.
        """
        found = self._by_login.get(login.lower())
        if found is None:
            number = (
                _ACTIONS_ID if login == f"github-actions{_SUFFIX}" else 1_000 + len(self._by_login)
            )
            type_ = kind or ("Bot" if login.endswith(_SUFFIX) else "User")
            found = FakeAccount(id=number, login=login, type=type_)
            self._by_login[login.lower()] = found
        return found

    def find(self, login: str) -> FakeAccount | None:
        """Return an account that there is already."""
        return self._by_login.get(login.lower())


#: What the workflow of the README asks for.
USUAL_PERMISSIONS: Mapping[str, str] = {
    "checks": "write",
    "contents": "read",
    "issues": "read",
    "metadata": "read",
    "pull_requests": "write",
}
_ORDER = ("none", "read", "write", "admin")


@dataclass(slots=True, kw_only=True)
class FakeToken:
    """A token.

    Args:
        text: The secret itself.
        viewer: Whose it is.
        permissions: What it may do, by GitHub's names.
        installation: Whether an application's; else it is a person's, who may do what they may.
        expired: Whether its time is over.
        repositories: The full names that it reaches; None for all.
    """

    text: str
    viewer: FakeAccount
    permissions: Mapping[str, str] = field(default_factory=dict)
    installation: bool = True
    expired: bool = False
    repositories: frozenset[str] | None = None

    def may(self, permission: str, level: str) -> bool:
        """Tell whether the token has a permission."""
        has = self.permissions.get(permission, "none")
        return _ORDER.index(has) >= _ORDER.index(level)
