"""The mutations of GitHub's GraphQL that concern a conversation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from reviewer.testing.fake_github.anchor import AnchorFault, place
from reviewer.testing.fake_github.connection import Json
from reviewer.testing.fake_github.discussion import checked_body
from reviewer.testing.fake_github.graphql_error import GraphQLRefusal, no_access, no_node
from reviewer.testing.fake_github.graphql_nodes import REACTION_NAMES, Nodes
from reviewer.testing.fake_github.pull_request import FakePullRequest
from reviewer.testing.fake_github.refusal import GitHubRefusal
from reviewer.testing.fake_github.standing import (
    FakeComment,
    FakeThread,
)
from reviewer.testing.fake_github.wire import (
    node_id,
)

Input = Mapping[str, object]


class Mutations:
    """What one token may change.

    Args:
        nodes: Writes the answers.
    """

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._hub = nodes.hub
        self._viewer = nodes.token.viewer

    def root(self) -> Json:
        """Return the root that a mutation is carried out on."""
        return {
            "addPullRequestReviewThread": self._guarded(self._add_thread),
            "addPullRequestReviewThreadReply": self._guarded(self._reply),
            "addReaction": self._guarded(self._react),
            "deletePullRequestReview": self._guarded(self._delete_review),
            "minimizeComment": self._guarded(self._minimize),
            "resolveReviewThread": self._guarded(self._resolve),
            "unminimizeComment": self._guarded(self._unminimize),
            "unresolveReviewThread": self._guarded(self._unresolve),
            "updateIssueComment": self._guarded(self._update_comment),
            "updatePullRequestReviewComment": self._guarded(self._update_review_comment),
        }

    def _guarded(self, mutation: Callable[[Input], Json]) -> Callable[..., Json]:
        def run(_: object, **arguments: Input) -> Json:
            if not self._nodes.token.may("pull_requests", "write"):
                raise no_access()
            wanted = arguments["input"]
            try:
                result = mutation(wanted)
            except GitHubRefusal as refusal:
                raise GraphQLRefusal("UNPROCESSABLE", _words(refusal)) from None
            return {"clientMutationId": wanted.get("clientMutationId"), **result}

        return run

    # --- threads -------------------------------------------------------------------------------
    def _resolve(self, wanted: Input) -> Json:
        pull, thread = self._thread(str(wanted["threadId"]))
        if not self._nodes.may_resolve(pull):
            raise no_access()
        thread.resolved, thread.resolved_by = True, self._viewer
        return {"thread": self._nodes.thread(pull, thread)}

    def _unresolve(self, wanted: Input) -> Json:
        pull, thread = self._thread(str(wanted["threadId"]))
        if not self._nodes.may_resolve(pull):
            raise no_access()
        thread.resolved, thread.resolved_by = False, None
        return {"thread": self._nodes.thread(pull, thread)}

    def _add_thread(self, wanted: Input) -> Json:
        """Start a thread; where the diff does not show its line, nothing happens, silently."""
        name = wanted.get("pullRequestId")
        pull = next((p for p in self._pulls() if node_id("PR", p.id) == name), None)
        if pull is None:
            raise no_node(str(name))
        asked = {
            "path": wanted["path"],
            "body": wanted["body"],
            "line": wanted.get("line"),
            "side": wanted.get("side"),
            "subject_type": str(wanted.get("subjectType") or "LINE").lower(),
        }
        if wanted.get("startLine") is not None:
            asked |= {"start_line": wanted["startLine"], "start_side": wanted.get("startSide")}
        if isinstance(place(pull.files, asked), AnchorFault):
            return {"thread": None}
        thread = pull.discussion.start_thread(self._viewer, asked)
        return {"thread": self._nodes.thread(pull, thread)}

    def _reply(self, wanted: Input) -> Json:
        pull, thread = self._thread(str(wanted["pullRequestReviewThreadId"]))
        reply = pull.discussion.reply(thread, self._viewer, wanted["body"])
        return {"comment": self._nodes.review_comment(pull, thread, reply)}

    def _delete_review(self, wanted: Input) -> Json:
        name = wanted["pullRequestReviewId"]
        for pull in self._pulls():
            for review in pull.reviews:
                if node_id("PRR", review.id) == name and review.author is self._viewer:
                    if review.state != "PENDING":
                        message = "Can not delete a non-pending pull request review"
                        raise GraphQLRefusal("UNPROCESSABLE", message)
                    shown = self._nodes.review(pull, review)
                    pull.discussion.drop_review(review)
                    return {"pullRequestReview": shown}
        raise no_node(str(name))

    # --- comments ------------------------------------------------------------------------------
    def _minimize(self, wanted: Input) -> Json:
        _, comment, shown = self._subject(str(wanted["subjectId"]))
        comment.minimized = str(wanted["classifier"])
        return {"minimizedComment": shown()}

    def _unminimize(self, wanted: Input) -> Json:
        _, comment, shown = self._subject(str(wanted["subjectId"]))
        comment.minimized = ""
        return {"unminimizedComment": shown()}

    def _react(self, wanted: Input) -> Json:
        pull, comment, shown = self._subject(str(wanted["subjectId"]))
        content = REACTION_NAMES[str(wanted["content"])]
        reaction, _ = pull.discussion.react(comment, self._viewer, content)
        return {"reaction": self._nodes.reaction(reaction), "subject": shown()}

    def _update_comment(self, wanted: Input) -> Json:
        return {"issueComment": self._update(str(wanted["id"]), wanted["body"])}

    def _update_review_comment(self, wanted: Input) -> Json:
        name = str(wanted["pullRequestReviewCommentId"])
        return {"pullRequestReviewComment": self._update(name, wanted["body"])}

    def _update(self, name: str, body: object) -> Json:
        _, comment, shown = self._subject(name)
        if comment.author is not self._viewer:
            raise no_access()
        comment.body = checked_body(body, "IssueComment")
        comment.updated_at = self._hub.now()
        return shown()

    # --- finding -------------------------------------------------------------------------------
    def _pulls(self) -> Iterator[FakePullRequest]:
        for repository in self._hub.repositories.values():
            yield from repository.pulls.values()

    def _thread(self, name: str) -> tuple[FakePullRequest, FakeThread]:
        for pull in self._pulls():
            for thread in pull.threads:
                if thread.id == name:
                    return pull, thread
        raise no_node(name)

    def _subject(self, name: str) -> tuple[FakePullRequest, FakeComment, Callable[[], Json]]:
        for pull in self._pulls():
            for comment in pull.comments:
                if node_id("IC", comment.id) == name:
                    return pull, comment, partial(self._nodes.comment, pull, comment)
            for thread in pull.threads:
                for reply in thread.comments:
                    if node_id("PRRC", reply.id) == name:
                        shown = partial(self._nodes.review_comment, pull, thread, reply)
                        return pull, reply, shown
        raise no_node(name)


def _words(refusal: GitHubRefusal) -> str:
    errors = refusal.body.get("errors")
    if isinstance(errors, list) and errors:
        first = errors[0]
        return str(first.get("message", first) if isinstance(first, dict) else first)
    return str(refusal)
