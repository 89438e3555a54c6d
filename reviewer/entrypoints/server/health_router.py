"""``/live``, ``/ready``, ``/health``, ``/metrics``: for probes, scrapers and operators."""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Depends, Request
from fastapi.security.utils import get_authorization_scheme_param
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from reviewer.domain.access import Request as Asked
from reviewer.entrypoints.server.authentication import identified, limited
from reviewer.entrypoints.server.problem import ProblemError, documented
from reviewer.entrypoints.server.state import OpenDoor

#: https://prometheus.io/docs/instrumenting/exposition_formats/
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class Life(BaseModel):
    """That the process answers."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["live", "ready", "draining", "unready"]


class Waiting(BaseModel):
    """What waits for its turn."""

    model_config = ConfigDict(extra="forbid")

    queued: int = Field(ge=0)
    running: int = Field(ge=0)
    oldest_seconds: float = Field(ge=0, description="How long the oldest that waits has waited.")


class HealthReport(BaseModel):
    """How everything behind the door is."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["up", "down"]
    dependencies: dict[str, Literal["up", "down"]]
    backlog: Waiting | None = Field(description="Null where the engine does not tell.")


router = APIRouter(tags=["operations"])


@router.get("/live", summary="Whether the process answers")
async def live() -> Life:
    """Tell that the process answers; restart it where it does not."""
    return Life(state="live")


@router.get(
    "/ready",
    summary="Whether requests may be sent here",
    response_model=Life,
    responses={503: {"model": Life, "description": "It is about to go, or cannot write."}},
)
async def ready(door: OpenDoor) -> JSONResponse:
    """Tell whether requests may be sent here."""
    if door.draining.is_set():
        return JSONResponse({"state": "draining"}, HTTPStatus.SERVICE_UNAVAILABLE)
    if not (await door.health()).well:
        return JSONResponse({"state": "unready"}, HTTPStatus.SERVICE_UNAVAILABLE)
    return JSONResponse({"state": "ready"})


@router.get(
    "/health",
    summary="How everything behind the door is",
    response_model=HealthReport,
    responses={503: {"model": HealthReport, "description": "Something is down."}},
)
async def health(door: OpenDoor) -> JSONResponse:
    """Tell how everything behind the door is; 503 where something is down."""
    seen = await door.health()
    backlog = seen.backlog
    report = HealthReport(
        state="up" if seen.well else "down",
        dependencies={name: "up" if up else "down" for name, up in seen.up.items()},
        backlog=None
        if backlog is None
        else Waiting(
            queued=backlog.queued,
            running=backlog.running,
            oldest_seconds=max(0.0, round(backlog.oldest_seconds, 1)),
        ),
    )
    status = HTTPStatus.OK if seen.well else HTTPStatus.SERVICE_UNAVAILABLE
    return JSONResponse(report.model_dump(), status)


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    dependencies=[Depends(limited)],
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        **documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS),
    },
    openapi_extra={"security": [{}, {"token": []}]},
)
async def metrics(request: Request, door: OpenDoor) -> Response:
    """Write the figures; with a token, or openly where the operator says so."""
    if not door.services.settings.metrics_open:
        scheme, token = get_authorization_scheme_param(request.headers.get("authorization"))
        if scheme.lower() != "bearer" or not token:
            detail = "show a token, or set metrics_open where only the scraper reaches this port"
            raise ProblemError(HTTPStatus.UNAUTHORIZED, detail, challenge=True)
        if not identified(door, token).may(Asked.READ_METRICS):
            raise ProblemError(HTTPStatus.FORBIDDEN, "the role is not enough")
    return Response(door.services.metrics(), media_type=_PROMETHEUS)
