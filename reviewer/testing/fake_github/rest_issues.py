"""REST of comments under a pull request, of reactions and of who may do what.

https://docs.github.com/en/rest/issues/comments
"""

from __future__ import annotations

from reviewer.testing.fake_github.discussion import checked_body
from reviewer.testing.fake_github.exchange_parts import Asked, Reply
from reviewer.testing.fake_github.pull_request import FakePullRequest
from reviewer.testing.fake_github.refusal import GitHubRefusal, invalid_request, not_found
from reviewer.testing.fake_github.repository import ROLES
from reviewer.testing.fake_github.standing import FakeComment
from reviewer.testing.fake_github.wire import account_of, label_of
from reviewer.testing.fake_github.wire_standing import (
    comment_of,
    reaction_of,
)

_REACTIONS = frozenset({"+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"})


def list_comments(asked: Asked) -> Reply:
    """``GET …/issues/{issue_number}/comments``."""
    asked.need("issues", "pull_requests", level="read")
    pull = asked.pull
    return asked.page([comment_of(pull, comment) for comment in pull.comments])


def create_comment(asked: Asked) -> Reply:
    """``POST …/issues/{issue_number}/comments``."""
    asked.need("issues", "pull_requests")
    pull = asked.pull
    comment = pull.discussion.add_comment(asked.viewer, asked.body.get("body"))
    return Reply(status=201, body=comment_of(pull, comment))


def _comment(asked: Asked) -> tuple[FakePullRequest, FakeComment]:
    for pull in asked.repository.pulls.values():
        for comment in pull.comments:
            if str(comment.id) == asked.names["comment_id"]:
                return pull, comment
    raise not_found()


def get_comment(asked: Asked) -> Reply:
    """``GET …/issues/comments/{comment_id}``."""
    asked.need("issues", "pull_requests", level="read")
    return Reply(body=comment_of(*_comment(asked)))


def update_comment(asked: Asked) -> Reply:
    """``PATCH …/issues/comments/{comment_id}``."""
    asked.need("issues", "pull_requests")
    pull, comment = _comment(asked)
    _refuse_another_s(asked, pull, comment)
    comment.body = checked_body(asked.body.get("body"), "IssueComment")
    comment.updated_at = asked.hub.now()
    return Reply(body=comment_of(pull, comment))


def delete_comment(asked: Asked) -> Reply:
    """``DELETE …/issues/comments/{comment_id}``."""
    asked.need("issues", "pull_requests")
    pull, comment = _comment(asked)
    _refuse_another_s(asked, pull, comment)
    pull.discussion.delete(comment)
    return Reply(status=204)


def _refuse_another_s(asked: Asked, pull: FakePullRequest, comment: FakeComment) -> None:
    """An application may edit its own; a person who may write, everybody's."""
    writes = not asked.token.installation and pull.repository.role(asked.viewer.login) in {
        "write",
        "maintain",
        "admin",
    }
    if comment.author is not asked.viewer and not writes:
        raise GitHubRefusal(403, "Resource not accessible by integration")


def react_to_comment(asked: Asked) -> Reply:
    """``POST …/issues/comments/{comment_id}/reactions``."""
    asked.need("issues", "pull_requests")
    return react(asked, *_comment(asked))


def list_reactions(asked: Asked) -> Reply:
    """``GET …/issues/comments/{comment_id}/reactions``."""
    asked.need("issues", "pull_requests", level="read")
    return listed_reactions(asked, _comment(asked)[1])


def react(asked: Asked, pull: FakePullRequest, comment: FakeComment) -> Reply:
    """React; a reaction that stands there already is answered with 200."""
    content = asked.text("content") or ""
    if content not in _REACTIONS:
        raise invalid_request("For 'properties/content', the value is not a known reaction.")
    reaction, new = pull.discussion.react(comment, asked.viewer, content)
    return Reply(status=201 if new else 200, body=reaction_of(asked.hub, reaction))


def listed_reactions(asked: Asked, comment: FakeComment) -> Reply:
    """List the reactions to a comment, or those of one kind."""
    wanted = asked.query.get("content")
    found = [r for r in comment.reactions if wanted in {None, r.content}]
    return asked.page([reaction_of(asked.hub, reaction) for reaction in found])


def list_labels(asked: Asked) -> Reply:
    """``GET …/issues/{issue_number}/labels``."""
    asked.need("issues", "pull_requests", level="read")
    pull = asked.pull
    return asked.page([label_of(pull.repository, name) for name in pull.labels])


def remove_label(asked: Asked) -> Reply:
    """``DELETE …/issues/{issue_number}/labels/{name}``."""
    asked.need("issues", "pull_requests")
    pull = asked.pull
    if asked.names["name"] not in pull.labels:
        page = "/reference/issues#remove-a-label-from-an-issue"
        raise GitHubRefusal(404, "Label does not exist", documentation=page)
    pull.labels.remove(asked.names["name"])
    return list_labels(asked)


def get_permission(asked: Asked) -> Reply:
    """``GET …/collaborators/{username}/permission``: the role, and the old word for it."""
    asked.need("metadata", level="read")
    account = asked.hub.accounts.find(asked.names["username"])
    if account is None or account.deleted:
        raise GitHubRefusal(404, f"{asked.names['username']} is not a user")
    role = asked.repository.role(account.login)
    levels = ("pull", "triage", "push", "maintain", "admin")
    reach = {"none": 0, "read": 1, "triage": 2, "write": 3, "maintain": 4, "admin": 5}[role]
    user = account_of(asked.hub, account) | {
        "permissions": {name: place < reach for place, name in enumerate(levels)},
        "role_name": role,
    }
    return Reply(body={"permission": ROLES[role], "user": user, "role_name": role})
