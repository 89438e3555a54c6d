"""What we install: little, each with its reason, by hash, as wheels; nothing runs on the way in."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from fnmatch import fnmatch
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.sbom import read_lock
from docs.dependency_table import Dependency, read_dependencies
from tests.guards import ROOT
from tests.unit.code_law import code_faults
from tests.unit.packaging_example import RELEASE, read_documents

pytestmark = pytest.mark.holds("S18")

MODULES = sorted((ROOT / "reviewer").rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = sorted(path.name for path in ROOT.glob("requirements*.lock"))
TABLE = read_dependencies()
NAMED = [*TABLE.dependency, *TABLE.brought_along]

#: Files with commands in them that install something, for us or for whoever uses us.
#: The image and the Action: tests/unit/test_packaging.py, tests/unit/test_workflows.py.
INSTALLERS = ("Makefile", ".ci/run", ".github/workflows/release.yml")
#: What developers and the release's test job use and nothing ships: by range, but never built here.
TOOLS = ("atheris", "mutmut", "pip-audit", "pip-tools")

#: Classifiers and free words of packages that state no SPDX expression.
_SPDX = {
    "Apache 2.0": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: GNU Library or Lesser General Public License (LGPL)": (
        "LGPL-3.0-or-later"
    ),
    "License :: OSI Approved :: MIT License": "MIT",
}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def _imports(path: Path) -> tuple[str, ...]:
    """Return what a module imports of others, names of submodules included."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    ours = {"reviewer", *sys.stdlib_module_names}
    return tuple(name for name in found if name.split(".")[0] not in ours)


def _owner(module: str) -> Dependency | None:
    """Return whose module it is: the longest listed name that it begins with."""
    owners = [
        (len(listed), entry)
        for entry in NAMED
        for listed in entry.imports
        if module == listed or module.startswith(f"{listed}.")
    ]
    return max(owners, key=lambda each: each[0])[1] if owners else None


def _project_parts() -> dict[str, set[str]]:
    """Return the names that pyproject.toml asks for, by part."""
    project = PROJECT["project"]
    parts = {"core": project["dependencies"], **project["optional-dependencies"]}
    return {
        part: {canonicalize_name(Requirement(line).name) for line in lines}
        for part, lines in parts.items()
    }


# --- the list --------------------------------------------------------------------------------


def test_the_list_names_what_pyproject_asks_for_and_nothing_else() -> None:
    listed: dict[str, set[str]] = {}
    for entry in TABLE.dependency:
        for part in entry.parts:
            listed.setdefault(part, set()).add(entry.name)
    assert listed == _project_parts()


def test_each_has_one_entry_with_a_reason() -> None:
    names = [entry.name for entry in NAMED]
    assert len(names) == len(set(names))
    for entry in NAMED:
        assert len(entry.why) > 10, entry.name
        assert not entry.why.endswith("."), entry.name
        assert bool(entry.imports) == bool(entry.doors) == (not entry.named_in), entry.name
        assert bool(entry.parts) != bool(entry.by), entry.name


def test_nothing_is_imported_that_is_not_listed_and_only_through_its_doors() -> None:
    wrong = []
    for path in MODULES:
        for module in _imports(path):
            owner = _owner(module)
            if owner is None or not any(fnmatch(_name(path), door) for door in owner.doors):
                wrong.append(f"{_name(path)} imports {module}")
    assert wrong == []


def test_nothing_is_listed_that_is_not_used_and_every_door_is_one() -> None:
    used: dict[str, set[str]] = {}
    for path in MODULES:
        for module in _imports(path):
            if (owner := _owner(module)) is not None:
                used.setdefault(owner.name, set()).add(_name(path))
    for entry in NAMED:
        if not entry.imports:
            continue
        for door in entry.doors:
            assert any(fnmatch(place, door) for place in used[entry.name]), (entry.name, door)


def test_a_program_or_driver_is_named_where_it_is_started() -> None:
    for entry in TABLE.dependency:
        if not entry.imports:
            text = (ROOT / entry.named_in).read_text(encoding="utf-8")
            assert re.search(rf"\b{re.escape(entry.name)}\b", text), entry.name


