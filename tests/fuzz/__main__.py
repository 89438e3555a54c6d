"""``python -m tests.fuzz TARGET|all --seconds N``: throws changed inputs at the parsers.

Under atheris (https://github.com/google/atheris), where it is installed, coverage guides; without
it a seed decides alone, over the same targets and the same corpus. A crash is written to
``--found`` and named; the program then ends with 1. Each target runs in a process of its own.
"""

# ruff: noqa: T201 - it prints what it did

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from random import Random

from tests.fuzz.mutation import LONGEST, mutated

CORPUS = Path(__file__).parent / "corpus"

#: An input of a few kilobytes that takes longer than this hangs.
_HANG_SECONDS = 10
_MEMORY_MB = 1_024


def main() -> int:
    """Fuzz what the command line names.

    Returns:
        1 where an input was found that breaks a target, else 0.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    targets = sorted(folder.name for folder in CORPUS.iterdir())
    parser.add_argument("target", choices=["all", *targets], help="what to fuzz")
    parser.add_argument("--seconds", type=int, default=60, help="how long, each target")
    parser.add_argument("--seed", type=int, default=0, help="decides what chance does")
    parser.add_argument("--found", type=Path, default=Path(tempfile.gettempdir()) / "fuzz-found")
    parser.add_argument("--without-atheris", action="store_true", help="mutate by seed alone")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    guided = find_spec("atheris") is not None and not options.without_atheris
    if options.alone:
        run = _guided if guided else _by_seed
        return run(options.target, options.seconds, options.seed, options.found)
    names = targets if options.target == "all" else [options.target]
    how = "atheris, by coverage" if guided else "mutations of the corpus, by seed"
    print(f"Fuzzing {len(names)} targets, {options.seconds} s each: {how}", flush=True)
    missed = [name for name in names if not _in_own_process(name, options)]
    print(f"broken: {', '.join(missed)} ({options.found})" if missed else "all held")
    return 1 if missed else 0


def _in_own_process(name: str, options: argparse.Namespace) -> bool:
    command = [sys.executable, "-m", "tests.fuzz", name, "--alone"]
    command += ["--seconds", str(options.seconds), "--seed", str(options.seed)]
    command += ["--found", str(options.found)]
    command += ["--without-atheris"] if options.without_atheris else []
    done = subprocess.run(command, check=False, capture_output=True, text=True, errors="replace")
    said = [line for line in done.stdout.splitlines() if line.startswith("executions ")]
    executions = _executions_of(done.stderr) or (said[-1].split()[1] if said else "?")
    held = done.returncode == 0
    verdict = "held" if held else "BROKEN"
    print(f"  {name:12} {executions:>12} executions   {verdict}", flush=True)
    if not held:
        print(
            "\n".join(f"    {line}" for line in _complaint(done.stdout + done.stderr)), flush=True
        )
    return held


def _complaint(log: str) -> list[str]:
    """Return what went wrong, without what libFuzzer says besides."""
    lines = log.splitlines()
    start = next((n for n, line in enumerate(lines) if "Uncaught Python" in line), -15)
    return lines[start:][:15] + [line for line in lines if "unit written to" in line]


def _executions_of(log: str) -> str:
    """Return the count out of libFuzzer's last words."""
    words = [line.split() for line in log.splitlines() if line.startswith("stat::number_of_exec")]
    return words[-1][-1] if words else ""


def _guided(name: str, seconds: int, seed: int, found: Path) -> int:
    import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]

    found.mkdir(parents=True, exist_ok=True)
    # Coverage is of what is imported here for the first time.
    with atheris.instrument_imports(include=["reviewer", "unidiff", "yaml", "tomllib", "json"]):
        from tests.fuzz.targets import TARGETS, corpus_of
    inputs = corpus_of(name)

    def mutate(data: bytes, most: int, number: int) -> bytes:
        # Half by libFuzzer, which knows what was compared, half with our sense for JSON and lines.
        if number % 2:
            return bytes(atheris.Mutate(data, most))
        return mutated(data, inputs, Random(number))[:most]  # noqa: S311 - no secret

    with tempfile.TemporaryDirectory() as growing:
        for number, data in enumerate(inputs):
            Path(growing, f"seed-{number}").write_bytes(data)
        arguments = [
            sys.argv[0],
            growing,
            f"-max_total_time={seconds}",
            f"-seed={seed or 1}",
            f"-max_len={LONGEST}",
            f"-timeout={_HANG_SECONDS}",
            f"-rss_limit_mb={_MEMORY_MB}",
            f"-artifact_prefix={found}/{name}-",
            "-print_final_stats=1",
        ]
        atheris.Setup(arguments, TARGETS[name], custom_mutator=mutate)
        atheris.Fuzz()  # ends the process
    return 0


def _by_seed(name: str, seconds: int, seed: int, found: Path) -> int:
    from tests.fuzz.targets import TARGETS, corpus_of

    resource.setrlimit(resource.RLIMIT_AS, (4 * _MEMORY_MB * 1024**2, -1))
    chance = Random(seed)  # noqa: S311 - no secret
    inputs = list(corpus_of(name))
    executions, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        data = mutated(chance.choice(inputs), inputs, chance)
        executions += 1
        if not _try(TARGETS[name], data, found / name):
            return 1
        # What chance made is now and then worth going on from.
        if chance.random() < 0.01 and len(inputs) < 2_000:
            inputs.append(data)
    print(f"executions {executions}")
    return 0


def _try(target: Callable[[bytes], None], data: bytes, found: Path) -> bool:
    start = time.monotonic()
    try:
        target(data)
    except BaseException:
        _keep(data, found)
        raise
    if time.monotonic() - start > _HANG_SECONDS:
        _keep(data, found)
        return False
    return True


def _keep(data: bytes, found: Path) -> None:
    found.parent.mkdir(parents=True, exist_ok=True)
    path = found.with_name(f"{found.name}-{hashlib.sha256(data).hexdigest()[:12]}")
    path.write_bytes(data)
    print(f"found: {path}", file=sys.stderr)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    sys.exit(main())
