"""The page that registers the App: on this machine alone, for one registration, for 15 minutes.

::

    /begin/TICKET ─► a form ─► GitHub: settings/apps/new?state=… ─► the person agrees
        ─► /callback?code=…&state=… ─► the App, its key in a file ─► the end

The ticket stands in the terminal only, so that no other user of the machine can begin; the state
comes back from GitHub, so that no other page can end it with an App of its own.
https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable
from html import escape
from http import HTTPStatus

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from reviewer.bootstrap.registration import Registration
from reviewer.domain.registered_app import RegisteredApp
from reviewer.entrypoints.server.frame import SECURITY_HEADERS
from reviewer.entrypoints.server.process import ListeningServer
from reviewer.errors import CommunicationError, ReviewerError, UserError

HOST = "127.0.0.1"
LONGEST_SECONDS = 15 * 60

_CODE = re.compile(r"[A-Za-z0-9_-]{8,128}")
#: Of a page in a browser; no encryption, no word of it here.
_HEADERS = {
    name: value for name, value in SECURITY_HEADERS.items() if name != "Strict-Transport-Security"
}
_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Persona Reviewer</title>'
    "<h1>{title}</h1>{body}</html>"
)


class SetupPage:
    """The page, before and after GitHub.

    Args:
        registration: What is registered, and how.
    """

    def __init__(self, registration: Registration) -> None:
        self.app: RegisteredApp | None = None
        self.error: ReviewerError | None = None
        #: Where it listens, once it does.
        self.address = ""
        #: Is called when there is nothing more to do.
        self.ended: Callable[[], None] = lambda: None
        self._registration = registration
        self._ticket = secrets.token_urlsafe(24)
        self._state = secrets.token_urlsafe(24)
        self._open = True

    @property
    def begin_url(self) -> str:
        """What a person opens."""
        return f"{self.address}/begin/{self._ticket}"

    def application(self) -> Starlette:
        """Return the application that shows it."""
        return Starlette(
            routes=[
                Route("/begin/{ticket}", self._begin, methods=["GET"]),
                Route("/callback", self._callback, methods=["GET"]),
            ],
            # A name of somebody else's that leads here would let their page read this one.
            middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[HOST])],
        )

    async def _begin(self, request: Request) -> Response:
        if not _same(request.path_params["ticket"], self._ticket):
            return _page(HTTPStatus.NOT_FOUND, "Not found", "Open the address of the terminal.")
        target = f"{self._registration.form_url}?state={self._state}"
        manifest = self._registration.manifest(f"{self.address}/callback")
        form = (
            f'<form action="{escape(target)}" method="post">'
            f'<input type="hidden" name="manifest" value="{escape(manifest)}">'
            "<button>Register the App on GitHub</button></form>"
        )
        words = "GitHub shows what the App may do and lets you change its name."
        return _page(HTTPStatus.OK, "Register the App", words, form)

    async def _callback(self, request: Request) -> Response:
        code, state = (request.query_params.getlist(name) for name in ("code", "state"))
        if len(state) != 1 or not _same(state[0], self._state):
            words = "This answer belongs to another registration. Begin again in the terminal."
            return _page(HTTPStatus.FORBIDDEN, "Not this one", words)
        if len(code) != 1 or _CODE.fullmatch(code[0]) is None:
            return _page(HTTPStatus.BAD_REQUEST, "No code", "GitHub's answer has no code.")
        if not self._open:
            return _page(HTTPStatus.CONFLICT, "Done already", "The terminal says how it went.")
        self._open = False
        try:
            self.app = await self._registration.convert(code[0])
        except (CommunicationError, UserError) as error:
            self.error = error
            words = "The terminal says what went wrong."
            return _page(HTTPStatus.BAD_GATEWAY, "It did not work", words)
        finally:
            self.ended()
        link = f'<p><a href="{escape(self.app.installing)}">Install it</a></p>'
        words = "Its key and its secret are kept on this machine; the terminal says where."
        return _page(HTTPStatus.OK, "The App is registered", words, link)


def run_setup(
    registration: Registration,
    *,
    port: int,
    told: Callable[[str], None],
    seconds: float = LONGEST_SECONDS,
) -> RegisteredApp:
    """Serve the page until the App is registered.

    Args:
        registration: What is registered, and how.
        port: Where to listen; 0 for any free port.
        told: Is told the address that a person opens.
        seconds: How long that may take.

    Raises:
        UserError: Nobody finished it in time, or the port is taken.
        CommunicationError: GitHub did not answer as agreed.
    """
    return asyncio.run(_run(registration, port, told, seconds))


async def _run(
    registration: Registration, port: int, told: Callable[[str], None], seconds: float
) -> RegisteredApp:
    page = SetupPage(registration)

    def listening(address: str) -> None:
        page.address = address
        told(page.begin_url)

    configuration = uvicorn.Config(
        page.application(),
        host=HOST,
        port=port,
        # An access log would hold the code.
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="off",
        timeout_graceful_shutdown=5,
    )
    server = ListeningServer(configuration, listening)

    def leave() -> None:
        server.should_exit = True

    page.ended = leave
    late = asyncio.get_running_loop().call_later(seconds, leave)
    try:
        await server.serve()
    except SystemExit:
        # So does uvicorn end where it cannot listen.
        message = f"{HOST} port {port} cannot be listened on"
        raise UserError(message, hint="Name another port: --port 0 takes any.") from None
    finally:
        late.cancel()
    if page.error is not None:
        raise page.error
    if page.app is None:
        raise UserError(
            f"the App was not registered within {seconds / 60:g} minutes",
            hint="Run it again and open the address that it prints.",
        )
    return page.app


def _same(given: str, expected: str) -> bool:
    return secrets.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def _page(status: HTTPStatus, title: str, words: str, more: str = "") -> Response:
    body = f"<p>{escape(words)}</p>{more}"
    text = _PAGE.format(title=escape(title), body=body)
    return HTMLResponse(text, status_code=status, headers=_HEADERS)
