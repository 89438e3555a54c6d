"""Where a GitHub is, and that only one module and one method know it."""

from __future__ import annotations

import ast

import pytest

from reviewer.adapters.github.addresses import GitHubAddresses, path_of
from reviewer.errors import UserError
from reviewer.ports.code_host import CodeHostError, Refusal
from tests.guards import ROOT

CORP = GitHubAddresses(
    api_url="https://ghe.corp/api/v3",
    graphql_url="https://ghe.corp/api/graphql",
    server_url="https://ghe.corp",
)
RESIDENT = GitHubAddresses(
    api_url="https://api.octo.ghe.com",
    graphql_url="https://api.octo.ghe.com/graphql",
    server_url="https://octo.ghe.com",
)


@pytest.mark.holds("P24")
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, GitHubAddresses()),
        ({"server_url": "https://github.com/"}, GitHubAddresses()),
        ({"api_url": GitHubAddresses().api_url}, GitHubAddresses()),
        ({"server_url": "https://ghe.corp"}, CORP),
        ({"api_url": "https://ghe.corp/api/v3/"}, CORP),
        (
            {
                "api_url": "https://ghe.corp/api/v3",
                "graphql_url": "https://ghe.corp/api/graphql",
                "server_url": "https://ghe.corp",
            },
            CORP,
        ),
        ({"server_url": "https://octo.ghe.com"}, RESIDENT),
        ({"api_url": "https://api.octo.ghe.com"}, RESIDENT),
    ],
)
def test_what_is_not_given_follows_from_what_is(
    given: dict[str, str], expected: GitHubAddresses
) -> None:
    assert GitHubAddresses.of(**given) == expected


@pytest.mark.holds("S14", "P24")
@pytest.mark.parametrize(
    "url",
    [
        "http://ghe.corp/api/v3",
        "ftp://ghe.corp",
        "ghe.corp",
        "https://",
        "https://somebody:secret@ghe.corp",
        "https://ghe.corp/?next=x",
        "https://ghe.corp/#x",
        "https://ghe.corp:port",
        "https://ghe.corp:99999",
    ],
)
def test_a_token_goes_nowhere_in_the_clear_or_odd(url: str) -> None:
    with pytest.raises(UserError, match="no address that a token may be sent to") as caught:
        GitHubAddresses.of(api_url=url)
    assert "secret" not in str(caught.value)


def test_a_server_on_loopback_needs_no_encryption() -> None:
    assert GitHubAddresses.of(api_url="http://127.0.0.1:81").server_url == "http://127.0.0.1:81"


@pytest.mark.holds("S14", "P24")
def test_both_interfaces_are_on_one_server() -> None:
    with pytest.raises(UserError, match="another server"):
        GitHubAddresses.of(
            api_url="https://ghe.corp/api/v3", graphql_url="https://evil.example/api/graphql"
        )


@pytest.mark.holds("S14", "R13", "R14")
def test_a_path_is_made_of_quoted_parts() -> None:
    assert path_of("repos", "octo", "a?b/../c#", 7) == "/repos/octo/a%3Fb%2F..%2Fc%23/7"


@pytest.mark.holds("P24")
def test_one_module_knows_the_address_of_github_s_interface() -> None:
    host = "api." + "github.com"
    knowing = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "reviewer").rglob("*.py")
        # The fake GitHub writes into its answers what GitHub writes there.
        if "testing" not in path.parts and host in path.read_text(encoding="utf-8")
    ]
    assert knowing == ["reviewer/adapters/github/addresses.py"]


@pytest.mark.holds("P26")
def test_one_module_counts_pages() -> None:
    """A list endpoint gives thirty items to whoever does not ask for pages (pains.md P26)."""
    counting = set()
    for path in (ROOT / "reviewer" / "adapters").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and node.value in {"per_page", "page"}:
                counting.add(path.name)
    assert counting == {"client.py"}


@pytest.mark.holds("S14")
def test_only_the_transport_knows_the_libraries_that_carry_requests() -> None:
    knowing = set()
    for path in (ROOT / "reviewer" / "adapters" / "github").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            if any(name.split(".")[0] in {"github", "requests", "urllib3"} for name in names):
                knowing.add(path.relative_to(ROOT).as_posix())
    assert knowing == {"reviewer/adapters/github/transport.py"}


@pytest.mark.parametrize("piece", ["", ".", ".."])
def test_no_piece_of_a_path_leads_up_or_nowhere(piece: str) -> None:
    with pytest.raises(CodeHostError) as caught:
        path_of("repos", "octo", "shop", "collaborators", piece, "permission")
    assert caught.value.refusal is Refusal.NOT_FOUND
