"""A pull request to publish to: a change, a review with any number of findings, and one round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reviewer.domain.change import Change, FileChange
from reviewer.domain.checklist import Verdict
from reviewer.domain.finding import Finding, OutcomeKind
from reviewer.domain.history import History
from reviewer.domain.marker import Signer, Subject
from reviewer.domain.policy import FailOn, Policy
from reviewer.domain.published import Published
from reviewer.domain.pull_request import (
    Account,
    AccountKind,
    PullRequest,
    PullRequestName,
    Repository,
)
from reviewer.domain.recall import history_of
from reviewer.domain.review import Review
from reviewer.ports.code_host import CodeHostError, Refusal
from reviewer.service.publish_review import publish_review
from reviewer.service.publish_setup import PublishSetup
from reviewer.testing.builders import (
    BASE,
    HEAD,
    build_answer,
    build_change,
    build_file,
    build_finding,
    build_persona,
    build_placed,
    build_review,
    build_rule,
    build_scorecard,
    build_selection,
)
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.fake_code_host import OURSELVES, FakeCodeHost

KEY = "a key for the tests of publishing"
OTHER_HEAD = "9b1d2c3d4e5f60718293a4b5c6d7e8f901234567"
ALICE = Account(id=7, login="alice", kind=AccountKind.USER)
REPOSITORY_ID = 4711
NUMBER = 12

RULE = build_rule("SEC007", "Validate inputs and escape outputs")
PERSONA = build_persona("security-sentinel", RULE)

#: A criterion, so that a review without findings can succeed.
STRICT = Policy(fail_on=FailOn.CRITICAL)

REQUEST = PullRequest(
    name=PullRequestName(repository=Repository(owner="octo", name="shop"), number=NUMBER),
    repository_id=REPOSITORY_ID,
    title="Add a listing",
    body="",
    author=ALICE,
    head_sha=HEAD,
    base_sha=BASE,
    base_ref="main",
    head_repository="octo/shop",
)
SIGNER = Signer(subject=Subject.of(OURSELVES, repository_id=REPOSITORY_ID, number=NUMBER), key=KEY)
UNSIGNED = Signer(subject=SIGNER.subject)


def build_source(number: int, path: str = "app/api.py") -> FileChange:
    """Build a new file with so many lines, each a fault of its own."""
    return build_file(path, after="".join(f"os.system(value_{i})\n" for i in range(number)))


def build_findings(file: FileChange, lines: Sequence[int]) -> list[Finding]:
    """Build a finding on each of these lines."""
    return [build_finding(file, line, headline=f"Line {line} runs a shell") for line in lines]


def build_reviewed(
    change: Change, findings: Sequence[Finding], kind: OutcomeKind = OutcomeKind.INLINE
) -> Review:
    """Build a completed review of a change with these findings."""
    verdict = Verdict.FAIL if findings else Verdict.PASS
    answer = build_answer(RULE, PERSONA.name, verdict, "ruff S602", tuple(findings))
    return build_review(
        change,
        personas=(PERSONA,),
        selection=build_selection([(PERSONA.name, "always")]),
        scorecards=(build_scorecard(PERSONA, answer),),
        findings=tuple(build_placed(finding, kind) for finding in findings),
    )


def build_host(change: Change) -> FakeCodeHost:
    """Build a pull request on which nothing stands."""
    return FakeCodeHost(request=REQUEST, change=change)


async def publish(
    host: FakeCodeHost,
    review: Review,
    *,
    signer: Signer = SIGNER,
    policy: Policy | None = None,
    history: History | None = None,
    change: Change | None = None,
    narrowed: bool = False,
) -> Published:
    """Publish a review as a run does: recall, then publish; the change is the review's own."""
    conversation = await host.conversation()
    setup = PublishSetup(
        host=host,
        signer=signer,
        clock=FakeClock(),
        change=change or review.change,
        policy=policy or Policy(),
        repository_url="https://host.example/octo/shop",
        seconds={"total": 1.5},
    )
    return await publish_review(
        setup,
        review,
        history=history or history_of(conversation, signer),
        conversation=conversation,
        narrowed=narrowed,
    )


def error(refusal: Refusal, *, uncertain: bool = False, status: int | None = None) -> CodeHostError:
    """Build what a host says when it refuses, or breaks off."""
    return CodeHostError(refusal, f"it said {refusal.value}", status=status, uncertain=uncertain)


def moved(change: Change, head: str = OTHER_HEAD) -> Change:
    """Return the same change at another head."""
    return replace(change, head=head)


def three_findings() -> Review:
    """Build a review with three findings in one file."""
    file = build_source(6)
    return build_reviewed(build_change(file), build_findings(file, (1, 3, 5)))
