"""Makes the application: routes, layers around them, and the document of the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from typing_extensions import override

from reviewer import __version__
from reviewer.bootstrap.door import Services
from reviewer.entrypoints.server import (
    event_stream,
    health_router,
    problem,
    run_router,
    webhook_router,
)
from reviewer.entrypoints.server.body_bounds import BodyBounds
from reviewer.entrypoints.server.frame import Frame
from reviewer.entrypoints.server.problem import Problem
from reviewer.entrypoints.server.state import Door
from reviewer.server_settings import ServerRole

OPENAPI_PATH = "/api/openapi.json"

_DESCRIPTION = """\
Runs, costs and the live stream of Persona Reviewer. Every problem is `application/problem+json`
(RFC 9457) and carries the request's id, which stands in the log. What is written in titles, reasons
and headlines is somebody's text: show it as text."""


#: FastAPI's own would send the words of exceptions and addresses with people's text in them, and
#: would read for itself where to; what is watched here is watched by `DoorWatch`.
_NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


class _Application(FastAPI):
    """An application whose document names what it really answers."""

    @override
    def openapi(self) -> dict[str, Any]:
        """Return the document of the API."""
        if self.openapi_schema is None:
            self.openapi_schema = _corrected(super().openapi())
        return self.openapi_schema


def create_application(services: Services) -> FastAPI:
    """Make the application.

    Args:
        services: What stands behind it; opened and closed by whoever calls.
    """
    door = Door(services)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            door.drain()

    application = _Application(
        title="Persona Reviewer",
        version=__version__,
        description=_DESCRIPTION,
        openapi_url=OPENAPI_PATH,
        # Both pages load scripts of others.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=_NO_TELEMETRY,
        lifespan=lifespan,
    )
    application.state.door = door
    problem.install(application)
    settings = services.settings
    application.include_router(health_router.router)
    if settings.role is not ServerRole.WORKER:
        # The first one that matches answers.
        application.router.routes.insert(0, webhook_router.DeliveryRoute())
        for router in (webhook_router.router, run_router.router, event_stream.router):
            application.include_router(router)
    # The last one that is added stands outermost.
    application.add_middleware(
        BodyBounds,
        path=webhook_router.PATH,
        large_bytes=settings.body_limit_bytes,
        seconds=settings.body_seconds,
    )
    application.add_middleware(Frame, watch=services.watch)
    return application


def _corrected(document: dict[str, Any]) -> dict[str, Any]:
    """Let the document say how this application tells what is wrong with a request."""
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas.update(_schemas_of_problems())
    return document


def _schemas_of_problems() -> dict[str, Any]:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "Problem": schema}