@pytest.mark.parametrize("entry", NAMED, ids=lambda entry: entry.name)
def test_a_licence_is_the_one_that_the_package_states(entry: Dependency) -> None:
    metadata = distribution(entry.name).metadata
    stated = {metadata["License-Expression"], metadata["License"]}
    stated |= set(metadata.get_all("Classifier") or [])
    assert entry.licence in {_SPDX.get(word, word) for word in stated if word}


@pytest.mark.parametrize("entry", TABLE.brought_along, ids=lambda entry: entry.name)
def test_what_is_brought_along_is_asked_for_by_its_owner(entry: Dependency) -> None:
    # An extra of the owner counts: PyGithub asks for `pyjwt[crypto]`, which is cryptography.
    needs = map(Requirement, distribution(entry.by).requires or ())
    assert entry.name in {canonicalize_name(need.name) for need in needs}


def test_starlette_comes_with_what_the_server_asks_for() -> None:
    for entry in TABLE.dependency:
        if entry.comes_with:
            needs = map(Requirement, distribution(entry.comes_with).requires or ())
            assert entry.name in {canonicalize_name(need.name) for need in needs}


def test_each_of_the_core_is_a_written_decision() -> None:
    record = next((ROOT / "docs" / "adr").glob("ADR-0005-*.md")).read_text(encoding="utf-8")
    for entry in TABLE.dependency:
        if "core" in entry.parts:
            assert re.search(rf"^### {re.escape(entry.name)}$", record, re.MULTILINE), entry.name


