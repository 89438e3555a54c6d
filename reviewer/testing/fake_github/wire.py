"""What GitHub's REST writes about accounts, repositories and pull requests.

Field by field as in GitHub's OpenAPI description; a contract test holds every answer to it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from reviewer.testing.fake_github.account import FakeAccount

if TYPE_CHECKING:
    from reviewer.testing.fake_github.hub import FakeGitHub
    from reviewer.testing.fake_github.pull_request import FakePullRequest
    from reviewer.testing.fake_github.repository import FakeRepository

Json = dict[str, object]

_USER_PLACES = (
    "followers", "following{/other_user}", "gists{/gist_id}", "starred{/owner}{/repo}",
    "subscriptions", "orgs", "repos", "events{/privacy}", "received_events",
)  # fmt: skip
_USER_NAMES = {"orgs": "organizations"}

_REPOSITORY_PLACES = (
    "forks", "keys{/key_id}", "collaborators{/collaborator}", "teams", "hooks",
    "issues/events{/number}", "events", "assignees{/user}", "branches{/branch}", "tags",
    "git/blobs{/sha}", "git/tags{/sha}", "git/refs{/sha}", "git/trees{/sha}", "statuses/{sha}",
    "languages", "stargazers", "contributors", "subscribers", "subscription", "commits{/sha}",
    "git/commits{/sha}", "comments{/number}", "issues/comments{/number}", "contents/{+path}",
    "compare/{base}...{head}", "merges", "{archive_format}{/ref}", "downloads",
    "issues{/number}", "pulls{/number}", "milestones{/number}",
    "notifications{?since,all,participating}", "labels{/name}", "releases{/id}", "deployments",
)  # fmt: skip
_REPOSITORY_NAMES = {
    "issues/events": "issue_events",
    "issues/comments": "issue_comment",
    "git/tags": "git_tags",
    "git/refs": "git_refs",
    "git/commits": "git_commits",
    "git/blobs": "blobs",
    "git/trees": "trees",
    "": "archive",
}


def account_of(hub: FakeGitHub, account: FakeAccount | None) -> Json:
    """Write an account; one that was deleted is ``ghost``."""
    if account is None or account.deleted:
        account = hub.accounts.ghost
    url = f"{hub.api_url}/users/{quote(account.login)}"
    path = f"apps/{account.slug}" if account.type == "Bot" else account.login
    shown: Json = {
        "login": account.login,
        "id": account.id,
        "node_id": node_id(account.type[:1], account.id),
        "avatar_url": f"https://avatars.githubusercontent.com/u/{account.id}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{hub.server_url}/{path}",
    }
    for place in _USER_PLACES:
        name = place.split("{")[0]
        shown[f"{_USER_NAMES.get(name, name)}_url"] = f"{url}/{place}"
    return shown | {"type": account.type, "user_view_type": "public", "site_admin": False}


def quoted(path: str) -> str:
    """Return a path as it stands in an address."""
    return quote(path.encode("utf-8", "surrogateescape"))


def node_id(kind: str, number: int) -> str:
    """Return GraphQL's name of something."""
    return f"{kind}_kwDO{number:08x}"


def repository_of(repository: FakeRepository, *, whole: bool = False) -> Json:
    """Write a repository.

    Args:
        repository: Which.
        whole: Whether as the answer to a question for it.
    """
    hub = repository.hub
    url = f"{hub.api_url}/repos/{repository.full_name}"
    html = f"{hub.server_url}/{repository.full_name}"
    shown: Json = {
        "id": repository.id,
        "node_id": node_id("R", repository.id),
        "name": repository.name,
        "full_name": repository.full_name,
        "private": repository.private,
        "owner": account_of(hub, repository.owner),
        "html_url": html,
        "description": None,
        "fork": repository.parent is not None,
        "url": url,
    }
    for place in _REPOSITORY_PLACES:
        path = re.split(r"/?\{", place)[0]
        shown[f"{_REPOSITORY_NAMES.get(path, path)}_url"] = f"{url}/{place}"
    shown |= {
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "pushed_at": "2026-01-01T00:00:00Z",
        "git_url": f"git://github.com/{repository.full_name}.git",
        "ssh_url": f"git@github.com:{repository.full_name}.git",
        "clone_url": f"{html}.git",
        "svn_url": html,
        "homepage": None,
        "size": 1,
        "language": None,
        "license": None,
        "mirror_url": None,
        "archived": False,
        "disabled": False,
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "topics": [],
        "visibility": "private" if repository.private else "public",
        "default_branch": repository.default_branch,
    }
    for feature in ("issues", "projects", "downloads", "wiki", "pages", "discussions"):
        shown[f"has_{feature}"] = feature == "issues"
    open_count = sum(1 for pull in repository.pulls.values() if pull.open)
    for count in ("stargazers_count", "watchers_count", "watchers", "forks_count", "forks"):
        shown[count] = 0
    shown |= {"open_issues_count": open_count, "open_issues": open_count}
    if whole:
        shown |= {"network_count": 0, "subscribers_count": 0}
        shown |= {"temp_clone_token": None, "custom_properties": {}}
    return shown


