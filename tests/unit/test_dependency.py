"""Dependencies that a change adds to a manifest: new names, not other versions."""

from __future__ import annotations

import pytest

from reviewer.domain.change import NotReviewedReason
from reviewer.domain.dependency import added_dependencies
from reviewer.domain.language import language_of
from reviewer.testing.builders import build_file, build_unreviewed_file


def added(path: str, before: str | None, after: str) -> list[str]:
    file = build_file(path, before=before, after=after, language=language_of(path))
    return list(added_dependencies(file))


@pytest.mark.parametrize(
    ("path", "before", "after", "names"),
    [
        ("requirements.txt", "httpx==1\n", "httpx==1\nredis[hiredis]>=5  # queue\n", ["redis"]),
        ("requirements/base.in", "a\n", "a\nb\n", []),
        ("base-requirements.in", "a\n", "a\nb\n", ["b"]),
        ("requirements.txt", "httpx==1\n", "httpx==2\n", []),
        ("requirements.txt", "my_lib==1\n", "My.Lib==2\n", []),
        ("requirements.txt", "", "# redis\n-r other.txt\n", []),
        ("requirements.txt", "", "redis==5 --hash=sha256:0\n", []),
        ("dev-requirements.txt", "", "pytest\n", []),
        ("setup.py", "x\n", "x\n    'redis>=5',\n    'a name',\n", ["redis"]),
        ("setup.cfg", "x\n", "x\n    redis >= 5\n", ["redis"]),
        ("package.json", "{\n", '{\n"dependencies": {\n"left-pad": "^1.0.0"\n}\n', ["left-pad"]),
        ("package.json", "{\n", '{\n"devDependencies": {\n"jest": "^1.0.0"\n}\n', []),
        ("package.json", "{\n", '{\n"version": "1.0.0",\n"repository": "https://a.b"\n', []),
        (
            "package.json",
            '{\n"dependencies": {\n"a": "1.0"\n}\n',
            '{\n"dependencies": {\n"a": "1.1",\n"@b/c": "workspace:*"\n}\n',
            ["@b/c"],
        ),
        ("go.mod", "", "require github.com/a/b v1.2.3\n", ["github.com/a/b"]),
        ("go.mod", "", "\tgithub.com/a/b v1.2.3 // indirect\n", []),
        ("go.mod", "\tgithub.com/a/b/v2 v2.0.0\n", "\tgithub.com/a/b/v3 v3.0.0\n", []),
        ("Cargo.toml", "[dependencies]\n", '[dependencies]\nserde = "1"\n', ["serde"]),
        (
            "Cargo.toml",
            "[dependencies]\n",
            '[dependencies]\ntokio = { version = "1", features = ["full"] }\n',
            ["tokio"],
        ),
        ("Cargo.toml", "[dev-dependencies]\n", '[dev-dependencies]\nserde = "1"\n', []),
        ("Cargo.toml", "[package]\n", '[package]\nversion = "1"\nrust-version = "1.80"\n', []),
        ("Gemfile", "", 'gem "rails", "~> 7"\n', ["rails"]),
        (
            "pom.xml",
            "<a/>\n",
            "<a/>\n<dependency>\n<artifactId>core</artifactId>\n</dependency>\n",
            ["core"],
        ),
        ("pom.xml", "<a/>\n", "<a/>\n<artifactId>core</artifactId>\n", []),
        ("build.gradle", "", "implementation 'org.a:b:1.0'\n", ["org.a:b"]),
        ("composer.json", "{\n", '{\n"monolog/monolog": "^3"\n', ["monolog/monolog"]),
        ("README.md", "", "redis==5\n", []),
        ("tests/requirements.txt", "", "redis==5\n", []),
    ],
)
def test_only_new_names_of_what_the_system_runs_with_count(
    path: str, before: str | None, after: str, names: list[str]
) -> None:
    assert added(path, before, after) == names


@pytest.mark.parametrize(
    ("after", "names"),
    [
        ('[project]\ndependencies = [\n"redis>=5",\n]\n', ["redis"]),
        ('[project]\ndependencies = ["redis>=5", "rich>=13"]\n', ["redis", "rich"]),
        ('[project]\nrequires-python = ">=3.11"\nname = "redis>=5"\n', []),
        ('[dependency-groups]\ndev = ["pytest>=8"]\n', []),
        ('[tool.poetry.dependencies]\nredis = "^5"\n', ["redis"]),
        ('[tool.poetry.group.dev.dependencies]\npytest = "^8"\n', []),
        ('[build-system]\nrequires = ["hatchling>=1"]\n', []),
    ],
)
def test_a_pyproject_is_read_by_its_tables(after: str, names: list[str]) -> None:
    assert added("pyproject.toml", None, after) == names


def test_without_the_heading_in_sight_only_a_version_range_tells() -> None:
    assert added("pyproject.toml", "a\n", 'a\nredis = "^5"\npython = "^3.11"\n') == ["redis"]


def test_the_line_is_told() -> None:
    file = build_file("requirements.txt", before="a==1\n", after="a==1\nb==2\n")
    assert added_dependencies(file) == {"b": 2}


def test_a_file_that_is_not_reviewed_adds_none() -> None:
    file = build_unreviewed_file("requirements.txt", NotReviewedReason.GENERATED)
    assert added_dependencies(file) == {}
