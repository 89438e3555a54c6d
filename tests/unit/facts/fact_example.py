"""Builds small changes for the facts, and asks one of them."""

from __future__ import annotations

from reviewer.domain.change import Change, FileChange, FileStatus
from reviewer.domain.facts import FACTS, Observation
from tests.personas.snippet_harness import file_change


def change(*files: FileChange, tree: tuple[str, ...] | None = ()) -> Change:
    """Return a change; ``tree`` names further files of the head, None an unknown tree."""
    left = {file.path for file in files if file.status is not FileStatus.DELETED}
    paths = None if tree is None else frozenset({*left, *tree})
    return Change(base="base", head="head", files=files, head_paths=paths)


def ask(
    fact: str, path: str, head: str, *, base: str | None = None, tree: tuple[str, ...] | None = ()
) -> Observation:
    """Ask a fact about a change of one file."""
    return FACTS[fact](change(file_change(path, base=base, head=head), tree=tree))


def lines(observation: Observation) -> list[int | None]:
    """Return the first lines of the hits."""
    return [hit.start_line for hit in observation.hits]
