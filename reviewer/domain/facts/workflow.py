"""Facts about CI workflows: what their token may do, whose code they run, what they push."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reviewer.domain.change import Change, FileChange
from reviewer.domain.facts.observation import (
    ALREADY_SO,
    NO_BASE_TEXT,
    NoSubject,
    NotRead,
    Observation,
    Seen,
    anchored,
    base_is_known,
    look,
    on_changed_lines,
)
from reviewer.domain.facts.yaml_document import Node, documents
from reviewer.domain.file_role import is_test

_WORKFLOW = re.compile(r"(?:^|/)\.(?:github|gitea|forgejo)/workflows/[^/]+\.ya?ml$")
_OTHER_CI = re.compile(
    r"(?:^|/)(?:\.gitlab-ci\.ya?ml|azure-pipelines\.ya?ml|\.circleci/config\.ya?ml|cloudbuild\.ya?ml"
    r"|\.drone\.ya?ml|bitbucket-pipelines\.ya?ml|Jenkinsfile)$"
)
#: Names that stand for a branch, which its owner moves with every push.
_BRANCHES = frozenset(
    {"master", "main", "develop", "development", "dev", "trunk", "head", "latest", "edge"}
)
_PUSH = re.compile(
    r"\bdocker\s+(?:image\s+)?push\b"
    r"|\bdocker\s+buildx\s+build\b(?:[^\n]|\\\n)*--push\b"
    r"|\bbuildah\s+push\b"
    r"|\bpodman\s+push\b|\bko\s+(?:publish|build)\b|/kaniko/executor|\bskopeo\s+copy\b|\bcrane\s+push\b"
)
_BUILD_PUSH = re.compile(r"uses:\s*[\"']?docker/build-push-action@")
_PUSH_TRUE = re.compile(r"^[ \t]*push:[ \t]*(?![\"']?false\b)\S", re.MULTILINE)
_SCAN = re.compile(
    r"trivy|snyk|grype|anchore|clair|docker[ /-]scout|dockle|prisma|twistlock|sysdig|aqua|\bwiz\b"
    r"|xray|osv-scanner|container[_-]scanning|scan-?image|image-?scan|ecr\s+start-image-scan|cosign\s+attest",
    re.IGNORECASE,
)
_SCAN_FILE = re.compile(r"trivy|snyk|grype|scan|security", re.IGNORECASE)


def is_workflow(file: FileChange) -> bool:
    """Tell whether the file is a workflow of GitHub Actions or a server that speaks the same."""
    return _WORKFLOW.search(file.path) is not None


def _is_ci(file: FileChange) -> bool:
    if is_test(file.path) or not (is_workflow(file) or _OTHER_CI.search(file.path)):
        return False
    if file.head_text is None:
        # A bare patch: only what it adds or takes away can leave an image unscanned.
        shown = [*file.added.values(), *file.removed.values()]
        return any(_PUSH.search(line) or _BUILD_PUSH.search(line) for line in shown)
    return True


def _documents(file: FileChange) -> tuple[Node, ...] | NotRead:
    return documents(file.head_text or "")


def _jobs(document: Node) -> Iterator[Node]:
    jobs = document.get("jobs")
    if jobs is not None:
        yield from (job for _, job in jobs.entries)


def workflow_write_all(change: Change) -> Observation:
    """A workflow or one of its jobs has a token that may write everything."""

    def at(file: FileChange) -> Seen:
        read = _documents(file)
        if isinstance(read, NotRead):
            return read
        granted = [
            node
            for document in read
            for holder in (document, *_jobs(document))
            if (node := holder.get("permissions")) is not None and node.text == "write-all"
        ]
        return on_changed_lines(file, [(node.line, node.last, "", "") for node in granted])

    return look(change, subject="CI workflow", among=is_workflow, at=at)


def workflow_uses_branch(change: Change) -> Observation:
    """A workflow runs an action or workflow of others from a branch, which they can move."""

    def at(file: FileChange) -> Seen:
        read = _documents(file)
        if isinstance(read, NotRead):
            return read
        found = []
        for document in read:
            for node in _uses(document):
                name, at_sign, reference = (node.text or "").partition("@")
                local = name.startswith((".", "docker:"))
                if at_sign and not local and reference.lower() in _BRANCHES:
                    found.append(
                        (node.line, node.last, f"`{name}` runs from branch `{reference}`", "")
                    )
        return on_changed_lines(file, found)

    return look(change, subject="CI workflow", among=is_workflow, at=at)


def _uses(document: Node) -> Iterator[Node]:
    for job in _jobs(document):
        own = job.get("uses")
        if own is not None:
            yield own
        steps = job.get("steps")
        for step in () if steps is None else steps.items:
            used = step.get("uses")
            if used is not None:
                yield used


def image_pushed_unscanned(change: Change) -> Observation:
    """CI pushes an image and nothing in the same file scans one."""

    def at(file: FileChange) -> Seen:
        text = file.head_text or ""
        line = _first_push(text)
        if line is None:
            return NoSubject(reason="CI pushes no image")
        if _SCAN.search(text):
            return ()
        if any(_SCAN_FILE.search(path) for path in _other_workflows(change, file)):
            return NoSubject(reason="another workflow scans, by its name")
        if not base_is_known(file):
            return NotRead(reason=NO_BASE_TEXT)
        before = file.base_text or ""
        if _first_push(before) is not None and not _SCAN.search(before):
            return NoSubject(reason=ALREADY_SO)
        return (anchored(file, (line, line)),)

    return look(change, subject="CI workflow", among=_is_ci, at=at)


def _first_push(text: str) -> int | None:
    """Return the line of the first step that pushes an image."""
    action = _BUILD_PUSH.search(text)
    if action is not None and _PUSH_TRUE.search(text, action.end()):
        return text.count("\n", 0, action.start()) + 1
    for match in _PUSH.finditer(text):
        start = text.rfind("\n", 0, match.start()) + 1
        if not text[start : match.start()].lstrip().startswith("#"):
            return text.count("\n", 0, match.start()) + 1
    return None


def _other_workflows(change: Change, file: FileChange) -> Iterator[str]:
    folder = file.path.rpartition("/")[0]
    for path in change.head_paths or ():
        if path != file.path and folder.endswith("workflows") and path.startswith(f"{folder}/"):
            yield path.rpartition("/")[2]
