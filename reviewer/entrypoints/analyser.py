"""The door of the analyser's process: ``python -m reviewer.entrypoints.analyser``.

A task comes on standard input, what came of it leaves on standard output, each as one JSON
document (`reviewer.adapters.analyser.wire`). Nobody but this door can write there: whatever else
prints, here or in a program that is started, prints to standard error, which is a log.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import BinaryIO

from reviewer import __version__
from reviewer.bootstrap.analyser import answer_task, confine_this_process
from reviewer.config import Settings

#: As BSD's sysexits has it: a defect of the program.
_DEFECT = 70


def main() -> None:
    """Do one task and leave the interpreter."""
    answer = take_standard_output()
    confine_this_process()
    sys.exit(run(sys.stdin.buffer, answer))


def take_standard_output() -> BinaryIO:
    """Keep the way out for this door; send everybody else who prints to standard error.

    The copy is not inherited by programs that are started: https://peps.python.org/pep-0446/.
    """
    sys.stdout.flush()
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answer


def run(task: BinaryIO, answer: BinaryIO, settings: Settings | None = None) -> int:
    """Do one task.

    Args:
        task: Where it is read from.
        answer: Where its outcome is written to, whole or not at all.
        settings: Instead of those of the environment.

    Returns:
        The exit code.
    """
    settings = settings or Settings.from_environment()
    try:
        outcome = answer_task(task.read(), settings)
        with answer:
            answer.write(outcome)
    except Exception as error:  # noqa: BLE001 - the outermost loop: nobody above could tell it
        if settings.debug:
            sys.stderr.write("".join(traceback.format_exception(error)))
        sys.stderr.write(f"{_defect(error)}\n")
        return _DEFECT
    return 0


def _defect(error: Exception) -> str:
    """Name a defect of ours; its own text may quote the change and is shown only when asked."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(place.filename)}:{place.lineno}"  # noqa: PTH119 - a name alone
    return f"Internal error of the analyser: {type(error).__name__} at {where} ({__version__})"


if __name__ == "__main__":
    main()
