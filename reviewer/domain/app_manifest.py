"""The manifest of our GitHub App: what it is called, where it listens, and the little it may do.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from reviewer.errors import UserError

#: What a review needs, and two that GitHub demands for being told: `issues` for `issue_comment`,
#: `merge_queues` for `merge_group`. It refuses a manifest without; no token of ours has them.
PERMISSIONS = MappingProxyType(
    {
        "checks": "write",
        "contents": "read",
        "issues": "read",
        "merge_queues": "read",
        "metadata": "read",
        "pull_requests": "write",
    }
)

#: What is told to us; installations, their repositories and re-requested checks come unasked:
#: https://docs.github.com/en/webhooks/webhook-events-and-payloads
EVENTS = (
    "issue_comment",
    "merge_group",
    "pull_request",
    "pull_request_review_comment",
    "pull_request_review_thread",
)

_NAME_LIMIT = 34


@dataclass(frozen=True, slots=True, kw_only=True)
class AppManifest:
    """What is told to GitHub when an App is registered.

    Args:
        name: The App's name, unique on its GitHub; at most 34 characters.
        url: The service's address, which GitHub reaches: ``https://reviewer.example.com``.
        redirect_url: Where the browser is sent with the code of a new App; empty for nowhere.
        public: Whether others than the owner may install it.
        resolves: Whether it may resolve its own threads; GitHub demands ``contents: write``.

    Raises:
        UserError: The name or the address will not do.
    """

    name: str
    url: str
    redirect_url: str = ""
    public: bool = False
    resolves: bool = False

    def __post_init__(self) -> None:
        """Refuse what GitHub would refuse, with words."""
        if not 0 < len(self.name) <= _NAME_LIMIT:
            raise UserError(f"the name of an App has 1 to {_NAME_LIMIT} characters")
        if not self.url.startswith("https://"):
            raise UserError(
                f"{self.url!r} is no address that GitHub can reach safely",
                hint="Give the public address of the service: https://reviewer.example.com",
            )

    def fields(self) -> dict[str, object]:
        """Return the manifest as GitHub takes it."""
        address = self.url.rstrip("/")
        fields: dict[str, object] = {
            "name": self.name,
            "url": address,
            "hook_attributes": {"url": f"{address}/webhooks/github", "active": True},
            "description": "Reviews pull requests with the personas that fit them.",
            "public": self.public,
            "default_permissions": {
                **PERMISSIONS,
                **({"contents": "write"} if self.resolves else {}),
            },
            "default_events": list(EVENTS),
        }
        if self.redirect_url:
            fields["redirect_url"] = self.redirect_url
        return fields
