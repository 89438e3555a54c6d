"""Exchanges the code of a new App for the App: the last step of registering it from a manifest.

https://docs.github.com/en/rest/apps/apps#create-a-github-app-from-a-manifest: no token is sent, the
code is good once and for an hour. Nothing of the answer stands in an error: it holds a key.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from reviewer.adapters.github.addresses import GitHubAddresses, path_of
from reviewer.adapters.github.json_value import mapping, number, text
from reviewer.adapters.github.transport import API_VERSION, read_json
from reviewer.adapters.http import HttpClient
from reviewer.domain.registered_app import RegisteredApp
from reviewer.errors import GitHubError

_SECONDS = 20.0
_ANSWER_BYTES = 256 * 1024
#: Both go into a file as they are.
_PEM = re.compile(r"-----BEGIN [A-Z ]+-----[A-Za-z0-9+/=\s]+-----END [A-Z ]+-----\s*")
_SECRET = re.compile(r"[!-~]{16,200}")


async def convert_code(code: str, addresses: GitHubAddresses) -> RegisteredApp:
    """Return the App that a code stands for.

    Args:
        code: What GitHub gave to the browser.
        addresses: Where that GitHub is.

    Raises:
        CommunicationError: Nobody answered.
        GitHubError: GitHub did not take the code, or its answer is no App.
    """
    base = addresses.api_url
    async with (
        HttpClient(allowed=[base]) as client,
        client.post(
            f"{base}{path_of('app-manifests', code, 'conversions')}",
            headers={
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": API_VERSION,
            },
            content=b"",
            idle_seconds=_SECONDS,
            limit_bytes=_ANSWER_BYTES,
        ) as reply,
    ):
        if reply.status != HTTPStatus.CREATED:
            raise GitHubError(f"GitHub did not take the code of the new App: {reply.status}")
        answer = b"".join([chunk async for chunk in reply.chunks])
    return _app_of(answer, addresses.server_url)


def _app_of(answer: bytes, server_url: str) -> RegisteredApp:
    try:
        fields = mapping(read_json(answer.decode("utf-8")))
    except ValueError:
        raise GitHubError("GitHub's answer for the new App cannot be read") from None
    app_id = number(fields.get("id"))
    page, key = text(fields.get("html_url")), text(fields.get("pem"))
    secret = text(fields.get("webhook_secret"))
    whole = (
        app_id is not None
        and page.startswith(f"{server_url}/")
        and _PEM.fullmatch(key) is not None
        and _SECRET.fullmatch(secret) is not None
    )
    if app_id is None or not whole:
        raise GitHubError("GitHub's answer for the new App lacks its number, key, secret or page")
    return RegisteredApp(id=app_id, page=page, private_key=key, webhook_secret=secret)
