"""GitHub's errors inside an answer of GraphQL, whose status is 200."""

from __future__ import annotations


class GraphQLRefusal(Exception):  # noqa: N818 - an answer, which the door writes
    """One field could not be answered.

    Args:
        kind: GitHub's type of it: ``NOT_FOUND``, ``FORBIDDEN``, ``UNPROCESSABLE``, …
        message: GitHub's words.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


def no_access() -> GraphQLRefusal:
    """The token may not."""
    return GraphQLRefusal("FORBIDDEN", "Resource not accessible by integration")


def no_node(name: str) -> GraphQLRefusal:
    """There is no such thing."""
    return GraphQLRefusal(
        "NOT_FOUND", f"Could not resolve to a node with the global id of '{name}'"
    )
