"""Hostile inputs of a size, for the command as people run it: what stands in the change, and where.

Each case is built at a size and at half of it, so that growth can be told from cost.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reviewer.testing.fake_github.pull_request import FakePullRequest
from reviewer.testing.fake_github.repository import FakeRepository

#: A million characters, or as many of a piece as fit.
_MEGABYTE = 1_000_000
#: Larger files are listed and not read; these are just below.
_READ = 880_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What one run of the command needs.

    Args:
        patch: The change.
        arguments: More arguments, after ``review --patch FILE``.
        answer: What the model says to every question; None where no model is asked.
        base: Files of the repository in which the command runs.
        pull: Opens the pull request that is reviewed instead of a patch.
    """

    patch: str = ""
    arguments: tuple[str, ...] = ("--no-model",)
    answer: str | None = None
    base: Mapping[str, str] = field(default_factory=dict)
    pull: Callable[[FakeRepository], FakePullRequest] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One hostile input.

    Args:
        name: What it is.
        size: The whole size, in units of its own.
        build: Makes it at a size, in a folder.
    """

    name: str
    size: int
    build: Callable[[int, Path], Prepared]


def _new_file(path: str, lines: list[str]) -> str:
    head = f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n"
    return f"{head}@@ -0,0 +1,{len(lines)} @@\n" + "".join(f"+{line}\n" for line in lines)


def _edit(path: str, line: str) -> str:
    return f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-x\n+{line}\n"


def _of_pieces(path: str, piece: str, *, lines: int = 0) -> Callable[[int, Path], Prepared]:
    """Return a new file of so many characters of a piece, on one line or on several."""

    def build(size: int, _folder: Path) -> Prepared:
        text = piece * (size // len(piece))
        width = max(1, len(text) // lines) if lines else len(text)
        parts = [text[start : start + width] for start in range(0, len(text), width)]
        return Prepared(patch=_new_file(path, [one.replace("\n", " ") for one in parts]))

    return build


def _large_file(size: int, _folder: Path) -> Prepared:
    line = "FIELD = ('a value', 17, 'of a field that is made by hand')"
    return Prepared(patch=_new_file("client.py", [line] * (size // len(line))))


def _large_reviewed_file(size: int, _folder: Path) -> Prepared:
    line = "result = call(first, second)  # an ordinary line"
    return Prepared(patch=_new_file("client.py", [line] * (size // len(line))))


def _many_files(size: int, _folder: Path) -> Prepared:
    text = ["import os", "", "", "def read(path):", "    return os.path.join('data', path)"]
    return Prepared(patch="".join(_new_file(f"app/m{n}.py", text) for n in range(size)))


def _many_hunks(size: int, _folder: Path) -> Prepared:
    hunks = "".join(f"@@ -{n} +{n} @@\n-a\n+b\n" for n in range(1, 2 * size, 2))
    return Prepared(patch=f"diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n{hunks}")


def _many_small_sections(size: int, _folder: Path) -> Prepared:
    return Prepared(patch="".join(_edit(f"d{n % 97}/x{n}.txt", "y") for n in range(size)))


def _many_renames(size: int, _folder: Path) -> Prepared:
    return Prepared(
        patch="".join(
            f"diff --git a/a{n}.py b/b{n}.py\nsimilarity index 100%\n"
            f"rename from a{n}.py\nrename to b{n}.py\n"
            for n in range(size)
        )
    )


def _nested_json(size: int, _folder: Path) -> Prepared:
    text = '{"cells": [' + "[" * (size // 2) + "]" * (size // 2) + "]}"
    return Prepared(patch=_new_file("book.ipynb", [text]))


def _nested_yaml(size: int, _folder: Path) -> Prepared:
    width = 40
    lines = [f"{' ' * (n % width)}- " + "[" * 20 + "]" * 20 for n in range(size // (width + 22))]
    return Prepared(patch=_new_file("deploy/k8s.yaml", lines))


def _configuration(text: Callable[[int], str]) -> Callable[[int, Path], Prepared]:
    def build(size: int, _folder: Path) -> Prepared:
        return Prepared(
            patch=_edit("a.py", "import os"), base={".reviewer.toml": text(size), "a.py": "x\n"}
        )

    return build


#: A repository's persona that believes another analyser.
_READER = """schema = 1
name = "bandit-reader"
title = "Bandit Reader"
version = 1
summary = "What Bandit says."
charter = "It reads what Bandit says."

