"""Measures that hostile input costs no more than its length, reader by reader and as a whole.

``make bench-hostile`` prints two tables; with ``ARGS=--check`` it exits with 1 where a bar is
missed, and ``ARGS="--only brackets"`` measures some of it.

Readers: how many times as long eight times the text takes. A linear reader stands near 8, a
quadratic one near 64. Processor time of the fastest of several runs, so that neighbours on the
machine have little say.

The command: what a review costs, in a process of its own, of a change, a model's answer, another
tool's results or a pull request made to be expensive, at half its size and at the whole one.
Growth is twice the size without what every review takes; 0 where there is next to nothing left.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from reviewer.domain.change import Change, FileChange  # noqa: E402
from reviewer.domain.diff import parse_patch  # noqa: E402
from reviewer.domain.facts.dockerfile_reader import stages  # noqa: E402
from reviewer.domain.facts.yaml_document import documents  # noqa: E402
from reviewer.domain.glob import matches  # noqa: E402
from reviewer.domain.persona import Persona  # noqa: E402
from reviewer.domain.persona_file import parse_persona  # noqa: E402
from reviewer.domain.redactor import redact  # noqa: E402
from reviewer.domain.sanitiser import cell, fenced, html, inline_code, prose, terminal  # noqa: E402
from reviewer.domain.secret_pattern import find_secrets  # noqa: E402
from reviewer.domain.selection import select  # noqa: E402
from reviewer.resources import persona_files  # noqa: E402
from tests.benchmarks.hostile.cases import CASES  # noqa: E402
from tests.benchmarks.hostile.pipeline import (  # noqa: E402
    MOST_GROWTH,
    MOST_MEGABYTES,
    MOST_SECONDS,
    empty_review,
    measure,
)

_TIMES = 8
#: Between linear and quadratic, with room for caches that a larger text no longer fits.
_BAR = 24.0
_RUNS = 3
#: What takes less than this in all says nothing about its growth.
_NOTHING_SECONDS = 0.002

_MARKS = (
    *("`", "` ``", "\\", "\\`", "<!--", "```\n", "_", "@a ", "#", "a1", "|", "\u200b\u200c"),
    *("&", "[", "1. ", "\n/x", "://", "::"),
)
_SECRETS = (
    *("-----BEGIN ", "://", "postgres://a:", "AKIA", "eyJ", "SG.", "Q~", "-"),
    *("eyJaaaaaaaaaaaaaaaaaaa.", "-----BEGIN PRIVATE" + " KEY-----" + "A" * 59),
    *("hooks.slack.com/workflows/", "canary-value"),
)
_CODE = (
    *("a", " ", "select ", '"select ', "curl a | ", "_", "interface a extends b, ", "b, "),
    *("password", "secret_key=", "environ getenv process.env ", "deserializ redact sanitiz "),
    *("except Exception: ", "catch (", "params[:a] ", "fetch(", "[Authorize"),
)


def _catalogue() -> tuple[Persona, ...]:
    return tuple(parse_persona(text, path) for path, text in persona_files())


def _selection() -> Callable[[str], object]:
    """Let every persona look at lines as long as lines are read."""
    personas = _catalogue()

    def look(text: str) -> object:
        lines = [text[start : start + 2000] for start in range(0, len(text), 2000)]
        files: list[FileChange] = []
        for name in ("a.py", "a.java", "a.yaml", "a.sql", "a.ts", "a.rb", "a.cs", "a.php"):
            body = "".join(f"+{line}\n" for line in lines)
            head = f"--- /dev/null\n+++ b/{name}\n@@ -0,0 +1,{len(lines)} @@\n"
            files += parse_patch(head + body)
        return select(Change(base="a", head="b", files=tuple(files)), personas)

    return look


def _glob(text: str) -> object:
    return matches("**/a/" * 20 + "b", text), matches("*a" * 20 + "b", text)


#: Each reader with the pieces that its text is made of, and how long the smaller text is.
_READERS: Mapping[str, tuple[Callable[[str], object], Sequence[str], int]] = {
    "sanitiser: prose": (prose, _MARKS, 8_000),
    "sanitiser: cell": (cell, _MARKS, 8_000),
    "sanitiser: terminal": (terminal, _MARKS, 8_000),
    "sanitiser: fenced": (fenced, _MARKS, 8_000),
    "sanitiser: inline code": (inline_code, _MARKS, 8_000),
    "sanitiser: html": (html, _MARKS, 8_000),
    "secrets": (find_secrets, _SECRETS, 40_000),
    "redactor": (lambda text: redact(text, ("canary-value-0123456789",)), _SECRETS, 40_000),
    "selection": (_selection(), _CODE, 4_000),
    "glob": (_glob, ("a/", "a"), 1_000),
    "YAML": (documents, ("- a\n", "[", "- ", "a: &a [x]\n", "{{ a }}", "{{", "{% "), 4_000),
    "Dockerfile": (stages, ("RUN a \\\n", "#\n", "RUN <<A\n", "FROM s AS s\n", "<<A "), 8_000),
}


def _fastest_seconds(read: Callable[[str], object], text: str) -> float:
    """Return the processor time of the fastest run; no cache may know the text."""
    taken = []
    for run in range(_RUNS):
        fresh = f"{text}{run}"
        start = time.process_time()
        read(fresh)
        taken.append(time.process_time() - start)
    return min(taken)


def _ratio(read: Callable[[str], object], piece: str, length: int) -> float:
    """Return how many times as long eight times the text takes."""
    text = piece * (length // len(piece))
    long = _fastest_seconds(read, text * _TIMES)
    return 0.0 if long < _NOTHING_SECONDS else long / max(_fastest_seconds(read, text), 1e-5)


def _readers(words: str) -> bool:
    """Measure the readers; tell whether all held."""
    held = True
    print(f"Readers: time for {_TIMES} times the text; at most {_BAR:g} times as long")
    for name, (read, pieces, length) in _READERS.items():
        if words not in name:
            continue
        worst, piece = max((_ratio(read, piece, length), piece) for piece in pieces)
        if worst > _BAR:  # once more: a neighbour may have been loud
            worst = min(worst, _ratio(read, piece, length))
        held = held and worst <= _BAR
        said = "MISSED" if worst > _BAR else "held"
        print(f"  {name:24} {worst:6.1f}   {said}   worst of {len(pieces)}: {piece[:24]!r}")
    return held


def _command(words: str) -> bool:
    """Measure the command; tell whether all held."""
    empty = empty_review()
    print(
        f"The command: at most {MOST_SECONDS} s of the processor, {MOST_MEGABYTES} MB, and "
        f"{MOST_GROWTH:g} times as long for twice the size\n"
        f"  {'a change of one line':40} {'':8} {empty.seconds:6.2f} s"
        f" {'':8} {empty.megabytes:5.0f} MB"
    )
    held = True
    for case in CASES:
        if words not in case.name:
            continue
        taken = measure(case, empty.seconds)
        if taken.problem:  # once more: a neighbour may have been loud
            taken = measure(case, empty.seconds)
        slow = taken.whole.seconds > MOST_SECONDS
        held = held and not taken.problem and not slow
        print(
            f"  {case.name:40} {taken.half.seconds:6.2f} s {taken.whole.seconds:6.2f} s"
            f"   x{taken.growth:4.1f} {taken.whole.megabytes:5.0f} MB"
            f"   {f'MISSED: {taken.problem}' if taken.problem else 'MISSED' if slow else 'held'}",
            flush=True,
        )
    return held


def main() -> int:
    """Measure every reader, and the command on every case.

    Returns:
        1 where a bar is missed and ``--check`` asks, else 0.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="exit with 1 where a bar is missed")
    parser.add_argument("--only", default="", metavar="WORDS", help="what has these in its name")
    options = parser.parse_args()
    held = [_readers(options.only), _command(options.only)]
    return 1 if options.check and not all(held) else 0


if __name__ == "__main__":
    sys.exit(main())
