"""Which operation stands at which path."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reviewer.testing.fake_github import (
    rest_app,
    rest_checks,
    rest_commits,
    rest_contents,
    rest_issues,
    rest_pulls,
    rest_review_comments,
    rest_root,
)
from reviewer.testing.fake_github.exchange_parts import Operation

_REPOSITORY = "/repos/{owner}/{repo}"
_PULL = f"{_REPOSITORY}/pulls/{{pull_number}}"
_COMMENT = f"{_REPOSITORY}/pulls/comments/{{comment_id}}"
_ISSUES = f"{_REPOSITORY}/issues"
_CHECKS = f"{_REPOSITORY}/check-runs"
#: Parts that may hold slashes.
_DEEP = frozenset({"basehead", "branch", "path", "ref", "tree_sha"})

_OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("GET", "/app"): rest_app.get_app,
    ("GET", "/app/installations"): rest_app.list_installations,
    ("GET", "/app/installations/{installation_id}"): rest_app.get_installation,
    ("POST", "/app/installations/{installation_id}/access_tokens"): rest_app.create_token,
    ("GET", f"{_REPOSITORY}/installation"): rest_app.get_repository_installation,
    ("GET", "/user"): rest_root.get_user,
    ("GET", "/rate_limit"): rest_root.get_rate_limit,
    ("GET", "/installation/repositories"): rest_root.list_repositories,
    ("GET", _REPOSITORY): rest_contents.get_repository,
    ("GET", f"{_REPOSITORY}/branches/{{branch}}"): rest_commits.get_branch,
    ("GET", f"{_REPOSITORY}/git/ref/{{ref}}"): rest_commits.get_reference,
    ("GET", f"{_REPOSITORY}/commits/{{ref}}"): rest_commits.get_commit,
    ("GET", f"{_REPOSITORY}/compare/{{basehead}}"): rest_commits.compare,
    ("GET", f"{_REPOSITORY}/git/trees/{{tree_sha}}"): rest_contents.get_tree,
    ("GET", f"{_REPOSITORY}/git/blobs/{{file_sha}}"): rest_contents.get_blob,
    ("GET", f"{_REPOSITORY}/contents/{{path}}"): rest_contents.get_contents,
    ("GET", f"{_REPOSITORY}/pulls"): rest_pulls.list_pulls,
    ("GET", _PULL): rest_pulls.get_pull,
    ("GET", f"{_PULL}/files"): rest_pulls.list_files,
    ("GET", f"{_PULL}/reviews"): rest_pulls.list_reviews,
    ("POST", f"{_PULL}/reviews"): rest_pulls.create_review,
    ("GET", f"{_PULL}/reviews/{{review_id}}"): rest_pulls.get_review,
    ("DELETE", f"{_PULL}/reviews/{{review_id}}"): rest_pulls.delete_pending_review,
    ("POST", f"{_PULL}/reviews/{{review_id}}/events"): rest_pulls.submit_review,
    ("GET", f"{_PULL}/commits"): rest_pulls.list_commits,
    (
        "GET",
        f"{_PULL}/reviews/{{review_id}}/comments",
    ): rest_review_comments.list_comments_of_review,
    ("GET", f"{_PULL}/comments"): rest_review_comments.list_review_comments,
    ("POST", f"{_PULL}/comments"): rest_review_comments.create_review_comment,
    ("POST", f"{_PULL}/comments/{{comment_id}}/replies"): (
        rest_review_comments.reply_to_review_comment
    ),
    ("GET", _COMMENT): rest_review_comments.get_review_comment,
    ("PATCH", _COMMENT): rest_review_comments.update_review_comment,
    ("DELETE", _COMMENT): rest_review_comments.delete_review_comment,
    ("GET", f"{_COMMENT}/reactions"): rest_review_comments.list_reactions,
    ("POST", f"{_COMMENT}/reactions"): rest_review_comments.react_to_review_comment,
    ("GET", f"{_ISSUES}/{{issue_number}}/labels"): rest_issues.list_labels,
    ("DELETE", f"{_ISSUES}/{{issue_number}}/labels/{{name}}"): rest_issues.remove_label,
    ("GET", f"{_ISSUES}/{{issue_number}}/comments"): rest_issues.list_comments,
    ("POST", f"{_ISSUES}/{{issue_number}}/comments"): rest_issues.create_comment,
    ("GET", f"{_ISSUES}/comments/{{comment_id}}"): rest_issues.get_comment,
    ("PATCH", f"{_ISSUES}/comments/{{comment_id}}"): rest_issues.update_comment,
    ("DELETE", f"{_ISSUES}/comments/{{comment_id}}"): rest_issues.delete_comment,
    ("POST", f"{_ISSUES}/comments/{{comment_id}}/reactions"): rest_issues.react_to_comment,
    ("GET", f"{_ISSUES}/comments/{{comment_id}}/reactions"): rest_issues.list_reactions,
    ("GET", f"{_REPOSITORY}/collaborators/{{username}}/permission"): rest_issues.get_permission,
    ("POST", _CHECKS): rest_checks.create_check,
    ("GET", f"{_CHECKS}/{{check_run_id}}"): rest_checks.get_check,
    ("PATCH", f"{_CHECKS}/{{check_run_id}}"): rest_checks.update_check,
    ("GET", f"{_CHECKS}/{{check_run_id}}/annotations"): rest_checks.list_annotations,
    ("GET", f"{_REPOSITORY}/commits/{{ref}}/check-runs"): rest_checks.list_checks,
}


def _pattern(template: str) -> re.Pattern[str]:
    def part(match: re.Match[str]) -> str:
        return f"(?P<{match[1]}>{'.+' if match[1] in _DEEP else '[^/]+'})"

    return re.compile(re.sub(r"\{(\w+)\}", part, template))


#: The most literal first: ``/pulls/comments/1`` is no pull request called ``comments``.
_ROUTES = sorted(
    ((method, _pattern(path), operation) for (method, path), operation in _OPERATIONS.items()),
    key=lambda route: -len(re.sub(r"\(.*?\)", "", route[1].pattern)),
)


def operation_at(method: str, path: str) -> tuple[Operation, Mapping[str, str]] | None:
    """Return what stands at a path, and the parts of the path that it names."""
    for verb, pattern, operation in _ROUTES:
        match = pattern.fullmatch(path)
        if verb == method and match is not None:
            return operation, match.groupdict()
    return None
