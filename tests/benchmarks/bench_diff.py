"""Measures parsing and anchoring of diffs, and reading of changes from git; checks what it reads.

::

    python tests/benchmarks/bench_diff.py                     synthetic diffs
    python tests/benchmarks/bench_diff.py --data diffs.jsonl.gz --check
    python tests/benchmarks/bench_diff.py --git               repositories made for it, too

The data has one JSON object a line with the patch under "diff" and a name under "id".
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from reviewer.adapters.git.range import Range
from reviewer.adapters.git.workspace import GitWorkspace
from reviewer.domain.change import Change, FileChange, FileStatus, Hunk, LineKind, Side
from reviewer.domain.diff import parse_patch

#: The bound on parsing and anchoring, 99th percentile, for each 100 kB of diff.
LIMIT_MILLISECONDS = 25.0
#: A small diff is measured as it is: to blow 1 kB up to 100 kB would measure the fixed costs.
UNIT_BYTES = 100_000
ROUNDS = 3


def main() -> int:
    """Run what the command line asks for; return 1 where a bound or a check is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, help="JSON lines with the key diff, maybe .gz")
    parser.add_argument("--check", action="store_true", help="check every file that is read")
    parser.add_argument("--git", action="store_true", help="measure repositories, too")
    arguments = parser.parse_args()
    diffs = list(_synthetic() if arguments.data is None else _load(arguments.data))
    faults = [fault for name, diff in diffs for fault in _faults(name, diff) if arguments.check]
    slow = _measure(diffs)
    if arguments.git:
        _measure_git()
    for fault in faults:
        print(f"FAULT {fault}")
    if arguments.check:
        print(f"checked {len(diffs)} diffs: {len(faults)} faults")
    return 1 if faults or slow else 0


