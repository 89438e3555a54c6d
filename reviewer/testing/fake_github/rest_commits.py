"""REST of branches, refs and commits: https://docs.github.com/en/rest/commits."""

from __future__ import annotations

from reviewer.testing.fake_github.difference import within
from reviewer.testing.fake_github.exchange_parts import Asked, Reply
from reviewer.testing.fake_github.refusal import GitHubRefusal, not_found
from reviewer.testing.fake_github.repository import FakeRepository
from reviewer.testing.fake_github.wire import (
    node_id,
)
from reviewer.testing.fake_github.wire_git import commit_of, file_of


def _commit(repository: FakeRepository, name: str) -> str:
    """Return the commit of a branch, of a full ref without ``refs/``, or of an id."""
    found = (
        repository.branch(name)
        or repository.store.resolve(f"refs/{name}")
        or repository.store.resolve(name)
    )
    if found is None:
        raise GitHubRefusal(422, f"No commit found for SHA: {name}")
    return found


def get_commit(asked: Asked) -> Reply:
    """``GET …/commits/{ref}``: with its files, against its first parent."""
    asked.need("contents", level="read")
    repository = asked.repository
    sha = _commit(repository, asked.names["ref"])
    parents = repository.store.parents(sha)
    files = within(repository.compare(parents[0], sha), asked.hub.limits) if parents else []
    counts = {
        "additions": sum(file.additions for file in files),
        "deletions": sum(file.deletions for file in files),
    }
    stats = {**counts, "total": sum(counts.values())}
    shown = [file_of(repository, sha, file) for file in files]
    return Reply(body=commit_of(repository, sha) | {"stats": stats, "files": shown})


def get_branch(asked: Asked) -> Reply:
    """``GET …/branches/{branch}``."""
    asked.need("contents", level="read")
    repository = asked.repository
    name = asked.names["branch"]
    sha = repository.branch(name)
    if sha is None:
        raise GitHubRefusal(404, "Branch not found")
    url = f"{asked.hub.api_url}/repos/{repository.full_name}/branches/{name}"
    html = f"{asked.hub.server_url}/{repository.full_name}/tree/{name}"
    checks = {"enforcement_level": "off", "contexts": [], "checks": []}
    body = {
        "name": name,
        "commit": commit_of(repository, sha),
        "_links": {"self": url, "html": html},
        "protected": False,
        "protection": {"enabled": False, "required_status_checks": checks},
        "protection_url": f"{url}/protection",
    }
    return Reply(body=body)


def get_reference(asked: Asked) -> Reply:
    """``GET …/git/ref/{ref}``: ``heads/main``, ``pull/1/head``."""
    asked.need("contents", level="read")
    repository = asked.repository
    name = asked.names["ref"]
    sha = repository.store.resolve(f"refs/{name}")
    if sha is None:
        raise not_found()
    base = f"{asked.hub.api_url}/repos/{repository.full_name}/git"
    body = {
        "ref": f"refs/{name}",
        "node_id": node_id("REF", repository.id),
        "url": f"{base}/refs/{name}",
        "object": {"sha": sha, "type": "commit", "url": f"{base}/commits/{sha}"},
    }
    return Reply(body=body)


def compare(asked: Asked) -> Reply:
    """``GET …/compare/{base}...{head}``: three dots, so against the merge base."""
    asked.need("contents", level="read")
    repository = asked.repository
    store = repository.store
    names = asked.names["basehead"].split("...")
    if len(names) != 2:  # noqa: PLR2004 - a base and a head
        raise not_found()
    base, head = (_commit(repository, name) for name in names)
    merge_base = store.merge_base(base, head)
    if not merge_base:
        raise GitHubRefusal(404, f"No common ancestor between {names[0]} and {names[1]}.")
    ahead, behind = store.commits(base, head), store.commits(head, base)
    files = within(repository.compare(merge_base, head), asked.hub.limits)
    status = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else ""
    html = f"{asked.hub.server_url}/{repository.full_name}/compare/{base}...{head}"
    body = {
        "url": f"{asked.hub.api_url}{asked.path}",
        "html_url": html,
        "permalink_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "base_commit": commit_of(repository, base),
        "merge_base_commit": commit_of(repository, merge_base),
        "status": status or "identical",
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [commit_of(repository, sha) for sha in ahead],
        "files": [file_of(repository, head, file) for file in files],
    }
    return Reply(body=body)
