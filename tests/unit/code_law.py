"""The law of what our code never calls, as a function from a source to its faults.

Whatever runs text as a program, unpickles, or starts a shell: none of it is needed, so that none of
it can be reached by a change, a model or a setting.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

_BUILTINS = {"eval", "exec", "compile", "__import__", "breakpoint"}
#: A module, and what in it runs text, starts a shell or makes objects out of somebody's bytes.
_ATTRIBUTES = {
    "asyncio": {"create_subprocess_shell"},
    "builtins": _BUILTINS,
    "os": {"system", "popen"},
    "subprocess": {"getoutput", "getstatusoutput"},
    "yaml": {
        "load",
        "load_all",
        "full_load",
        "full_load_all",
        "unsafe_load",
        "unsafe_load_all",
        "Loader",
        "FullLoader",
        "UnsafeLoader",
    },
}
_PREFIXES = {"os": ("exec", "spawn", "posix_spawn", "fork")}
_MODULES = {"cloudpickle", "code", "dill", "jsonpickle", "joblib", "marshal", "pickle", "shelve"}


def code_faults(source: str) -> list[str]:
    """Say everything in a source that the law forbids, each with its line."""
    tree = ast.parse(source)
    return [f"{line}: {what}" for node in ast.walk(tree) for line, what in _faults(node)]


def _faults(node: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names if alias.name.split(".")[0] in _MODULES]
        yield from ((node.lineno, name) for name in names)
    elif isinstance(node, ast.ImportFrom):
        yield from _imported(node)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        if _forbidden(node.value.id, node.attr):
            yield node.lineno, f"{node.value.id}.{node.attr}"
    elif isinstance(node, ast.Name) and node.id in _BUILTINS:
        yield node.lineno, node.id
    elif isinstance(node, ast.Call):
        yield from _call_faults(node)


def _imported(node: ast.ImportFrom) -> Iterator[tuple[int, str]]:
    module = node.module or ""
    if node.level == 0 and module.split(".")[0] in _MODULES:
        yield node.lineno, module
    for alias in node.names:
        if node.level == 0 and _forbidden(module, alias.name):
            yield node.lineno, f"{module}.{alias.name}"


def _forbidden(module: str, name: str) -> bool:
    return name in _ATTRIBUTES.get(module, ()) or name.startswith(_PREFIXES.get(module, ("\0",)))


def _call_faults(call: ast.Call) -> Iterator[tuple[int, str]]:
    for keyword in call.keywords:
        if keyword.arg == "shell" and not _is(keyword.value, value=False):
            yield call.lineno, "shell="
    function = call.func
    imports = isinstance(function, ast.Attribute) and function.attr == "import_module"
    if imports and not all(isinstance(given, ast.Constant) for given in call.args):
        yield call.lineno, "a module whose name is not known"


def _is(node: ast.expr, *, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value
