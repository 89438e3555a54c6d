"""Facts about tests, health routes, data and decisions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewer.domain.change import FileKind, NotReviewed, NotReviewedReason
from reviewer.domain.facts import FACTS
from tests.personas.snippet_harness import file_change
from tests.unit.facts.fact_example import ask, change, lines

CODE = "".join(f"value_{number} = compute({number})\n" for number in range(30))


def test_source_without_a_test_is_told_once_on_the_largest_file() -> None:
    files = [
        file_change(f"shop/{name}.py", base=None, head=CODE * size)
        for name, size in (("a", 1), ("b", 2))
    ]
    seen = FACTS["source-without-test"](change(*files))

    assert [(hit.path, hit.start_line, hit.headline) for hit in seen.hits] == [
        ("shop/b.py", None, "90 new source lines, and no test is touched")
    ]


@pytest.mark.parametrize(
    "path",
    [
        "docs/a.py",
        "scripts/a.py",
        "shop/migrations/a.py",
        "setup.py",
        "app/vite.config.ts",
        "a.yaml",
    ],
)
def test_no_test_is_expected_for_these(path: str) -> None:
    assert ask("source-without-test", path, CODE).inapplicable == "no or few new source lines"


def test_moved_code_is_not_new() -> None:
    files = (file_change("a.py", base=CODE, head=None), file_change("b.py", base=None, head=CODE))
    grown = file_change("c.py", base=CODE, head=CODE.replace("compute", "count"))

    assert FACTS["source-without-test"](change(grown)).inapplicable
    assert FACTS["source-without-test"](
        change(*files, file_change("tests/test_b.py", base=None, head="x = 1\n"))
    ).inapplicable


def test_tests_inside_the_source_count() -> None:
    assert ask(
        "source-without-test", "src/a.rs", "fn a() {}\n" * 30 + "#[test]\nfn b() {}\n"
    ).inapplicable


APP = "from fastapi import FastAPI\n\napp = FastAPI()\n"


def test_an_application_without_routes_for_health_is_told() -> None:
    seen = ask("app-without-health-routes", "shop/app.py", APP)

    assert [(hit.start_line, hit.headline) for hit in seen.hits] == [
        (3, "The application has no `/health` and no `/ready`")
    ]


def test_routes_in_this_or_another_file_of_the_change_count() -> None:
    routes = '@app.get("/healthz")\ndef a(): ...\n\n\n@app.get("/readyz")\ndef b(): ...\n'
    files = (file_change("a.py", base=None, head=APP), file_change("b.py", base=None, head=routes))

    assert ask("app-without-health-routes", "a.py", APP + routes).hits == ()
    assert FACTS["app-without-health-routes"](change(*files)).hits == ()


def test_routers_of_other_files_are_not_known() -> None:
    assert ask("app-without-health-routes", "a.py", f"{APP}app.include_router(api)\n").unexamined


def test_an_application_that_was_there_is_not_told() -> None:
    seen = ask(
        "app-without-health-routes",
        "a.py",
        APP.replace("FastAPI()", "FastAPI(title='x')"),
        base=APP,
    )

    assert seen.inapplicable == "already so before this change"


def binary(path: str, size: int | None) -> object:
    file = file_change(path, base=None, head=None, kind=FileKind.BINARY, size=size)
    listed = NotReviewed(reason=NotReviewedReason.BINARY)
    return replace(file, not_reviewed=listed, head_size_bytes=size)


@pytest.mark.parametrize(
    ("path", "size", "headline"),
    [
        ("data/train.parquet", 17_400_000, "`train.parquet` (17 MB) is committed raw"),
        ("models/a.safetensors", 400_000, "`a.safetensors` (400 kB) is committed raw"),
        ("data/a.csv.gz", 1_500_000, "`a.csv.gz` (1.5 MB) is committed raw"),
    ],
)
def test_data_and_weights_are_told_though_nobody_reviews_them(
    path: str, size: int, headline: str
) -> None:
    seen = FACTS["data-file-committed"](change(binary(path, size)))  # type: ignore[arg-type]

    assert [(hit.start_line, hit.headline) for hit in seen.hits] == [(None, headline)]


def test_fixtures_and_pointers_are_fine() -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 17000000\n"

    assert ask("data-file-committed", "models/a.safetensors", pointer).hits == ()
    assert ask("data-file-committed", "tests/rows.csv", "a,b\n1,2\n").hits == ()
    assert FACTS["data-file-committed"](change(binary("a.npy", 4_000))).hits == ()  # type: ignore[arg-type]


def test_an_unknown_size_is_not_taken_for_a_small_one() -> None:
    assert FACTS["data-file-committed"](change(binary("a.npy", None))).unexamined  # type: ignore[arg-type]


def test_a_set_that_grows_past_the_bound_is_told() -> None:
    rows = "1," * 600_000 + "\n"

    assert lines(ask("data-file-committed", "a.csv", rows, base="1,2\n")) == [None]
    assert ask("data-file-committed", "a.csv", rows, base=rows + "3\n").inapplicable


def test_one_record_is_missing_however_many_lines_show_it() -> None:
    files = (
        file_change("requirements.txt", base="a==1\n", head="a==1\nb==1\nc==1\n"),
        file_change("db/migrate/0002_x.sql", base=None, head="select 1;\n"),
    )

    assert (
        len(FACTS["decision-not-recorded"](change(*files, tree=("docs/adr/0001-x.md",))).hits) == 1
    )


def test_without_the_tree_nobody_knows_whether_decisions_are_recorded() -> None:
    seen = ask(
        "decision-not-recorded", "requirements.txt", "a==1\nb==1\n", base="a==1\n", tree=None
    )

    assert seen.unexamined == (("", "the repository's tree is not known"),)


def test_tools_of_developers_need_no_record() -> None:
    seen = ask(
        "decision-not-recorded",
        "requirements-dev.txt",
        "a==1\nb==1\n",
        base="a==1\n",
        tree=("docs/adr/0001-x.md",),
    )

    assert seen.inapplicable
