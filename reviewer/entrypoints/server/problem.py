"""What the service answers where it does not do what it was asked: RFC 9457, in JSON, and no more.

No answer holds a stack trace, a value that somebody sent, or words of a library or a database.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from reviewer.errors import CommunicationError, ResourceError

MEDIA_TYPE = "application/problem+json"
_RETRY_SECONDS = 5
_MOST_TOLD = 20


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    place: str = Field(description="Where: `query.limit`, `body.number`.")
    message: str


class Problem(BaseModel):
    """Why nothing was done (RFC 9457)."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "title": "Not Found",
                    "status": 404,
                    "detail": "there is no such run",
                    "request_id": "1f0c7d3a6be94c0f9a4f1d7d0a5c2b11",
                }
            ]
        },
    )

    title: str = Field(description="HTTP's words for the status.")
    status: int
    detail: str = Field(description="What is wrong, for people.")
    request_id: str = Field(description="Stands in the log of the service.")
    faults: list[Fault] | None = Field(default=None, description="For 422: all that is wrong.")


class ProblemError(HTTPException):
    """Ends a request with a problem.

    Args:
        status: HTTP's status.
        detail: What is wrong, in words of ours.
        retry_seconds: When to try again; None where that does not help.
        close: Whether the connection ends with the answer: what else comes on it is not read.
        challenge: Whether the answer says how to prove who one is.
    """

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        retry_seconds: float | None = None,
        close: bool = False,
        challenge: bool = False,
    ) -> None:
        headers = {}
        if retry_seconds is not None:
            headers["Retry-After"] = str(max(1, math.ceil(retry_seconds)))
        if close:
            headers["Connection"] = "close"
        if challenge:
            headers["WWW-Authenticate"] = "Bearer"
        super().__init__(status_code=status, detail=detail, headers=headers)


def unavailable() -> ProblemError:
    """Return the problem that something behind the door does not answer."""
    return ProblemError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "the service cannot do this at the moment; try again",
        retry_seconds=_RETRY_SECONDS,
    )


def answer(
    request_id: str,
    status: int,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    faults: Sequence[Fault] | None = None,
) -> JSONResponse:
    """Return a problem as an answer.

    Args:
        request_id: Names the request.
        status: HTTP's status.
        detail: What is wrong.
        headers: What the answer carries besides.
        faults: What is wrong in single places.
    """
    problem = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        request_id=request_id,
        faults=None if faults is None else list(faults),
    )
    content = problem.model_dump(mode="json", exclude_none=True)
    return JSONResponse(content, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def documented(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Return what the document of the API says of problems.

    Args:
        statuses: Those that a route may answer with.
    """
    return {
        int(status): {
            "description": status.description or status.phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def install(application: FastAPI) -> None:
    """Let an application answer with problems.

    Args:
        application: The application.
    """
    application.add_exception_handler(AnyHTTPException, _http)
    application.add_exception_handler(RequestValidationError, _invalid)
    application.add_exception_handler(ClientDisconnect, _gone)
    for kind in (CommunicationError, ResourceError):
        application.add_exception_handler(kind, _unavailable)


def request_id_of(request: Request) -> str:
    """Return the request's id."""
    return str(request.scope.get("request_id", ""))


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, AnyHTTPException)  # noqa: S101 - the type that it is installed for
    status = error.status_code
    # What a framework says may quote the request; what we say does not.
    detail = error.detail if isinstance(error, ProblemError) else HTTPStatus(status).phrase.lower()
    return answer(request_id_of(request), status, detail, headers=error.headers)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    faults = [
        Fault(place=".".join(str(part)[:60] for part in detail["loc"])[:200], message=_said(detail))
        for detail in error.errors()[:_MOST_TOLD]
    ]
    detail = "the request is not as this service wants it"
    return answer(request_id_of(request), HTTPStatus.UNPROCESSABLE_ENTITY, detail, faults=faults)


def _said(detail: Mapping[str, Any]) -> str:
    """Return pydantic's words, where they cannot hold what was sent."""
    return (
        "it is no JSON"
        if detail["type"] in {"json_invalid", "json_type"}
        else str(detail["msg"])[:300]
    )


def _unavailable(request: Request, error: Exception) -> Response:
    watch = request.app.state.door.services.watch
    watch.log("warning", "dependency failed", error=type(error).__name__, words=str(error)[:300])
    problem = unavailable()
    return answer(
        request_id_of(request), problem.status_code, problem.detail, headers=problem.headers
    )


def _gone(request: Request, error: Exception) -> Response:
    del error
    return answer(request_id_of(request), HTTPStatus.BAD_REQUEST, "the request broke off")