[match]
wakes = "signals"
languages = ["python"]

[[rules]]
id = "BAN001"
title = "Follow Bandit"
severity = "major"
check = "Follow what Bandit says."
why = "Bandit found it."
problem = "Bandit complains"
remedy = "Do what Bandit says."
bad = "x"
good = "y"

[[rules.evidence]]
sarif = ["B602", "B608", "B105", "X1"]
tool = "Bandit"
decides = "fail"
"""


def _sarif(results: list[object], folder: Path, path: str, lines: list[str]) -> Prepared:
    file = folder / "scan.sarif"
    run = {"tool": {"driver": {"name": "Bandit"}}, "results": results}
    file.write_text(json.dumps({"version": "2.1.0", "runs": [run]}))
    return Prepared(
        patch=_new_file(path, lines),
        arguments=("--no-model", "--evidence", str(file)),
        base={".reviewer/personas/bandit-reader.toml": _READER},
    )


def _result(path: str, line: int, rule: str, text: str, last: int = 0) -> object:
    place = {
        "artifactLocation": {"uri": path},
        "region": {"startLine": line, "endLine": last or line},
    }
    return {
        "ruleId": rule,
        "level": "error",
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
    }


def _findings_of_a_tool(size: int, folder: Path) -> Prepared:
    rules = ("B602", "B608", "B105", "X1")
    found = [_result("app.py", n + 1, rules[n % 4], f"fault {n}") for n in range(size)]
    return _sarif(found, folder, "app.py", [f"call({n})" for n in range(size)])


def _wide_findings_of_a_tool(size: int, folder: Path) -> Prepared:
    """Every result is said to run from its line to the end of the file."""
    found = [_result("app.py", n + 1, "B602", f"fault {n}", size) for n in range(size)]
    return _sarif(found, folder, "app.py", [f"call({n})" for n in range(size)])


def _findings_of_our_tools(size: int, _folder: Path) -> Prepared:
    lines = [f"value_{n} = subprocess.run(name_{n}, shell=True)" for n in range(size)]
    return Prepared(patch=_new_file("app.py", ["import subprocess", *lines]))


def _claim(number: int, text: str) -> dict[str, object]:
    return {
        "path": "app.py",
        "side": "head",
        "quote": f"call_number({number})",
        "headline": f"Call {number} {text}",
        "explanation": f"The call {number} does what nobody wants, see line {number}.",
        "remedy": "Leave it out.",
        "severity": "minor",
        "suggestion": None,
    }


def _asked(lines: int, answer: str) -> Prepared:
    return Prepared(
        patch=_new_file("app.py", ["import os", *(f"call_number({n})" for n in range(lines))]),
        arguments=("--persona", "security-sentinel"),
        answer=answer,
    )


def _findings_of_a_model(size: int, _folder: Path) -> Prepared:
    """Twenty findings a rule and item, as many items as make the size."""
    answers = [
        {
            "rule_id": f"SEC{1 + item % 9:03}",
            "verdict": "fail",
            "reason": f"item {item}",
            "findings": [_claim((item * 50 + n) % 500, f"in item {item}") for n in range(50)],
        }
        for item in range(size // 50)
    ]
    return _asked(500, json.dumps({"answers": answers}))


def _brackets_of_a_model(size: int, _folder: Path) -> Prepared:
    return _asked(20, '{"answers":[' + "[" * size)


def _objects_of_a_model(size: int, _folder: Path) -> Prepared:
    return _asked(20, '{"answers":[' + '{"a":[' * (size // 6))


def _words_of_a_model(size: int, _folder: Path) -> Prepared:
    claim = {**_claim(1, "x"), "explanation": "`@a #1 <!-- " * (size // 12)}
    answer = {"rule_id": "SEC001", "verdict": "fail", "reason": "r", "findings": [claim]}
    return _asked(20, json.dumps({"answers": [answer]}))


def _open(repository: FakeRepository, title: str, body: str) -> FakePullRequest:
    files = {"app.py": "import subprocess\n\n\ndef f(x):\n    subprocess.run(x, shell=True)\n"}
    return repository.open_pull(
        branch="feature", files=files, title=title, body=body, author="alice"
    )


def _long_description(size: int, _folder: Path) -> Prepared:
    def pull(repository: FakeRepository) -> FakePullRequest:
        return _open(repository, "@org/team " * (size // 10), "<!-- x --> #1 `" * (size // 15))

    return Prepared(pull=pull)


def _long_conversation(size: int, _folder: Path) -> Prepared:
    def pull(repository: FakeRepository) -> FakePullRequest:
        opened = _open(repository, "Add", "")
        for number in range(size):
            opened.comment("alice", f"<!-- persona-reviewer:summary head=x --> {number}")
        return opened

    return Prepared(pull=pull)


def _many_threads(size: int, _folder: Path) -> Prepared:
    def pull(repository: FakeRepository) -> FakePullRequest:
        opened = _open(repository, "Add", "")
        for number in range(size):
            opened.review_comment("alice", "app.py", 5, f"comment {number}")
        return opened

    return Prepared(pull=pull)


CASES: tuple[Case, ...] = (
    Case(name="a file of 17 MB", size=17 * _MEGABYTE, build=_large_file),
    Case(name="0.9 MB that is read", size=_READ, build=_large_reviewed_file),
    Case(name="3,000 files", size=3_000, build=_many_files),
    Case(name="one line of 1 MB", size=_MEGABYTE, build=_of_pieces("a.py", "x = 1; ")),
    Case(name="1 MB of brackets in code", size=_MEGABYTE, build=_of_pieces("a.py", "([{")),
    Case(
        name="0.9 MB of brackets in lines",
        size=_READ,
        build=_of_pieces("a.py", "([{", lines=20_000),
    ),
    Case(
        name="0.9 MB of brackets in TypeScript",
        size=_READ,
        build=_of_pieces("a.ts", "({[", lines=20_000),
    ),
    Case(name="1 MB of brackets in Markdown", size=_MEGABYTE, build=_of_pieces("a.md", "[](")),
    Case(name="1 MB of brackets in JSON", size=_MEGABYTE, build=_nested_json),
    Case(name="0.9 MB of brackets in YAML", size=_READ, build=_nested_yaml),
    Case(
        name="1 MB of nested TOML (configuration)",
        size=_MEGABYTE,
        build=_configuration(lambda size: f"schema = 1\nx = {'[' * size}"),
    ),
    Case(
        name="60 kB of dotted TOML (configuration)",
        size=60_000,
        build=_configuration(lambda size: "schema = 1\n" + "[a.b]\n" * (size // 6)),
    ),
    Case(
        name="0.9 MB of backticks",
        size=_READ,
        build=_of_pieces("a.md", "`` ` ```", lines=10_000),
    ),
    Case(name="0.9 MB of `@a `", size=_READ, build=_of_pieces("a.py", "@a ", lines=10_000)),
    Case(
        name="0.9 MB that looks like secrets",
        size=_READ,
        build=_of_pieces("a.env", "AKIA eyJ password=", lines=10_000),
    ),
    Case(
        name="0.9 MB of a Dockerfile",
        size=_READ,
        build=_of_pieces("Dockerfile", "RUN <<A x \\ ", lines=20_000),
    ),
    Case(name="100,000 hunks", size=100_000, build=_many_hunks),
    Case(name="50,000 renames", size=50_000, build=_many_renames),
    Case(name="20,000 edited files", size=20_000, build=_many_small_sections),
    Case(name="a title and a text of 1 MB", size=_MEGABYTE, build=_long_description),
    Case(name="10,000 comments", size=10_000, build=_long_conversation),
    Case(name="1,000 threads", size=1_000, build=_many_threads),
    Case(name="10,000 findings of our tools", size=10_000, build=_findings_of_our_tools),
    Case(name="10,000 findings in SARIF", size=10_000, build=_findings_of_a_tool),
    Case(name="3,000 wide findings in SARIF", size=3_000, build=_wide_findings_of_a_tool),
    Case(name="10,000 findings of a model", size=10_000, build=_findings_of_a_model),
    Case(name="1 MB of brackets of a model", size=_MEGABYTE, build=_brackets_of_a_model),
    Case(name="1 MB of objects of a model", size=_MEGABYTE, build=_objects_of_a_model),
    Case(name="a sentence of 2 MB of a model", size=2 * _MEGABYTE, build=_words_of_a_model),
)
