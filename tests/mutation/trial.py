"""Tries mutants inside one run of pytest: a plugin, loaded with ``-p tests.mutation.trial``.

pytest collects once. A forked child then runs every test and tells which lines each one reaches.
Each mutant gets a forked child of its own: it puts the mutant's code into the function and runs the
tests that reach the function, until one fails. So a mutant costs what its tests cost, and nothing
that one child does (caches, files, a hang) reaches another.
"""

from __future__ import annotations

import ast
import functools
import gc
import importlib
import json
import os
import pickle
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import IO, cast

import coverage
import hypothesis
import pytest

from tests.mutation.mutants import Mutant, load

#: How much test time a mutant gets, and how many tests; one that outlives them counts as survived.
_BUDGET_SECONDS = float(os.environ.get("MUTATION_SECONDS", "5"))
_MOST_TESTS = 1000
#: A test may take so many times what it took, and never less than this: processor time.
_PATIENCE = 10.0
_LEAST_SECONDS = 3.0
#: Waiting costs no processor time: so long may one test take by the clock.
_CLOCK_SECONDS = 45
_MEMORY_BYTES = 6_000_000_000
#: Runs without a mutant; if a test fails in one of them, no verdict can be trusted.
_CONTROLS = 10

#: What a child's exit says.
_SURVIVED, _KILLED, _BROKEN = 0, 1, 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """What the run without mutants tells.

    Attributes:
        tests: For each file and line, the tests that run it, by their place in the collection.
        seconds: How long each test takes.
        failed: Tests that fail without any mutant: they can judge none.
        modules: What of ours had been imported at the end.
    """

    tests: dict[str, dict[int, set[int]]]
    seconds: dict[int, float]
    failed: set[int]
    modules: tuple[str, ...]


