"""Manifests line by line: what names a dependency there, and what only looks like one."""

from __future__ import annotations

import pytest

from reviewer.domain.dependency import added_dependencies
from reviewer.domain.language import language_of
from reviewer.testing.builders import build_file


def added(path: str, *lines: str, before: str = "first\n") -> dict[str, int]:
    after = before + "".join(f"{line}\n" for line in lines)
    file = build_file(path, before=before, after=after, language=language_of(path))
    return added_dependencies(file)


@pytest.mark.parametrize(
    ("path", "line", "name"),
    [
        ("requirements.txt", "redis", "redis"),
        ("requirements.txt", "redis[a,b] ~= 5 ; python_version > '3'", "redis"),
        ("requirements.txt", "redis @ https://a.example/r.whl", "redis"),
        ("requirements.txt", "redis # queue", "redis"),
        ("requirements.txt", "redis!=5", "redis"),
        ("requirements.txt", "  -e .", None),
        ("requirements.txt", "two words", None),
        ("deploy/requirements-prod.txt", "redis", "redis"),
        ("deploy/my_requirements.txt", "redis", "redis"),
        ("requirements_test.txt", "redis", None),
        ("requirements-lint.in", "redis", None),
        ("requirements.docs.txt", "redis", None),
        ("ci-requirements.txt", "redis", None),
        ("requirements.md", "redis", None),
        ("norequirements.txt", "redis", None),
        ("setup.py", "    install_requires=['redis>=5'],", "redis"),
        ("setup.py", '    "redis[a] @ https://a.example",', "redis"),
        ("setup.py", "    'redis',", None),
        ("setup.py", "    'redis; x',", None),
        ("setup.cfg", "    redis[a]>=5", "redis"),
        ("setup.cfg", "redis>=5", None),
        ("setup.cfg", "    redis", None),
        ("setup.cfg", "    name = redis", None),
        ("package.json", '  "a-b.c": "~1.0",', "a-b.c"),
        ("package.json", '  "@o/c": "npm:x",', "@o/c"),
        ("package.json", '  "a": "latest"', "a"),
        ("package.json", '  "a": "12.0.0"', "a"),
        ("package.json", '  "a": "v2"', "a"),
        ("package.json", '  "a": "git+ssh"', "a"),
        ("package.json", '  "a": "tsc -b"', None),
        ("package.json", '  "node": ">=20"', None),
        ("package.json", '  "packageManager": "1.0.0"', None),
        ("package.json", '  "homepage": "https://a.example"', None),
        ("go.mod", "require example.com/a/b v1.2.3", "example.com/a/b"),
        ("go.mod", "go 1.22", None),
        ("go.mod", "example.com/a/b v1.2.3 // indirect", None),
        ("cargo.toml", 'serde = "1.0"', "serde"),
        ("cargo.toml", 'serde = { git = "https://a.example" }', "serde"),
        ("cargo.toml", 'serde = { path = "../serde" }', "serde"),
        ("cargo.toml", 'edition = "2021"', None),
        ("cargo.toml", 'version = "1.0"', None),
        ("cargo.toml", "debug = true", None),
        ("Pipfile", 'redis = "*"', "redis"),
        ("pyproject.toml", 'redis = "^5"', "redis"),
        ("pyproject.toml", 'redis = ">5"', "redis"),
        ("pyproject.toml", 'redis = "5"', None),
        ("pyproject.toml", 'python = "^3.11"', None),
        ("pyproject.toml", 'target-version = "~1"', None),
        ("pyproject.toml", '    "redis>=5",', "redis"),
        ("pyproject.toml", 'dependencies = ["redis>=5"]', "redis"),
        ("pyproject.toml", 'classifiers = ["redis>=5"]', None),
        ("Gemfile", 'gem "rails"', "rails"),
        ("Gemfile", "  gem('rails')", "rails"),
        ("Gemfile", 's.add_dependency "rails"', "rails"),
        ("Gemfile", 's.add_development_dependency "rails"', None),
        ("build.gradle.kts", '    api("org.a:b:1.0")', "org.a:b"),
        ("build.gradle", "    testImplementation 'org.a:b:1.0'", None),
        ("composer.json", '"a/b": "^1"', "a/b"),
        ("composer.json", '"php": "^8"', None),
        ("Directory.Packages.props", '  <PackageReference Include="A.B" />', "A.B"),
        ("pom.xml", "<dependency><artifactId>core</artifactId>", None),
        ("other.toml", 'redis = "1.0"', None),
    ],
)
def test_a_line_names_a_dependency_or_none(path: str, line: str, name: str | None) -> None:
    assert added(path, line) == ({name: 2} if name else {})


