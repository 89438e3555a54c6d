"""What an operation is handed, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from reviewer.testing.fake_github.account import FakeAccount, FakeToken
from reviewer.testing.fake_github.refusal import GitHubRefusal, forbidden, not_found

if TYPE_CHECKING:
    from reviewer.testing.fake_github.hub import FakeGitHub
    from reviewer.testing.fake_github.pull_request import FakePullRequest
    from reviewer.testing.fake_github.repository import FakeRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer.

    Args:
        status: The status.
        body: What becomes JSON; a text is sent as it is; None sends nothing.
        headers: Further headers.
        media_type: What the body is.
    """

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, of somebody whose token is good.

    Args:
        hub: Where it arrived.
        token: With whose token.
        names: The parts of the path that the operation names.
        query: What stands behind the question mark.
        headers: Names in lower case.
        body: The body, read; empty where there is none.
        path: The path.
    """

    hub: FakeGitHub
    token: FakeToken
    names: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Mapping[str, object]
    path: str

    @property
    def viewer(self) -> FakeAccount:
        """Who asks."""
        return self.token.viewer

    @property
    def repository(self) -> FakeRepository:
        """The repository of the path.

        Raises:
            GitHubRefusal: There is none.
        """
        name = f"{self.names['owner']}/{self.names['repo']}".lower()
        found = self.hub.repositories.get(name)
        if found is None or found.deleted:
            raise not_found()
        reach = self.token.repositories
        if reach is not None and found.full_name not in reach:
            raise not_found()
        return found

    @property
    def pull(self) -> FakePullRequest:
        """The pull request of the path.

        Raises:
            GitHubRefusal: There is none.
        """
        number = self.names.get("pull_number") or self.names["issue_number"]
        found = self.repository.pulls.get(int(number)) if number.isdigit() else None
        if found is None:
            raise not_found()
        return found

    def need(self, *permissions: str, level: str = "write") -> None:
        """Refuse a token that has none of these permissions.

        Raises:
            GitHubRefusal: It has none.
        """
        if not any(self.token.may(permission, level) for permission in permissions):
            raise forbidden("; ".join(f"{permission}={level}" for permission in permissions))

    def text(self, name: str) -> str | None:
        """Return a text of the body, None where there is none."""
        value = self.body.get(name)
        return value if isinstance(value, str) else None

    def page(self, items: list[object]) -> Reply:
        """Answer with one page of a list, and links to the others."""
        size = max(1, min(100, _number(self.query.get("per_page"), 30)))
        page = max(1, _number(self.query.get("page"), 1))
        last = max(1, -(-len(items) // size))
        links = []
        for relation, number, there in (
            ("prev", page - 1, page > 1),
            ("next", page + 1, page < last),
            ("last", last, page < last),
            ("first", 1, page > 1),
        ):
            if there:
                words = urlencode({**self.query, "page": str(number)})
                links.append(f'<{self.hub.api_url}{self.path}?{words}>; rel="{relation}"')
        headers = {"link": ", ".join(links)} if links else {}
        return Reply(body=items[(page - 1) * size : page * size], headers=headers)


Operation = Callable[[Asked], Reply]


def _number(text: str | None, default: int) -> int:
    if text is None:
        return default
    if not text.lstrip("-").isdigit():
        raise GitHubRefusal(422, "Invalid request.\n\nFor 'properties', the value is not a number.")
    return int(text)
