"""A merge queue asks for a check: the pull request's stored conclusion is put on its commit.

The queue makes a commit of its own, on which no pull request stands; its branch names one:
``refs/heads/gh-readonly-queue/main/pr-12-<sha of the base>``. No model is asked and nothing is
looked at again. A check that is required and never comes would stop the queue, so there is always
one: neutral where nothing is known.

The shape of the event is GitHub's published one (``merge_group`` in
https://github.com/octokit/webhooks); it was not tried against a real queue.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reviewer.domain.conclusion import ConclusionKind
from reviewer.domain.event import MergeGroupEvent
from reviewer.domain.posting import Check
from reviewer.domain.pull_request import PullRequestName
from reviewer.domain.run import RunQuery, RunRecord
from reviewer.domain.status import TRANSITIONS, RunState
from reviewer.ports.installed_hosts import InstalledHosts
from reviewer.ports.store import Store

REQUESTED = "checks_requested"

_BRANCH = re.compile(r"(?:refs/heads/)?gh-readonly-queue/.+/pr-(?P<number>[1-9][0-9]{0,9})-[^/]+")
_LOOKED = frozenset({RunState.COMPLETED, RunState.PARTIAL, RunState.FAILED})
_SHORT_SHA = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorDesk:
    """What a check is mirrored with.

    Args:
        store: Knows how runs ended.
        hosts: Opens the pull request.
    """

    store: Store
    hosts: InstalledHosts


async def mirror_check(
    desk: MirrorDesk, event: MergeGroupEvent, *, installation_id: int, repository_id: int
) -> str:
    """Put the stored conclusion on the queue's commit.

    Args:
        desk: What it is done with.
        event: What the queue asks for.
        installation_id: Whose repository it is.
        repository_id: Which.

    Returns:
        What was done, in a few words.

    Raises:
        CodeHostError: The host did not take it.
        CommunicationError: The store does not answer.
    """
    if event.action != REQUESTED:
        return f"“{event.action}” asks for no check"
    match = _BRANCH.fullmatch(event.head_ref)
    if match is None:
        return "the queue's branch names no pull request"
    name = PullRequestName(repository=event.repository, number=int(match["number"]))
    query = RunQuery(repository_id=repository_id, number=name.number)
    async with desk.store.look() as work:
        runs = await work.runs.find(query)
    check = _check_of(event, name, runs[0] if runs else None, _last(runs))
    async with desk.hosts.on(installation_id, repository_id, name) as hosted:
        if await hosted.host.has_check(check.head_sha, check.mark):
            return f"the check of #{name.number} stands on the queue's commit already"
        await hosted.host.post_check(check)
    return f"the check of #{name.number} was put on the queue's commit: {check.conclusion.value}"


def _last(runs: Sequence[RunRecord]) -> RunRecord | None:
    """Return the newest run that looked at the change."""
    return next((run for run in runs if run.state in _LOOKED), None)


def _check_of(
    event: MergeGroupEvent,
    name: PullRequestName,
    newest: RunRecord | None,
    looked: RunRecord | None,
) -> Check:
    number = name.number
    kind = ConclusionKind.NEUTRAL
    if looked is None:
        title = f"#{number} has not been reviewed"
        words = "Nothing is known of this pull request, so this check decides nothing."
    elif newest is not None and TRANSITIONS[newest.state]:
        title = f"#{number} is being reviewed"
        words = "A review is under way; this check does not wait for it and decides nothing."
    else:
        kind = looked.conclusion or ConclusionKind.NEUTRAL
        score = "" if looked.score is None else f", score {looked.score:.0f} %"
        title = f"As #{number}: {looked.state.value}{score}"
        words = (
            f"This is what the review of #{number} at {looked.head_sha[:_SHORT_SHA]} said. "
            "The commit of the queue was not looked at."
        )
    return Check(
        head_sha=event.head_sha,
        conclusion=kind,
        title=title,
        summary=words,
        mark=f"merge-group:{event.head_sha}",
    )
