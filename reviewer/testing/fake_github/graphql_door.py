"""Answers GraphQL, carried out by graphql-core against a part of GitHub's own schema."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from reviewer.testing.fake_github.account import FakeToken
from reviewer.testing.fake_github.connection import Json
from reviewer.testing.fake_github.exchange_parts import Reply
from reviewer.testing.fake_github.graphql_error import GraphQLRefusal, no_node
from reviewer.testing.fake_github.graphql_mutations import Mutations
from reviewer.testing.fake_github.graphql_nodes import Nodes
from reviewer.testing.fake_github.graphql_objects import commit_node, repository_node
from reviewer.testing.fake_github.wire import (
    node_id,
)

if TYPE_CHECKING:
    from reviewer.testing.fake_github.hub import FakeGitHub


@cache
def schema() -> GraphQLSchema:
    """Return the part of GitHub's schema that is known here."""
    return build_schema(Path(__file__).with_name("schema.graphql").read_text(encoding="utf-8"))


@cache
def _document(text: str) -> DocumentNode | tuple[GraphQLError, ...]:
    """Read a document; the same few come again and again."""
    try:
        document = parse(text)
    except GraphQLError as error:
        return (error,)
    return tuple(validate(schema(), document)) or document


def answer(hub: FakeGitHub, token: FakeToken, body: Mapping[str, object]) -> Reply:
    """Carry out the document of a request."""
    text = body.get("query")
    if not isinstance(text, str):
        message = "A query attribute must be specified and must be a string."
        return Reply(body={"errors": [{"message": message}]})
    document = _document(text)
    if isinstance(document, tuple):
        return Reply(body={"errors": [_written(error) for error in document]})
    nodes = Nodes(hub, token, repository_node, commit_node)
    mutates = any(
        isinstance(node, OperationDefinitionNode) and node.operation is OperationType.MUTATION
        for node in document.definitions
    )
    variables = body.get("variables")
    name = body.get("operationName")
    result = execute_sync(
        schema(),
        document,
        Mutations(nodes).root() if mutates else _query(nodes),
        variable_values=variables if isinstance(variables, dict) else {},
        operation_name=name if isinstance(name, str) else None,
    )
    return Reply(body=_shown(result))


def _shown(result: ExecutionResult) -> Json:
    shown: Json = {}
    if result.data is not None or not result.errors:
        shown["data"] = result.data
    if result.errors:
        shown["errors"] = [_written(error) for error in result.errors]
    return shown


def _written(error: GraphQLError) -> Json:
    """Write an error in GitHub's form, its type beside its message."""
    written: Json = {}
    cause = error.original_error
    if isinstance(cause, GraphQLRefusal):
        written["type"] = cause.kind
    elif cause is not None:
        raise cause  # a fault of the fake itself, which nobody may take for an answer of GitHub's
    if error.path is not None:
        written["path"] = list(error.path)
    written["locations"] = [
        {"line": place.line, "column": place.column} for place in error.locations or ()
    ]
    written["message"] = error.message
    return written


def _query(nodes: Nodes) -> Json:
    def repository(_: object, owner: str, name: str, **__: object) -> Json:
        found = nodes.hub.repositories.get(f"{owner}/{name}".lower())
        reach = nodes.token.repositories
        if found is None or found.deleted or found.full_name not in (reach or {found.full_name}):
            message = f"Could not resolve to a Repository with the name '{owner}/{name}'."
            raise GraphQLRefusal("NOT_FOUND", message)
        return repository_node(nodes, found)

    def node(_: object, id: str) -> Json:  # noqa: A002 - GitHub's name of the argument
        for home in nodes.hub.repositories.values():
            for pull in home.pulls.values():
                if node_id("PR", pull.id) == id:
                    return nodes.pull(pull)
                for thread in pull.threads:
                    if thread.id == id:
                        return nodes.thread(pull, thread)
        raise no_node(id)

    limit = {
        "limit": 5000,
        "cost": 1,
        "remaining": 4999,
        "used": 1,
        "nodeCount": 1,
        "resetAt": "2030-01-01T00:00:00Z",
    }
    return {
        "viewer": lambda _: nodes.viewer(),
        "repository": repository,
        "node": node,
        "nodes": lambda _, ids: [node(None, name) for name in ids],
        "rateLimit": lambda _, **__: limit,
    }
