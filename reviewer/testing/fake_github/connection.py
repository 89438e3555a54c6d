"""GraphQL's lists: pages with cursors, and GitHub's refusal of one without a size."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from reviewer.testing.fake_github.graphql_error import GraphQLRefusal

#: https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
MOST_NODES = 100

Json = dict[str, object]
T = TypeVar("T")


def connection(
    name: str,
    items: Sequence[T],
    write: Callable[[T], Json | None],
    arguments: Mapping[str, object],
) -> Json:
    """Answer with one page of a list.

    Args:
        name: The field's name, for refusals.
        items: All of the list.
        write: Writes one item.
        arguments: ``first``, ``after``, ``last``, ``before``.

    Raises:
        GraphQLRefusal: No size, or more than a hundred.
    """
    first, last = arguments.get("first"), arguments.get("last")
    for word, size in (("first", first), ("last", last)):
        if isinstance(size, int) and size > MOST_NODES:
            raise GraphQLRefusal(
                "EXCESSIVE_PAGINATION",
                f"Requesting {size} records on the `{name}` connection exceeds the `{word}` "
                f"limit of {MOST_NODES} records.",
            )
    start = _place(arguments.get("after"), 0)
    end = _place(arguments.get("before"), len(items) + 1) - 1
    if isinstance(first, int):
        stop = min(end, start + first)
    elif isinstance(last, int):
        start, stop = max(start, end - last), end
    else:
        raise GraphQLRefusal(
            "MISSING_PAGINATION_BOUNDARIES",
            f"You must provide a `first` or `last` value to properly paginate the `{name}` "
            "connection.",
        )
    shown = items[start:stop]
    return {
        "nodes": [write(item) for item in shown],
        "totalCount": len(items),
        "pageInfo": {
            "hasNextPage": stop < len(items),
            "hasPreviousPage": start > 0,
            "startCursor": _cursor(start + 1) if shown else None,
            "endCursor": _cursor(stop) if shown else None,
        },
    }


def _cursor(place: int) -> str:
    return base64.b64encode(f"cursor:v2:{place}".encode()).decode()


def _place(cursor: object, default: int) -> int:
    if not isinstance(cursor, str):
        return default
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("cursor:v2:"))
    except ValueError:
        message = f"`{cursor}` does not appear to be a valid cursor."
        raise GraphQLRefusal("INVALID_CURSOR_ARGUMENTS", message) from None
