"""YAML as nodes with lines, bounded, without following anything."""

from __future__ import annotations

import pytest

from reviewer.domain.facts.observation import NotRead
from reviewer.domain.facts.yaml_document import Node, documents


def _there(node: Node | None) -> Node:
    assert node is not None
    return node


def test_nodes_know_their_lines() -> None:
    (document,) = documents("a: 1\nb:\n  - x: |\n      one\n      two\n    y: 2\n")  # type: ignore[misc]
    b = _there(document.get("b"))
    x = _there(b.items[0].get("x"))

    assert _there(document.key("b")).line == 2
    assert (x.line, x.last) == (3, 5)
    assert b.items[0].word("y") == "2"


def test_several_documents_and_those_without_content() -> None:
    read = documents("a: 1\n---\n---\nb: 2\n...\n")

    assert not isinstance(read, NotRead)
    assert [document.entries[0][0].text for document in read] == ["a", "b"]


@pytest.mark.holds("S13", "R34")
def test_no_alias_is_followed_and_nothing_is_constructed() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"l{n}: &l{n} [*a, *a]\n" for n in range(50))
    (document,) = documents(bomb + "z: !!python/object/apply:os.system ['id']\n")  # type: ignore[misc]

    assert [item.text for item in _there(document.get("l3")).items] == ["*a", "*a"]
    assert [item.text for item in _there(document.get("z")).items] == ["id"]


def test_a_template_is_read_for_what_is_written_in_it() -> None:
    text = "a:\n  {{- if .x }}\n  b: {{ .y | quote }}-1\n  c: {{/* two\ns */}}\n  {{- end }}\nd: 2"
    (document,) = documents(text)  # type: ignore[misc]

    assert document.word("a", "b") == "$(template)-1"
    assert _there(document.key("d")).line == 7


def test_a_template_that_is_no_yaml_without_its_instructions_says_so() -> None:
    assert documents("a: [\n  {{- if x }}\n  b: 1\n") == NotRead(reason="is a template")


def test_what_is_no_yaml_says_so() -> None:
    assert documents("a: [1\n") == NotRead(reason="is no valid YAML")


@pytest.mark.holds("S19", "R34")
def test_deep_wide_and_large_files_are_refused() -> None:
    for text in ("[" * 200_000, "- " * 5000, "- a\n" * 200_000, "\n" * 600_000):
        assert isinstance(documents(text), NotRead)


def test_a_key_that_is_a_collection_is_left_out() -> None:
    (document,) = documents("? [a, b]\n: 1\nc: 2\n")  # type: ignore[misc]

    assert [key.text for key, _ in document.entries] == ["c"]
