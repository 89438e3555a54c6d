"""Where a GitHub is: the only module that knows the addresses of github.com."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, quote, urlsplit

from reviewer.errors import UserError
from reviewer.ports.code_host import CodeHostError, Refusal

_GITHUB_COM = "https://github.com"
_GITHUB_COM_API = "https://api.github.com"
#: GitHub Enterprise Cloud with data residency: ``https://SUBDOMAIN.ghe.com``, with the interface
#: at ``https://api.SUBDOMAIN.ghe.com``:
#: https://docs.github.com/en/enterprise-cloud@latest/admin/data-residency
_RESIDENT = ".ghe.com"
#: GitHub Enterprise Server: ``https://HOST/api/v3`` and ``https://HOST/api/graphql``:
#: https://docs.github.com/en/enterprise-server@latest/rest/using-the-rest-api
_SERVER_REST = "/api/v3"
_SERVER_GRAPHQL = "/api/graphql"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubAddresses:
    """The three addresses of one GitHub.

    Args:
        api_url: Where REST is, without a slash at the end.
        graphql_url: Where GraphQL is; on the same host, because it is sent the same token.
        server_url: What people open in a browser.
    """

    api_url: str = _GITHUB_COM_API
    graphql_url: str = f"{_GITHUB_COM_API}/graphql"
    server_url: str = _GITHUB_COM

    @classmethod
    def of(
        cls, *, api_url: str = "", graphql_url: str = "", server_url: str = "", prefix: str = ""
    ) -> Self:
        """Fill in what is not given from what is.

        Args:
            api_url: ``GITHUB_API_URL``.
            graphql_url: ``GITHUB_GRAPHQL_URL``.
            server_url: ``GITHUB_SERVER_URL``.
            prefix: What stands before these names where they were set; for messages.

        Raises:
            UserError: One is no address that a token may be sent to, or two contradict.
        """
        server = _checked(f"{prefix}GITHUB_SERVER_URL", server_url)
        api = _checked(f"{prefix}GITHUB_API_URL", api_url) or _api_of(server)
        graphql = _checked(f"{prefix}GITHUB_GRAPHQL_URL", graphql_url) or _graphql_of(api)
        if _origin(api) != _origin(graphql):
            raise UserError(
                f"REST is at {api} and GraphQL at {graphql}, which is another server",
                hint=f"Set {prefix}GITHUB_API_URL and {prefix}GITHUB_GRAPHQL_URL to one GitHub.",
            )
        return cls(api_url=api, graphql_url=graphql, server_url=server or _server_of(api))


def path_of(*parts: str | int) -> str:
    """Put a path together, each part quoted: ``/repos/octo/shop/pulls/7``.

    Args:
        parts: The pieces between the slashes; from the host or an event, never from a change.

    Raises:
        CodeHostError: A piece is one that whoever reads paths takes for a way up or for nothing.
    """
    if not {"", ".", ".."}.isdisjoint(map(str, parts)):
        raise CodeHostError(Refusal.NOT_FOUND, "nothing of GitHub's has such a name")
    return "".join(f"/{quote(str(part), safe='')}" for part in parts)


def _checked(name: str, url: str) -> str:
    url = url.strip().rstrip("/")
    if not url:
        return ""
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    bare = not (parts.username or parts.password or parts.query or parts.fragment)
    if not safe or not parts.hostname or not bare or not _has_port(parts):
        raise UserError(
            f"{name} is no address that a token may be sent to",
            hint="Write https://HOST or https://HOST/PATH.",
        )
    return url


def _has_port(parts: SplitResult) -> bool:
    """Tell whether what stands as the port is one, or nothing does."""
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _api_of(server: str) -> str:
    if server.lower() in {"", _GITHUB_COM}:
        return _GITHUB_COM_API
    parts = urlsplit(server)
    if parts.netloc.lower().endswith(_RESIDENT):
        return f"{parts.scheme}://api.{parts.netloc}"
    return f"{_origin(server)}{_SERVER_REST}"


def _graphql_of(api: str) -> str:
    if api.endswith(_SERVER_REST):
        return f"{api.removesuffix(_SERVER_REST)}{_SERVER_GRAPHQL}"
    return f"{api}/graphql"


def _server_of(api: str) -> str:
    if api == _GITHUB_COM_API:
        return _GITHUB_COM
    parts = urlsplit(api)
    if parts.netloc.lower().endswith(_RESIDENT):
        return f"{parts.scheme}://{parts.netloc.removeprefix('api.')}"
    return _origin(api)