def test_of_a_name_on_several_lines_the_first_counts() -> None:
    assert added("requirements.txt", "b", "a", "B", "a>=2") == {"b": 2, "a": 3}


def test_a_compiled_list_names_none() -> None:
    assert added("requirements.txt", "redis==5", "    # via shop") == {}


@pytest.mark.parametrize(
    ("heading", "line", "names"),
    [
        ("[project]", '"redis>=5",', ["redis"]),
        ("[project.optional-dependencies]", 'redis = ["redis>=5"]', []),
        ("[tool.poetry.dependencies]", 'redis = "5.0"', ["redis"]),
        ("[tool.poetry.dependencies]", 'redis = { version = "5" }', ["redis"]),
        ("[tool.poetry.dependencies] # of the shop", 'redis = "*"', ["redis"]),
        ("[tool.poetry.group.test.dependencies]", 'redis = "^5"', []),
        ("[tool.ruff]", '"redis>=5",', []),
        ("[tool.mypy]", '"redis>=5",', []),
        ("[tool.pytest.ini_options]", '"redis>=5",', []),
        ("[build-system]", '"redis>=5",', []),
        ("[tool.other]", 'redis = "^5"', []),
        ("[[tool.poetry.dependencies]]", 'redis = "^5"', ["redis"]),
    ],
)
def test_the_table_decides_in_a_pyproject(heading: str, line: str, names: list[str]) -> None:
    assert list(added("pyproject.toml", line, before=f"{heading}\n")) == names


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("[dependencies]", ["serde"]),
        ("[target.x.dependencies]", ["serde"]),
        ("[dev-dependencies]", []),
        ("[package]", []),
        ("[features]", []),
    ],
)
def test_the_table_decides_in_a_cargo_file(heading: str, names: list[str]) -> None:
    assert list(added("Cargo.toml", 'serde = "1"', before=f"{heading}\n")) == names


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("dependencies", ["left-pad"]),
        ("peerDependencies", ["left-pad"]),
        ("devDependencies", []),
        ("engines", []),
        ("scripts", []),
        ("resolutions", []),
        ("overrides", []),
        ("publishConfig", []),
    ],
)
def test_the_object_decides_in_a_package_json(key: str, names: list[str]) -> None:
    before = f'{{\n  "{key}": {{\n'
    assert list(added("package.json", '    "left-pad": "^1"', before=before)) == names


def test_only_artifacts_inside_a_dependency_count_in_maven() -> None:
    lines = (
        *("<artifactId>own</artifactId>", "<dependency>", "<artifactId>one</artifactId>"),
        *("</dependency>", "<artifactId>plugin</artifactId>", "<dependency>"),
        *("  <artifactId>two</artifactId>", "</dependency>"),
    )
    assert added("pom.xml", *lines) == {"one": 4, "two": 8}


def test_another_version_and_another_way_to_write_a_name_are_no_new_dependency() -> None:
    file = build_file(
        "requirements.txt", before="My_Lib==1\nkept\n", after="my.lib==2\nnew\nkept\n"
    )
    assert added_dependencies(file) == {"new": 2}
    moved = build_file(
        "go.mod", before="example.com/a/v2 v2.0.0\n", after="example.com/a/v3 v3.0.0\n"
    )
    assert added_dependencies(moved) == {}
