"""A GitHub with pull requests on it, as the Action and the App come to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from reviewer.testing.fake_github import FakeGitHub, FakePullRequest, FakeRepository
from tests.redteam.scene import Scene


class Place(Protocol):
    """A GitHub.

    Attributes:
        hub: It.
        url: Where it is served.
    """

    hub: FakeGitHub
    url: str


def open_scene(repository: FakeRepository, scene: Scene) -> FakePullRequest:
    """Open a scene as a pull request.

    Args:
        repository: Holds its base already.
        scene: The scene.
    """
    pull = repository.open_pull(
        branch=scene.branch,
        files=scene.head,
        title=scene.title,
        body=scene.body,
        author=scene.author,
        labels=scene.labels,
    )
    if scene.message:
        pull.amend({}, message=scene.message)
    return pull


@contextmanager
def told_names(place: Place, pull: FakePullRequest, scene: Scene) -> Iterator[None]:
    """Let the host tell a name that git could never have, for the time of the block."""
    if not scene.told:
        yield
        return
    ((path, text),) = scene.head.items()
    assert isinstance(text, str)
    blob = pull.repository.lookup(f"{pull.head_sha}:{path}")
    assert blob is not None
    lines = text.removesuffix("\n").split("\n")
    entry = {
        "sha": blob[0],
        "filename": scene.told,
        "status": "added",
        "additions": len(lines),
        "deletions": 0,
        "changes": len(lines),
        "blob_url": f"http://evil.example/blob/{pull.head_sha}/x",
        "raw_url": f"http://169.254.169.254/raw/{pull.head_sha}/x",
        "contents_url": f"http://evil.example/contents/x?ref={pull.head_sha}",
        "patch": f"@@ -0,0 +1,{len(lines)} @@\n" + "\n".join(f"+{line}" for line in lines),
    }
    leaf = {
        "path": scene.told,
        "mode": "100644",
        "type": "blob",
        "sha": blob[0],
        "size": len(text.encode()),
    }
    tree = {"sha": pull.head_sha, "url": "", "tree": [leaf], "truncated": False}
    home = f".*/{pull.repository.full_name}"
    number = pull.number
    faults = [
        place.hub.fault(
            "GET", f"{home}/pulls/{number}/files", status=200, body=[entry], times=None
        ),
        place.hub.fault("GET", f"{home}/git/trees/.*", status=200, body=tree, times=None),
    ]
    try:
        yield
    finally:
        for fault in faults:
            place.hub.faults.remove(fault)
