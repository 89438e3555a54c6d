"""A GitHub App that was just registered: what a service needs of it, and the file that holds it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredApp:
    """What GitHub tells of a new App, once.

    Args:
        id: Its number.
        page: Its public page, where it is installed.
        private_key: Its private key in PEM, never shown.
        webhook_secret: What its deliveries are signed with, never shown.
    """

    id: int
    page: str
    private_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)

    @property
    def installing(self) -> str:
        """Where it is installed."""
        return f"{self.page}/installations/new"

    def settings(self, others: dict[str, str]) -> str:
        """Write the service's TOML file.

        Args:
            others: Further settings that are not empty: addresses.
        """
        values = {
            "app_id": str(self.id),
            "private_key": self.private_key,
            "webhook_secret": self.webhook_secret,
            **others,
        }
        # A string of JSON, held to ASCII, is a basic string of TOML: https://toml.io/en/v1.0.0
        lines = [f"{name} = {json.dumps(value)}" for name, value in values.items() if value]
        head = (
            "# Made by `reviewer serve --setup`. It holds secrets: whoever has them is the App.\n"
        )
        return head + "\n".join(lines) + "\n"
