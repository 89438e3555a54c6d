"""One process of the service: listens, and goes in order when it is told to.

::

    SIGTERM, SIGINT ─► /ready says 503, streams end ─► drain_seconds pass ─► no new connections
        ─► what is under way is answered ─► everything behind the door is closed ─► the end
    a second signal: at once, what is under way is left to others
    20 seconds after all of that should be over: at once, whatever hangs
"""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from threading import Timer
from typing import TYPE_CHECKING, Any

import uvicorn
from typing_extensions import override

from reviewer.bootstrap.door import Services
from reviewer.entrypoints.server.application import create_application
from reviewer.entrypoints.server.bounded_protocol import BoundedProtocol
from reviewer.entrypoints.server.state import Door
from reviewer.errors import UserError

if TYPE_CHECKING:
    from reviewer.server_settings import ServerSettings

#: Opens everything behind the door, and closes it in the opposite order.
Opening = Callable[[], AbstractAsyncContextManager[Services]]

_KEEP_ALIVE_SECONDS = 15
#: Objects more than before, until the collector looks for circles among them. Two hundred
#: deliveries at once are many objects and no circle.
_COLLECTED_AFTER = 20_000
#: Requests are answered at once; the rest of the time to end in is the engine's.
_LONGEST_ANSWER_SECONDS = 5
#: What is open is closed within so many seconds after everything else; docs/operations.md and
#: deploy/ give a process that long.
_CLOSING_SECONDS = 20


def serve(
    settings: ServerSettings,
    opening: Opening,
    *,
    told: Callable[[str], None] = lambda _: None,
    last_resort: Callable[[], None] = lambda: None,
) -> None:
    """Serve until a signal comes.

    Args:
        settings: Where to listen, and how long the end may take.
        opening: Opens what stands behind the door, on the loop that serves.
        told: Is told the address once somebody may come.
        last_resort: Ends the process where it has not ended long after it was told to.

    Raises:
        UserError: The address cannot be listened on.
    """
    timer = Timer(_longest_end(settings), last_resort)
    timer.daemon = True
    try:
        asyncio.run(_serve(settings, opening, told, timer.start))
    finally:
        timer.cancel()


def _longest_end(settings: ServerSettings) -> float:
    """Return the seconds after a signal in which everything has ended, or is given up."""
    return settings.drain_seconds + settings.shutdown_seconds + _CLOSING_SECONDS


async def _serve(
    settings: ServerSettings,
    opening: Opening,
    told: Callable[[str], None],
    going: Callable[[], None],
) -> None:
    async with opening() as services:
        application = create_application(services)
        door: Door = application.state.door
        server = ListeningServer(
            uvicorn.Config(
                application,
                host=settings.host,
                port=settings.port,
                # Logging belongs to the one who wires it; uvicorn's lines go there as well.
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                # What is installed beside us is not to change how requests are read.
                http=BoundedProtocol,
                ws="none",
                lifespan="on",
                limit_concurrency=settings.connections,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=round(
                    min(max(1, settings.shutdown_seconds), _LONGEST_ANSWER_SECONDS)
                ),
            ),
            told,
        )
        with _memory_settled(), _signals(server, door, settings.drain_seconds, going):
            await _run(server, settings)


@contextmanager
def _memory_settled() -> Iterator[None]:
    """Take what is there for good out of what the collector walks through again and again."""
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.enable()
    gc.set_threshold(_COLLECTED_AFTER, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


async def _run(server: ListeningServer, settings: ServerSettings) -> None:
    try:
        await server.serve()
    except SystemExit:
        # So does uvicorn end where it cannot listen; why stands in the log.
        raise UserError(
            f"{settings.host} port {settings.port} cannot be listened on",
            hint="Something else may listen there; set REVIEWER_SERVER_PORT to another one.",
        ) from None


class ListeningServer(uvicorn.Server):
    """uvicorn's server, without signal handlers of its own."""

    def __init__(self, config: uvicorn.Config, told: Callable[[str], None]) -> None:
        super().__init__(config)
        self._told = told

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    @override
    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            listening = self.servers[0].sockets[0].getsockname()
            host = f"[{listening[0]}]" if ":" in listening[0] else listening[0]
            self._told(f"http://{host}:{listening[1]}")


@contextmanager
def _signals(
    server: ListeningServer, door: Door, drain_seconds: float, going: Callable[[], None]
) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    leaving: set[asyncio.Task[None]] = set()

    async def leave() -> None:
        going()
        door.drain()
        await asyncio.sleep(drain_seconds)
        server.should_exit = True

    def told_to_go() -> None:
        if door.draining.is_set():
            server.should_exit = server.force_exit = True
        else:
            leaving.add(asyncio.ensure_future(leave()))

    kinds = (signal.SIGTERM, signal.SIGINT)
    for kind in kinds:
        loop.add_signal_handler(kind, told_to_go)
    try:
        yield
    finally:
        for kind in kinds:
            loop.remove_signal_handler(kind)
        for task in leaving:
            task.cancel()
