"""Files are read in the order of the harm that a fault in them does."""

from __future__ import annotations

import pytest

from reviewer.domain.risk import Role, by_risk, role_of
from reviewer.testing.builders import build_change, build_file, build_finding


def paths(*files: tuple[str, str, str | None]) -> list[str]:
    made = [build_file(path, after=text, language=language) for path, text, language in files]
    return [file.path for file in by_risk(build_change(*made))]


@pytest.mark.holds("P06")
def test_source_comes_before_tests_before_settings_before_prose() -> None:
    assert paths(
        ("a/README.md", "x\n", "markdown"),
        ("b/settings.json", "{}\n", "json"),
        ("c/test_x.py", "x = 1\n", "python"),
        ("d/x.py", "x = 1\n", "python"),
    ) == ["d/x.py", "c/test_x.py", "b/settings.json", "a/README.md"]


@pytest.mark.holds("P06")
@pytest.mark.parametrize(
    "line",
    [
        "if not user.has_permission('write'):",
        "cursor.execute('select * from orders')",
        "await gather(a(), b())",
        "subprocess.run(command, shell=True)",
        "ALTER TABLE orders DROP COLUMN total",
        "refund = payment.amount",
    ],
)
def test_what_can_do_harm_comes_first_whatever_its_name_and_size(line: str) -> None:
    ordered = paths(("a.py", "x = 1\n" * 20, "python"), ("z.py", f"{line}\n", "python"))
    assert ordered == ["z.py", "a.py"]


def test_a_file_in_which_tools_found_something_comes_first() -> None:
    files = [build_file(path, after="x = 1\ny = 2\n") for path in ("a.py", "b.py")]
    ordered = by_risk(build_change(*files), [build_finding(files[1], 2)])
    assert [file.path for file in ordered] == ["b.py", "a.py"]


def test_among_equals_the_larger_change_comes_first() -> None:
    assert paths(("a.py", "x = 1\n", "python"), ("b.py", "x = 1\n" * 9, "python")) == [
        "b.py",
        "a.py",
    ]


def test_pipelines_that_run_count_as_source() -> None:
    file = build_file(".github/workflows/ci.yml", after="on: push\n", language="yaml")
    assert role_of(file) is Role.SOURCE
