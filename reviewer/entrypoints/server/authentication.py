"""Who asks (the operator, or another service, by a token), and whether their role is enough."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from reviewer.domain.access import Caller, Role
from reviewer.domain.access import Request as Asked
from reviewer.entrypoints.server.address import client_address, limited_as
from reviewer.entrypoints.server.problem import ProblemError, documented
from reviewer.entrypoints.server.state import Door, door_of
from reviewer.ports.service_tokens import RefusedTokenError

_BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    bearerFormat="JWT",
    description="The operator's token, or a service token: a JSON Web Token signed with RS256,"
    " with `iss`, `aud`, `sub`, `exp`, `nbf`, `kid` and `role` (read, operate or admin).",
)
_OPERATOR = Caller(name="operator", role=Role.ADMIN)

#: What every route behind a token may answer.
GUARDED_PROBLEMS: dict[int | str, dict[str, Any]] = documented(
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


async def limited(request: Request) -> None:
    """Let everybody come so often, whoever they say that they are."""
    door = door_of(request)
    address = client_address(request, door.services.settings.trusted_proxies)
    wait = door.requests_by_address.wait_seconds(limited_as(address))
    if wait:
        raise ProblemError(
            HTTPStatus.TOO_MANY_REQUESTS, "too many requests; come back later", retry_seconds=wait
        )


async def _caller(
    request: Request,
    shown: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
    _: Annotated[None, Depends(limited)],
) -> Caller:
    if shown is None:
        raise _unknown("show a token: Authorization: Bearer …")
    return identified(door_of(request), shown.credentials)


def identified(door: Door, token: str) -> Caller:
    """Return who shows a token.

    Args:
        door: Knows the operator's token and whose others are taken.
        token: What was shown.

    Raises:
        ProblemError: It proves nothing; which of its parts is wrong stands in the log alone.
    """
    operator = door.services.settings.operator_token
    if operator is not None and _same(operator.get_secret_value(), token):
        return _OPERATOR
    try:
        return door.services.tokens.read(token)
    except RefusedTokenError as error:
        door.services.watch.log("warning", "token refused", reason=str(error))
        raise _unknown("the token proves nothing") from None


def _same(expected: str, shown: str) -> bool:
    """Compare in a time that tells neither where they differ nor how long ours is."""
    one, other = (sha256(text.encode("utf-8", "replace")).digest() for text in (expected, shown))
    return hmac.compare_digest(one, other)


def _unknown(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.UNAUTHORIZED, detail, challenge=True)


def asking(request: Asked) -> Callable[..., Awaitable[Caller]]:
    """Return a dependency that lets those through whose role is enough.

    Args:
        request: What they ask for.
    """

    async def permitted(http: Request, caller: Annotated[Caller, Depends(_caller)]) -> Caller:
        door = door_of(http)
        if not caller.may(request):
            about = "/".join(f"{value}"[:100] for value in http.path_params.values())
            await door.requests.refuse(caller, request, about=about)
            detail = f"the role {caller.role.value} is not enough to {request.value}"
            raise ProblemError(HTTPStatus.FORBIDDEN, detail)
        return caller

    return permitted
