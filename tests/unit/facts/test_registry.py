"""The registry: every fact has a name and a doc line, and looks at anything without failing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewer.domain.change import Side
from reviewer.domain.evidence import EvidenceKind
from reviewer.domain.facts import FACTS, Observation, Sighting
from tests.personas.snippet_harness import file_change
from tests.unit.facts.fact_example import ask, change

PATHS = (
    "Dockerfile",
    "compose.yaml",
    "k8s/app.yaml",
    ".github/workflows/ci.yml",
    "infra/main.tf",
    "shop/app.py",
    "requirements.txt",
    "crontab",
    "data/train.csv",
)
# Pieces of every kind of file that a fact reads; put together they are mostly nonsense.
PIECES = st.sampled_from(
    """
FROM x AS y|FROM python|RUN <<EOF|EOF|USER|USER ${A|COPY . .|# escape=`|ONBUILD USER x|ARG A=1|\\
kind: Secret|kind: Deployment|data:|  a: b|- c|spec: {{ x }}|---|&a [*a]|? [x]
jobs:|  - uses: a/b@main|permissions: write-all|* * * * * train
ingress {|}|Action = "*"|app = FastAPI()|\u202e|\ud800|\r|\t
""".strip()
    .replace("\n", "|")
    .split("|")
)


def test_every_fact_has_a_doc_line() -> None:
    assert all((fact.__doc__ or "").strip().endswith(".") for fact in FACTS.values())


def test_names_are_written_with_hyphens() -> None:
    assert all(name == name.lower() and "_" not in name for name in FACTS)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    head=st.lists(PIECES, max_size=12).map("\n".join),
    base=st.lists(PIECES, max_size=6).map("\n".join),
)
def test_no_fact_fails_and_every_hit_stands_on_a_changed_line(head: str, base: str) -> None:
    files = [file_change(path, base=base, head=head, size=9) for path in PATHS]
    files += [file_change(f"new/{path}", base=None, head=head, size=9) for path in PATHS]
    example = change(*files)
    for fact in FACTS.values():
        for hit in fact(example).hits:
            file = example.by_path[hit.path]
            if hit.start_line is not None:
                assert file.locate(hit.side, hit.start_line, hit.end_line or 0) is not None


@pytest.mark.parametrize("name", FACTS)
def test_a_fact_has_no_subject_in_an_empty_change(name: str) -> None:
    seen = FACTS[name](change())

    assert seen.inapplicable
    assert seen.hits == ()


@pytest.mark.parametrize("name", FACTS)
def test_a_fact_never_takes_a_file_without_head_text_for_a_clean_one(name: str) -> None:
    known = file_change("Dockerfile", base="FROM python\n", head="FROM node\n")
    seen = FACTS[name](change(replace(known, head_text=None, base_text=None)))

    assert seen.hits == ()
    assert seen.inapplicable is not None or seen.unexamined


def test_an_observation_becomes_the_examination_of_its_name() -> None:
    seen = Observation(
        hits=(Sighting(path="a", headline="h", message="m", start_line=1, end_line=2),),
        inapplicable="none",
        unexamined=(("b", "no head text"),),
    ).examination("a-fact")

    assert [(hit.kind, hit.code, hit.side) for hit in seen.hits] == [
        (EvidenceKind.FACT, "a-fact", Side.HEAD)
    ]
    assert [(gap.path, gap.code, gap.reason) for gap in seen.unexamined] == [
        ("b", "a-fact", "no head text")
    ]
    assert [(entry.code, entry.reason) for entry in seen.inapplicable] == [("a-fact", "none")]


def test_a_deleted_file_is_no_subject() -> None:
    gone = file_change("Dockerfile", base="FROM python\nCMD x\n", head=None)

    assert FACTS["final-stage-runs-as-root"](change(gone)).inapplicable


def test_a_fault_that_was_there_before_is_not_told_again() -> None:
    seen = ask(
        "final-stage-runs-as-root",
        "Dockerfile",
        "FROM python:3.12\nLABEL a=b\nCMD x\n",
        base="FROM python:3.12\nCMD x\n",
    )

    assert seen.inapplicable == "already so before this change"