def pull_of(pull: FakePullRequest, *, whole: bool = True) -> Json:
    """Write a pull request; in lists without its counts."""
    repository = pull.repository
    hub = repository.hub
    url = f"{hub.api_url}/repos/{repository.full_name}/pulls/{pull.number}"
    html = f"{hub.server_url}/{repository.full_name}/pull/{pull.number}"
    issue = f"{hub.api_url}/repos/{repository.full_name}/issues/{pull.number}"
    statuses = f"{hub.api_url}/repos/{repository.full_name}/statuses/{pull.head_sha}"
    comment = f"{hub.api_url}/repos/{repository.full_name}/pulls/comments{{/number}}"
    links = {
        "self": url,
        "html": html,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": comment,
        "commits": f"{url}/commits",
        "statuses": statuses,
    }
    shown: Json = {
        "url": url,
        "id": pull.id,
        "node_id": node_id("PR", pull.id),
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "issue_url": issue,
        "number": pull.number,
        "state": "open" if pull.open else "closed",
        "locked": pull.locked,
        "title": pull.title,
        "user": account_of(hub, pull.author),
        "body": pull.body,
        "created_at": pull.created_at,
        "updated_at": pull.updated_at,
        "closed_at": pull.closed_at,
        "merged_at": pull.closed_at if pull.merged else None,
        "merge_commit_sha": None,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": [label_of(repository, name) for name in pull.labels],
        "milestone": None,
        "draft": pull.draft,
        "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments",
        "review_comment_url": comment,
        "comments_url": f"{issue}/comments",
        "statuses_url": statuses,
        "head": _side(pull.head_repository, pull.branch, pull.head_sha, pull),
        "base": _side(repository, pull.base_ref, pull.base_sha, pull),
        "_links": {name: {"href": place} for name, place in links.items()},
        "author_association": association_of(repository, pull.author),
        "auto_merge": None,
        "active_lock_reason": None,
    }
    if whole:
        shown |= _counts(pull)
    return shown


def _side(repository: FakeRepository | None, ref: str, sha: str, pull: FakePullRequest) -> Json:
    hub = pull.repository.hub
    if repository is None:
        return {"label": f"unknown:{ref}", "ref": ref, "sha": sha, "user": None, "repo": None}
    return {
        "label": f"{repository.owner.login}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": account_of(hub, repository.owner),
        "repo": repository_of(repository),
    }


def _counts(pull: FakePullRequest) -> Json:
    files = pull.changed_files
    store = pull.repository.store
    return {
        "merged": pull.merged,
        "mergeable": None,
        "rebaseable": None,
        "mergeable_state": "unknown",
        "merged_by": None,
        "comments": len(pull.comments),
        "review_comments": sum(len(thread.comments) for thread in pull.threads),
        "maintainer_can_modify": False,
        "commits": len(store.commits(pull.merge_base, pull.head_sha)),
        "additions": sum(file.additions for file in files),
        "deletions": sum(file.deletions for file in files),
        "changed_files": len(files),
    }


def label_of(repository: FakeRepository, name: str) -> Json:
    """Write a label."""
    number = repository.labels[name]
    url = f"{repository.hub.api_url}/repos/{repository.full_name}/labels/{name}"
    return {
        "id": number,
        "node_id": node_id("LA", number),
        "url": url,
        "name": name,
        "description": "",
        "color": "ededed",
        "default": False,
    }


def association_of(repository: FakeRepository, account: FakeAccount | None) -> str:
    """Return GitHub's word for what somebody is to a repository; no word for permissions."""
    if account is None or account.type == "Bot":
        return "NONE"
    if account is repository.owner:
        return "OWNER"
    role = repository.roles.get(account.login.lower())
    return "COLLABORATOR" if role in {"write", "maintain", "admin", "triage"} else "NONE"


def pull_reference_of(pull: FakePullRequest) -> Json:
    """Write the short form of a pull request; there is none for one from a fork."""
    repository = pull.repository
    base = f"{repository.hub.api_url}/repos/{repository.full_name}"
    home = {"id": repository.id, "url": base, "name": repository.name}
    return {
        "url": f"{base}/pulls/{pull.number}",
        "id": pull.id,
        "number": pull.number,
        "head": {"ref": pull.branch, "sha": pull.head_sha, "repo": home},
        "base": {"ref": pull.base_ref, "sha": pull.base_sha, "repo": home},
    }