# --- the locks -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOCKS)
def test_every_entry_of_a_lock_is_one_version_with_its_hashes(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    packages = read_lock(text)  # it refuses a line without `==` and without a SHA-256
    assert len({package.name for package in packages}) == len(packages)
    # Nothing else stands there: no option, no address, no path, no other digest.
    line = r"[a-z0-9-]+==[\w.+!-]+ \\|    --hash=sha256:[0-9a-f]{64}(?: \\)?|(?:    )?#.*|"
    assert [each for each in text.split("\n") if not re.fullmatch(line, each)] == []
    assert "://" not in text


def test_the_locks_agree_and_hold_what_their_parts_ask_for() -> None:
    locks = {
        name: {
            package.name: package.version
            for package in read_lock((ROOT / name).read_text(encoding="utf-8"))
        }
        for name in LOCKS
    }
    everything = locks["requirements-dev.lock"]
    for lock in locks.values():
        assert {name: everything.get(name) for name in lock} == lock
    parts = _project_parts()
    for name, wanted in {
        "requirements.lock": ("core",),
        "requirements-action.lock": ("core", "model", "github", "action"),
        "requirements-server.lock": ("core", "model", "github", "server", "telemetry"),
        "requirements-dev.lock": tuple(parts),
    }.items():
        assert set().union(*(parts[part] for part in wanted)) <= set(locks[name]), name


@pytest.mark.parametrize("name", TABLE.locks)
def test_a_lock_holds_no_more_distributions_than_was_decided(name: str) -> None:
    count = len(read_lock((ROOT / name).read_text(encoding="utf-8")))
    assert count <= TABLE.locks[name]
    assert count > TABLE.locks[name] * 0.8, "the bound is no bound any more: lower it"


def test_no_model_gateway_comes_in() -> None:
    for name in LOCKS:
        assert "litellm" not in (ROOT / name).read_text(encoding="utf-8").lower()


# --- nothing runs on the way in ----------------------------------------------------------------


_INSTALL = re.compile(r"(?:\bpip\b|\$\(PIP\)|/pip\"?)[^|&;]*\b(?:install|wheel)\b[^&;]*")


def _install_commands(text: str) -> list[str]:
    lines = [line.strip() for line in text.replace("\\\n", " ").splitlines()]
    found = (_INSTALL.finditer(line) for line in lines if not line.startswith("#"))
    return [match.group() for matches in found for match in matches]


def _may_run_code(command: str) -> bool:
    """Tell whether a command takes more than wheels with their hashes, our own, or a tool."""
    wheels = "--only-binary :all:" in command
    ours = "--no-deps" in command and (
        "--no-index" in command or "--no-build-isolation --editable ." in command
    )
    tool = wheels and any(f"'{tool}" in command for tool in TOOLS)
    return not ((wheels and "--require-hashes" in command) or ours or tool)


@pytest.mark.parametrize("name", INSTALLERS)
def test_what_is_installed_is_a_wheel_with_its_hash_or_our_own(name: str) -> None:
    commands = _install_commands((ROOT / name).read_text(encoding="utf-8"))
    assert commands
    assert [command for command in commands if _may_run_code(command)] == []


@pytest.mark.parametrize(
    "text",
    [
        "pip install requests",
        'run: |\n  "$RUNNER_TEMP/tools/bin/pip" install --quiet \\\n    --requirement x.lock',
        "python -m pip install --require-hashes --requirement x.lock",
        "\t@$(PIP) install --only-binary :all: --requirement x.lock",
        "python -m pip install --no-deps .",
        "make wheel && pip install 'pip-audit>=2'",
    ],
)
def test_a_command_that_may_run_a_package_s_code_is_seen(text: str) -> None:
    (command,) = _install_commands(text)
    assert _may_run_code(command)


def test_every_lock_that_ships_is_looked_through_before_a_release() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.partition("\naudit:")[2].partition("\n\n")[0]
    named = set(re.findall(r"requirements[\w-]*\.lock", recipe))
    assert named == set(LOCKS) - {"requirements-dev.lock"}
    assert "--strict" in recipe, "what could not be looked up is not without faults"
    [release] = read_documents(RELEASE)
    first = [name for name, job in release["jobs"].items() if "needs" not in job]
    assert first == ["check"]
    assert "make audit" in [step.get("run") for step in release["jobs"]["check"]["steps"]]


def test_our_own_build_runs_no_code_of_ours() -> None:
    assert PROJECT["build-system"]["build-backend"] == "hatchling.build"
    assert "backend-path" not in PROJECT["build-system"]
    hatch = PROJECT["tool"]["hatch"]
    # The version is read by an expression out of a file: hatchling's source `code` would import it.
    assert hatch["version"] == {"path": "reviewer/__init__.py"}
    assert _keys(hatch) & {"hooks", "hook", "scripts", "env", "envs"} == set()
    for name in ("setup.py", "setup.cfg", "hatch_build.py", "conftest.py", "sitecustomize.py"):
        assert not (ROOT / name).exists(), name


def _keys(value: object) -> set[str]:
    if not isinstance(value, dict):
        return set()
    return set(value).union(*map(_keys, value.values()))


# --- nothing is run that is only text ------------------------------------------------------------


@pytest.mark.holds("S13")
def test_no_module_runs_text_unpickles_or_starts_a_shell() -> None:
    faults = {_name(path): code_faults(path.read_text(encoding="utf-8")) for path in MODULES}
    assert {name: found for name, found in faults.items() if found} == {}


@pytest.mark.holds("S13")
@pytest.mark.parametrize(
    "source",
    [
        "eval(text)",
        "run = exec",
        "compile(text, 'a', 'exec')",
        "__import__(name)",
        "import builtins\nbuiltins.eval(text)",
        "from builtins import exec as run",
        "import pickle",
        "from pickle import loads",
        "import dill.source",
        "yaml.load(text)",
        "yaml.load(text, Loader=yaml.SafeLoader)",
        "from yaml import unsafe_load",
        "class Ours(yaml.Loader): pass",
        "os.system(line)",
        "os.popen(line)",
        "os.execv(path, words)",
        "from os import spawnlp",
        "subprocess.run(line, shell=True)",
        "subprocess.run(line, shell=wanted)",
        "subprocess.getoutput(line)",
        "asyncio.create_subprocess_shell(line)",
        "importlib.import_module(name)",
    ],
)
def test_the_law_of_code_sees_each_of_them(source: str) -> None:
    assert code_faults(source)


@pytest.mark.parametrize(
    "source",
    [
        "re.compile(text)",
        "environment.compile(tree)",
        "yaml.SafeLoader(text)",
        "importlib.import_module('croniter')",
        "subprocess.run(words, shell=False)",
        "text = 'eval(text)'",
    ],
)
def test_the_law_of_code_leaves_the_rest_alone(source: str) -> None:
    assert code_faults(source) == []
