"""REST of pull requests: reading them, their files, reviews and review comments.

https://docs.github.com/en/rest/pulls
"""

from __future__ import annotations

from collections.abc import Mapping

from reviewer.testing.fake_github.difference import FileDifference
from reviewer.testing.fake_github.exchange_parts import Asked, Reply
from reviewer.testing.fake_github.pull_request import FakePullRequest
from reviewer.testing.fake_github.refusal import (
    GitHubRefusal,
    invalid,
    invalid_request,
    not_found,
    unprocessable,
    validation_failed,
)
from reviewer.testing.fake_github.standing import FakeReview
from reviewer.testing.fake_github.wire import pull_of, review_comment_of, review_of

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
    return asked.page([_file(pull, file) for file in pull.files])


def _file(pull: FakePullRequest, file: FileDifference) -> Mapping[str, object]:
    repository = pull.repository
    html = f"{repository.hub.server_url}/{repository.full_name}"
    api = f"{repository.hub.api_url}/repos/{repository.full_name}"
    quoted = file.filename.replace("%", "%25").replace(" ", "%20")
    shown: dict[str, object] = {
        "sha": file.sha,
        "filename": file.filename,
        "status": file.status,
        "additions": file.additions,
        "deletions": file.deletions,
        "changes": file.additions + file.deletions,
        "blob_url": f"{html}/blob/{pull.head_sha}/{quoted}",
        "raw_url": f"{html}/raw/{pull.head_sha}/{quoted}",
        "contents_url": f"{api}/contents/{quoted}?ref={pull.head_sha}",
    }
    if file.patch is not None:
        shown["patch"] = file.patch
    if file.previous_filename is not None:
        shown["previous_filename"] = file.previous_filename
    return shown


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


# --- review comments ---------------------------------------------------------------------------
def list_review_comments(asked: Asked) -> Reply:
    """``GET …/pulls/{pull_number}/comments``; those of pending reviews stay hidden."""
    asked.need("pull_requests", level="read")
    pull = asked.pull
    pending = {r.id for r in pull.reviews if r.state == "PENDING"}
    found = [
        (comment.id, review_comment_of(pull, thread, comment))
        for thread in pull.threads
        for comment in thread.comments
        if comment.review_id not in pending
    ]
    return asked.page([shown for _, shown in sorted(found, key=lambda pair: pair[0])])


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
    """``POST …/pulls/{pull_number}/comments/{comment_id}/replies``."""
    asked.need("pull_requests")
    pull = asked.pull
    thread, comment = pull.discussion.thread_of(_comment_id(asked))
    if comment is not thread.comments[0]:
        raise not_found()  # replies to replies are not taken
    reply = pull.discussion.reply(thread, asked.viewer, asked.body.get("body"))
    return Reply(status=201, body=review_comment_of(pull, thread, reply))


def _comment_id(asked: Asked) -> int:
    text = asked.names["comment_id"]
    if not text.isdigit():
        raise not_found()
    return int(text)
