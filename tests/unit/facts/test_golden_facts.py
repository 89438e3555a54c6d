"""What every fact says of every snippet, word by word: people read these phrases.

Each snippet is asked in three forms: as it is, as a bare patch without whole texts, and as a file
that was so before and gets one more line. ``pytest --update-golden`` writes the answers anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reviewer.domain.change import Change, FileStatus, Side
from reviewer.domain.evidence import EvidenceKind
from reviewer.domain.facts import FACTS, Observation
from tests.personas.snippet_harness import Snippet, change_of, file_change, rules, snippets_of
from tests.unit.facts.corpus_images import images
from tests.unit.facts.corpus_infrastructure import infrastructure
from tests.unit.facts.corpus_manifests import manifests
from tests.unit.facts.corpus_others import (
    data_and_text,
    passwords,
    sources,
    workflows_and_decisions,
)
from tests.unit.facts.fact_corpus import new
from tests.unit.facts.fact_example import change as change_of_files

GOLDEN = Path(__file__).parent / "golden"

SNIPPETS = {
    rule.id: snippets_of(rule.id)
    for _, rule in rules()
    if any(evidence.kind is EvidenceKind.FACT for evidence in rule.evidence)
}


def nothing() -> Iterator[tuple[str, Change]]:
    """Yield changes of which no fact can say anything."""
    yield "a change without files", change_of_files()
    yield "a document", new("README.md", "hello\n")
    gone = file_change("Dockerfile", base="FROM x\n", head=None)
    yield "a file that is deleted", change_of_files(gone)


#: Beside the snippets: changes at the limits of facts, by subject.
CORPUS: dict[str, Callable[[], Iterator[tuple[str, Change]]]] = {
    "nothing": nothing,
    "images": images,
    "infrastructure": infrastructure,
    "manifests": manifests,
    "data and text": data_and_text,
    "passwords": passwords,
    "sources": sources,
    "workflows and decisions": workflows_and_decisions,
}


def forms(snippet: Snippet) -> Iterator[tuple[str, Change]]:
    change = change_of(snippet)
    yield "as it is", change
    bare = tuple(replace(file, head_text=None, base_text=None) for file in change.files)
    yield "as a bare patch", replace(change, files=bare)
    if snippet.text is not None and change.files[0].status is not FileStatus.DELETED:
        before = replace(snippet, base=snippet.text, text=f"{snippet.text}\n# more\n")
        yield "so before", change_of(before)
    yield "in an unknown tree", replace(change, head_paths=None)


def said(observation: Observation) -> Iterator[str]:
    """Write an observation as lines."""
    for hit in observation.hits:
        side = " at the base" if hit.side is Side.BASE else ""
        place = "" if hit.start_line is None else f":{hit.start_line}-{hit.end_line}"
        yield " | ".join(filter(None, (f"sees {hit.path}{place}{side}", hit.headline, hit.message)))
    for path, reason in observation.unexamined:
        yield f"did not read {path!r} | {reason}"
    if observation.inapplicable is not None:
        yield f"has no subject | {observation.inapplicable}"


def answers(change: Change, before: dict[str, list[str]]) -> Iterator[str]:
    """Write what facts say; what they said of the form before is not said again."""
    for name, fact in FACTS.items():
        lines = list(said(fact(change))) or ["looked and saw nothing"]
        if before.get(name) != lines:
            yield from (f"{name} {line}" for line in lines)
        before[name] = lines


def page(snippets: Iterator[tuple[str, Iterator[tuple[str, Change]]]]) -> str:
    """Write the answers to many snippets."""
    lines: list[str] = []
    before: dict[str, list[str]] = {}
    for title, shown in snippets:
        for form, change in shown:
            lines += ["", f"# {title}, {form}", *answers(change, before)]
    return "\n".join(lines).lstrip("\n") + "\n"


def current(name: str) -> str:
    """Write the page of this name as it is today."""
    if name in CORPUS:
        return page(
            (f"{number}: {about}", iter([("asked", change)]))
            for number, (about, change) in enumerate(CORPUS[name](), start=1)
        )
    return page((snippet.name.strip(), forms(snippet)) for snippet in SNIPPETS[name])


@pytest.mark.parametrize("name", [*SNIPPETS, *CORPUS])
def test_facts_say_the_same_as_before(name: str, *, update_golden: bool) -> None:
    file = GOLDEN / f"{name.replace(' ', '_')}.txt"
    now = current(name)
    if update_golden:
        file.write_text(now, encoding="utf-8")
    assert now == file.read_text(encoding="utf-8")
