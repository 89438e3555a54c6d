"""An order for one review of a pull request, as it waits in the queue."""

from __future__ import annotations

from dataclasses import dataclass

from reviewer.domain.pull_request import Account, PullRequest, PullRequestName
from reviewer.domain.run_event import FailureCause
from reviewer.domain.status import RunState

#: The trigger where somebody wants a check again: the host then waits for a new one.
REREQUESTED = "rerequested"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedIn:
    """The comment in which somebody asked for a review, so that it can be answered."""

    comment_id: int
    inline: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewOrder:
    """What is wanted of one run.

    The run reviews the head that the host names when it begins: deliveries overtake each other,
    so the last one that came need not be about the newest head. The words stay those of the
    trigger (security.md S11).

    Args:
        installation_id: Whose pull request it is; from a verified delivery.
        repository_id: The host's number of the repository; from a verified delivery.
        pull_request: Which pull request.
        head_sha: The head that the trigger told; empty where it told none.
        trigger: Why: GitHub's word (``opened``, ``synchronize``, …), ``command``,
            ``rerequested`` or ``sweep``.
        delivery_id: The delivery that led to it.
        asked: Whether a person asks, who is neither kept waiting nor stopped by a pause.
        full: Look at everything again.
        personas: Exactly these, by name; empty lets the change decide.
        panel: A panel's name; None for none.
        title: The title at the trigger; None where the trigger did not tell.
        description: The description at the trigger; None where the trigger did not tell.
        sender: Who did what triggered it; None where a person asks or nobody did.
        base_changed: Whether the trigger is a change of the base branch.
        asked_in: The comment that is answered when the run has ended; None for none.
    """

    installation_id: int
    repository_id: int
    pull_request: PullRequestName
    head_sha: str
    trigger: str
    delivery_id: str
    asked: bool = False
    full: bool = False
    personas: tuple[str, ...] = ()
    panel: str | None = None
    title: str | None = None
    description: str | None = None
    sender: Account | None = None
    base_changed: bool = False
    asked_in: AskedIn | None = None

    @property
    def place(self) -> str:
        """Names the pull request by numbers alone, which no rename changes."""
        return f"{self.installation_id}-{self.repository_id}-{self.pull_request.number}"

    @property
    def check_again(self) -> str:
        """Names the request for which the check is posted anew; empty for none."""
        return self.delivery_id if self.trigger == REREQUESTED else ""

    @property
    def narrowed(self) -> bool:
        """Whether only some personas are asked for."""
        return bool(self.personas) or self.panel is not None

    def freeze(self, pull_request: PullRequest) -> PullRequest:
        """Return the pull request with the words that it had at the trigger (S11).

        Args:
            pull_request: As the host tells it now.
        """
        return pull_request.in_words_of(self.title, self.description)


@dataclass(frozen=True, slots=True, kw_only=True)
class Followup:
    """What follows from a delivery.

    Args:
        outcome: What became of it, in a few words that quote nothing of it.
        orders: The reviews that are wanted now.
        ended: Runs that wait or are under way and are of no use any more.
        because: Why those are of no use.
        forgotten: The installation of which nothing may be kept any more; None for none.
    """

    outcome: str
    orders: tuple[ReviewOrder, ...] = ()
    ended: tuple[str, ...] = ()
    because: str = ""
    forgotten: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnd:
    """How a run ended.

    Args:
        state: A final state.
        reason: Why, for every state but ``completed``.
        cause: What kind of thing failed, where whoever ends the run knows; else None.
    """

    state: RunState
    reason: str = ""
    cause: FailureCause | None = None
