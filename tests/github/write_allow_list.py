"""What the product may write to a GitHub; everything else fails the test that it happened in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

import graphql

from reviewer.testing.fake_github import Exchange, FakeGitHub

_MUTATIONS = frozenset({"addPullRequestReviewThread", "minimizeComment", "resolveReviewThread"})
_REPOSITORY = r"/repos/[^/]+/[^/]+"


def forbidden_writes(hub: FakeGitHub, exchanges: list[Exchange]) -> list[str]:
    """Return the writes that the product may not ask for, in sentences."""
    return [
        f"{exchange.method} {exchange.path}: {words}"
        for exchange in exchanges
        if exchange.writes
        for words in _faults(hub, exchange)
    ]


def _faults(hub: FakeGitHub, exchange: Exchange) -> Iterator[str]:
    if exchange.path == "/graphql":
        names = set(_mutations(exchange.document))
        yield from (f"the mutation {name} is not ours" for name in sorted(names - _MUTATIONS))
        return
    for method, pattern, allowed in _RULES:
        match = re.fullmatch(_REPOSITORY + pattern, exchange.path)
        if match is not None and exchange.method == method:
            if not allowed(hub, exchange, match):
                yield "not in this form"
            return
    if not re.fullmatch(
        r"/app/(installations/\d+/access_tokens|hook/deliveries/\d+/attempts)", exchange.path
    ):
        yield "nothing of ours writes there"


def _mutations(document: str) -> Iterator[str]:
    for definition in graphql.parse(document).definitions:
        if isinstance(definition, graphql.OperationDefinitionNode):
            for field in definition.selection_set.selections:
                if isinstance(field, graphql.FieldNode):
                    yield field.name.value


def _body(exchange: Exchange) -> Mapping[str, object]:
    body = exchange.request
    return body if isinstance(body, dict) else {}


def _always(hub: FakeGitHub, exchange: Exchange, match: re.Match[str]) -> bool:
    return True


def _comments_only(hub: FakeGitHub, exchange: Exchange, match: re.Match[str]) -> bool:
    return _body(exchange).get("event") == "COMMENT"


def _about_a_file(hub: FakeGitHub, exchange: Exchange, match: re.Match[str]) -> bool:
    return _body(exchange).get("subject_type") == "file"


def _own_thread(hub: FakeGitHub, exchange: Exchange, match: re.Match[str]) -> bool:
    """Only in threads that we began; nothing is known of one that is gone."""
    authors = list(_authors(hub, int(match["id"]), thread=True))
    return not authors or exchange.viewer in authors


def _own_comment(hub: FakeGitHub, exchange: Exchange, match: re.Match[str]) -> bool:
    authors = list(_authors(hub, int(match["id"])))
    return not authors or exchange.viewer in authors


def _authors(hub: FakeGitHub, comment_id: int, *, thread: bool = False) -> Iterator[str]:
    for repository in hub.repositories.values():
        for pull in repository.pulls.values():
            for comment in pull.comments:
                if comment.id == comment_id:
                    yield comment.login
            for one in pull.threads:
                if any(comment.id == comment_id for comment in one.comments):
                    shown = one.comments[:1] if thread else one.comments
                    yield from (c.login for c in shown if thread or c.id == comment_id)


_Rule = Callable[[FakeGitHub, Exchange, "re.Match[str]"], bool]
_RULES: tuple[tuple[str, str, _Rule], ...] = (
    ("POST", r"/pulls/\d+/reviews", _comments_only),
    ("DELETE", r"/pulls/\d+/reviews/\d+", _always),  # GitHub deletes pending ones of our own only
    ("POST", r"/pulls/\d+/comments", _about_a_file),
    ("POST", r"/pulls/\d+/comments/(?P<id>\d+)/replies", _own_thread),
    ("PATCH", r"/pulls/comments/(?P<id>\d+)", _own_comment),
    ("POST", r"/issues/\d+/comments", _always),
    ("PATCH", r"/issues/comments/(?P<id>\d+)", _own_comment),
    ("POST", r"/(?:issues|pulls)/comments/\d+/reactions", _always),
    ("POST", r"/check-runs", _always),
    ("PATCH", r"/check-runs/\d+", _always),
)
