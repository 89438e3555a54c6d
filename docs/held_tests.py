"""Finds which tests hold which items of the threat model, from their marks, without running any.

A mark is ``@pytest.mark.holds("S9", "R25")`` on a test, on its class, in ``pytestmark``, or among
the parameters of a test: ``pytest.param(…, marks=pytest.mark.holds("R03"))``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TESTS = (ast.FunctionDef, ast.AsyncFunctionDef)
#: Folders of tests that hold no tests of ours: changes that are reviewed.
_SKIPPED = {"samples", "__pycache__"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTest:
    """One test and what it holds.

    Args:
        path: Its file, from the root.
        name: Its function.
        ids: What it holds, in the order of its marks.
    """

    path: str
    name: str
    ids: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Its name as the sentence that it is; a name holds no apostrophe."""
        words = self.name.removeprefix("test_").replace("_", " ").strip()
        return re.sub(r"(?<=\w) s(?= |$)", "'s", words)


@cache
def collect_tests(root: Path) -> tuple[HeldTest, ...]:
    """Find the marked tests of a checkout, by file and place.

    Raises:
        ValueError: A mark says something else than literal ids.
    """
    files = sorted((root / "tests").rglob("*.py"))
    return tuple(
        test
        for path in files
        if _SKIPPED.isdisjoint(path.parts)
        for test in read_marks(path.read_text(encoding="utf-8"), path.relative_to(root).as_posix())
    )


def read_marks(source: str, path: str) -> tuple[HeldTest, ...]:
    """Find the marked tests of one module.

    Raises:
        ValueError: A mark says something else than literal ids.
    """
    if ".holds(" not in source:
        return ()
    module = ast.parse(source, path)
    tables = {
        target.id: statement.value
        for statement in module.body
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None
        for target in _targets(statement)
    }
    common = _ids([tables["pytestmark"]], path) if "pytestmark" in tables else ()
    return tuple(_tests(module.body, common, tables, path))


def _tests(
    body: Iterable[ast.stmt], common: tuple[str, ...], tables: dict[str, ast.expr], path: str
) -> Iterator[HeldTest]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            own = _ids(node.decorator_list, path)
            yield from _tests(node.body, (*common, *own), tables, path)
        elif isinstance(node, _TESTS) and node.name.startswith("test_"):
            named = {
                name.id
                for decorator in node.decorator_list
                for name in ast.walk(decorator)
                if isinstance(name, ast.Name)
            }
            shown = [tables[name] for name in sorted(named & tables.keys())]
            ids = (*_ids(node.decorator_list, path), *_ids(shown, path), *common)
            if ids:
                yield HeldTest(path=path, name=node.name, ids=tuple(dict.fromkeys(ids)))


def _targets(statement: ast.Assign | ast.AnnAssign) -> Iterator[ast.Name]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    yield from (target for target in targets if isinstance(target, ast.Name))


def _ids(expressions: Iterable[ast.expr], path: str) -> tuple[str, ...]:
    found: list[str] = []
    for expression in expressions:
        for node in ast.walk(expression):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("mark.holds"):
                for given in node.args:
                    if not (isinstance(given, ast.Constant) and isinstance(given.value, str)):
                        message = f"{path}:{given.lineno}: an id of a mark is written out"
                        raise ValueError(message)  # noqa: TRY004 - what is read is wrong, not us
                    found.append(given.value)
    return tuple(found)
