"""Every exchange that a FakeGitHub had."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer.

    Args:
        method: The verb.
        path: The path, without the query.
        query: What stood behind the question mark.
        viewer: Whose token it was; empty where there was none.
        request_headers: Names in lower case; the token itself is left out.
        request_body: As it came.
        status: The answer's status; 0 where the connection was cut.
        response_headers: Names in lower case.
        response_body: As it was sent.
        applied: Whether what was asked for was done, whatever the answer says.
        faulty: Whether a fault script made the answer; then it is not held to GitHub's contract.
    """

    method: str
    path: str
    query: str
    viewer: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    response_headers: Mapping[str, str]
    response_body: bytes
    applied: bool
    faulty: bool = False

    @property
    def request(self) -> object:
        """The request's body, read; None where there is none."""
        return json.loads(self.request_body) if self.request_body else None

    @property
    def response(self) -> object:
        """The answer's body, read; None where there is none."""
        return json.loads(self.response_body) if self.response_body else None

    @property
    def document(self) -> str:
        """The document of a request to GraphQL; empty for one to REST."""
        if not self.path.endswith("/graphql"):
            return ""
        request = self.request
        found = request.get("query") if isinstance(request, dict) else None
        return found if isinstance(found, str) else ""

    @property
    def writes(self) -> bool:
        """Whether it asked for something to be written."""
        if self.path.endswith("/graphql"):
            return self.document.lstrip().startswith("mutation")
        return self.method != "GET"
