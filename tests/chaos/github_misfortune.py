"""Lets a FakeGitHub fail by chance, with GitHub's own words."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from reviewer.testing.fake_github import Fault
from tests.chaos.dice import Dice, Tally
from tests.chaos.fault_kind import READING, WRITING, FaultKind

_ANY = re.compile("")
_SECONDARY = {
    "message": "You have exceeded a secondary rate limit and have been temporarily blocked from "
    "content creation. Please retry your request again later."
}
_UNPROCESSABLE = (
    {"message": "Unprocessable Entity", "errors": ["Line could not be resolved"]},
    {"message": "Unprocessable Entity", "errors": ["Path could not be resolved"]},
    {
        "message": "Validation Failed",
        "errors": [
            {
                "resource": "PullRequestReviewComment",
                "code": "custom",
                "field": "pull_request_review_thread.line",
                "message": "pull_request_review_thread.line must be part of the diff",
            }
        ],
    },
)
_BROKEN = (500, 502, 503, 504)
_PAGE = "<html><head><title>502 Bad Gateway</title></head></html>"
#: What an application that asks for a token does not meet.
_NOT_AT_MINTING = frozenset({FaultKind.EXPIRED, FaultKind.MOVED, FaultKind.UNPROCESSABLE})
_MINTING = re.compile(r"/app/.*")
#: Whose paths name no commit: what is asked there happens once in many runs.
_OPERATION = re.compile(r"\b(?:query|mutation)\s+(\w+)|(resolveReviewThread|Conversation)")


class GitHubMisfortune:
    """Decides which request meets which fault; what `FakeGitHub.misfortune` asks.

    Args:
        dice: The chance.
        rate: Which share of the requests meets one.
        tally: Counts them.
        move_head: Lets somebody push.
        expire: Lets every token expire that was given out.
        without: Kinds that are left out.
        only: Kinds that alone are put in; empty for all.
    """

    def __init__(
        self,
        dice: Dice,
        rate: float,
        tally: Tally,
        *,
        move_head: Callable[[str], object],
        expire: Callable[[], object],
        without: Collection[FaultKind] = (),
        only: Collection[FaultKind] = (),
    ) -> None:
        self._dice = dice
        self._rate = rate
        self._tally = tally
        self._move_head = move_head
        self._expire = expire
        self._without = frozenset(without)
        self._only = frozenset(only)

    def __call__(self, method: str, path: str, document: str) -> Fault | None:
        """Decide about one request."""
        name, writes = _name(method, path, document)
        chance = self._dice.draw(name)
        # Few requests write, and most of what can go wrong goes wrong there.
        twice = writes and not self._only
        if chance.random() >= self._rate * (2 if twice else 1):
            return None
        minting = _MINTING.fullmatch(path) is not None
        kinds = [kind for kind in (WRITING if writes else READING) if kind not in self._without]
        if self._only:
            kinds = [kind for kind in kinds if kind in self._only]
        if not kinds:
            return None
        kind = chance.choice(kinds)
        if minting and kind in _NOT_AT_MINTING:
            return None
        self._tally.note(kind)
        return self._fault(kind, chance.random(), path)

    def _fault(self, kind: FaultKind, luck: float, path: str) -> Fault:  # noqa: PLR0911 - one each
        status = _BROKEN[int(luck * len(_BROKEN))]
        match kind:
            case FaultKind.SECONDARY_TOLD:
                told = {"retry-after": str(1 + int(luck * 3))}
                return _one(status=403, body=_SECONDARY, headers=told)
            case FaultKind.SECONDARY_SILENT:
                return _one(status=403, body=_SECONDARY)
            case FaultKind.UNPROCESSABLE:
                return _one(status=422, body=_UNPROCESSABLE[int(luck * len(_UNPROCESSABLE))])
            case FaultKind.BROKEN_BEFORE:
                return _one(status=status, body=_PAGE)
            case FaultKind.BROKEN_AFTER:
                return _one(status=status, body=_PAGE, after_apply=True)
            case FaultKind.CUT_BEFORE:
                return _one(cut=True)
            case FaultKind.CUT_AFTER:
                return _one(cut=True, after_apply=True)
            case FaultKind.SLOW:
                return _one(delay_seconds=0.01 + luck * 0.08)
            case FaultKind.EXPIRED:
                return _one(act=self._expire)
            case _:
                return _one(act=lambda: self._move_head(path))


def _one(**more: object) -> Fault:
    return Fault(method="*", path=_ANY, **more)  # type: ignore[arg-type]  # the fields of a fault


def _name(method: str, path: str, document: str) -> tuple[str, bool]:
    if path != "/graphql":
        return f"{method} {path}", method != "GET"
    found = _OPERATION.search(document)
    operation = (found[1] or found[2]) if found else ""
    return f"graphql {operation}", "mutation" in document
