"""Holds every FakeGitHub of the suite to GitHub's contract, our writes, and no secret asked."""

from __future__ import annotations

from functools import partial

from reviewer.testing.fake_github import Exchange, FakeGitHub
from tests.github.contract import violations
from tests.github.write_allow_list import forbidden_writes
from tests.guards import find_canary


class ExchangeWatch:
    """What was exchanged since the last test; clearing a journal hides nothing."""

    def __init__(self) -> None:
        self._seen: list[tuple[FakeGitHub, Exchange]] = []
        self.any_write = False
        self.expected: list[str] = []
        FakeGitHub.watchers.append(self._add)

    def _add(self, hub: FakeGitHub) -> None:
        hub.observers.append(partial(self._note, hub))

    def _note(self, hub: FakeGitHub, exchange: Exchange) -> None:
        self._seen.append((hub, exchange))

    def judge(self) -> list[str]:
        """Return what was broken since the last time, and what was expected and did not happen."""
        found = list(dict.fromkeys(fault for seen in self._seen for fault in self._faults(*seen)))
        missing = [words for words in self.expected if not any(words in fault for fault in found)]
        left = [fault for fault in found if not any(words in fault for words in self.expected)]
        self._seen.clear()
        self.expected.clear()
        self.any_write = False
        return left + [f"a violation was expected and did not happen: {words}" for words in missing]

    def _faults(self, hub: FakeGitHub, exchange: Exchange) -> list[str]:
        found = violations(exchange)
        if not self.any_write:
            found += forbidden_writes(hub, [exchange])
        headers = "\n".join(f"{name}: {value}" for name, value in exchange.request_headers.items())
        words = f"{exchange.path}?{exchange.query}\n{headers}\n".encode() + exchange.request_body
        if find_canary(words):
            found.append(f"{exchange.method} {exchange.path}: a secret stands in the request")
        return found
