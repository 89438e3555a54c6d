"""Builds the small changes of the corpus, which stand at the limits of facts."""

from __future__ import annotations

from dataclasses import replace

from reviewer.domain.change import Change, FileChange, FileKind, FileStatus
from tests.personas.snippet_harness import file_change
from tests.unit.facts.fact_example import change


def new(path: str, text: str, *more: FileChange, tree: tuple[str, ...] = ()) -> Change:
    """Return a change that adds a file."""
    return change(file_change(path, base=None, head=text), *more, tree=tree)


def edited(path: str, base: str, head: str, *, tree: tuple[str, ...] = ()) -> Change:
    """Return a change that edits a file."""
    return change(file_change(path, base=base, head=head), tree=tree)


def bare(path: str, text: str, base: str | None = "x\n") -> Change:
    """Return a change whose whole texts nobody knows."""
    file = file_change(path, base=base, head=text)
    return change(replace(file, head_text=None, base_text=None))


def of_unknown_base(path: str, text: str) -> Change:
    """Return a change whose base text nobody knows."""
    return change(replace(file_change(path, base="x\n", head=text), base_text=None))


def sized(path: str, size: int, *, base: str | None = None, **fields: FileStatus) -> Change:
    """Return a change with a file of a size."""
    file = file_change(path, base=base, head="1\n", kind=FileKind.BINARY, size=size)
    return change(replace(file, **fields) if fields else file)  # type: ignore[arg-type]


def kubernetes(kind: str, rest: str, path: str = "k8s/app.yaml") -> Change:
    """Return a change that adds one Kubernetes object."""
    return new(path, f"apiVersion: v1\nkind: {kind}\nmetadata:\n  name: web\n{rest}")
