"""Watches what is written to a FakeGitHub while it happens: what, and on which head."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from reviewer.testing.fake_github import Exchange, FakeGitHub, FakePullRequest
from tests.github.write_allow_list import forbidden_writes

BOT = "persona-reviewer[bot]"
#: A head that was read longer ago than this may not be written to: time was waited in between.
MOST_SECONDS = 20.0

_PULL = re.compile(r"/repos/(?P<place>[^/]+/[^/]+)/(?:pulls|issues)/(?P<number>\d+)(?:/.*)?")
_CHECKS = re.compile(r"/repos/(?P<place>[^/]+/[^/]+)/check-runs")
_EDIT = re.compile(r"/repos/(?P<place>[^/]+/[^/]+)/issues/comments/\d+")
_MARKED_HEAD = re.compile(r"<!-- persona-reviewer:\w+ .*?\bhead=([0-9a-f]{40})")


@dataclass(kw_only=True)
class WriteWatch:
    """Takes notes of every write that breaks a rule.

    Args:
        hub: What is watched.
        seconds: Tells the time as the reviewer knows it; None where that is the machine's.
    """

    hub: FakeGitHub
    seconds: Callable[[], float]
    broken: list[str] = field(default_factory=list)
    #: The head that the bot was last shown of a pull request, and when.
    _shown: dict[str, tuple[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Listen."""
        self.hub.observers.append(self._note)

    def _note(self, exchange: Exchange) -> None:
        if exchange.writes:
            self.broken += forbidden_writes(self.hub, [exchange])
            self._judge_event(exchange)
            if exchange.applied:
                self._judge_head(exchange)
            return
        for pull in self._pulls():
            if exchange.status == 200 and pull.head_sha.encode() in exchange.response_body:
                self._shown[pull.name] = (pull.head_sha, self.seconds())

    def _judge_event(self, exchange: Exchange) -> None:
        if exchange.path.endswith("/reviews"):
            request = exchange.request
            event = request.get("event") if isinstance(request, dict) else None
            if event != "COMMENT":
                self.broken.append(f"a review was sent with the event {event!r}")

    def _judge_head(self, exchange: Exchange) -> None:
        """Hold a write to the head as it was when it was carried out."""
        head = self._head_of(exchange)
        pull = self._pull_of(exchange, head)
        if pull is None or not head or head == pull.head_sha:
            return
        shown, when = self._shown.get(pull.name, ("", 0.0))
        waited = self.seconds() - when
        if shown == head and waited <= MOST_SECONDS:
            return  # it moved within this call
        what = f"{exchange.method} {exchange.path}"
        self.broken.append(
            f"{what} was written on {head[:7]} when the head was {pull.head_sha[:7]} "
            f"(last read {waited:.0f} s before: {shown[:7]})"
        )

    def _head_of(self, exchange: Exchange) -> str:
        request = exchange.request
        if not isinstance(request, dict):
            return ""
        head = request.get("commit_id") or request.get("head_sha")
        if isinstance(head, str):
            return head
        marked = _MARKED_HEAD.search(str(request.get("body", "")))
        return marked[1] if marked else ""

    def _pull_of(self, exchange: Exchange, head: str) -> FakePullRequest | None:
        found = _PULL.fullmatch(exchange.path)
        if found:
            name = f"{found['place']}#{found['number']}"
            return next((pull for pull in self._pulls() if pull.name == name), None)
        found = _CHECKS.fullmatch(exchange.path) or _EDIT.fullmatch(exchange.path)
        if found is None or not head:
            return None
        # One pull request to a repository here.
        return next(
            (pull for pull in self._pulls() if pull.repository.full_name == found["place"]), None
        )

    def _pulls(self) -> list[FakePullRequest]:
        return [pull for each in self.hub.repositories.values() for pull in each.pulls.values()]