class Trial:
    """The plugin: takes the place of the loop that runs tests."""

    def __init__(self) -> None:
        self._reports: list[pytest.TestReport] = []
        self._killers: dict[str, list[int]] = {}
        self._caches: list[Callable[[], None]] = []

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        """Let hypothesis stop at the first example that fails: here nobody reads the smallest."""
        hypothesis.settings.register_profile(
            "mutation",
            parent=hypothesis.settings.get_profile("suite"),
            phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
            report_multiple_bugs=False,
        )
        hypothesis.settings.load_profile("mutation")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember what became of the test."""
        self._reports.append(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try every mutant."""
        if session.testsfailed:
            message = "the tests could not be collected"
            raise session.Interrupted(message)
        mutants = load(Path(os.environ["MUTATION_MUTANTS"]))
        jobs = int(os.environ["MUTATION_JOBS"])
        modules = sorted({mutant.path for mutant in mutants})
        for path in modules:
            importlib.import_module(_module_name(path))
        known = Path(os.environ.get("MUTATION_REACH") or os.devnull)
        if known.is_file():
            reach = _recall(known, session.items)
        else:
            reach = self._reach(session.items, modules)
            if os.environ.get("MUTATION_REACH"):
                known.write_bytes(pickle.dumps((reach, [i.nodeid for i in session.items])))
        # What a test would import itself, and every child anew.
        for name in reach.modules:
            with suppress(ImportError):
                importlib.import_module(name)
        self._caches = list(_caches())
        with Path(os.environ["MUTATION_VERDICTS"]).open("a", encoding="utf-8") as verdicts:
            _note(verdicts, tests=len(session.items), unfit=_names(session.items, reach.failed))
            gc.collect()
            gc.freeze()
            self._try_all(session.items, mutants, reach, verdicts, jobs)
        return True

    # --- the run without mutants -------------------------------------------------------------
    def _reach(self, items: Sequence[pytest.Item], modules: Sequence[str]) -> Reach:
        """Run every test once, in a child, so that this process stays as it was collected."""
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            os.close(reader)
            screen = os.dup(2)
            try:
                _be_quiet(items[0].config, "reach")
                with os.fdopen(writer, "wb") as pipe:
                    pickle.dump(self._measure(items, modules), pipe)
            except BaseException:  # noqa: BLE001 - nothing may get out of the child but its word
                os.write(screen, traceback.format_exc().encode())
            finally:
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            reach: Reach = pickle.load(pipe)  # noqa: S301 - our own child wrote it
        os.waitpid(child, 0)
        _forget_files(items[0].config, "reach")
        return reach

    def _measure(self, items: Sequence[pytest.Item], modules: Sequence[str]) -> Reach:
        measure = coverage.Coverage(
            data_file=None, config_file=False, include=[os.path.realpath(path) for path in modules]
        )
        seconds: dict[int, float] = {}
        failed: set[int] = set()
        measure.start()
        for number, item in enumerate(items):
            measure.switch_context(str(number))
            start = time.process_time()
            following = items[number + 1] if number + 1 < len(items) else None
            if not self._passes(item, following):
                failed.add(number)
            seconds[number] = time.process_time() - start
        measure.stop()
        data = measure.get_data()
        tests = {}
        for path in modules:
            lines = data.contexts_by_lineno(os.path.realpath(path))
            tests[path] = {n: {int(name) for name in names if name} for n, names in lines.items()}
        ours = tuple(name for name in sys.modules if name.startswith(("reviewer.", "tests.")))
        return Reach(tests=tests, seconds=seconds, failed=failed, modules=ours)

    def _passes(self, item: pytest.Item, following: pytest.Item | None) -> bool:
        self._reports.clear()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return not any(report.failed for report in self._reports)

    # --- mutants -----------------------------------------------------------------------------
    def _try_all(
        self,
        items: Sequence[pytest.Item],
        mutants: Sequence[Mutant],
        reach: Reach,
        verdicts: IO[str],
        jobs: int,
    ) -> None:
        # The controls come first: what fails without a mutant would make every verdict worthless.
        step = max(1, len(mutants) // _CONTROLS)
        waiting: list[tuple[Mutant, bool]] = [(mutant, True) for mutant in mutants[::step]]
        waiting += [(mutant, False) for mutant in mutants]
        running: dict[int, tuple[Mutant, bool, IO[str], float]] = {}
        done, killed, start = 0, 0, time.monotonic()
        for mutant, control in _and_then_nothing(waiting, jobs):
            if mutant is not None:
                chosen = self._chosen(items, mutant, reach)
                reader, writer = os.pipe()
                child = os.fork()
                if not child:
                    os.close(reader)
                    self._try_one(
                        items, chosen, mutant, control=control, writer=writer, reach=reach
                    )
                os.close(writer)
                began = time.monotonic()
                running[child] = mutant, control, os.fdopen(reader), began
            if not running or (mutant is not None and len(running) < jobs):
                continue
            child, status = os.wait()
            tried, was_control, pipe, began = running.pop(child)
            with pipe:
                said = pipe.read()
            _forget_files(items[0].config, str(child))
            verdict = _verdict(status)
            killer = int(said) if said.isdigit() else None
            if verdict == "killed" and killer is not None and not was_control:
                first = self._killers.setdefault(f"{tried.path}::{tried.function}", [])
                if killer in first:
                    first.remove(killer)
                first.insert(0, killer)
            _note(
                verdicts,
                name=tried.name,
                digest=tried.digest,
                control=was_control,
                verdict=verdict,
                killer=items[killer].nodeid if killer is not None else said,
                seconds=round(time.monotonic() - began, 2),
            )
            done, killed = done + 1, killed + (verdict in {"killed", "timeout"})
            if done % 200 == 0:
                spent = time.monotonic() - start
                sys.__stderr__.write(  # type: ignore[union-attr]
                    f"{done} of {len(waiting)} runs, {killed} killed, {spent:.0f} s\n"
                )

    def _chosen(self, items: Sequence[pytest.Item], mutant: Mutant, reach: Reach) -> list[int]:
        """Return the tests that reach the mutant's function, the most telling ones first."""
        lines = reach.tests[mutant.path]
        reached: set[int] = set()
        # The line of `def` itself runs when the module is imported.
        for line in mutant.lines:
            reached |= lines.get(line, set())
        if not reached:
            # It runs while the module is imported; all tests of the module can tell.
            reached = set().union(*lines.values())
        there = lines.get(mutant.line, set())
        killers = self._killers.get(f"{mutant.path}::{mutant.function}", [])[:20]
        stem = Path(mutant.path).stem
        order = sorted(
            reached - reach.failed - set(killers),
            key=lambda number: (
                stem not in items[number].path.stem,
                number not in there,
                reach.seconds[number],
                number,
            ),
        )
        chosen: list[int] = []
        spent = 0.0
        for number in [*killers, *order][:_MOST_TESTS]:
            spent += reach.seconds[number]
            if chosen and spent > _BUDGET_SECONDS:
                break
            chosen.append(number)
        return chosen

    def _try_one(
        self,
        items: Sequence[pytest.Item],
        chosen: Sequence[int],
        tried: Mutant,
        *,
        control: bool,
        writer: int,
        reach: Reach,
    ) -> None:
        """Run the tests on the mutant, in the child, and end the child."""
        status = _BROKEN
        try:
            _be_quiet(items[0].config, str(os.getpid()))
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            for forget in self._caches:
                forget()
            if not control:
                _put_in(tried)
            if not any(reach.tests[tried.path].get(n) for n in tried.lines):
                _build_tables(tried.path)
            status = _SURVIVED if chosen else _BROKEN
            for place, number in enumerate(chosen):
                following = items[chosen[place + 1]] if place + 1 < len(chosen) else None
                limit = max(_LEAST_SECONDS, _PATIENCE * reach.seconds[number])
                signal.setitimer(signal.ITIMER_PROF, limit)
                signal.alarm(_CLOCK_SECONDS)
                if not self._passes(items[number], following):
                    os.write(writer, str(number).encode())
                    status = _KILLED
                    break
        except BaseException as error:  # noqa: BLE001 - whatever it is, the parent must hear of it
            os.write(writer, f"{type(error).__name__}: {error}"[:300].encode())
            status = _KILLED if isinstance(error, MemoryError) else _BROKEN
        finally:
            os._exit(status)


def _recall(file: Path, items: Sequence[pytest.Item]) -> Reach:
    """Read what an earlier run measured; tests that are new since then are not among it."""
    reach, names = pickle.loads(file.read_bytes())  # noqa: S301 - our own run wrote it
    now = {item.nodeid: number for number, item in enumerate(items)}
    moved = {old: now[name] for old, name in enumerate(names) if name in now}
    return Reach(
        tests={
            path: {line: {moved[n] for n in found if n in moved} for line, found in lines.items()}
            for path, lines in reach.tests.items()
        },
        seconds={moved[n]: seconds for n, seconds in reach.seconds.items() if n in moved},
        failed={moved[n] for n in reach.failed if n in moved},
        modules=reach.modules,
    )


def _module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _put_in(mutant: Mutant) -> None:
    """Let the function that the tests hold do what the mutant does."""
    found: object = sys.modules[_module_name(mutant.path)]
    for name in mutant.function.split("."):
        found = vars(found)[name]
    function = _bare(found)
    function.__code__ = mutant.code()
    tree = ast.parse(mutant.source).body[0]
    node = tree.body[0] if isinstance(tree, ast.ClassDef) else tree
    arguments = cast("ast.FunctionDef", node).args
    if function.__defaults__:
        pairs = zip(arguments.defaults, function.__defaults__, strict=True)
        function.__defaults__ = tuple(_value(new, old) for new, old in pairs)
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None and function.__kwdefaults__:
            old = function.__kwdefaults__[argument.arg]
            function.__kwdefaults__[argument.arg] = _value(default, old)


def _build_tables(path: str) -> None:
    """Run a module's assignments again: its tables are made by the function that is mutated.

    Classes and functions stay the ones that everybody holds, and so do names that others imported.
    """
    module = sys.modules[_module_name(path)]
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    kept = ast.Assign | ast.AnnAssign | ast.AugAssign | ast.For | ast.ImportFrom
    tree.body = [
        node
        for node in tree.body
        if isinstance(node, kept)
        and not (isinstance(node, ast.ImportFrom) and node.module != "__future__")
    ]
    exec(compile(tree, path, "exec"), vars(module))  # noqa: S102 - it is the module itself


def _value(node: ast.expr, otherwise: object) -> object:
    """Return what a default says; where it is no plain value it is as it was."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        return otherwise


def _bare(found: object) -> FunctionType:
    """Return the function below its decorators."""
    while not isinstance(found, FunctionType) or hasattr(found, "__wrapped__"):
        if isinstance(found, property):
            found = found.fget
        elif isinstance(found, functools.cached_property):
            found = found.func
        elif isinstance(found, staticmethod | classmethod):
            found = found.__func__
        else:
            found = found.__wrapped__  # type: ignore[attr-defined]
    return found


def _caches() -> Iterator[Callable[[], None]]:
    """Yield what empties each cache of the product: a mutant must not be answered from one."""
    for name, module in list(sys.modules.items()):
        if name.startswith("reviewer.") and isinstance(module, ModuleType):
            for value in vars(module).values():
                if callable(forget := getattr(value, "cache_clear", None)):
                    yield forget


def _be_quiet(config: pytest.Config, name: str) -> None:
    """Write nothing to the screen, and files into a folder of this child's own."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    config.pluginmanager.unregister(name="terminalreporter")
    # pytest offers no other way to give a child a folder of its own.
    factory = config._tmp_path_factory  # type: ignore[attr-defined]  # noqa: SLF001
    folder = factory.getbasetemp() / f"child-{name}"
    folder.mkdir()
    factory._basetemp = folder  # noqa: SLF001


def _forget_files(config: pytest.Config, name: str) -> None:
    factory = config._tmp_path_factory  # type: ignore[attr-defined]  # noqa: SLF001
    shutil.rmtree(factory.getbasetemp() / f"child-{name}", ignore_errors=True)


def _verdict(status: int) -> str:
    if os.WIFSIGNALED(status):
        clock = os.WTERMSIG(status) in {signal.SIGALRM, signal.SIGPROF}
        return "timeout" if clock else "killed"
    return {_SURVIVED: "survived", _KILLED: "killed"}.get(os.WEXITSTATUS(status), "untested")


def _and_then_nothing(
    waiting: Sequence[tuple[Mutant, bool]], jobs: int
) -> Iterator[tuple[Mutant | None, bool]]:
    yield from waiting
    for _ in range(jobs):
        yield None, False


def _names(items: Sequence[pytest.Item], numbers: set[int]) -> list[str]:
    return [items[number].nodeid for number in sorted(numbers)]


def _note(verdicts: IO[str], **facts: object) -> None:
    verdicts.write(json.dumps(facts) + "\n")
    verdicts.flush()


def pytest_configure(config: pytest.Config) -> None:
    """Take part in this run."""
    trial = Trial()
    config.pluginmanager.register(trial, "mutation-trial")
