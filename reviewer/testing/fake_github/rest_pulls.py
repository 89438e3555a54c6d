"""REST of pull requests: reading them, their files, reviews and review comments.

https://docs.github.com/en/rest/pulls
"""

from __future__ import annotations

from reviewer.testing.fake_github.exchange_parts import Asked, Reply
from reviewer.testing.fake_github.pull_request import FakePullRequest
from reviewer.testing.fake_github.refusal import (
    GitHubRefusal,
    invalid_request,
    not_found,
    unprocessable,
)
from reviewer.testing.fake_github.standing import FakeReview
from reviewer.testing.fake_github.wire import (
    pull_of,
)
from reviewer.testing.fake_github.wire_git import commit_of, file_of
from reviewer.testing.fake_github.wire_standing import (
    review_of,
)

_KEYS_OF_A_COMMENT = frozenset(
    {"body", "line", "path", "position", "side", "start_line", "start_side"}
)
_DIFF_TYPES = ("application/vnd.github.diff", "application/vnd.github.v3.diff")


def get_pull(asked: Asked) -> Reply:
    """``GET /repos/{owner}/{repo}/pulls/{pull_number}``."""
    asked.need("pull_requests", "contents", level="read")
    if any(kind in asked.headers.get("accept", "") for kind in _DIFF_TYPES):
        return _diff(asked)
    return Reply(body=pull_of(asked.pull))


def _diff(asked: Asked) -> Reply:
    pull = asked.pull
    limits = asked.hub.limits
    errors = [{"resource": "PullRequest", "field": "diff", "code": "too_large"}]
    page = "/pulls/pulls#list-pull-requests-files"
    if len(pull.changed_files) > limits.diff_files:
        message = (
            f"Sorry, the diff exceeded the maximum number of files ({limits.diff_files}). "
            "Consider using 'List pull requests files' API or locally cloning the repository "
            "instead."
        )
        raise GitHubRefusal(406, message, errors=errors, documentation=page)
    raw = pull.repository.store.difference(pull.merge_base, pull.head_sha)
    text = raw.partition(b"\0\0")[2].decode("utf-8", "replace")
    if text.count("\n") > limits.diff_lines:
        message = f"Sorry, the diff exceeded the maximum number of lines ({limits.diff_lines})"
        raise GitHubRefusal(406, message, errors=errors, documentation=page)
    return Reply(body=text, media_type="application/vnd.github.diff; charset=utf-8")


def list_commits(asked: Asked) -> Reply:
    """``GET …/pulls/{pull_number}/commits``, the oldest first."""
    asked.need("pull_requests", "contents", level="read")
    pull = asked.pull
    shas = pull.repository.store.commits(pull.merge_base, pull.head_sha)
    return asked.page([commit_of(pull.repository, sha) for sha in shas])


def list_pulls(asked: Asked) -> Reply:
    """``GET /repos/{owner}/{repo}/pulls``."""
    asked.need("pull_requests", level="read")
    wanted = asked.query.get("state", "open")
    pulls = [
        pull_of(pull, whole=False)
        for pull in asked.repository.pulls.values()
        if wanted == "all" or pull.open == (wanted == "open")
    ]
    return asked.page(list(reversed(pulls)))


def list_files(asked: Asked) -> Reply:
    """``GET …/pulls/{pull_number}/files``."""
    asked.need("pull_requests", "contents", level="read")
    pull = asked.pull
    return asked.page([file_of(pull.repository, pull.head_sha, file) for file in pull.files])


# --- reviews -----------------------------------------------------------------------------------
def list_reviews(asked: Asked) -> Reply:
    """``GET …/pulls/{pull_number}/reviews``; of pending ones, the viewer's own."""
    asked.need("pull_requests", level="read")
    pull = asked.pull
    return asked.page([review_of(pull, review) for review in _seen(asked, pull)])


def _seen(asked: Asked, pull: FakePullRequest) -> list[FakeReview]:
    return [r for r in pull.reviews if r.state != "PENDING" or r.author is asked.viewer]


def create_review(asked: Asked) -> Reply:
    """``POST …/pulls/{pull_number}/reviews``: all of it or nothing."""
    asked.need("pull_requests")
    pull = asked.pull
    event = asked.text("event") or None
    if event not in {None, "COMMENT", "APPROVE", "REQUEST_CHANGES"}:
        words = "Variable $event of type PullRequestReviewEvent was provided invalid value"
        raise unprocessable(words)
    comments = asked.body.get("comments") or []
    if not isinstance(comments, list) or not all(isinstance(item, dict) for item in comments):
        raise invalid_request("For 'properties/comments', the value is not an array of objects.")
    for comment in comments:
        # A comment on a file is none of these: it needs a call of its own.
        for name in comment.keys() - _KEYS_OF_A_COMMENT:
            raise invalid_request(f'"{name}" is not a permitted key.')
    review = pull.discussion.add_review(
        asked.viewer,
        event=event,
        body=asked.text("body") or "",
        commit_id=asked.text("commit_id") or pull.head_sha,
        comments=comments,
    )
    return Reply(body=review_of(pull, review))


def _review(asked: Asked) -> FakeReview:
    number = asked.names["review_id"]
    found = (r for r in _seen(asked, asked.pull) if str(r.id) == number)
    review = next(found, None)
    if review is None:
        raise not_found()
    return review


def get_review(asked: Asked) -> Reply:
    """``GET …/reviews/{review_id}``."""
    asked.need("pull_requests", level="read")
    return Reply(body=review_of(asked.pull, _review(asked)))


def delete_pending_review(asked: Asked) -> Reply:
    """``DELETE …/reviews/{review_id}``."""
    asked.need("pull_requests")
    review = _review(asked)
    if review.state != "PENDING":
        raise unprocessable("Can not delete a non-pending pull request review")
    asked.pull.discussion.drop_review(review)
    return Reply(body=review_of(asked.pull, review))


def submit_review(asked: Asked) -> Reply:
    """``POST …/reviews/{review_id}/events``."""
    asked.need("pull_requests")
    review = _review(asked)
    event = asked.text("event")
    if event not in {"COMMENT", "APPROVE", "REQUEST_CHANGES"}:
        raise invalid_request("For 'properties/event', the value is not a known event.")
    asked.pull.discussion.submit(review, event, asked.text("body"))
    return Reply(body=review_of(asked.pull, review))
