"""What GitHub's GraphQL writes about pull requests and what stands on them.

Every node is a mapping; what takes arguments, or costs something, is a function.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from reviewer.testing.fake_github.account import FakeAccount, FakeToken
from reviewer.testing.fake_github.connection import Json, connection
from reviewer.testing.fake_github.difference import FileDifference
from reviewer.testing.fake_github.graphql_error import no_access
from reviewer.testing.fake_github.standing import (
    FakeComment,
    FakeReaction,
    FakeReview,
    FakeReviewComment,
    FakeThread,
)
from reviewer.testing.fake_github.wire import (
    association_of,
    node_id,
)

if TYPE_CHECKING:
    from reviewer.testing.fake_github.hub import FakeGitHub
    from reviewer.testing.fake_github.pull_request import FakePullRequest
    from reviewer.testing.fake_github.repository import FakeRepository

#: What fits into GraphQL's integers.
_LARGEST_INTEGER = 2**31 - 1
_REACTIONS = {
    "+1": "THUMBS_UP",
    "-1": "THUMBS_DOWN",
    "laugh": "LAUGH",
    "hooray": "HOORAY",
    "confused": "CONFUSED",
    "heart": "HEART",
    "rocket": "ROCKET",
    "eyes": "EYES",
}
REACTION_NAMES = {word: name for name, word in _REACTIONS.items()}


class Nodes:
    """Writes nodes for one token.

    Args:
        hub: About what.
        token: For whom.
        repository: Writes a repository.
        commit: Writes a commit.
    """

    def __init__(
        self,
        hub: FakeGitHub,
        token: FakeToken,
        repository: Callable[[Nodes, FakeRepository], Json],
        commit: Callable[[Nodes, FakeRepository, str], Json | None],
    ) -> None:
        self.hub = hub
        self.token = token
        self._repository = partial(repository, self)
        self._commit = partial(commit, self)

    def account(self, account: FakeAccount | None) -> Json | None:
        """Write an account; null for one that was deleted."""
        if account is None or account.deleted:
            return None
        path = f"apps/{account.slug}" if account.type == "Bot" else account.login
        return {
            "__typename": account.type,
            "id": node_id(account.type[:1], account.id),
            "databaseId": account.id,
            "login": account.slug,
            "url": f"{self.hub.server_url}/{path}",
        }

    def viewer(self) -> Json:
        """Write whose token it is: a user by type, also where it is a bot, with its suffix."""
        viewer = self.account(self.token.viewer) or {}
        return viewer | {"__typename": "User", "login": self.token.viewer.login}

    def may_resolve(self, pull: FakePullRequest) -> bool:
        """Tell whether the token may resolve threads.

        An application needs to be allowed to write contents; a person to write, or to have
        opened the pull request.
        """
        if self.token.installation:
            return self.token.may("contents", "write") and self.token.may("pull_requests", "write")
        viewer = self.token.viewer
        writes = pull.repository.role(viewer.login) in {"write", "maintain", "admin"}
        return writes or viewer is pull.author

    def pull(self, pull: FakePullRequest) -> Json:
        """Write a pull request."""
        if not self.token.may("pull_requests", "read"):
            raise no_access()
        head = pull.head_repository
        return {
            "__typename": "PullRequest",
            "id": node_id("PR", pull.id),
            **_numbers(pull.id),
            "number": pull.number,
            "title": pull.title,
            "body": pull.body or "",
            "state": "MERGED" if pull.merged else "OPEN" if pull.open else "CLOSED",
            "closed": not pull.open,
            "merged": pull.merged,
            "locked": pull.locked,
            "isDraft": pull.draft,
            "author": self.account(pull.author),
            "authorAssociation": association_of(pull.repository, pull.author),
            "headRefName": pull.branch,
            "headRefOid": pull.head_sha,
            "headRepository": lambda _: None if head is None else self._repository(head),
            "headRepositoryOwner": None if head is None else self.account(head.owner),
            "isCrossRepository": head is not pull.repository,
            "baseRefName": pull.base_ref,
            "baseRefOid": pull.base_sha,
            "repository": lambda _: self._repository(pull.repository),
            "createdAt": pull.created_at,
            "updatedAt": pull.updated_at,
            "url": f"{self.hub.server_url}/{pull.repository.full_name}/pull/{pull.number}",
            "viewerDidAuthor": pull.author is self.token.viewer,
            "viewerCanReact": True,
            "additions": lambda _: sum(file.additions for file in pull.changed_files),
            "deletions": lambda _: sum(file.deletions for file in pull.changed_files),
            "changedFiles": lambda _: len(pull.changed_files),
            "files": lambda _, **a: connection("files", pull.files, _file, a),
            "labels": lambda _, **a: connection(
                "labels",
                pull.labels,
                lambda n: {"id": node_id("LA", pull.repository.labels[n]), "name": n},
                a,
            ),
            "comments": lambda _, **a: connection(
                "comments", pull.comments, lambda c: self.comment(pull, c), a
            ),
            "reviews": lambda _, **a: connection(
                "reviews", self._reviews(pull), lambda r: self.review(pull, r), a
            ),
            "reviewThreads": lambda _, **a: connection(
                "reviewThreads", self._threads(pull), lambda t: self.thread(pull, t), a
            ),
            **self._reactions([]),
        }

    def _reviews(self, pull: FakePullRequest) -> list[FakeReview]:
        viewer = self.token.viewer
        return [r for r in pull.reviews if r.state != "PENDING" or r.author is viewer]

    def _shown(self, pull: FakePullRequest, thread: FakeThread) -> list[FakeReviewComment]:
        seen = {review.id for review in self._reviews(pull)}
        return [comment for comment in thread.comments if comment.review_id in seen]

    def _threads(self, pull: FakePullRequest) -> list[FakeThread]:
        return [thread for thread in pull.threads if self._shown(pull, thread)]

    def review(self, pull: FakePullRequest, review: FakeReview) -> Json:
        """Write a review."""
        html = f"{self.hub.server_url}/{pull.repository.full_name}/pull/{pull.number}"
        pending = review.state == "PENDING"
        return {
            "__typename": "PullRequestReview",
            "id": node_id("PRR", review.id),
            **_numbers(review.id),
            "author": self.account(review.author),
            "authorAssociation": association_of(pull.repository, review.author),
            "body": review.body,
            "state": review.state,
            "createdAt": review.submitted_at,
            "submittedAt": None if pending else review.submitted_at,
            "url": f"{html}#pullrequestreview-{review.id}",
            "viewerDidAuthor": review.author is self.token.viewer,
            "commit": lambda _: self._commit(pull.repository, review.commit_id),
            "isMinimized": False,
            "minimizedReason": None,
            "viewerCanMinimize": False,
            "viewerCanReact": True,
            **self._reactions([]),
        }

    def thread(self, pull: FakePullRequest, thread: FakeThread) -> Json:
        """Write a review thread."""
        may = self.may_resolve(pull)
        return {
            "__typename": "PullRequestReviewThread",
            "id": thread.id,
            "path": thread.path,
            "line": thread.line,
            "startLine": thread.start_line,
            "originalLine": thread.original_line,
            "originalStartLine": thread.original_start_line,
            "diffSide": thread.side,
            "startDiffSide": thread.start_side,
            "subjectType": thread.subject_type.upper(),
            "isResolved": thread.resolved,
            "isOutdated": thread.outdated,
            "isCollapsed": thread.resolved or thread.outdated,
            "resolvedBy": self.resolver(thread.resolved_by),
            "viewerCanReply": self.token.may("pull_requests", "write"),
            "viewerCanResolve": may and not thread.resolved,
            "viewerCanUnresolve": may and thread.resolved,
            "pullRequest": lambda _: self.pull(pull),
            "repository": lambda _: self._repository(pull.repository),
            "comments": lambda _, **a: connection(
                "comments",
                self._shown(pull, thread),
                lambda c: self.review_comment(pull, thread, c),
                a,
            ),
        }

    def resolver(self, account: FakeAccount | None) -> Json | None:
        """Write who resolved a thread: a user by type, also where it is a bot."""
        found = self.account(account)
        if found is None or account is None:
            return None
        return found | {"__typename": "User", "login": account.login}

    def comment(self, pull: FakePullRequest, comment: FakeComment) -> Json:
        """Write a comment under a pull request."""
        html = f"{self.hub.server_url}/{pull.repository.full_name}/pull/{pull.number}"
        return {
            "__typename": "IssueComment",
            "id": node_id("IC", comment.id),
            **self._comment(pull, comment),
            "lastEditedAt": comment.updated_at
            if comment.updated_at != comment.created_at
            else None,
            "url": f"{html}#issuecomment-{comment.id}",
        }

    def review_comment(
        self, pull: FakePullRequest, thread: FakeThread, comment: FakeReviewComment
    ) -> Json:
        """Write a comment in a review thread."""
        html = f"{self.hub.server_url}/{pull.repository.full_name}/pull/{pull.number}"
        review = next(r for r in pull.reviews if r.id == comment.review_id)
        first = thread.comments[0]
        return {
            "__typename": "PullRequestReviewComment",
            "id": node_id("PRRC", comment.id),
            **self._comment(pull, comment),
            "path": thread.path,
            "line": thread.line,
            "startLine": thread.start_line,
            "originalLine": thread.original_line,
            "originalStartLine": thread.original_start_line,
            "position": thread.position,
            "diffHunk": thread.diff_hunk,
            "outdated": thread.outdated,
            "subjectType": thread.subject_type.upper(),
            "state": "PENDING" if review.state == "PENDING" else "SUBMITTED",
            "url": f"{html}#discussion_r{comment.id}",
            "replyTo": lambda _: (
                None if comment is first else self.review_comment(pull, thread, first)
            ),
            "pullRequestReview": lambda _: self.review(pull, review),
        }

    def _comment(self, pull: FakePullRequest, comment: FakeComment) -> Json:
        own = comment.author is self.token.viewer
        return {
            **_numbers(comment.id),
            "author": self.account(comment.author),
            "authorAssociation": association_of(pull.repository, comment.author),
            "body": comment.body,
            "createdAt": comment.created_at,
            "updatedAt": comment.updated_at,
            "isMinimized": bool(comment.minimized),
            "minimizedReason": comment.minimized.lower() or None,
            "viewerDidAuthor": own,
            "viewerCanUpdate": own,
            "viewerCanMinimize": self.token.may("pull_requests", "write"),
            "viewerCanReact": True,
            **self._reactions(comment.reactions),
        }

    def _reactions(self, reactions: list[FakeReaction]) -> Json:
        def groups(_: object) -> list[Json]:
            return [
                {
                    "content": word,
                    "createdAt": next((r.created_at for r in reactions if r.content == name), None),
                    "viewerHasReacted": any(
                        r.content == name and r.author is self.token.viewer for r in reactions
                    ),
                }
                for name, word in _REACTIONS.items()
            ]

        def listed(_: object, content: str | None = None, **arguments: object) -> Json:
            name = None if content is None else REACTION_NAMES[content]
            found = [r for r in reactions if name in {None, r.content}]
            own = any(r.author is self.token.viewer for r in found)
            page = connection("reactions", found, self.reaction, arguments)
            return page | {"viewerHasReacted": own}

        return {"reactionGroups": groups, "reactions": listed}

    def reaction(self, reaction: FakeReaction) -> Json:
        """Write a reaction."""
        return {
            "id": node_id("REA", reaction.id),
            "databaseId": reaction.id,
            "content": _REACTIONS[reaction.content],
            "createdAt": reaction.created_at,
            "user": self.resolver(reaction.author),
        }


_CHANGE_TYPES = {
    "added": "ADDED",
    "removed": "DELETED",
    "modified": "MODIFIED",
    "renamed": "RENAMED",
    "copied": "COPIED",
    "changed": "CHANGED",
}


def _file(file: FileDifference) -> Json:
    return {
        "path": file.filename,
        "additions": file.additions,
        "deletions": file.deletions,
        "changeType": _CHANGE_TYPES[file.status],
    }


def _numbers(number: int) -> Json:
    """Write a number twice: null where it does not fit, and as a text."""
    small = number if number <= _LARGEST_INTEGER else None
    return {"databaseId": small, "fullDatabaseId": str(number)}
