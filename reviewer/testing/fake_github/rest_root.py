"""REST that belongs to no repository: who asks, how much is left, what the token reaches."""

from __future__ import annotations

from reviewer.testing.fake_github.exchange_parts import Asked, Reply
from reviewer.testing.fake_github.refusal import GitHubRefusal
from reviewer.testing.fake_github.wire import (
    account_of,
    repository_of,
)


def get_user(asked: Asked) -> Reply:
    """``GET /user``: an application's token is nobody's."""
    if asked.token.installation:
        raise GitHubRefusal(
            403,
            "Resource not accessible by integration",
            documentation="/users/users#get-the-authenticated-user",
        )
    counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    facts = dict.fromkeys(("name", "company", "location", "email", "hireable", "bio"))
    times = dict.fromkeys(("created_at", "updated_at"), "2020-01-01T00:00:00Z")
    return Reply(
        body={**account_of(asked.hub, asked.viewer), **counts, **facts, "blog": "", **times}
    )


def get_rate_limit(asked: Asked) -> Reply:
    """``GET /rate_limit``."""
    used = len(asked.hub.journal)
    limit = {"limit": 5000, "used": used, "remaining": 5000 - used, "reset": 1_893_456_000}
    kinds = ("core", "search", "graphql")
    return Reply(body={"resources": dict.fromkeys(kinds, limit), "rate": limit})


def list_repositories(asked: Asked) -> Reply:
    """``GET /installation/repositories``."""
    if not asked.token.installation:
        raise GitHubRefusal(403, "Resource not accessible by personal access token")
    own = [r for r in asked.hub.repositories.values() if r.parent is None and not r.deleted]
    page = asked.page([repository_of(repository) for repository in own])
    body = {
        "total_count": len(own),
        "repository_selection": "selected",
        "repositories": page.body,
    }
    return Reply(body=body, headers=page.headers)
