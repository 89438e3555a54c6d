"""The manifest of the GitHub App."""

from __future__ import annotations

import pytest

from reviewer.domain.app_manifest import AppManifest
from reviewer.errors import UserError

URL = "https://reviewer.example.com/"


@pytest.mark.holds("S17")
def test_the_app_asks_for_no_more_than_a_review_needs() -> None:
    fields = AppManifest(name="reviewer", url=URL).fields()
    assert fields["default_permissions"] == {
        "checks": "write",
        "contents": "read",
        "issues": "read",
        "merge_queues": "read",
        "metadata": "read",
        "pull_requests": "write",
    }
    assert fields["public"] is False


@pytest.mark.holds("S17")
def test_it_may_write_contents_only_where_threads_are_to_be_resolved() -> None:
    fields = AppManifest(name="reviewer", url=URL, resolves=True).fields()
    permissions = fields["default_permissions"]
    assert isinstance(permissions, dict)
    assert permissions["contents"] == "write"


def test_it_listens_at_the_service_s_own_door() -> None:
    fields = AppManifest(name="reviewer", url=URL).fields()
    assert fields["hook_attributes"] == {
        "url": "https://reviewer.example.com/webhooks/github",
        "active": True,
    }
    assert "redirect_url" not in fields


@pytest.mark.parametrize("url", ["http://reviewer.example.com", "reviewer", ""])
def test_an_address_without_encryption_is_refused(url: str) -> None:
    with pytest.raises(UserError, match="can reach safely"):
        AppManifest(name="reviewer", url=url)


@pytest.mark.parametrize("name", ["", "n" * 35])
def test_a_name_that_github_would_not_take_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="1 to 34"):
        AppManifest(name=name, url=URL)
