"""A GitHub of plain values for tests of reading: every answer can be made as odd as need be."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from reviewer.adapters.github.client import NOTHING
from reviewer.adapters.github.git_objects import git_id
from reviewer.adapters.github.workspace import PullRequestWorkspace
from reviewer.domain.pull_request import PullRequest, PullRequestName
from reviewer.ports.code_host import CodeHostError, Refusal

Json = dict[str, Any]

HEAD_SHA = "a" * 40
BASE_SHA = "b" * 40
SHA1 = "0" * 40

_ASKED = re.compile(
    r"(a\d+): object\((oid|expression): \$(v\d+)\) \{ \.\.\. on (Blob|Tree) (.*) \}"
)


def blob_id(content: str | bytes) -> str:
    return git_id(content if isinstance(content, bytes) else content.encode(), SHA1)


def blob_answer(content: str | bytes) -> Json:
    """Answer as GitHub's GraphQL does."""
    raw = content if isinstance(content, bytes) else content.encode()
    binary = b"\0" in raw
    cut_off = len(raw) > 512_000
    return {
        "oid": blob_id(raw),
        "byteSize": len(raw),
        "isBinary": None if cut_off else binary,
        "isTruncated": cut_off,
        "text": None if binary else raw[:512_000].decode("utf-8", "replace"),
    }


class GitHubAnswers:
    """Answers what a workspace asks; nothing here is checked, so that anything can be said."""

    def __init__(self) -> None:
        self.files: list[Json] = []
        self.tree: list[Json] = []
        self.truncated = False
        self.objects: dict[str, Json | None] = {}
        self.blobs: dict[str, bytes] = {}
        self.base: dict[str, str | bytes] = {}
        self.modes: dict[str, int] = {}
        self.base_known = True
        self.calls: list[str] = []
        self.questions: list[tuple[str, Mapping[str, object]]] = []
        self.request = PullRequest(
            name=PullRequestName.parse("octo/shop#7"),
            repository_id=1,
            title="",
            body="",
            author=None,
            head_sha=HEAD_SHA,
            base_sha=BASE_SHA,
            base_ref="main",
            head_repository="octo/shop",
        )

    def workspace(self) -> PullRequestWorkspace:
        return PullRequestWorkspace(self, self.request)

    def add(
        self,
        name: str,
        content: str | bytes = "",
        *,
        status: str = "modified",
        patch: str | None = None,
        mode: str = "100644",
        **more: object,
    ) -> None:
        """Let the pull request have a file; its head holds the content."""
        raw = content if isinstance(content, bytes) else content.encode()
        sha = blob_id(raw)
        lines = (patch or "").split("\n")
        entry: Json = {
            "filename": name,
            "status": status,
            "sha": sha,
            "additions": sum(line.startswith("+") for line in lines),
            "deletions": sum(line.startswith("-") for line in lines),
            "changes": 0,
            **more,
        }
        if patch is not None:
            entry["patch"] = patch
        self.files.append(entry)
        self.blobs[sha] = raw
        self.objects[sha] = blob_answer(raw)
        if status != "removed":
            kind = "commit" if mode == "160000" else "blob"
            self.tree.append(
                {"path": name, "mode": mode, "type": kind, "sha": entry["sha"], "size": len(raw)}
            )

    def rewrite(self, name: str, line: str = "x = 2", **more: object) -> None:
        """Let the pull request change the one line of a file."""
        self.add(name, f"{line}\n", patch=f"@@ -1 +1 @@\n-x = 1\n+{line}", **more)  # type: ignore[arg-type]

    async def get(self, path: str, parameters: Mapping[str, str | int] = NOTHING) -> object:
        self.calls.append(path)
        *_, kind, sha = path.split("/")
        if kind == "trees":
            assert (sha, dict(parameters)) == (HEAD_SHA, {"recursive": 1})
            return {"sha": HEAD_SHA, "tree": self.tree, "truncated": self.truncated}
        if sha not in self.blobs:
            raise CodeHostError(Refusal.NOT_FOUND, "Not Found", status=404)
        encoded = base64.encodebytes(self.blobs[sha]).decode()
        return {"sha": sha, "content": encoded, "encoding": "base64"}

    async def pages(
        self, path: str, parameters: Mapping[str, str | int] = NOTHING, *, most: int = 3000
    ) -> list[object]:
        self.calls.append(path)
        assert path == "/repos/octo/shop/pulls/7/files"
        assert not parameters
        return list(self.files[:most])

    async def query(self, document: str, variables: Mapping[str, object]) -> Mapping[str, object]:
        self.calls.append("graphql")
        self.questions.append((document, variables))
        answers = {
            name: self._object(kind, str(variables[value]), wanted)
            for name, kind, value, _, wanted in _ASKED.findall(document)
        }
        assert len(answers) == len(variables) - 2
        return {"repository": answers}

    def _object(self, kind: str, value: str, wanted: str) -> Json | None:
        if kind == "oid":
            return self.objects.get(value)
        commit, _, path = value.partition(":")
        assert commit == BASE_SHA
        if not self.base_known:
            return None
        if wanted.startswith("{ entries"):
            return self._folder(path)
        return blob_answer(self.base[path]) if path in self.base else None

    def _folder(self, folder: str) -> Json | None:
        start = f"{folder}/" if folder else ""
        inside = [path.removeprefix(start) for path in self.base if path.startswith(start)]
        names = dict.fromkeys(path.partition("/")[0] for path in inside)
        if folder and not names:
            return None
        entries = []
        for name in names:
            path = f"{start}{name}"
            if path in self.base:
                mode = self.modes.get(path, 0o100644)
                held = blob_answer(self.base[path])
                entries.append({"name": name, "mode": mode, "type": "blob", "object": held})
            else:
                entries.append({"name": name, "mode": 0o40000, "type": "tree", "object": {}})
        return {"entries": entries}
