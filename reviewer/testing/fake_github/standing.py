"""What stands on a pull request: comments, reviews, threads, checks, reactions; plain records.

They are live: what a request changes is seen in them at once. Tests read them and change nothing;
people act through `FakePullRequest`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reviewer.testing.fake_github.account import FakeAccount


@dataclass(slots=True, kw_only=True)
class FakeReaction:
    """A reaction to a comment."""

    id: int
    author: FakeAccount
    content: str
    created_at: str


@dataclass(slots=True, kw_only=True)
class FakeComment:
    """A comment under the pull request.

    Args:
        author: None for a deleted account.
        minimized: Why it is hidden, in GraphQL's words; empty where it is not.
    """

    id: int
    author: FakeAccount | None
    body: str
    created_at: str
    updated_at: str
    reactions: list[FakeReaction] = field(default_factory=list)
    minimized: str = ""

    @property
    def login(self) -> str:
        """Who wrote it; ``ghost`` for a deleted account."""
        return "ghost" if self.author is None or self.author.deleted else self.author.login


@dataclass(slots=True, kw_only=True)
class FakeReviewComment(FakeComment):
    """A comment in a review thread.

    Args:
        review_id: The review that it came with.
        in_reply_to: The first comment of the thread, for a reply.
    """

    review_id: int
    in_reply_to: int | None = None


@dataclass(slots=True, kw_only=True)
class FakeReview:
    """A review.

    Args:
        state: ``PENDING``, ``COMMENTED``, ``APPROVED``, ``CHANGES_REQUESTED`` or ``DISMISSED``.
        commit_id: The commit that GitHub says it is about; a force-push moves it.
    """

    id: int
    author: FakeAccount | None
    body: str
    state: str
    commit_id: str
    submitted_at: str


@dataclass(slots=True, kw_only=True)
class FakeThread:
    """A review thread.

    Args:
        id: GraphQL's name of it.
        path: The file.
        side: ``LEFT`` or ``RIGHT``.
        start_side: The side of the first line of a range.
        subject_type: ``line`` or ``file``.
        line: Where it stands now; None where it is outdated or about a file.
        start_line: First line of a range, as it stands now.
        position: The place in the patch now; None where it is outdated.
        original_line: Where it stood when it was made.
        original_start_line: First line of a range then.
        original_position: The place in the patch then.
        original_commit_id: The head when it was made.
        original_base: The merge base when it was made, which lines on the left count in.
        commit_id: The last head that it was found on.
        diff_hunk: The patch down to its line, as it was.
        outdated: Whether its lines have gone.
        resolved_by: Who resolved it.
        comments: The first comment, and replies.
    """

    id: str
    path: str
    side: str
    start_side: str | None
    subject_type: str
    line: int | None
    start_line: int | None
    position: int | None
    original_line: int | None
    original_start_line: int | None
    original_position: int | None
    original_commit_id: str
    original_base: str
    commit_id: str
    diff_hunk: str
    outdated: bool = False
    resolved: bool = False
    resolved_by: FakeAccount | None = None
    comments: list[FakeReviewComment] = field(default_factory=list)

    @property
    def body(self) -> str:
        """The text of the first comment."""
        return self.comments[0].body


@dataclass(slots=True, kw_only=True)
class FakeCheck:
    """A check run.

    Args:
        conclusion: GitHub's word; None while it is not completed.
        annotations: As they were sent, in the order of the requests.
    """

    id: int
    author: FakeAccount
    name: str
    head_sha: str
    status: str
    conclusion: str | None
    title: str | None
    summary: str | None
    text: str | None
    external_id: str
    details_url: str
    started_at: str
    completed_at: str | None
    annotations: list[dict[str, object]] = field(default_factory=list)
