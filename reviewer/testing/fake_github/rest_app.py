"""REST of an application itself, which shows a JSON web token: https://docs.github.com/en/rest/apps.

The token's claims are held to GitHub's rules; its signature is not checked.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reviewer.testing.fake_github.account import FakeAccount
from reviewer.testing.fake_github.exchange_parts import Asked, Reply
from reviewer.testing.fake_github.refusal import GitHubRefusal, not_found
from reviewer.testing.fake_github.wire import Json, account_of, node_id, repository_of

if TYPE_CHECKING:
    from reviewer.testing.fake_github.hub import FakeGitHub

APP_ID = 1
#: GitHub takes it in place of the number.
CLIENT_ID = "Iv23liExampleExample1"
#: https://docs.github.com/en/apps: a JSON web token lives ten minutes, what it buys an hour.
_LONGEST_SECONDS = 600
_TOKEN_SECONDS = 3600
_BEGUN = "2026-01-01T00:00:00Z"
_ORDER = ("none", "read", "write", "admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeInstallation:
    """An installation of the application.

    Args:
        id: Its number.
        account: Where it is installed.
        viewer: The account that its tokens act as.
        permissions: What was granted.
    """

    id: int
    account: FakeAccount
    viewer: str
    permissions: Mapping[str, str] = field(default_factory=dict)


def check_claims(hub: FakeGitHub, text: str) -> None:
    """Refuse what is no JSON web token, is too old, or lives too long.

    Raises:
        GitHubRefusal: It is one of these.
    """
    claims = _claims(text)
    expires = claims.get("exp")
    now = hub.wall_clock()
    if not isinstance(expires, int | float) or expires <= now:
        raise GitHubRefusal(
            401,
            "'Expiration time' claim ('exp') must be a numeric value representing the future time "
            "at which the assertion expires",
        )
    if expires > now + _LONGEST_SECONDS:
        raise GitHubRefusal(401, "'Expiration time' claim ('exp') is too far in the future")
    if str(claims.get("iss")) not in {str(APP_ID), CLIENT_ID}:
        raise GitHubRefusal(404, "Integration not found")


def _claims(text: str) -> Mapping[str, object]:
    try:
        _, payload, _ = text.split(".")
        value = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise GitHubRefusal(401, "A JSON web token could not be decoded")
    return value


def get_app(asked: Asked) -> Reply:
    """``GET /app``."""
    return Reply(body=app_of(asked.hub))


def app_of(hub: FakeGitHub) -> Json:
    """Write the application."""
    return {
        "id": APP_ID,
        "slug": "persona-reviewer",
        "client_id": CLIENT_ID,
        "node_id": node_id("A", APP_ID),
        "owner": account_of(hub, hub.account("octo")),
        "name": "Persona Reviewer",
        "description": "",
        "external_url": "https://example.com",
        "html_url": f"{hub.server_url}/apps/persona-reviewer",
        "created_at": _BEGUN,
        "updated_at": _BEGUN,
        "permissions": {"checks": "write", "contents": "read", "pull_requests": "write"},
        "events": ["pull_request"],
    }


def list_installations(asked: Asked) -> Reply:
    """``GET /app/installations``."""
    found = asked.hub.installations
    return asked.page([_installation_of(asked.hub, one) for one in found.values()])


def get_installation(asked: Asked) -> Reply:
    """``GET /app/installations/{installation_id}``."""
    return Reply(body=_installation_of(asked.hub, _installation(asked)))


def get_repository_installation(asked: Asked) -> Reply:
    """``GET /repos/{owner}/{repo}/installation``."""
    owner = asked.repository.owner
    found = (one for one in asked.hub.installations.values() if one.account is owner)
    installation = next(found, None)
    if installation is None:
        raise not_found()
    return Reply(body=_installation_of(asked.hub, installation))


def create_token(asked: Asked) -> Reply:
    """``POST /app/installations/{installation_id}/access_tokens``: narrowed where it asks so."""
    hub = asked.hub
    installation = _installation(asked)
    wanted = asked.body.get("permissions")
    permissions = dict(installation.permissions)
    if isinstance(wanted, dict):
        _refuse_more(wanted, installation.permissions)
        permissions = wanted
    repositories = _repositories(asked, installation)
    text = hub.token(permissions=permissions, viewer=installation.viewer, repositories=repositories)
    until = datetime.fromtimestamp(hub.wall_clock() + _TOKEN_SECONDS, UTC)
    body: Json = {
        "token": text,
        "expires_at": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "permissions": permissions,
        "repository_selection": "all" if repositories is None else "selected",
    }
    if repositories is not None:
        named = (r for r in hub.repositories.values() if r.full_name in repositories)
        body["repositories"] = [repository_of(repository) for repository in named]
    return Reply(status=201, body=body)


def _refuse_more(wanted: Mapping[str, object], granted: Mapping[str, str]) -> None:
    for name, level in wanted.items():
        has = _ORDER.index(granted.get(name, "none"))
        if str(level) not in _ORDER or _ORDER.index(str(level)) > has:
            raise GitHubRefusal(
                422,
                "The permissions requested are not granted to this installation.",
                documentation="/reference/apps#create-an-installation-access-token-for-an-app",
            )


def _repositories(asked: Asked, installation: FakeInstallation) -> list[str] | None:
    wanted: set[object] = set()
    for key in ("repository_ids", "repositories"):
        listed = asked.body.get(key)
        wanted |= set(listed) if isinstance(listed, list) else set()
    if not wanted:
        return None
    own = [r for r in asked.hub.repositories.values() if r.owner is installation.account]
    found = [r for r in own if not wanted.isdisjoint({r.id, r.name})]
    if len(found) < len(wanted):
        raise GitHubRefusal(
            422,
            "There is at least one repository that does not exist or is not accessible to the "
            "parent installation.",
        )
    return [repository.full_name for repository in found]


def _installation(asked: Asked) -> FakeInstallation:
    number = asked.names["installation_id"]
    found = asked.hub.installations.get(int(number)) if number.isdigit() else None
    if found is None:
        raise not_found()
    return found


def _installation_of(hub: FakeGitHub, installation: FakeInstallation) -> Json:
    url = f"{hub.api_url}/app/installations/{installation.id}"
    return {
        "id": installation.id,
        "account": account_of(hub, installation.account),
        "repository_selection": "all",
        "access_tokens_url": f"{url}/access_tokens",
        "repositories_url": f"{hub.api_url}/installation/repositories",
        "html_url": f"{hub.server_url}/settings/installations/{installation.id}",
        "app_id": APP_ID,
        "app_slug": "persona-reviewer",
        "target_id": installation.account.id,
        "target_type": installation.account.type,
        "permissions": dict(installation.permissions),
        "events": ["pull_request"],
        "created_at": _BEGUN,
        "updated_at": _BEGUN,
        "single_file_name": None,
        "suspended_at": None,
        "suspended_by": None,
    }
