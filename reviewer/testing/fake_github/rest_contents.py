"""REST of what stands in a repository: trees, blobs, files at a commit.

https://docs.github.com/en/rest/git/trees
"""

from __future__ import annotations

import base64

from reviewer.testing.fake_github.exchange_parts import Asked, Reply
from reviewer.testing.fake_github.refusal import GitHubRefusal, not_found
from reviewer.testing.fake_github.repository import FakeRepository
from reviewer.testing.fake_github.wire import (
    quoted,
    repository_of,
)

#: https://docs.github.com/en/rest/repos/contents: from 1 MB on the content is left out.
_LARGEST_CONTENT_BYTES = 1_000_000


def get_repository(asked: Asked) -> Reply:
    """``GET /repos/{owner}/{repo}``."""
    asked.need("metadata", level="read")
    return Reply(body=repository_of(asked.repository, whole=True))


def get_tree(asked: Asked) -> Reply:
    """``GET …/git/trees/{tree_sha}``; a commit or a branch serves as well."""
    asked.need("contents", level="read")
    repository = asked.repository
    name = asked.names["tree_sha"]
    found = repository.branch(name) or name
    answer = repository.store.objects([f"{found}^{{tree}}"])[0]
    if answer is None:
        raise not_found()
    sha = answer[0]
    entries = repository.store.tree(sha, recursive="recursive" in asked.query)
    url = f"{asked.hub.api_url}/repos/{repository.full_name}/git"
    shown = []
    for entry in entries:
        item: dict[str, object] = {
            "path": entry.path,
            "mode": entry.mode,
            "type": entry.type,
            "sha": entry.sha,
        }
        if entry.size is not None:
            item["size"] = entry.size
        if entry.type != "commit":
            item["url"] = f"{url}/{entry.type}s/{entry.sha}"
        shown.append(item)
    most = asked.hub.limits.tree_entries
    body = {
        "sha": sha,
        "url": f"{url}/trees/{sha}",
        "tree": shown[:most],
        "truncated": len(shown) > most,
    }
    return Reply(body=body)


def get_blob(asked: Asked) -> Reply:
    """``GET …/git/blobs/{file_sha}``."""
    asked.need("contents", level="read")
    repository = asked.repository
    sha = asked.names["file_sha"]
    content = repository.store.blobs([sha]).get(sha)
    if content is None:
        raise not_found()
    body = {
        "sha": sha,
        "node_id": f"B_{sha}",
        "size": len(content),
        "url": f"{asked.hub.api_url}/repos/{repository.full_name}/git/blobs/{sha}",
        "content": base64.encodebytes(content).decode(),
        "encoding": "base64",
    }
    return Reply(body=body)


def get_contents(asked: Asked) -> Reply:
    """``GET …/contents/{path}``: a file, or the list of a folder."""
    asked.need("contents", level="read")
    repository = asked.repository
    path = asked.names["path"].strip("/")
    reference = asked.query.get("ref") or repository.default_branch
    commit = repository.branch(reference) or repository.store.resolve(reference)
    if commit is None:
        raise GitHubRefusal(404, f"No commit found for the ref {reference}")
    found = repository.store.objects([f"{commit}:{path}"])[0]
    if found is None:
        raise not_found()
    sha, kind, content = found
    if kind == "tree":
        entries = repository.store.tree(sha, recursive=False)
        prefix = f"{path}/" if path else ""
        return Reply(
            body=[
                _item(repository, commit, prefix + entry.path, entry.sha, entry.size or 0)
                | {"type": {"tree": "dir", "commit": "submodule"}.get(entry.type, "file")}
                for entry in entries
            ]
        )
    if "raw" in asked.headers.get("accept", ""):
        text = content.decode("utf-8", "replace")
        return Reply(body=text, media_type="application/vnd.github.raw; charset=utf-8")
    large = len(content) > _LARGEST_CONTENT_BYTES
    item = _item(repository, commit, path, sha, len(content)) | {
        "type": "file",
        "content": "" if large else base64.encodebytes(content).decode(),
        "encoding": "none" if large else "base64",
    }
    return Reply(body=item)


def _item(
    repository: FakeRepository, commit: str, path: str, sha: str, size: int
) -> dict[str, object]:
    hub = repository.hub
    api = f"{hub.api_url}/repos/{repository.full_name}"
    place = quoted(path)
    url = f"{api}/contents/{place}?ref={commit}"
    html = f"{hub.server_url}/{repository.full_name}/blob/{commit}/{place}"
    git = f"{api}/git/blobs/{sha}"
    return {
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "sha": sha,
        "size": size,
        "url": url,
        "html_url": html,
        "git_url": git,
        "download_url": html.replace("/blob/", "/raw/"),
        "_links": {"self": url, "git": git, "html": html},
    }
