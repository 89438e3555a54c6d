"""What the repository's own linters report is read as data, and doubt never silences a finding."""

from __future__ import annotations

import pytest

from reviewer.domain.own_linter import covered_sources, read_own_linters
from reviewer.testing.builders import build_file, build_finding


def covers(texts: dict[str, str], code: str, path: str = "app/main.py", kind: str = "ruff") -> bool:
    return read_own_linters(texts).covers(kind, code, path) is not None


def test_a_repository_without_linters_covers_nothing() -> None:
    assert not covers({}, "F401")
    assert not covers({"pyproject.toml": "[project]\nname = 'x'\n"}, "F401")


@pytest.mark.parametrize(
    ("settings", "code", "expected"),
    [
        ("", "F401", True),
        ("", "E722", True),
        ("", "S602", False),
        ("", "FAST001", False),
        ('lint.select = ["S"]', "S602", True),
        ('lint.select = ["S"]', "SIM102", False),
        ('lint.select = ["S"]', "F401", False),
        ('select = ["S"]', "S602", True),
        ('lint.extend-select = ["S6"]', "S602", True),
        ('lint.extend-select = ["S6"]', "S102", False),
        ('lint.extend-select = ["S6"]', "F401", True),
        ('lint.select = ["ALL"]', "ANN001", True),
        ('lint.select = ["ALL"]\nlint.ignore = ["ANN"]', "ANN001", False),
        ('lint.select = ["ALL"]\nlint.ignore = ["ANN0"]', "ANN201", True),
        ('lint.select = ["S"]\nlint.ignore = ["S602"]', "S602", False),
        ('lint.select = ["S602"]\nlint.ignore = ["S"]', "S602", True),
        ('lint.select = ["S602"]\nlint.ignore = ["S602"]', "S602", False),
        ('lint.select = ["PL"]', "PLR0913", True),
        ("lint.select = []", "F401", False),
        ('extend = "../ruff.toml"\nlint.select = ["S"]', "S602", False),
        ('lint.select = ["S"]\nlint.per-file-ignores = {"app/*" = ["S6"]}', "S602", False),
        ('lint.select = ["S"]\nlint.per-file-ignores = {"tests/**" = ["S6"]}', "S602", True),
        ('lint.select = ["S"]\nlint.per-file-ignores = {"!app/**" = ["ALL"]}', "S602", True),
        ('lint.select = ["S"]\nextend-exclude = ["app"]', "S602", False),
        ('lint.select = "S"\nlint.ignore = 3', "F401", True),
    ],
)
def test_ruff_is_read_as_ruff_reads_it(settings: str, code: str, *, expected: bool) -> None:
    assert covers({"ruff.toml": settings}, code) is expected


def test_the_first_file_that_ruff_takes_counts() -> None:
    texts = {
        "pyproject.toml": '[tool.ruff.lint]\nselect = ["S"]\n',
        "ruff.toml": 'lint.select = ["ANN"]\n',
    }
    assert covers(texts, "ANN001")
    assert not covers(texts, "S602")


def test_a_hook_alone_means_the_defaults() -> None:
    hooks = "repos:\n- repo: x\n  hooks:\n  - id: ruff\n  - id: bandit\n  - id: hadolint\n"
    texts = {".pre-commit-config.yaml": hooks}
    assert covers(texts, "F401")
    assert covers(texts, "S602")
    assert not covers(texts, "ANN001")
    assert covers(texts, "DL3006", "Dockerfile", "hadolint")


def test_a_pattern_that_stands_for_a_code_is_covered_where_the_code_is() -> None:
    texts = {"ruff.toml": 'lint.select = ["BLE"]'}
    assert covers(texts, "OBS006/swallowed", kind="pattern")
    assert not covers(texts, "OBS001/print-beside-a-logger", kind="pattern")
    assert not covers(texts, "SEC007/go-sql", kind="pattern")


def test_flake8_shares_codes_with_ruff() -> None:
    assert covers({".flake8": "[flake8]\nextend-ignore = E203, W503  # why\n"}, "F401")
    assert not covers({"setup.cfg": "[flake8]\nselect = E\n"}, "F401")
    assert not covers({"tox.ini": "[flake8]\nper_file_ignores = x:F401\n"}, "F401")
    assert not covers({"tox.ini": "[testenv]\n"}, "F401")


def test_bandit_reports_what_it_does_not_skip() -> None:
    table = '[tool.bandit]\nskips = ["B101"]\nexclude_dirs = ["tests"]\n'
    assert covers({"pyproject.toml": table}, "S602")
    assert not covers({"pyproject.toml": table}, "S101")
    assert not covers({"pyproject.toml": table}, "S602", "tests/test_x.py")
    assert not covers({".bandit": "[bandit]\ntests = B101\n"}, "S602")


@pytest.mark.parametrize(
    "ignored", ["ignored: [DL3008, DL3006]\n", "ignored:\n  - DL3008\n  - DL3006 # why\nx: y\n"]
)
def test_hadolint_reports_what_it_does_not_ignore(ignored: str) -> None:
    texts = {".hadolint.yaml": ignored}
    assert not covers(texts, "DL3006", "Dockerfile", "hadolint")
    assert covers(texts, "DL3007", "Dockerfile", "hadolint")


@pytest.mark.parametrize(
    ("path", "text"), [("pyproject.toml", "[tool"), ("setup.cfg", "no section\n")]
)
def test_a_broken_configuration_covers_nothing_and_is_told(path: str, text: str) -> None:
    own = read_own_linters({path: text})
    assert own.covers("ruff", "F401", "x.py") is None
    assert len(own.notices) == 1
    assert path in own.notices[0]


@pytest.mark.holds("P01")
def test_a_source_counts_only_if_it_is_covered_wherever_it_was_found() -> None:
    texts = {
        "ruff.toml": 'lint.select = ["S", "ANN"]\nlint.per-file-ignores = {"tests/**" = ["S"]}\n'
    }
    app = build_file("app/main.py", after="a\nb\n")
    tests = build_file("tests/test_main.py", after="a\nb\n")
    findings = [
        build_finding(app, 1, sources=("ruff S602",)),
        build_finding(tests, 1, sources=("ruff S602", "pattern SEC007/shell")),
        build_finding(app, 2, sources=("ruff ANN001",)),
    ]
    covered, notices = covered_sources(findings, texts)
    assert [(own.source, own.name, own.path) for own in covered] == [
        ("ruff ANN001", "ruff", "ruff.toml")
    ]
    assert notices == ()
