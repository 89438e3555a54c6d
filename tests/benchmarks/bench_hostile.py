"""Measures that hostile text costs no more than its length: how long eight times the text takes.

``make bench-hostile`` prints the worst ratio of each reader; with ``ARGS=--check`` it exits with 1
where one is above the bar. A linear reader stands near 8, a quadratic one near 64. Processor time
of the fastest of several runs, so that neighbours on the machine have little say.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from reviewer.domain.change import Change, FileChange
from reviewer.domain.diff import parse_patch
from reviewer.domain.facts.dockerfile_reader import stages
from reviewer.domain.facts.yaml_document import documents
from reviewer.domain.glob import matches
from reviewer.domain.persona import Persona
from reviewer.domain.persona_file import parse_persona
from reviewer.domain.redactor import redact
from reviewer.domain.sanitiser import cell, fenced, html, inline_code, prose, terminal
from reviewer.domain.secret_pattern import find_secrets
from reviewer.domain.selection import select
from reviewer.resources import persona_files

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


def main() -> int:
    """Measure every reader.

    Returns:
        1 where a ratio is above the bar and ``--check`` asks, else 0.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="exit with 1 above the bar")
    options = parser.parse_args()
    print(f"Time for {_TIMES} times the text; at most {_BAR:g} times as long")
    missed = False
    for name, (read, pieces, length) in _READERS.items():
        worst, piece = max((_ratio(read, piece, length), piece) for piece in pieces)
        if worst > _BAR:  # once more: a neighbour may have been loud
            worst = min(worst, _ratio(read, piece, length))
        missed = missed or worst > _BAR
        said = "MISSED" if worst > _BAR else "held"
        print(f"  {name:24} {worst:6.1f}   {said}   worst of {len(pieces)}: {piece[:24]!r}")
    return 1 if options.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
