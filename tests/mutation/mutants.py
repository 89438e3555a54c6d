"""What is mutated and how: mutmut's mutants of functions, each as the code of one function.

mutmut makes the mutants (https://mutmut.readthedocs.io/); its own runner starts pytest for each of
them and leaves out functions with a decorator. Ours puts the code of one mutant into the function
that the tests already hold (`tests/mutation/trial.py`), so decorated functions can take part.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import importlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import CodeType
from typing import Any

#: The version whose mutants are meant; another one makes others.
TOOL = "mutmut==3.8.1"

#: What makes a mutant's function the same as in its module.
_FUTURE = "from __future__ import annotations\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutant:
    """One change of one function.

    Attributes:
        name: ``path::function#number``, the same for the same source.
        path: The module's file, from the root of the repository.
        function: Its qualified name: ``function`` or ``Class.method``.
        first: The function's first line in the file.
        last: Its last.
        line: The first line that the mutant changes.
        change: The lines that differ, as in a diff.
        source: The mutated function, in its class if it is a method.
    """

    name: str
    path: str
    function: str
    first: int
    last: int
    line: int
    change: tuple[str, ...]
    source: str

    @property
    def digest(self) -> str:
        """What a verdict holds for: the mutated text."""
        return hashlib.sha256(f"{self.path}\n{self.source}".encode()).hexdigest()[:16]

    @property
    def lines(self) -> range:
        """The function's lines in the file."""
        return range(self.first, self.last + 1)

    def code(self) -> CodeType:
        """Return the code of the mutated function."""
        return function_code(self.source, self.path, self.function)


def function_code(source: str, path: str, function: str) -> CodeType:
    """Return the code of a function from the text of it (in its class).

    Args:
        source: The text.
        path: The file it is said to come from.
        function: Its qualified name.
    """
    code = compile(_FUTURE + source, path, "exec", dont_inherit=True)
    for name in function.split("."):
        code = next(c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == name)
    return code


def mutants_of(path: str, text: str) -> Iterator[Mutant]:
    """Yield every mutant of a module's functions.

    Mutants that compile to what the function was are left out: nothing could tell them apart.

    Args:
        path: The module's file, from the root.
        text: What it holds.
    """
    maker = importlib.import_module("mutmut.mutation.file_mutation")
    cst = importlib.import_module("libcst")
    plain = _without_decorators(text)
    places = _places(plain)
    module, mutations, _, _ = maker.create_mutations(path, plain)
    numbers: dict[str, int] = {}
    originals: dict[str, tuple[list[str], CodeType]] = {}
    owners = _owners(cst, module)
    for mutation in mutations:
        node = mutation.contained_by_top_level_function
        if not isinstance(node, cst.FunctionDef) or node not in owners:
            continue
        owner = owners[node]
        function = f"{owner}.{node.name.value}" if owner else node.name.value
        if function not in originals:
            original = _render(cst, module, node, owner)
            originals[function] = original.splitlines(), function_code(original, path, function)
        before, code = originals[function]
        numbers[function] = numbers.get(function, 0) + 1
        mutated = maker.deep_replace(node, mutation.original_node, mutation.mutated_node)
        source = _render(cst, module, mutated, owner)
        if _same(function_code(source, path, function), code):
            continue
        first, last = places[function]
        offset, change = _difference(before, source.splitlines())
        yield Mutant(
            name=f"{path}::{function}#{numbers[function]}",
            path=path,
            function=function,
            first=first,
            last=last,
            line=first + offset - (1 if owner else 0),
            change=tuple(change),
            source=source,
        )


def save(mutants: Sequence[Mutant], file: Path) -> None:
    """Write mutants to a file, for the process that tries them."""
    file.write_text(json.dumps([asdict(mutant) for mutant in mutants]), encoding="utf-8")


def load(file: Path) -> list[Mutant]:
    """Read what ``save`` wrote."""
    rows = json.loads(file.read_text(encoding="utf-8"))
    return [Mutant(**{**row, "change": tuple(row["change"])}) for row in rows]


def _without_decorators(text: str) -> str:
    """Empty the lines of functions' decorators: mutmut passes over what is decorated."""
    lines = text.splitlines(keepends=True)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                for number in range(decorator.lineno, (decorator.end_lineno or 0) + 1):
                    lines[number - 1] = "\n"
    return "".join(lines)


def _places(text: str) -> dict[str, tuple[int, int]]:
    """Return where each function stands: its first and its last line."""
    found: dict[str, tuple[int, int]] = {}
    tree = ast.parse(text)
    classes = [(f"{node.name}.", node) for node in tree.body if isinstance(node, ast.ClassDef)]
    scopes: list[tuple[str, ast.Module | ast.ClassDef]] = [("", tree), *classes]
    for before, place in scopes:
        for node in place.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found[before + node.name] = node.lineno, node.end_lineno or node.lineno
    return found


def _owners(cst: Any, module: Any) -> dict[Any, str]:  # noqa: ANN401 - libcst stands outside our lock
    """Return the functions of a module, each with its class or an empty text."""
    owners: dict[Any, str] = {}
    for statement in module.body:
        if isinstance(statement, cst.FunctionDef):
            owners[statement] = ""
        elif isinstance(statement, cst.ClassDef):
            for part in statement.body.body:
                if isinstance(part, cst.FunctionDef):
                    owners[part] = statement.name.value
    return owners


def _render(cst: Any, module: Any, function: Any, owner: str) -> str:  # noqa: ANN401 - as above
    bare = function.with_changes(leading_lines=[])
    if owner:
        bare = cst.ClassDef(name=cst.Name(owner), body=cst.IndentedBlock(body=[bare]))
    return str(module.code_for_node(bare))


def _same(one: CodeType, other: CodeType) -> bool:
    """Tell whether two codes do the same; where their lines stand does not matter."""
    if len(one.co_consts) != len(other.co_consts):
        return False
    parts = zip(one.co_consts, other.co_consts, strict=True)
    return (
        one.co_code == other.co_code
        and (one.co_names, one.co_varnames) == (other.co_names, other.co_varnames)
        and all(
            _same(a, b)
            if isinstance(a, CodeType) and isinstance(b, CodeType)
            else repr(a) == repr(b)
            for a, b in parts
        )
    )


def _difference(before: Sequence[str], after: Sequence[str]) -> tuple[int, list[str]]:
    """Return how far in the first difference stands, and the lines that differ."""
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    changes = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    lines = []
    for _, start, end, new_start, new_end in changes:
        lines += [f"- {line.strip()}" for line in before[start:end]]
        lines += [f"+ {line.strip()}" for line in after[new_start:new_end]]
    return changes[0][1], lines
