"""What must be so after every seed, whatever went wrong in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from reviewer.domain.attempt import Attempt, AttemptOutcome
from reviewer.domain.review import Review
from reviewer.testing.fake_github import FakeComment, FakePullRequest, FakeThread
from tests.chaos.chaotic_model import ServerCall
from tests.chaos.course import Course
from tests.chaos.watch import BOT
from tests.e2e.pull_request_scene import said_to_stand

_MARK = re.compile(r"<!-- persona-reviewer:finding .*?\bfingerprint=([0-9a-f]{40})")
_SUMMARY = "<!-- persona-reviewer:summary"
#: What a model and a tool find in the modules of `tests.chaos.course`.
_RULES = frozenset({"BUG002", "SEC007"})
_REPLACED = "Superseded: another summary"
_NOT_LOOKED_AT = re.compile(r"(\d+) from earlier (?:was|were) not looked at again")


def safe(course: Course, completed: Collection[str]) -> Iterator[str]:
    """Tell what stands on a pull request and may never stand there, at any moment.

    Args:
        course: The pull request, and what its heads held.
        completed: Heads at which a run was completed, or may have been before it was cut off.
    """
    pull = course.pull
    yield from _told_twice(pull)
    for check in pull.repository.checks:
        if check.conclusion == "success":
            where = f"the check on {check.head_sha[:7]} says success"
            if course.faults(check.head_sha):
                yield f"{where}, and there are {course.faults(check.head_sha)} faults"
            if check.head_sha not in completed:
                yield f"{where}, and no run was completed there"
        if check.status != "completed" or check.conclusion is None:
            yield f"the check on {check.head_sha[:7]} was never concluded"
    for review in pull.reviews:
        if review.author is not None and review.author.login == BOT:
            if review.state == "PENDING":
                yield "a pending review was left behind"
            elif review.state != "COMMENTED":
                yield f"a review is {review.state}"


def found(course: Course, review: Review) -> Iterator[str]:
    """Tell where a completed review counts other faults than there are.

    Args:
        course: The pull request, and what its heads held.
        review: The calm review.
    """
    told = [placed.finding.path for placed in review.shown if placed.finding.rule_id in _RULES]
    left = [entry.path for entry in review.left_open if entry.rule_id in _RULES]
    if len(told) + len(left) != course.faults():
        yield f"{course.faults()} faults, and told are {sorted([*told, *left])}"


def settled(course: Course, *, completed: bool) -> Iterator[str]:
    """Tell what is not as it was said to be, once a calm run has ended.

    Args:
        course: The pull request, and what its heads held.
        completed: Whether that run was completed; a partial one says why, and judges less.
    """
    pull = course.pull
    summaries = live_summaries(pull)
    if len(summaries) != 1:
        yield f"{len(summaries)} summaries stand"
        return
    said, stands = said_to_stand(summaries[0].body), len(open_threads(pull))
    # Of what was not looked at again, some stand as comments and some in the summary alone.
    left = _NOT_LOOKED_AT.search(summaries[0].body)
    if not said <= stands <= said + (int(left[1]) if left else 0):
        yield f"the summary says that {said} comments stand, and there are {stands}"
    if f"head={pull.head_sha}" not in summaries[0].body:
        yield "the summary speaks of another head"
    if not completed:
        return
    faults = course.faults()
    wanted = "failure" if faults else "success"
    checks = [check.conclusion for check in pull.checks]
    if not checks or checks[-1] != wanted:
        yield f"{faults} faults, and the checks say {checks}"
    told = {mark(thread) for thread in open_threads(pull) if not thread.outdated}
    if len(told) > faults:
        yield f"{len(told)} comments that are not outdated, and {faults} faults"


def defects(log: str) -> Iterator[str]:
    """Tell the lines of a service's log that show a defect.

    DBOS shows where it was when its database went away; it goes on by itself.

    Args:
        log: The log, an object a line.
    """
    for line in log.splitlines():
        if "Traceback" in line and '"logger":"dbos"' not in line:
            yield f"a defect: {line[:3000]}"


def live_summaries(pull: FakePullRequest) -> list[FakeComment]:
    """Return the summaries of ours that were not replaced."""
    return [
        comment
        for comment in pull.comments
        if comment.login == BOT
        and _SUMMARY in comment.body
        and not comment.body.startswith(_REPLACED)
    ]


def open_threads(pull: FakePullRequest) -> list[FakeThread]:
    """Return our threads in which nobody has ended the talk."""
    return [thread for thread in _ours(pull) if not thread.resolved]


def mark(thread: FakeThread) -> str:
    """Return which finding a thread tells; empty for none."""
    found = _MARK.search(thread.body)
    return found[1] if found else ""


def _ours(pull: FakePullRequest) -> list[FakeThread]:
    return [thread for thread in pull.threads if thread.comments[0].login == BOT and mark(thread)]


def _told_twice(pull: FakePullRequest) -> Iterator[str]:
    for fingerprint, number in Counter(map(mark, _ours(pull))).items():
        if number > 1:
            yield f"the finding {fingerprint[:7]} has {number} comments"


def accounted(
    rows: Iterable[Attempt], calls: Sequence[ServerCall], *, whole: bool, limit: int | None
) -> Iterator[str]:
    """Tell where a ledger knows less than the server, or more was spent than was allowed.

    Args:
        rows: What the ledger says.
        calls: What the server counted meanwhile.
        whole: Whether everybody who asked lived to hear the answer.
        limit: The ceiling in tokens; None for none.
    """
    sent = [row for row in rows if row.outcome is not AttemptOutcome.CACHED]
    charged = sum(row.usage.total for row in sent)
    counted = sum(call.tokens for call in calls)
    if charged < counted:
        yield f"the ledger has {charged:,} tokens and the server counted {counted:,}"
    if len(sent) < len(calls):
        yield f"the ledger has {len(sent)} attempts and the server {len(calls)}"
    known = Counter(row.usage.total for row in sent if row.usage_known and row.usage.total)
    told = Counter(call.tokens for call in calls if call.told)
    perhaps = Counter(call.tokens for call in calls if call.told is None)
    if invented := known - told - perhaps:
        yield f"the ledger knows of usage that nobody told: {dict(invented)}"
    if whole and (missing := told - known):
        yield f"usage arrived and the ledger does not know it: {dict(missing)}"
    if limit is not None and max(charged, counted) > limit:
        yield f"{charged:,} tokens were charged and {counted:,} counted, and {limit:,} allowed"
