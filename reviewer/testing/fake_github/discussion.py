"""The conversation of a pull request, and GitHub's rules for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reviewer.testing.fake_github.account import FakeAccount
from reviewer.testing.fake_github.anchor import (
    AnchorFault,
    Placement,
    file_at,
    moved_line,
    place,
)
from reviewer.testing.fake_github.difference import FileDifference, within
from reviewer.testing.fake_github.refusal import (
    invalid,
    not_found,
    unprocessable,
    validation_failed,
)
from reviewer.testing.fake_github.standing import (
    FakeComment,
    FakeReaction,
    FakeReview,
    FakeReviewComment,
    FakeThread,
)

if TYPE_CHECKING:
    from reviewer.testing.fake_github.pull_request import FakePullRequest

#: https://docs.github.com/en/rest/issues/comments: recorded as a refusal of longer ones.
LONGEST_BODY = 65_536
_TOO_LONG = f"Body is too long (maximum is {LONGEST_BODY} characters)"

_STATES = {
    None: "PENDING",
    "COMMENT": "COMMENTED",
    "APPROVE": "APPROVED",
    "REQUEST_CHANGES": "CHANGES_REQUESTED",
}
#: GitHub's words on ``/reviews``, where errors are texts; recorded in 2025 and 2026.
_REVIEW_WORDS = {
    AnchorFault.PATH: "Path could not be resolved",
    AnchorFault.LINE: "Line could not be resolved",
    AnchorFault.POSITION: "Pull request review thread position is invalid and "
    "Pull request review thread diff hunk can't be blank",
    AnchorFault.HUNK: "Pull request review thread line must be part of the diff, "
    "Pull request review thread start line must be part of the same hunk as the line., and "
    "Pull request review thread diff hunk can't be blank",
    AnchorFault.ORDER: "Pull request review thread start line must precede the end line.",
}


class Discussion:
    """What stands on one pull request.

    Args:
        pull: The pull request.
    """

    def __init__(self, pull: FakePullRequest) -> None:
        self._pull = pull
        self._hub = pull.repository.hub
        self.comments: list[FakeComment] = []
        self.threads: list[FakeThread] = []
        self.reviews: list[FakeReview] = []

    # --- under the pull request ----------------------------------------------------------------
    def add_comment(self, author: FakeAccount, body: object) -> FakeComment:
        """Comment under the pull request."""
        text = checked_body(body, "IssueComment")
        now = self._hub.now()
        comment = FakeComment(
            id=self._hub.next_large_id(), author=author, body=text, created_at=now, updated_at=now
        )
        self.comments.append(comment)
        return comment

    def delete(self, comment: FakeComment) -> None:
        """Delete a comment; a thread that has none left is gone."""
        self.comments[:] = [other for other in self.comments if other is not comment]
        for thread in self.threads:
            thread.comments[:] = [other for other in thread.comments if other is not comment]
        self.threads[:] = [thread for thread in self.threads if thread.comments]

    def react(
        self, comment: FakeComment, author: FakeAccount, content: str
    ) -> tuple[FakeReaction, bool]:
        """React; the same reaction of the same account is kept once.

        Returns:
            The reaction, and whether it is new.
        """
        mine = (r for r in comment.reactions if r.author is author and r.content == content)
        found = next(mine, None)
        if found is not None:
            return found, False
        made = FakeReaction(
            id=self._hub.next_id(), author=author, content=content, created_at=self._hub.now()
        )
        comment.reactions.append(made)
        return made, True

    # --- reviews -------------------------------------------------------------------------------
    def pending(self, author: FakeAccount) -> FakeReview | None:
        """Return the review that somebody began and did not submit."""
        mine = (review for review in self.reviews if review.author is author)
        return next((review for review in mine if review.state == "PENDING"), None)

    def add_review(
        self,
        author: FakeAccount,
        *,
        event: str | None,
        body: str,
        commit_id: str,
        comments: Sequence[Mapping[str, object]],
    ) -> FakeReview:
        """Make a review with all of its comments, or none of it.

        Args:
            author: Whose.
            event: What it says; None for one that is only begun.
            body: Its text.
            commit_id: The commit that it is about.
            comments: Where they stand and what they say.
        """
        if self.pending(author) is not None:
            raise unprocessable("User can only have one pending review per pull request")
        if event in {"APPROVE", "REQUEST_CHANGES"} and author is self._pull.author:
            verb = "approve" if event == "APPROVE" else "request changes on"
            raise unprocessable(f"Can not {verb} your own pull request")
        if event == "APPROVE" and author.login == "github-actions[bot]":
            raise unprocessable("GitHub Actions is not permitted to approve pull requests.")
        if event in {"COMMENT", "REQUEST_CHANGES"} and not body and not comments:
            raise unprocessable("Review body can't be blank")
        placements = [self._place(wanted, commit_id) for wanted in comments]
        texts = [str(wanted.get("body") or "") for wanted in comments]
        if any(len(text) > LONGEST_BODY for text in (body, *texts)):
            raise unprocessable(_TOO_LONG)
        if not all(text.strip() for text in texts):
            raise unprocessable("Review comment body can't be blank")
        review = FakeReview(
            id=self._hub.next_large_id(),
            author=author,
            body=body,
            state=_STATES[event],
            commit_id=commit_id,
            submitted_at=self._hub.now(),
        )
        self.reviews.append(review)
        for placement, text in zip(placements, texts, strict=True):
            self._add_thread(placement, author, text, review)
        return review

    def drop_review(self, review: FakeReview) -> None:
        """Delete a review that was only begun, with its comments."""
        self.reviews.remove(review)
        for thread in self.threads:
            thread.comments[:] = [c for c in thread.comments if c.review_id != review.id]
        self.threads[:] = [thread for thread in self.threads if thread.comments]

    def submit(self, review: FakeReview, event: str, body: str | None) -> None:
        """Submit a review that was begun."""
        review.state = _STATES[event]
        review.body = review.body if body is None else body
        review.submitted_at = self._hub.now()

    def _place(self, wanted: Mapping[str, object], commit_id: str) -> Placement:
        files = self.files_at(commit_id)
        if files is None:
            raise unprocessable("Commit is not part of the pull request")
        placement = place(files, wanted)
        if isinstance(placement, AnchorFault):
            raise unprocessable(_REVIEW_WORDS[placement])
        return placement

    # --- threads -------------------------------------------------------------------------------
    def files_at(self, commit_id: str) -> list[FileDifference] | None:
        """Return what the pull request shows; of an old head, what it showed then.

        None where nobody knows the commit.
        """
        repository = self._pull.repository
        commit = repository.store.resolve(commit_id)
        if commit is None:
            return None
        if commit == self._pull.head_sha:
            return self._pull.files
        return within(repository.compare(self._merge_base(commit), commit), self._hub.limits)

    def _merge_base(self, commit: str) -> str:
        pull = self._pull
        if commit == pull.head_sha:
            return pull.merge_base
        return pull.repository.store.merge_base(pull.base_sha, commit)

    def start_thread(self, author: FakeAccount, wanted: Mapping[str, object]) -> FakeThread:
        """Comment on a line or a file, in a call of its own."""
        self._refuse_while_pending(author)
        commit_id = str(wanted.get("commit_id") or self._pull.head_sha)
        files = self.files_at(commit_id)
        if files is None:
            message = "commit_id is not part of the pull request"
            error = invalid("PullRequestReviewComment", "custom", "commit_id", message)
            raise validation_failed(error)
        placement = place(files, wanted)
        if isinstance(placement, AnchorFault):
            raise validation_failed(*_comment_errors(placement))
        text = checked_body(wanted.get("body"), "PullRequestReviewComment")
        review = self._own_review(author, commit_id)
        return self._add_thread(placement, author, text, review)

    def reply(self, thread: FakeThread, author: FakeAccount, body: object) -> FakeReviewComment:
        """Reply in a thread."""
        self._refuse_while_pending(author)
        text = checked_body(body, "PullRequestReviewComment")
        review = self._own_review(author, self._pull.head_sha)
        return self._add_to(thread, author, text, review)

    def thread_of(self, comment_id: int) -> tuple[FakeThread, FakeReviewComment]:
        """Return a review comment and its thread.

        Raises:
            GitHubRefusal: There is none.
        """
        for thread in self.threads:
            for comment in thread.comments:
                if comment.id == comment_id:
                    return thread, comment
        raise not_found()

    def _refuse_while_pending(self, author: FakeAccount) -> None:
        if self.pending(author) is not None:
            message = "user_id can only have one pending review per pull request"
            raise validation_failed(invalid("PullRequestReview", "custom", "user_id", message))

    def _own_review(self, author: FakeAccount, commit_id: str) -> FakeReview:
        """Make the review that GitHub puts round a comment that comes alone."""
        review = FakeReview(
            id=self._hub.next_large_id(),
            author=author,
            body="",
            state="COMMENTED",
            commit_id=commit_id,
            submitted_at=self._hub.now(),
        )
        self.reviews.append(review)
        return review

    def _add_thread(
        self, placement: Placement, author: FakeAccount, body: str, review: FakeReview
    ) -> FakeThread:
        thread = FakeThread(
            id=f"PRRT_kwDOA{self._hub.next_id():08x}",
            path=placement.path,
            side=placement.side,
            start_side=placement.start_side,
            subject_type="file" if placement.line is None else "line",
            line=placement.line,
            start_line=placement.start_line,
            position=placement.position,
            original_line=placement.line,
            original_start_line=placement.start_line,
            original_position=placement.position,
            original_commit_id=review.commit_id,
            original_base=self._merge_base(review.commit_id),
            commit_id=review.commit_id,
            diff_hunk=placement.diff_hunk,
        )
        self.threads.append(thread)
        self._add_to(thread, author, body, review)
        if review.commit_id != self._pull.head_sha:
            self._follow(thread)
        return thread

    def _add_to(
        self, thread: FakeThread, author: FakeAccount, body: str, review: FakeReview
    ) -> FakeReviewComment:
        now = self._hub.now()
        comment = FakeReviewComment(
            id=self._hub.next_large_id(),
            author=author,
            body=body,
            created_at=now,
            updated_at=now,
            review_id=review.id,
            in_reply_to=thread.comments[0].id if thread.comments else None,
        )
        thread.comments.append(comment)
        return comment

    # --- after a push --------------------------------------------------------------------------
    def follow_head(self, *, forced: bool) -> None:
        """Put every thread where its lines are now; point old reviews at a forced head."""
        pull = self._pull
        for thread in self.threads:
            self._follow(thread)
        if forced:
            for review in self.reviews:
                review.commit_id = pull.head_sha

    def _follow(self, thread: FakeThread) -> None:
        pull = self._pull
        file = file_at(pull.files, thread.path)
        thread.line = thread.start_line = thread.position = None
        if thread.subject_type == "file":
            thread.outdated = file is None
            return
        thread.outdated = True
        if file is None or thread.original_line is None:
            return
        left = thread.side == "LEFT"
        path = (file.previous_filename or file.filename) if left else file.filename
        old = thread.original_base if left else thread.original_commit_id
        new = pull.merge_base if left else pull.head_sha
        changed = [f for f in pull.repository.compare(old, new) if f.filename == path]
        moved = changed[0] if changed else None
        if moved is not None and moved.status != "modified":
            return
        wanted: dict[str, object] = {
            "path": file.filename,
            "side": thread.side,
            "line": moved_line(moved, thread.original_line),
        }
        if thread.original_start_line is not None:
            wanted["start_side"] = thread.start_side
            wanted["start_line"] = moved_line(moved, thread.original_start_line)
        if None in wanted.values():
            return
        found = place(pull.files, wanted)
        if isinstance(found, Placement):
            thread.outdated = False
            thread.line, thread.start_line = found.line, found.start_line
            thread.position, thread.commit_id = found.position, pull.head_sha


def checked_body(body: object, resource: str) -> str:
    """Return a text that GitHub takes.

    Raises:
        GitHubRefusal: It is missing, blank or too long.
    """
    if not isinstance(body, str) or not body.strip():
        raise validation_failed(invalid(resource, "unprocessable", "data", "Body cannot be blank"))
    if len(body) > LONGEST_BODY:
        raise validation_failed(
            invalid(resource, "unprocessable", "data", _TOO_LONG),
            documentation="/issues/comments#create-an-issue-comment",
        )
    return body


def _comment_errors(fault: AnchorFault) -> list[dict[str, object]]:
    """Say the same on ``/comments``, where errors are objects."""
    resource = "PullRequestReviewComment"
    field = "pull_request_review_thread"
    no_hunk = invalid(resource, "missing_field", f"{field}.diff_hunk")
    if fault is AnchorFault.PATH:
        return [invalid(resource, "invalid", f"{field}.path"), no_hunk]
    if fault is AnchorFault.POSITION:
        return [invalid(resource, "invalid", f"{field}.position"), no_hunk]
    if fault is AnchorFault.LINE:
        words = f"{field}.line must be part of the diff"
        return [invalid(resource, "custom", f"{field}.line", words), no_hunk]
    words = (
        "must be part of the same hunk as the line."
        if fault is AnchorFault.HUNK
        else "must precede the end line."
    )
    name = f"{field}.start_line"
    return [invalid(resource, "custom", name, f"{name} {words}")]
