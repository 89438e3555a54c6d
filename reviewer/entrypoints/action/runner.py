"""What GitHub's runner is told: lines of the log, commands, outputs and the job summary.

A runner obeys what stands in the log. So between our own commands it is told to obey nothing, with
a word that nobody can guess, and every line is sanitised all the same (security.md R45):
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol

from reviewer.domain.sanitiser import one_line, terminal

#: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
SUMMARY_LIMIT_BYTES = 1_048_576
_CUT = "\n\n… cut: a job summary holds 1 MiB.\n"


class Sink(Protocol):
    """Takes the log."""

    def write(self, text: str, /) -> object:
        """Take some text."""
        ...

    def flush(self) -> object:
        """Pass on what was taken."""
        ...


def random_word() -> str:
    """Return a word that nobody can guess."""
    return secrets.token_hex(16)


class RunnerLog:
    """Writes the log of one run.

    Args:
        sink: Where to.
        word: Gives a new word that nobody can guess.
    """

    def __init__(self, sink: Sink, word: Callable[[], str] = random_word) -> None:
        self._sink = sink
        self._word = word
        self._stopped = ""

    def stop(self) -> None:
        """Let the runner obey nothing from here on."""
        self._stopped = self._word()
        self._write(f"::stop-commands::{self._stopped}")

    def resume(self) -> None:
        """Let the runner obey again."""
        if self._stopped:
            self._write(f"::{self._stopped}::")
            self._stopped = ""

    def line(self, text: str) -> None:
        """Write text; its lines stay lines."""
        self._write(terminal(text))

    def commands(self, commands: Iterable[str]) -> None:
        """Let the runner obey these commands of ours.

        Args:
            commands: From `reviewer.rendering.workflow_command`.
        """
        wanted = list(commands)
        if not wanted:
            return
        stopped = bool(self._stopped)
        self.resume()
        for command in wanted:
            self._write(command)
        if stopped:
            self.stop()

    def _write(self, line: str) -> None:
        self._sink.write(f"{line}\n")
        self._sink.flush()


def write_outputs(
    file: Path | None, outputs: Mapping[str, str], word: Callable[[], str] = random_word
) -> None:
    """Write the outputs of the step; each between words that nobody can guess.

    Args:
        file: ``GITHUB_OUTPUT``; None where nobody reads them.
        outputs: Their values by their names, which are ours.
        word: Gives a new word that nobody can guess.
    """
    if file is None:
        return
    with file.open("a", encoding="utf-8") as stream:
        for name, value in outputs.items():
            mark = f"end-{word()}"
            stream.write(f"{name}<<{mark}\n{one_line(value)}\n{mark}\n")


def write_summary(file: Path | None, markdown: str) -> None:
    """Add to the job summary, within the size that GitHub takes.

    Args:
        file: ``GITHUB_STEP_SUMMARY``; None where nobody reads it.
        markdown: Rendered, and so sanitised already.
    """
    if file is None:
        return
    content = markdown.encode("utf-8", "replace")
    if len(content) > SUMMARY_LIMIT_BYTES:
        room = SUMMARY_LIMIT_BYTES - len(_CUT.encode())
        # At a line's end, so that no construct is cut in its middle.
        content = content[:room].rpartition(b"\n")[0] + _CUT.encode()
    with file.open("ab") as stream:
        stream.write(content)
