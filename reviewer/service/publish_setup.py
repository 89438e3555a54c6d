"""What publishing works with, and the guard that stands before every write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reviewer.domain.change import Change
from reviewer.domain.conversation import Conversation
from reviewer.domain.history import History
from reviewer.domain.marker import Signer
from reviewer.domain.policy import Policy
from reviewer.domain.recall import our_summaries
from reviewer.errors import ReviewerError
from reviewer.ports.clock import Clock
from reviewer.ports.code_host import CodeHost
from reviewer.ports.memory import Memory

#: What was written may be read a little later only; waited before we look for our markers.
SETTLING_SECONDS = 2.0

_SHORT_SHA = 7


class SupersededError(ReviewerError):
    """Something newer is on its way, or there already: this run writes nothing more."""


@dataclass(frozen=True, kw_only=True)
class PublishSetup:
    """What publishing works with.

    Args:
        host: The code host, bound to one pull request.
        signer: Writes and reads our markers there.
        clock: Waits.
        change: What was reviewed, as the publisher has read it itself (security.md S2).
        policy: What holds for it, likewise from the base.
        repository_url: Where the repository can be read; from our own configuration.
        seconds: How long each stage took.
        memory: Holds what is remembered as well; None where there are comments alone.
        check_again: Names the request for which the check is posted anew, though it says what it
            said: the host waits for one. Empty for none.
    """

    host: CodeHost
    signer: Signer
    clock: Clock
    change: Change
    policy: Policy
    repository_url: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    memory: Memory | None = None
    check_again: str = ""


class HeadGuard:
    """Reads the head before every write; a conversation tells it as well.

    Args:
        setup: What publishing works with.
        history: What this run began with.
    """

    def __init__(self, setup: PublishSetup, history: History) -> None:
        self._setup = setup
        self._generation = history.generation
        self._fresh = False

    def expect(self, generation: int) -> None:
        """Let a summary of this generation stand: it is the one that this run writes."""
        self._generation = max(self._generation, generation)

    async def look(self) -> Conversation:
        """Read what stands there; the next write needs no reading of the head.

        Raises:
            SupersededError: The head moved, or a newer run has published.
            CodeHostError: The host does not tell.
        """
        conversation = await self._setup.host.conversation()
        self._require(conversation.head_sha)
        newest = next(iter(our_summaries(conversation, self._setup.signer)), None)
        generation = newest.mark.history.generation if newest and newest.trusted else 0
        if generation > self._generation:
            raise SupersededError("a newer review of this pull request has been published")
        self._fresh = True
        return conversation

    async def look_again(self) -> Conversation:
        """Read what stands there after a write of which nobody knows whether it was done."""
        await self._setup.clock.sleep(SETTLING_SECONDS)
        return await self.look()

    async def require_head(self) -> None:
        """Make sure that the head is the one that was reviewed.

        Raises:
            SupersededError: It is not.
            CodeHostError: The host does not tell.
        """
        if not self._fresh:
            self._require(await self._setup.host.head_sha())
        self._fresh = False

    def _require(self, head_sha: str) -> None:
        if head_sha != self._setup.change.head:
            raise SupersededError(f"the head moved to {head_sha[:_SHORT_SHA]}")
