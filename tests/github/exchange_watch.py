"""Holds every FakeGitHub of the suite to GitHub's contract, our writes, and no secret asked."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from reviewer.testing.fake_github import Exchange, FakeGitHub
from tests.github.contract import violations
from tests.github.write_allow_list import forbidden_writes
from tests.guards import find_canary


class ExchangeWatch:
    """What the suite knows of the GitHubs in it."""

    def __init__(self) -> None:
        self._judged: WeakKeyDictionary[FakeGitHub, int] = WeakKeyDictionary()
        #: Those made in this test, which nothing else may hold any more.
        self._new: list[FakeGitHub] = []
        self.any_write = False
        self.expected: list[str] = []
        FakeGitHub.watchers.append(self._add)

    def _add(self, hub: FakeGitHub) -> None:
        self._judged[hub] = 0
        self._new.append(hub)

    def judge(self) -> list[str]:
        """Return what was broken since the last time, and what was expected and did not happen."""
        found: list[str] = []
        for hub, count in list(self._judged.items()):
            exchanges = hub.journal[count:]
            self._judged[hub] = count + len(exchanges)
            found += self._faults(hub, exchanges)
        missing = [words for words in self.expected if not any(words in fault for fault in found)]
        left = [fault for fault in found if not any(words in fault for words in self.expected)]
        self._new.clear()
        self.expected.clear()
        self.any_write = False
        return left + [f"a violation was expected and did not happen: {words}" for words in missing]

    def _faults(self, hub: FakeGitHub, exchanges: list[Exchange]) -> list[str]:
        found = [fault for exchange in exchanges for fault in violations(exchange)]
        if not self.any_write:
            found += forbidden_writes(hub, exchanges)
        for exchange in exchanges:
            headers = "\n".join(
                f"{name}: {value}" for name, value in exchange.request_headers.items()
            )
            words = (
                f"{exchange.path}?{exchange.query}\n{headers}\n".encode() + exchange.request_body
            )
            if find_canary(words):
                found.append(f"{exchange.method} {exchange.path}: a secret stands in the request")
        return list(dict.fromkeys(found))
