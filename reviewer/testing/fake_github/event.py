"""Payloads of webhooks, as GitHub sends them, and their signature.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewer.testing.fake_github.account import FakeAccount
from reviewer.testing.fake_github.rest_app import app_of
from reviewer.testing.fake_github.standing import (
    FakeCheck,
    FakeComment,
    FakeReview,
    FakeReviewComment,
    FakeThread,
)
from reviewer.testing.fake_github.wire import (
    Json,
    account_of,
    association_of,
    label_of,
    node_id,
    pull_of,
    pull_reference_of,
    repository_of,
)
from reviewer.testing.fake_github.wire_standing import (
    check_of,
    comment_of,
    reactions_of,
    review_comment_of,
    review_of,
)

if TYPE_CHECKING:
    from reviewer.testing.fake_github.pull_request import FakePullRequest

#: GitHub's user agent, which receivers may look for.
_AGENT = "GitHub-Hookshot/0000000"


class FakeEvent(dict[str, object]):
    """A payload that knows the name of its event, which GitHub puts into a header.

    Args:
        name: GitHub's name: ``pull_request``, ``issue_comment``, …
        payload: What it says.
    """

    def __init__(self, name: str, payload: Mapping[str, object]) -> None:
        super().__init__(payload)
        self.name = name


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """What an event is about.

    Args:
        action: GitHub's word for what happened.
        pull: Where.
        sender: Who did it.
        comment: The comment of ``issue_comment`` and ``pull_request_review_comment``.
        thread: The thread of the last, and of ``pull_request_review_thread``.
        review: The review of ``pull_request_review``.
        check: The check run of ``check_run``.
        label: The label of ``labeled``.
        changes: What ``edited`` changed, in GitHub's form.
    """

    action: str
    pull: FakePullRequest
    sender: FakeAccount
    comment: FakeComment | None = None
    thread: FakeThread | None = None
    review: FakeReview | None = None
    check: FakeCheck | None = None
    label: str | None = None
    changes: Mapping[str, object] | None = None


def payload_of(name: str, happening: Happening, installation: int | None) -> FakeEvent:
    """Write the payload of an event.

    Args:
        name: GitHub's name of the event.
        happening: What happened.
        installation: The application's installation that it is sent to, if to one.
    """
    write = _WRITERS.get(name)
    if write is None:
        raise ValueError(f"{name!r} is no event that is known here: {sorted(_WRITERS)}")
    hub = happening.pull.repository.hub
    payload: Json = {"action": happening.action, **write(happening)}
    payload["repository"] = webhook_repository_of(happening.pull)
    payload["sender"] = account_of(hub, happening.sender)
    if installation is not None:
        payload["installation"] = {"id": installation, "node_id": node_id("IN", installation)}
    return FakeEvent(name, payload)


def sign(
    event: Mapping[str, object], secret: str, *, delivery: str
) -> tuple[dict[str, str], bytes]:
    """Return the headers and the body of a delivery.

    Args:
        event: The payload.
        secret: What it is signed with.
        delivery: The delivery's id.
    """
    raw = json.dumps(event).encode()
    digest = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    old = hmac.new(secret.encode(), raw, hashlib.sha1).hexdigest()
    headers = {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": _AGENT,
        "X-GitHub-Delivery": delivery,
        "X-GitHub-Event": event.name if isinstance(event, FakeEvent) else "ping",
        "X-GitHub-Hook-ID": "1",
        "X-GitHub-Hook-Installation-Target-ID": "1",
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-Hub-Signature": f"sha1={old}",
        "X-Hub-Signature-256": f"sha256={digest}",
    }
    return headers, raw


def webhook_repository_of(pull: FakePullRequest) -> Json:
    """Write the repository of an event."""
    repository = pull.repository
    return repository_of(repository) | {
        "custom_properties": {},
        "web_commit_signoff_required": False,
    }


def _pull_request(happening: Happening) -> Json:
    pull = happening.pull
    shown: Json = {"number": pull.number, "pull_request": _webhook_pull(pull)}
    if happening.action == "synchronize":
        shown |= {"before": pull.before_sha, "after": pull.head_sha}
    if happening.action == "edited":
        shown["changes"] = dict(happening.changes or {})
    if happening.action in {"labeled", "unlabeled"}:
        shown["label"] = label_of(pull.repository, happening.label or "")
    return shown


def _webhook_pull(pull: FakePullRequest) -> Json:
    """Write a pull request; its repositories tell how they merge."""
    shown = pull_of(pull)
    for side in ("head", "base"):
        place = shown[side]
        if isinstance(place, dict) and isinstance(place["repo"], dict):
            place["repo"] |= _MERGING
    return shown


_MERGING = {
    "allow_auto_merge": False,
    "allow_merge_commit": True,
    "allow_rebase_merge": True,
    "allow_squash_merge": True,
    "allow_update_branch": False,
    "delete_branch_on_merge": False,
    "merge_commit_message": "PR_TITLE",
    "merge_commit_title": "MERGE_MESSAGE",
    "squash_merge_commit_message": "COMMIT_MESSAGES",
    "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
    "use_squash_pr_title_as_default": False,
}


def _issue_comment(happening: Happening) -> Json:
    pull = happening.pull
    if happening.comment is None:
        raise ValueError("issue_comment is about a comment")
    shown: Json = {"issue": _issue(pull), "comment": comment_of(pull, happening.comment)}
    if happening.action == "edited":
        shown["changes"] = dict(happening.changes or {"body": {"from": "before"}})
    return shown


def _issue(pull: FakePullRequest) -> Json:
    """Write a pull request as the issue that it is too."""
    hub = pull.repository.hub
    api = f"{hub.api_url}/repos/{pull.repository.full_name}"
    html = f"{hub.server_url}/{pull.repository.full_name}/pull/{pull.number}"
    url = f"{api}/issues/{pull.number}"
    reference = {
        "url": f"{api}/pulls/{pull.number}",
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "merged_at": pull.closed_at if pull.merged else None,
    }
    return {
        "url": url,
        "repository_url": api,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": html,
        "id": pull.id,
        "node_id": node_id("PR", pull.id),
        "number": pull.number,
        "title": pull.title,
        "user": account_of(hub, pull.author),
        "labels": [label_of(pull.repository, name) for name in pull.labels],
        "state": "open" if pull.open else "closed",
        "locked": pull.locked,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": len(pull.comments),
        "created_at": pull.created_at,
        "updated_at": pull.updated_at,
        "closed_at": pull.closed_at,
        "author_association": association_of(pull.repository, pull.author),
        "active_lock_reason": None,
        "draft": pull.draft,
        "pull_request": reference,
        "body": pull.body,
        "reactions": reactions_of(url, []),
        "performed_via_github_app": None,
        "state_reason": None,
    }


def _review_comment(happening: Happening) -> Json:
    pull, thread, comment = happening.pull, happening.thread, happening.comment
    if thread is None or not isinstance(comment, FakeReviewComment):
        raise ValueError("pull_request_review_comment is about a comment in a thread")
    shown: Json = {
        "pull_request": _short_pull(pull),
        "comment": review_comment_of(pull, thread, comment),
    }
    if happening.action == "edited":
        shown["changes"] = dict(happening.changes or {"body": {"from": "before"}})
    return shown


def _short_pull(pull: FakePullRequest) -> Json:
    shown = _webhook_pull(pull)
    return {name: value for name, value in shown.items() if name not in _COUNTS}


_COUNTS = frozenset(
    {
        "additions", "changed_files", "comments", "commits", "deletions", "maintainer_can_modify",
        "mergeable", "mergeable_state", "merged", "merged_by", "rebaseable", "review_comments",
    }
)  # fmt: skip


def _review(happening: Happening) -> Json:
    pull = happening.pull
    if happening.review is None:
        raise ValueError("pull_request_review is about a review")
    review = review_of(pull, happening.review)
    review["state"] = happening.review.state.lower()
    review["submitted_at"] = happening.review.submitted_at
    review["body"] = happening.review.body or None
    return {"review": review, "pull_request": _short_pull(pull)}


def _review_thread(happening: Happening) -> Json:
    pull, thread = happening.pull, happening.thread
    if thread is None:
        raise ValueError("pull_request_review_thread is about a thread")
    comments = [review_comment_of(pull, thread, comment) for comment in thread.comments]
    return {
        "pull_request": _short_pull(pull),
        "thread": {"node_id": thread.id, "comments": comments},
        "updated_at": pull.updated_at,
    }


def _check_run(happening: Happening) -> Json:
    pull, check = happening.pull, happening.check
    if check is None:
        raise ValueError("check_run is about a check run")
    shown = check_of(pull.repository, check)
    # GitHub tells it of nobody's check but the application's own.
    shown |= {"app": app_of(pull.repository.hub), "check_suite": _suite(pull, check.head_sha)}
    return {"check_run": shown}


def _check_suite(happening: Happening) -> Json:
    pull = happening.pull
    suite = _suite(pull, pull.head_sha)
    author = {"name": "Test Author", "email": "author@example.com"}
    suite |= {
        "rerequestable": True,
        "runs_rerequestable": False,
        "latest_check_runs_count": len(pull.checks),
        "check_runs_url": f"{suite['url']}/check-runs",
        "head_commit": {
            "id": pull.head_sha,
            "tree_id": pull.repository.store.tree_of(pull.head_sha),
            "message": pull.repository.store.message(pull.head_sha),
            "timestamp": pull.updated_at,
            "author": author,
            "committer": author,
        },
    }
    return {"check_suite": suite}


def _suite(pull: FakePullRequest, head_sha: str) -> Json:
    repository = pull.repository
    number = pull.id + 1
    api = f"{repository.hub.api_url}/repos/{repository.full_name}"
    own = pull.head_repository is repository
    return {
        "id": number,
        "node_id": node_id("CS", number),
        "head_branch": pull.branch if own else None,
        "head_sha": head_sha,
        "status": "completed",
        "conclusion": "neutral",
        "url": f"{api}/check-suites/{number}",
        "before": pull.before_sha,
        "after": head_sha,
        "pull_requests": [pull_reference_of(pull)] if own else [],
        "app": app_of(repository.hub),
        "created_at": pull.created_at,
        "updated_at": pull.updated_at,
    }


_WRITERS: Mapping[str, Callable[[Happening], Json]] = {
    "check_run": _check_run,
    "check_suite": _check_suite,
    "issue_comment": _issue_comment,
    "pull_request": _pull_request,
    "pull_request_review": _review,
    "pull_request_review_comment": _review_comment,
    "pull_request_review_thread": _review_thread,
}
