"""Serves the application on the loopback interface, in a thread that ends with the block."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn
from typing_extensions import override

if TYPE_CHECKING:
    from reviewer.testing.fake_github.application import Application

_START_SECONDS = 10.0
_LOOK_SECONDS = 0.005
#: How long an answer that is being written may take when the block ends.
_END_SECONDS = 2.0


class _Server(uvicorn.Server):
    """Looks ten times as often whether it is to end: a suite starts and ends many."""

    @override
    async def main_loop(self) -> None:
        await self.on_tick(0)
        while not self.should_exit:  # noqa: ASYNC110 - told from another thread
            await asyncio.sleep(_LOOK_SECONDS)

    @override
    async def shutdown(self, sockets: object = None) -> None:
        """Close everything at once; uvicorn's own would wait a tenth of a second for clients."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        deadline = time.monotonic() + _END_SECONDS
        while self.server_state.tasks and time.monotonic() < deadline:  # noqa: ASYNC110 - counted
            await asyncio.sleep(_LOOK_SECONDS)
        for task in list(self.server_state.tasks):
            task.cancel()


@contextmanager
def serving(application: Application) -> Iterator[str]:
    """Serve until the block ends.

    Yields:
        The address.
    """
    configuration = uvicorn.Config(
        application,
        host="127.0.0.1",
        port=0,
        log_config=None,
        access_log=False,
        lifespan="off",
        loop="asyncio",
        http="h11",
        ws="none",
        server_header=False,
    )
    server = _Server(configuration)
    thread = threading.Thread(target=server.run, name="fake-github", daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the server did not start")
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(_START_SECONDS)
