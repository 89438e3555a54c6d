"""What GitHub's REST writes about comments, reviews, reactions and checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewer.testing.fake_github.standing import (
    FakeCheck,
    FakeComment,
    FakeReaction,
    FakeReview,
    FakeReviewComment,
    FakeThread,
)
from reviewer.testing.fake_github.wire import (
    Json,
    account_of,
    association_of,
    node_id,
    pull_reference_of,
)

if TYPE_CHECKING:
    from reviewer.testing.fake_github.hub import FakeGitHub
    from reviewer.testing.fake_github.pull_request import FakePullRequest
    from reviewer.testing.fake_github.repository import FakeRepository


def comment_of(pull: FakePullRequest, comment: FakeComment) -> Json:
    """Write a comment under a pull request."""
    hub = pull.repository.hub
    base = f"{hub.api_url}/repos/{pull.repository.full_name}/issues"
    html = f"{hub.server_url}/{pull.repository.full_name}/pull/{pull.number}"
    url = f"{base}/comments/{comment.id}"
    return {
        "url": url,
        "html_url": f"{html}#issuecomment-{comment.id}",
        "issue_url": f"{base}/{pull.number}",
        "id": comment.id,
        "node_id": node_id("IC", comment.id),
        "user": account_of(hub, comment.author),
        "created_at": comment.created_at,
        "updated_at": comment.updated_at,
        "body": comment.body,
        "author_association": association_of(pull.repository, comment.author),
        "reactions": reactions_of(url, comment.reactions),
        "performed_via_github_app": None,
    }


def reactions_of(url: str, reactions: list[FakeReaction]) -> Json:
    """Write how often each reaction stands under a comment."""
    names = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
    counts = {name: sum(1 for r in reactions if r.content == name) for name in names}
    return {"url": f"{url}/reactions", "total_count": len(reactions), **counts}


def reaction_of(hub: FakeGitHub, reaction: FakeReaction) -> Json:
    """Write a reaction."""
    return {
        "id": reaction.id,
        "node_id": node_id("REA", reaction.id),
        "user": account_of(hub, reaction.author),
        "content": reaction.content,
        "created_at": reaction.created_at,
    }


def review_of(pull: FakePullRequest, review: FakeReview) -> Json:
    """Write a review."""
    hub = pull.repository.hub
    html = f"{hub.server_url}/{pull.repository.full_name}/pull/{pull.number}"
    url = f"{hub.api_url}/repos/{pull.repository.full_name}/pulls/{pull.number}"
    html += f"#pullrequestreview-{review.id}"
    shown: Json = {
        "id": review.id,
        "node_id": node_id("PRR", review.id),
        "user": account_of(hub, review.author),
        "body": review.body,
        "state": review.state,
        "html_url": html,
        "pull_request_url": url,
        "author_association": association_of(pull.repository, review.author),
        "_links": {"html": {"href": html}, "pull_request": {"href": url}},
        "commit_id": review.commit_id,
    }
    if review.state != "PENDING":
        shown["submitted_at"] = review.submitted_at
    return shown


def review_comment_of(
    pull: FakePullRequest, thread: FakeThread, comment: FakeReviewComment
) -> Json:
    """Write a comment in a review thread; on outdated lines with nulls."""
    hub = pull.repository.hub
    base = f"{hub.api_url}/repos/{pull.repository.full_name}/pulls"
    html = f"{hub.server_url}/{pull.repository.full_name}/pull/{pull.number}"
    html += f"#discussion_r{comment.id}"
    url = f"{base}/comments/{comment.id}"
    request = f"{base}/{pull.number}"
    links = {"self": url, "html": html, "pull_request": request}
    shown: Json = {
        "url": url,
        "pull_request_review_id": comment.review_id,
        "id": comment.id,
        "node_id": node_id("PRRC", comment.id),
        "diff_hunk": thread.diff_hunk,
        "path": thread.path,
        "commit_id": thread.commit_id,
        "original_commit_id": thread.original_commit_id,
        "user": account_of(hub, comment.author),
        "body": comment.body,
        "created_at": comment.created_at,
        "updated_at": comment.updated_at,
        "html_url": html,
        "pull_request_url": request,
        "author_association": association_of(pull.repository, comment.author),
        "_links": {name: {"href": place} for name, place in links.items()},
        "reactions": reactions_of(url, comment.reactions),
        "subject_type": thread.subject_type,
    }
    if comment.in_reply_to is not None:
        shown["in_reply_to_id"] = comment.in_reply_to
    # Null where it is outdated, whatever the description says.
    return shown | {
        "start_line": thread.start_line,
        "original_start_line": thread.original_start_line,
        "start_side": thread.start_side,
        "line": thread.line,
        "original_line": thread.original_line,
        "side": thread.side,
        "original_position": thread.original_position or 1,
        "position": 1 if thread.subject_type == "file" else thread.position,
    }


def check_of(repository: FakeRepository, check: FakeCheck) -> Json:
    """Write a check run."""
    hub = repository.hub
    url = f"{hub.api_url}/repos/{repository.full_name}/check-runs/{check.id}"
    html = f"{hub.server_url}/{repository.full_name}/runs/{check.id}"
    return {
        "id": check.id,
        "name": check.name,
        "node_id": node_id("CR", check.id),
        "head_sha": check.head_sha,
        "external_id": check.external_id,
        "url": url,
        "html_url": html,
        "details_url": check.details_url or html,
        "status": check.status,
        "conclusion": check.conclusion,
        "started_at": check.started_at,
        "completed_at": check.completed_at,
        "output": {
            "title": check.title,
            "summary": check.summary,
            "text": check.text,
            "annotations_count": len(check.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": check.id + 1},
        "app": None,
        "pull_requests": [
            pull_reference_of(pull)
            for pull in repository.pulls.values()
            if pull.head_sha == check.head_sha and pull.head_repository is repository
        ],
    }
