"""What GitHub's REST writes about commits and changed files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewer.testing.fake_github.difference import FileDifference
from reviewer.testing.fake_github.wire import (
    Json,
    quoted,
)

if TYPE_CHECKING:
    from reviewer.testing.fake_github.repository import FakeRepository

_NOBODY = {"name": "Test Author", "email": "author@example.com", "date": "2026-01-05T09:00:00Z"}


def file_of(repository: FakeRepository, head_sha: str, file: FileDifference) -> Json:
    """Write a changed file; what it has no patch or former name for is left out, not null."""
    html = f"{repository.hub.server_url}/{repository.full_name}"
    api = f"{repository.hub.api_url}/repos/{repository.full_name}"
    path = quoted(file.filename)
    shown: Json = {
        "sha": file.sha,
        "filename": file.filename,
        "status": file.status,
        "additions": file.additions,
        "deletions": file.deletions,
        "changes": file.additions + file.deletions,
        "blob_url": f"{html}/blob/{head_sha}/{path}",
        "raw_url": f"{html}/raw/{head_sha}/{path}",
        "contents_url": f"{api}/contents/{path}?ref={head_sha}",
    }
    if file.patch is not None:
        shown["patch"] = file.patch
    if file.previous_filename is not None:
        shown["previous_filename"] = file.previous_filename
    return shown


def commit_of(repository: FakeRepository, sha: str) -> Json:
    """Write a commit; its authors have no account."""
    store = repository.store
    api = f"{repository.hub.api_url}/repos/{repository.full_name}"
    html = f"{repository.hub.server_url}/{repository.full_name}/commit"
    tree = store.tree_of(sha)
    return {
        "sha": sha,
        "node_id": f"C_kwDO{sha}",
        "commit": {
            "author": _NOBODY,
            "committer": _NOBODY,
            "message": store.message(sha),
            "tree": {"sha": tree, "url": f"{api}/git/trees/{tree}"},
            "url": f"{api}/git/commits/{sha}",
            "comment_count": 0,
        },
        "url": f"{api}/commits/{sha}",
        "html_url": f"{html}/{sha}",
        "comments_url": f"{api}/commits/{sha}/comments",
        "author": None,
        "committer": None,
        "parents": [
            {"sha": parent, "url": f"{api}/commits/{parent}", "html_url": f"{html}/{parent}"}
            for parent in store.parents(sha)
        ],
    }
