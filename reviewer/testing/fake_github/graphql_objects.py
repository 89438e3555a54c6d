"""What GitHub's GraphQL writes about repositories and the objects of git."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewer.testing.fake_github.connection import Json
from reviewer.testing.fake_github.git_store import TreeEntry
from reviewer.testing.fake_github.graphql_error import GraphQLRefusal, no_access
from reviewer.testing.fake_github.graphql_nodes import Nodes
from reviewer.testing.fake_github.wire import (
    node_id,
)

if TYPE_CHECKING:
    from reviewer.testing.fake_github.repository import FakeRepository

_BINARY_PROBE_BYTES = 8_000
_TYPES = {"blob": "Blob", "tree": "Tree", "commit": "Commit"}


def repository_node(nodes: Nodes, repository: FakeRepository) -> Json:
    """Write a repository."""

    def pull(_: object, number: int) -> Json:
        found = repository.pulls.get(number)
        if found is None:
            message = f"Could not resolve to a PullRequest with the number of {number}."
            raise GraphQLRefusal("NOT_FOUND", message)
        return nodes.pull(found)

    def named(_: object, expression: str | None = None, oid: str | None = None) -> Json | None:
        return object_node(nodes, repository, expression or oid or "")

    return {
        "__typename": "Repository",
        "id": node_id("R", repository.id),
        "databaseId": repository.id,
        "name": repository.name,
        "nameWithOwner": repository.full_name,
        "isFork": repository.parent is not None,
        "isPrivate": repository.private,
        "owner": nodes.account(repository.owner),
        "url": f"{nodes.hub.server_url}/{repository.full_name}",
        "viewerPermission": repository.role(nodes.token.viewer.login).upper(),
        "pullRequest": pull,
        "object": named,
    }


def object_node(nodes: Nodes, repository: FakeRepository, expression: str) -> Json | None:
    """Look up an object of git by an expression (``SHA:path``) or an id; null where it is not."""
    if not nodes.token.may("contents", "read"):
        raise no_access()
    revision, colon, path = expression.partition(":")
    if revision in {"HEAD", ""}:
        revision = repository.default_branch
    revision = repository.branch(revision) or revision
    found = repository.lookup(f"{revision}{colon}{path.rstrip('/')}")
    if found is None:
        return None
    sha, kind, content = found
    if kind == "blob":
        return _blob(nodes, repository, sha, content)
    if kind == "tree":
        return _tree(nodes, repository, sha, path.strip("/"))
    return commit_node(nodes, repository, sha)


def commit_node(nodes: Nodes, repository: FakeRepository, sha: str) -> Json | None:
    """Write a commit."""
    if repository.store.resolve(sha) is None:
        return None
    return {
        **_object(repository, "Commit", sha),
        "message": lambda _: repository.store.message(sha),
        "committedDate": "2026-01-05T09:00:00Z",
        "tree": lambda _: object_node(nodes, repository, f"{sha}^{{tree}}"),
    }


def _object(repository: FakeRepository, kind: str, sha: str) -> Json:
    return {
        "__typename": kind,
        "id": f"{kind[0]}_kwDO{repository.id:08x}{sha}",
        "oid": sha,
        "abbreviatedOid": sha[:7],
    }


def _blob(nodes: Nodes, repository: FakeRepository, sha: str, content: bytes) -> Json:
    binary = b"\0" in content[:_BINARY_PROBE_BYTES]
    most = nodes.hub.limits.blob_text_bytes
    return {
        **_object(repository, "Blob", sha),
        "byteSize": len(content),
        "isBinary": binary,
        "isTruncated": len(content) > most,
        "text": None if binary else _guessed(content[:most]),
    }


def _guessed(content: bytes) -> str:
    """Decode as GitHub does: it guesses the encoding, and a text may not be what it was."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        # A character that the limit cut in two is dropped.
        if error.start >= len(content) - 3:
            return content[: error.start].decode()
        return content.decode("latin-1")


def _tree(nodes: Nodes, repository: FakeRepository, sha: str, folder: str) -> Json:
    prefix = f"{folder}/" if folder else ""

    def content(entry: TreeEntry) -> Json | None:
        if entry.type == "commit":
            return None
        return object_node(nodes, repository, entry.sha)

    def entries(_: object) -> list[Json]:
        return [
            {
                "name": entry.path,
                "path": prefix + entry.path,
                "mode": int(entry.mode, 8),
                "type": entry.type,
                "oid": entry.sha,
                "size": entry.size or 0,
                "object": lambda _, entry=entry: content(entry),
            }
            for entry in repository.store.tree(sha, recursive=False)
        ]

    return {**_object(repository, "Tree", sha), "entries": entries}
