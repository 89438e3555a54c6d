"""Faults that a test scripts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Fault:
    """What goes wrong with some requests.

    Args:
        method: The verb; ``*`` for any.
        path: A pattern that the whole path must match; GraphQL's is ``/graphql``.
        document: What the document must hold, for requests to GraphQL.
        status: The answer's status; None leaves the true answer.
        body: The answer's body.
        headers: Its headers.
        after_apply: Whether the request is carried out all the same.
        cut: Whether the connection is cut instead of an answer.
        delay_seconds: How long the answer takes.
        act: What happens when such a request arrives, before it is carried out: the head moves.
        skip: How many such requests pass unharmed first.
        times: How many requests it hits; None for all.
    """

    method: str
    path: re.Pattern[str]
    document: str = ""
    status: int | None = None
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    after_apply: bool = False
    cut: bool = False
    delay_seconds: float = 0.0
    act: Callable[[], object] | None = None
    skip: int = 0
    times: int | None = 1

    def takes(self, method: str, path: str, document: str) -> bool:
        """Tell whether this request is hit, and count it."""
        if self.times == 0 or self.method not in {"*", method}:
            return False
        if self.path.fullmatch(path) is None or self.document not in document:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True
