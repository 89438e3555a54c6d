"""The house rules of CONTRIBUTING.md that a linter cannot hold."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

from tests.guards import ROOT

PACKAGE = ROOT / "reviewer"
MODULES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted(path for path in (ROOT / "tests").rglob("*.py") if "samples" not in path.parts)

MAX_LINES = 400
#: Folders between `reviewer/` and a module, the package itself counted.
MAX_LEVELS = 3

#: Names that say where something was put and not what it is.
FORBIDDEN_NAMES = re.compile(r"(^|_)(utils?|helpers?|common|managers?|misc|impl)($|_)")
FORBIDDEN_CLASSES = re.compile(
    r"^(Base[A-Z]\w*|Abstract[A-Z]\w*|I[A-Z][a-z]\w*|\w+(Impl|Manager|Helper))$"
)

#: Here "base" is the commit that a change starts from, not a class to inherit.
BASE_COMMIT = {"BaseTree"}

#: What starts programs or reaches the network stands behind its own doors. Libraries of others have
#: theirs in docs/dependencies.toml, which tests/unit/test_supply_chain.py holds.
DOORS = {
    "multiprocessing": (),
    "socket": (),
    "subprocess": (
        "reviewer/adapters/analyser/*",
        "reviewer/adapters/git/*",
        "reviewer/adapters/linters/*",
        "reviewer/testing/fake_github/*",
    ),
    "urllib": (),
    "urllib.parse": ("reviewer/adapters/*", "reviewer/testing/fake_github/*"),
}

#: ast-grep raises a bare Exception for an unknown key; the handler re-raises every subclass. The
#: engine's is the outermost loop of a worker: what it carries out ends as told, whatever it is.
#: Its intake raises what it caught where somebody waits for it.
BROAD_EXCEPTS = {
    "reviewer/adapters/durable/intake.py": 1,
    "reviewer/adapters/durable/workflows.py": 1,
    "reviewer/adapters/patterns/examiner.py": 1,
}

#: What the top level holds (mission.md C7), besides files that begin with a dot.
TOP_LEVEL = {
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Dockerfile",
    "LICENSE",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "action.yml",
    "deploy",
    "docs",
    "personas",
    "prompts",
    "pyproject.toml",
    "requirements-action.lock",
    "requirements-dev.lock",
    "requirements-server.lock",
    "requirements.lock",
    "reviewer",
    "schemas",
    "tests",
}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


def _tracked() -> list[str]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], check=True, capture_output=True
    ).stdout
    return [name for name in listed.decode().split("\0") if name and (ROOT / name).exists()]


def _breaking(paths: Iterable[Path], law: Callable[[Path], object]) -> dict[str, object]:
    """Return the modules that break a law, each with what is wrong there."""
    judged = ((_name(path), law(path)) for path in paths)
    return {name: wrong for name, wrong in judged if wrong}


def test_a_module_fits_on_a_few_screens() -> None:
    def too_many_lines(path: Path) -> int:
        lines = sum(bool(line.strip()) for line in path.read_text(encoding="utf-8").splitlines())
        return lines if lines > MAX_LINES else 0

    assert _breaking([*MODULES, *TESTS], too_many_lines) == {}


def test_a_module_is_at_most_three_folders_deep() -> None:
    def too_deep(path: Path) -> bool:
        return len(path.relative_to(ROOT).parts) - 1 > MAX_LEVELS

    assert _breaking(MODULES, too_deep) == {}


def test_a_module_begins_with_one_sentence_that_says_what_it_is() -> None:
    def no_sentence(path: Path) -> str:
        first = (ast.get_docstring(_tree(path)) or "no docstring").splitlines()[0]
        return "" if first.endswith((".", "?", "!")) else first

    assert _breaking([*MODULES, *TESTS], no_sentence) == {}


def test_names_say_what_a_thing_is() -> None:
    def bad_names(path: Path) -> list[str]:
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        classes = {node.name for node in ast.walk(_tree(path)) if isinstance(node, ast.ClassDef)}
        wrong = {name for name in classes - BASE_COMMIT if FORBIDDEN_CLASSES.match(name)}
        return [*(part for part in parts if FORBIDDEN_NAMES.search(part)), *sorted(wrong)]

    assert _breaking(MODULES, bad_names) == {}


@pytest.mark.holds("S17")
def test_only_config_reads_the_environment() -> None:
    def reads(path: Path) -> list[int]:
        return [
            node.lineno
            for node in ast.walk(_tree(path))
            if isinstance(node, ast.Attribute)
            and node.attr in {"environ", "environb", "getenv", "expandvars"}
        ]

    assert _breaking(MODULES, reads).keys() == {"reviewer/config.py"}


@pytest.mark.holds("S13")
def test_what_reaches_outside_stands_behind_its_own_door() -> None:
    def through_no_door(path: Path) -> list[str]:
        doors = {
            module: DOORS.get(module, DOORS.get(module.split(".")[0])) for module in _imports(path)
        }
        return [
            module
            for module, allowed in doors.items()
            if allowed is not None and not any(fnmatch(_name(path), door) for door in allowed)
        ]

    assert _breaking(MODULES, through_no_door) == {}


@pytest.mark.holds("P03")
def test_nobody_catches_everything() -> None:
    def broad(path: Path) -> list[int]:
        # A handler that ends by raising the same again cleans up; it swallows nothing.
        found = [
            node.lineno
            for node in ast.walk(_tree(path))
            if isinstance(node, ast.ExceptHandler)
            and not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None)
            and (
                node.type is None
                or (
                    isinstance(node.type, ast.Name)
                    and node.type.id in {"Exception", "BaseException"}
                )
            )
        ]
        allowed = BROAD_EXCEPTS.get(_name(path), 0)
        if _name(path).startswith("reviewer/entrypoints/"):
            allowed = 1  # the outermost loop of a door
        return found if len(found) > allowed else []

    assert _breaking(MODULES, broad) == {}


def test_architecture_decisions_are_numbered_once_and_have_every_section() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("ADR-*.md"))
    numbers = [path.name[:8] for path in records]
    assert numbers == [f"ADR-{index:04}" for index in range(1, len(records) + 1)]
    sections = ("Status", "Context", "Decision", "Consequences", "Alternatives", "Revisit")
    for record in records:
        headings = re.findall(r"^## (\w+)", record.read_text(encoding="utf-8"), re.MULTILINE)
        assert [section for section in sections if section not in headings] == [], record.name


def test_the_top_level_stays_as_agreed() -> None:
    top = {name.split("/")[0] for name in _tracked()}
    assert {name for name in top if not name.startswith(".")} - TOP_LEVEL == set()


def test_no_tracked_file_names_a_registry_or_somebody_s_machine() -> None:
    # Put together here, so that this file does not hold what it looks for.
    words = ["pypi" + ".org", "python" + "hosted", "registry" + ".npmjs", "deb" + ".debian"]
    places = ["/" + "work/main", "/" + "work/shared", "/" + "work/."]
    # A home in a container (a cache mount in an example) is nobody's machine.
    root_home = "/" + r"root/(?!\.)"
    pattern = re.compile("|".join([root_home, *map(re.escape, [*words, *places])]))
    found = []
    for name in _tracked():
        text = (ROOT / name).read_bytes().decode("utf-8", "replace")
        found += [f"{name}: {match.group()}" for match in pattern.finditer(text)]
    assert found == []


def test_the_makefile_explains_every_target() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^\.PHONY: (\S+)", text, re.MULTILINE))
    explained = set(re.findall(r"^([a-z-]+):.*## \S", text, re.MULTILINE))
    assert targets - explained <= {"coverage-gates"}
    used = re.findall(r"`make ([a-z-]+)", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert set(used) <= targets
