"""SARIF is read strictly where it is used, and what is left out is counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.adapters.sarif.examiner import SarifExaminer
from reviewer.adapters.sarif.report import SarifReport, parse_sarif, read_sarif
from reviewer.errors import UserError
from reviewer.testing.builders import build_change, build_file

ROOT = Path("/srv/checkout")


def place(uri: str | None, line: int | None = 3, **address: object) -> dict[str, object]:
    region = {} if line is None else {"region": {"startLine": line}}
    location = {**address} if uri is None else {"uri": uri, **address}
    return {"physicalLocation": {"artifactLocation": location, **region}}


def parse(*results: dict[str, object], **run: object) -> SarifReport:
    driver = {"name": "Bandit", "rules": [{"id": "B101"}, {"id": "B602"}]}
    log = {
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": list(results), **run}],
    }
    return parse_sarif(json.dumps(log).encode(), name="scan.sarif", root=ROOT)


def result(uri: str | None = "app/a.py", **more: object) -> dict[str, object]:
    return {"ruleId": "B602", "message": {"text": "shell"}, "locations": [place(uri)], **more}


@pytest.mark.parametrize(
    "uri",
    [
        "app/a.py",
        "./app/a.py",
        "app%2Fa.py",
        "app/x/../a.py",
        "app\\a.py",
        "file:///srv/checkout/app/a.py",
        "file://localhost/srv/checkout/app/a.py",
        "/srv/checkout/app/a.py",
    ],
)
def test_every_way_to_write_a_path_leads_to_the_file(uri: str) -> None:
    hits = parse(result(uri)).hits
    assert [(h.path, h.code, h.tool, h.start_line, h.message) for h in hits] == [
        ("app/a.py", "B602", "Bandit", 3, "shell")
    ]


@pytest.mark.parametrize(
    "base", ["file:///srv/checkout/", "file:///srv/checkout", "file:///home/runner/work/x/x/"]
)
def test_a_base_is_the_root_wherever_the_analyser_ran(base: str) -> None:
    outcome = result(locations=[place("app/a.py", uriBaseId="SRCROOT")])
    report = parse(outcome, originalUriBaseIds={"SRCROOT": {"uri": base}})
    assert [hit.path for hit in report.hits] == ["app/a.py"]


def test_a_base_inside_the_repository_is_put_before_the_path() -> None:
    outcome = result(locations=[place("a.py", uriBaseId="APP")])
    for base in ("app/", "file:///srv/checkout/app/"):
        report = parse(outcome, originalUriBaseIds={"APP": {"uri": base}})
        assert [hit.path for hit in report.hits] == ["app/a.py"]


@pytest.mark.parametrize(
    "uri", ["../x.py", "/etc/passwd", "https://a.example/x.py", "C:/x.py", "file:///etc/passwd"]
)
def test_a_result_outside_the_repository_is_counted(uri: str) -> None:
    report = parse(result(uri))
    assert report.hits == ()
    assert report.notes == ("scan.sarif: 1 result outside the repository left out.",)


def test_a_result_without_a_place_is_counted() -> None:
    report = parse(result(locations=[]), result(None))
    assert report.notes == ("scan.sarif: 2 results without a location left out.",)


def test_what_the_analyser_suppressed_is_counted() -> None:
    report = parse(result(suppressions=[{"kind": "inSource"}]), result(suppressions=[]))
    assert len(report.hits) == 1
    assert report.notes == ("scan.sarif: 1 result suppressed by the analyser left out.",)


def test_a_result_that_is_no_fault_is_none() -> None:
    assert parse(result(kind="pass"), result(level="none")).hits == ()


def test_the_rule_and_the_file_may_stand_in_lists() -> None:
    outcome = {"ruleIndex": 1, "locations": [place(None, index=0)]}
    report = parse(outcome, artifacts=[{"location": {"uri": "app/a.py"}}])
    assert [(hit.path, hit.code) for hit in report.hits] == [("app/a.py", "B602")]


def test_a_result_about_a_whole_file_has_no_line() -> None:
    hits = parse(result(locations=[place("app/a.py", None)])).hits
    assert [(hit.start_line, hit.end_line) for hit in hits] == [(None, None)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"[]", "not SARIF 2.1.0"),
        (b'{"version": "2.0.0", "runs": []}', "not SARIF 2.1.0"),
        (b'{"version": "2.1.0"}', "not SARIF 2.1.0"),
    ],
)
def test_anything_else_is_told_with_the_file(content: bytes, words: str) -> None:
    with pytest.raises(UserError, match=r"scan\.sarif") as caught:
        parse_sarif(content, name="scan.sarif", root=ROOT)
    assert words in str(caught.value)


def test_a_file_that_is_missing_or_too_large_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_sarif(tmp_path / "none.sarif", root=ROOT)
    large = tmp_path / "large.sarif"
    with large.open("wb") as file:
        file.truncate(20_000_001)
    with pytest.raises(UserError, match="larger than 20 MB"):
        read_sarif(large, root=ROOT)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "scan.sarif"
    path.write_bytes(b'\xef\xbb\xbf{"version": "2.1.0", "runs": []}')
    assert read_sarif(path, root=ROOT).hits == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "results",
                    "tool",
                    "driver",
                    "locations",
                    "physicalLocation",
                    "artifactLocation",
                    "uri",
                    "region",
                    "startLine",
                    "ruleIndex",
                    "rules",
                    "suppressions",
                    "index",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_no_shape_of_a_run_breaks_the_reader(run: object) -> None:
    content = json.dumps({"version": "2.1.0", "runs": [run]}).encode()
    parse_sarif(content, name="scan.sarif", root=ROOT)


async def test_the_examiner_gives_what_is_said_about_the_files_of_the_change() -> None:
    report = parse(result("app/a.py"), result("app/other.py"))
    change = build_change(build_file("app/a.py", after="a\n"))
    seen = await SarifExaminer([report]).examine(change, [])
    assert [hit.path for hit in seen.hits] == ["app/a.py"]
