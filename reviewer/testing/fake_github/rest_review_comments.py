"""REST of comments in review threads: https://docs.github.com/en/rest/pulls/comments."""

from __future__ import annotations

from collections.abc import Iterator

from reviewer.testing.fake_github.discussion import checked_body
from reviewer.testing.fake_github.exchange_parts import Asked, Reply
from reviewer.testing.fake_github.pull_request import FakePullRequest
from reviewer.testing.fake_github.refusal import (
    GitHubRefusal,
    invalid,
    not_found,
    validation_failed,
)
from reviewer.testing.fake_github.rest_issues import listed_reactions, react
from reviewer.testing.fake_github.standing import FakeReviewComment, FakeThread
from reviewer.testing.fake_github.wire_standing import (
    review_comment_of,
)


def list_review_comments(asked: Asked) -> Reply:
    """``GET …/pulls/{pull_number}/comments``; those of pending reviews stay hidden."""
    asked.need("pull_requests", level="read")
    pull = asked.pull
    pending = {r.id for r in pull.reviews if r.state == "PENDING"}
    found = {
        comment.id: review_comment_of(pull, thread, comment)
        for thread in pull.threads
        for comment in thread.comments
        if comment.review_id not in pending
    }
    return asked.page([found[number] for number in sorted(found)])


def list_comments_of_review(asked: Asked) -> Reply:
    """``GET …/pulls/{pull_number}/reviews/{review_id}/comments``."""
    asked.need("pull_requests", level="read")
    pull = asked.pull
    if not any(str(review.id) == asked.names["review_id"] for review in pull.reviews):
        raise not_found()
    return asked.page(
        [
            review_comment_of(pull, thread, comment)
            for thread in pull.threads
            for comment in thread.comments
            if str(comment.review_id) == asked.names["review_id"]
        ]
    )


def create_review_comment(asked: Asked) -> Reply:
    """``POST …/pulls/{pull_number}/comments``; on a line, or on a file (``subject_type``)."""
    asked.need("pull_requests")
    pull = asked.pull
    parent = asked.body.get("in_reply_to")
    if isinstance(parent, int):
        thread, _ = pull.discussion.thread_of(parent)
        reply = pull.discussion.reply(thread, asked.viewer, asked.body.get("body"))
        return Reply(status=201, body=review_comment_of(pull, thread, reply))
    missing = [name for name in ("body", "commit_id", "path") if name not in asked.body]
    if missing:
        raise validation_failed(
            *(invalid("PullRequestReviewComment", "missing_field", name) for name in missing)
        )
    thread = pull.discussion.start_thread(asked.viewer, asked.body)
    return Reply(status=201, body=review_comment_of(pull, thread, thread.comments[0]))


def reply_to_review_comment(asked: Asked) -> Reply:
    """``POST …/pulls/{pull_number}/comments/{comment_id}/replies``; not to a reply."""
    asked.need("pull_requests")
    pull = asked.pull
    number = asked.names["comment_id"]
    thread, comment = pull.discussion.thread_of(int(number) if number.isdigit() else 0)
    if comment is not thread.comments[0]:
        raise not_found()
    reply = pull.discussion.reply(thread, asked.viewer, asked.body.get("body"))
    return Reply(status=201, body=review_comment_of(pull, thread, reply))


# --- one comment -------------------------------------------------------------------------------
def _all(asked: Asked) -> Iterator[tuple[FakePullRequest, FakeThread, FakeReviewComment]]:
    for pull in asked.repository.pulls.values():
        for thread in pull.threads:
            for comment in thread.comments:
                yield pull, thread, comment


def _comment(asked: Asked) -> tuple[FakePullRequest, FakeThread, FakeReviewComment]:
    for pull, thread, comment in _all(asked):
        if str(comment.id) == asked.names["comment_id"]:
            return pull, thread, comment
    raise not_found()


def get_review_comment(asked: Asked) -> Reply:
    """``GET …/pulls/comments/{comment_id}``."""
    asked.need("pull_requests", level="read")
    return Reply(body=review_comment_of(*_comment(asked)))


def update_review_comment(asked: Asked) -> Reply:
    """``PATCH …/pulls/comments/{comment_id}``."""
    asked.need("pull_requests")
    pull, thread, comment = _comment(asked)
    _refuse_another_s(asked, comment)
    comment.body = checked_body(asked.body.get("body"), "PullRequestReviewComment")
    comment.updated_at = asked.hub.now()
    return Reply(body=review_comment_of(pull, thread, comment))


def delete_review_comment(asked: Asked) -> Reply:
    """``DELETE …/pulls/comments/{comment_id}``."""
    asked.need("pull_requests")
    pull, _, comment = _comment(asked)
    _refuse_another_s(asked, comment)
    pull.discussion.delete(comment)
    return Reply(status=204)


def _refuse_another_s(asked: Asked, comment: FakeReviewComment) -> None:
    if comment.author is not asked.viewer:
        raise GitHubRefusal(403, "Resource not accessible by integration")


def react_to_review_comment(asked: Asked) -> Reply:
    """``POST …/pulls/comments/{comment_id}/reactions``."""
    asked.need("pull_requests")
    pull, _, comment = _comment(asked)
    return react(asked, pull, comment)


def list_reactions(asked: Asked) -> Reply:
    """``GET …/pulls/comments/{comment_id}/reactions``."""
    asked.need("pull_requests", level="read")
    return listed_reactions(asked, _comment(asked)[2])
