"""Mutates the domain, the model client and the sanitiser, and tells which mutants the tests kill.

``make mutation``, or ``python -m tests.mutation [MODULE …] [--sample N --seed S]``. It works
on a copy of the checkout in a temporary folder and needs mutmut, which stands in no lock of ours:
``--tool FOLDER`` names where pip has put it.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.guards import ROOT
from tests.mutation.mutants import TOOL, Mutant, mutants_of, save
from tests.mutation.verdicts import Outcome, page, read_verdicts, summary, survivors

#: What is mutated where no module is named.
PACKAGES = ("reviewer/domain", "reviewer/llm")
#: Where a fault would hurt most: of these every mutant is tried, even where the rest is sampled.
CRITICAL = tuple(
    f"reviewer/{name}.py"
    for name in (
        *("domain/sanitiser", "domain/marker", "domain/anchor", "domain/checklist"),
        *("domain/status", "domain/gate", "domain/command", "domain/redactor", "domain/budget"),
        *("llm/bounds", "llm/breaker", "llm/ceilings", "llm/meter", "llm/retry"),
    )
)
#: Options that name a place on the machine, or words; the result depends on neither.
_PLACES = frozenset({"--tool", "--verdicts", "--page", "--remark"})
#: The tests that may kill: those that run in one process and need nothing but it.
TESTS = ("tests/unit", "tests/contract", "tests/personas")
#: What a change of the code under test cannot be seen with, or what does not outlive a fork.
LEFT_OUT = (
    "tests/unit/test_house.py",  # reads the files, which nobody mutates
    "tests/unit/test_server_fuzz.py",  # starts threads while it is collected
)
#: Judged by the clock, which is no judge of a mutant on a busy machine.
BY_THE_CLOCK = "not time_grows and not linear"
#: They start programs or servers, which never hold the mutant.
OTHER_PROCESSES = "not loopback and not postgres and not exhaustive and not real_model"


def main() -> int:
    """Mutate, try, tell.

    Returns:
        0, or 1 where less than ``--least`` of the mutants were killed, of a sample or of the whole.
    """
    arguments = _arguments()
    if arguments.tool:
        sys.path.append(str(arguments.tool.resolve()))
    here = Path.cwd()
    folder = Path(tempfile.mkdtemp(prefix="mutation-"))
    try:
        tree = folder / "tree"
        _copy_checkout(tree)
        all_mutants = _make(arguments.modules or list(PACKAGES), tree)
        whole = [mutant for mutant in all_mutants if mutant.path in arguments.whole]
        rest = [mutant for mutant in all_mutants if mutant.path not in arguments.whole]
        count = min(arguments.sample or len(rest), len(rest))
        # The sample first: a run that is ended early has still told something of everything.
        mutants = random.Random(arguments.seed).sample(rest, count) + whole  # noqa: S311 - no secret
        verdicts = arguments.verdicts.resolve() if arguments.verdicts else folder / "verdicts"
        known = read_verdicts(verdicts, keep=("killed", "timeout"))
        waiting = [mutant for mutant in mutants if mutant.digest not in known]
        _say(f"{len(mutants)} mutants, {len(waiting)} of them to be tried")
        if waiting:
            save(waiting, folder / "mutants.json")
            _try(folder, verdicts, arguments)
        outcome = Outcome(
            mutants=mutants,
            possible=len(rest),
            whole=frozenset(arguments.whole),
            verdicts=read_verdicts(verdicts),
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _say(summary(outcome))
    _say(survivors(outcome))
    if arguments.page:
        # Making mutants has moved us into the copy.
        (here / arguments.page).write_text(
            page(outcome, command=_command(sys.argv[1:]), remark=arguments.remark),
            encoding="utf-8",
        )
    return int(min(outcome.shares) < arguments.least)


def _command(words: Sequence[str]) -> str:
    """Return what it was started with, without where things lie on this machine."""
    told, skipped = ["python", "-m", "tests.mutation"], False
    for word in words:
        if not skipped and word not in _PLACES:
            told.append(word)
        skipped = word in _PLACES
    return " ".join(told)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument(
        "modules", nargs="*", metavar="MODULE", help="files or folders (domain, llm)"
    )
    parser.add_argument("--sample", type=int, help="try so many mutants, drawn by chance")
    parser.add_argument(
        "--whole", nargs="*", default=CRITICAL, help="with --sample: files that are tried whole"
    )
    parser.add_argument("--seed", type=int, default=1, help="the chance of the sample (1)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="tries at once")
    parser.add_argument("--seconds", type=float, default=10, help="test time for a mutant (10)")
    parser.add_argument("--least", type=float, default=0.85, help="share that must be killed")
    parser.add_argument("--tool", type=Path, help=f"the folder that holds {TOOL}")
    parser.add_argument("--verdicts", type=Path, help="keep verdicts here; killed is not repeated")
    parser.add_argument("--page", type=Path, help="write the results as a page of Markdown")
    parser.add_argument("--remark", default="", help="what readers of the page must know besides")
    return parser.parse_args()


def _copy_checkout(tree: Path) -> None:
    """Copy what git knows or would add, as it stands."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split("\0")
    for name in filter(None, listed):
        source, target = ROOT / name, tree / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    # mutmut asks its settings where the code is, even for one file.
    (tree / "setup.cfg").write_text("[mutmut]\nsource_paths=reviewer\n", encoding="utf-8")


def _make(named: Sequence[str], tree: Path) -> list[Mutant]:
    os.chdir(tree)
    files: list[Path] = []
    for name in named:
        path = Path(name)
        files += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    made: list[Mutant] = []
    for file in files:
        made += mutants_of(file.as_posix(), file.read_text(encoding="utf-8"))
    return made


def _try(folder: Path, verdicts: Path, arguments: argparse.Namespace) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["-p", "tests.mutation.trial", "--capture=sys", f"--basetemp={folder / 'base'}"]
    command += ["-k", BY_THE_CLOCK, "-m", OTHER_PROCESSES]
    command += [f"--ignore={name}" for name in LEFT_OUT]
    environment = {
        **os.environ,
        "MUTATION_MUTANTS": str(folder / "mutants.json"),
        "MUTATION_VERDICTS": str(verdicts),
        "MUTATION_JOBS": str(arguments.jobs),
        "MUTATION_SECONDS": str(arguments.seconds),
        "PYTHONPATH": str(folder / "tree"),
    }
    subprocess.run([*command, *TESTS], cwd=folder / "tree", env=environment, check=True)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
