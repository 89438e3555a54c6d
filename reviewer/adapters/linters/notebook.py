"""Where the lines of a notebook's cells stand in the notebook's file.

ruff counts rows from the start of a cell; a comment stands on a line of the file. A notebook is
JSON, in which the source of a cell is a list with one string a line, or one string:
https://nbformat.readthedocs.io/en/latest/format_description.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

#: JSON's tokens as far as they matter here: brackets, separators and strings. Everything between
#: is numbers, words and white space. Linear: nothing in a string can match in two ways.
_TOKEN = re.compile(r'[\[\]{},:]|"(?:[^"\\]|\\.)*"', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """A notebook as far as a linter needs it.

    Args:
        language: What its cells are written in, in lower case; empty where it does not say.
        cells: For each cell of any kind, the line in the file of each line of its source.
    """

    language: str
    cells: tuple[tuple[int, ...], ...]

    def line(self, cell: int, row: int) -> int | None:
        """Return the line in the file of a row of a cell, both counted from 1; None if unknown."""
        if not 1 <= cell <= len(self.cells) or row < 1 or not self.cells[cell - 1]:
            return None
        lines = self.cells[cell - 1]
        return lines[min(row, len(lines)) - 1]


def read_notebook(text: str) -> Notebook | None:
    """Read a notebook's language and where its cells stand; None where it is no notebook."""
    try:
        content: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        return None
    cells: dict[int, list[int]] = {}
    for path, string, line in _strings(text):
        if len(path) >= 3 and path[0] == "cells" and path[2] == "source":  # noqa: PLR2004 - cells, number, source
            cells.setdefault(int(path[1]), []).extend([line] * _rows(string))
    return Notebook(
        language=_language(content.get("metadata")),
        cells=tuple(tuple(cells.get(i, ())) for i in range(len(content["cells"]))),
    )


def _rows(string: str) -> int:
    """Count the rows that one string of a source makes."""
    return max(1, len(string.splitlines()))


def _language(metadata: object) -> str:
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        if isinstance(metadata, dict) and isinstance(about := metadata.get(key), Mapping):
            value = about.get(name)
            if isinstance(value, str):
                return value.lower()
    return ""


def _strings(text: str) -> Iterator[tuple[Sequence[str], str, int]]:
    """Yield every string that is a value: the keys that lead to it, itself and its line."""
    path: list[str] = []
    in_object: list[bool] = []
    key_follows = False
    line, position = 1, 0
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in "[{":
            in_object.append(mark == "{")
            path.append("0")
            key_follows = mark == "{"
        elif mark in "]}":
            in_object.pop()
            path.pop()
        elif mark == ",":
            key_follows = in_object[-1]
            if not key_follows:
                path[-1] = str(int(path[-1]) + 1)
        elif mark == ":":
            key_follows = False
        elif key_follows:
            path[-1] = json.loads(mark)
        else:
            line += text.count("\n", position, token.start())
            position = token.start()
            yield path, json.loads(mark), line