def _load(path: Path) -> Iterator[tuple[str, str]]:
    """Yield name and diff of each line of a data file."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            record = json.loads(line)
            yield str(record.get("id", number)), str(record["diff"])


def _synthetic() -> Iterator[tuple[str, str]]:
    """Yield diffs of several sizes and kinds, always the same."""
    chance = random.Random(1)  # noqa: S311 - the same diffs on every run
    for index in range(60):
        sections = []
        for number in range(1 + index // 4):
            size = chance.randint(5, 120)
            body = "".join(
                chance.choice((" ", "+", "-")) + "value = compute(argument)\n" for _ in range(size)
            )
            base = size - body.count("\n+") - body.startswith("+")
            head = size - body.count("\n-") - body.startswith("-")
            path = f"src/module_{number}.py"
            sections.append(
                f"diff --git a/{path} b/{path}\nindex 1111111..2222222 100644\n--- a/{path}\n"
                f"+++ b/{path}\n@@ -1,{base} +1,{head} @@\n{body}"
            )
        yield f"synthetic {index}", "".join(sections)


def _anchor(files: Iterable[FileChange]) -> int:
    """Locate every changed line; return how many there are."""
    located = 0
    for file in files:
        for side in Side:
            for number in file.changed(side):
                location = file.locate(side, number, number)
                located += location is not None and file.is_commentable(location)
    return located


def _measure(diffs: list[tuple[str, str]]) -> bool:
    """Print the time of parsing and anchoring; tell whether it is above the limit."""
    times = []
    lines = lines_here = 0
    for name, diff in diffs:
        best = float("inf")
        for _ in range(ROUNDS):
            started = time.perf_counter()
            lines_here = _anchor(parse_patch(diff, name=name))
            best = min(best, time.perf_counter() - started)
        lines += lines_here
        times.append(best * 1_000 / max(1.0, len(diff.encode()) / UNIT_BYTES))
    times.sort()
    p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
    size = sum(len(diff) for _, diff in diffs)
    print(
        f"{len(diffs)} diffs, {size / 1e6:.1f} MB, {lines} changed lines; parse and anchor, "
        f"ms for 100 kB: p50 {times[len(times) // 2]:.2f}, p99 {p99:.2f}, max {times[-1]:.2f} "
        f"(limit {LIMIT_MILLISECONDS:.0f})"
    )
    return p99 > LIMIT_MILLISECONDS


def _faults(name: str, diff: str) -> Iterator[str]:
    """Yield what is wrong with what was read from a diff."""
    files = parse_patch(diff, name=name)
    plain = _plain(diff)
    change = Change(base="patch", head="patch", files=files)
    if len(change.reviewed) + len(change.not_reviewed) != len(files):
        yield f"{name}: files are missing"
    headers = sum(line.startswith("diff --") for line in diff.split("\n"))
    changed_types = sum(file.status is FileStatus.TYPE_CHANGED for file in files)
    if headers and headers != len(files) + changed_types:
        yield f"{name}: {headers} sections, {len(files)} files"
    for file in files:
        for side in Side:
            for number, text in file.changed(side).items():
                location = file.locate(side, number, number)
                if location is None or not change.is_commentable(location):
                    yield f"{name}: {file.path}:{number} cannot be commented"
                elif file.text_at(location) != text:
                    yield f"{name}: {file.path}:{number} shows another line"
        yield from (
            f"{name}: {file.path}: a hunk is not that of the patch"
            for hunk in file.hunks
            if _written(hunk) not in plain
        )


def _plain(diff: str) -> str:
    """Return a diff without end-of-file remarks and without the space of empty context lines."""
    lines = (line for line in diff.split("\n") if not line.startswith("\\"))
    return "\n".join("" if line == " " else line for line in lines)


def _written(hunk: Hunk) -> str:
    """Write the lines of a hunk as `_plain` leaves them in a patch."""
    marks = {LineKind.ADDED: "+", LineKind.REMOVED: "-", LineKind.CONTEXT: " "}
    return _plain("\n".join(f"{marks[line.kind]}{line.text}" for line in hunk.lines))


def _measure_git() -> None:
    """Print time and memory of reading changes from repositories that are made here."""
    with tempfile.TemporaryDirectory() as folder:
        for title, base, head in (
            ("10 files, 300 lines", _sources(10, 30, "a"), _sources(10, 30, "b")),
            ("50 files, 5,000 lines", _sources(50, 100, "a"), _sources(50, 100, "b")),
            (
                "17 MB generated file",
                {"g.py": "x = 1\n" * 2_900_000, "a.py": "x = 1\n"},
                {"g.py": "y = 1\n" * 2_900_000, "a.py": "x = 2\n"},
            ),
        ):
            repository = Path(tempfile.mkdtemp(dir=folder))
            _git(repository, "init", "--quiet")
            _write(repository, base)
            _git(repository, "add", "--all")
            _git(repository, "commit", "--quiet", "--message", "Base")
            _write(repository, head)
            for words in ("working tree", "HEAD"):
                if words == "HEAD":
                    _git(repository, "commit", "--quiet", "--all", "--message", "Head")
                _measure_read(repository, title, words)


def _measure_read(repository: Path, title: str, words: str) -> None:
    """Print time and memory of one read, in a process of its own so that memory is its own."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    wanted = Range.working_tree() if words == "working tree" else Range.parse(words)
    started = time.perf_counter()
    change = asyncio.run(GitWorkspace(repository, wanted, os.environ).change())
    elapsed = time.perf_counter() - started
    located = _anchor(change.reviewed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(
        f"{title}, {words}: {elapsed * 1_000:.0f} ms, {peak} MB (git {children} MB), "
        f"{len(change.files)} files, {located} changed lines"
    )
    sys.stdout.flush()
    os._exit(0)


def _sources(count: int, lines: int, word: str) -> dict[str, str]:
    """Return Python files of so many lines, every line with the word."""
    return {
        f"src/module_{number}.py": "".join(f"{word}_{line} = {line}\n" for line in range(lines))
        for number in range(count)
    }


def _write(repository: Path, files: dict[str, str]) -> None:
    """Write files into a repository."""
    for name, text in files.items():
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _git(repository: Path, *arguments: str) -> None:
    """Run git for the set-up."""
    identity = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com")
    subprocess.run(["git", "-C", str(repository), *identity, *arguments], check=True)


if __name__ == "__main__":
    sys.exit(main())
