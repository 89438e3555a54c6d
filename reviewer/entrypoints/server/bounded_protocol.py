"""HTTP as uvicorn reads it with httptools, with a bound on everything that is no body.

llhttp, which reads the bytes, bounds neither the headers nor the trailers of a request: whoever
reaches the port could fill the memory with a header that never ends. Bodies have `BodyBounds`.
"""

from __future__ import annotations

from typing import Final

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

#: What h11 allows as well; a delivery of GitHub's needs about 1 kB.
HEAD_LIMIT_BYTES: Final = 64 * 1024


class BoundedProtocol(HttpToolsProtocol):
    """Ends a connection on which a request has more around its body than any needs."""

    #: All that came on the connection and was no body: now, when the bytes that are read at the
    #: moment began to be read, and when the request began.
    _around = _around_earlier = _around_before = 0

    @override
    def on_message_begin(self) -> None:
        self._around_before = self._around_earlier
        super().on_message_begin()

    @override
    def on_body(self, body: bytes) -> None:
        self._around -= len(body)
        super().on_body(body)

    @override
    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._around_earlier = self._around
        # What is read in one go is little: it may be looked at first, and counted after it.
        super().data_received(data)
        self._around += len(data)
        too_much = self._around - self._around_before > HEAD_LIMIT_BYTES
        if too_much and not self.transport.is_closing():
            cycle: RequestResponseCycle | None = self.cycle
            if cycle is None or cycle.response_complete:
                self.send_400_response("Too much stands around the body of the request.")
            else:
                self.transport.close()
