r"""Writes one line: JSON in plain ASCII that no value can break out of (security.md S22, R45).

- A line break, an escape sequence of a terminal, a character that turns the direction of text: JSON
  writes all of them as ``\uXXXX``.
- A runner of workflows takes ``::name::`` at the start of a line and ``##[name]`` anywhere for a
  command (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands):
  their second characters are written as escapes, too. Whoever reads the JSON sees no difference.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeVar

from reviewer.adapters.logs.cleaning import Plain

T = TypeVar("T")

#: Collectors cut longer lines, and half an object is none.
LONGEST_LINE = 16_384

#: What every line begins with, where it has it.
FIRST = (
    "at",
    "level",
    "event",
    "logger",
    "request_id",
    "delivery_id",
    "installation_id",
    "run_id",
    "trace_id",
)
_LONGEST_EVENT = 100

#: Names that a line, or the call that writes it, gives a meaning; ids may be said again.
_TAKEN = frozenset(
    {"at", "level", "event", "logger", "trace_id", "exc_info", "extra"}
    | {"left_out", "stack_info", "stacklevel"}
)


def write_line(fields: Mapping[str, Plain]) -> str:
    """Write the fields of a line, the first ones first; of one that is too long those alone.

    Args:
        fields: Cleaned already.
    """
    first = {name: fields[name] for name in FIRST if name in fields}
    line = _json({**first, **{name: fields[name] for name in fields if name not in first}})
    if len(line) <= LONGEST_LINE:
        return line
    short = {
        name: value[:_LONGEST_EVENT] if isinstance(value, str) else value
        for name, value in first.items()
    }
    return _json({**short, "fields_left_out": len(fields) - len(first)})


def free_names(fields: Mapping[str, T]) -> dict[str, T]:
    """Rename fields whose names mean something else in a line: ``at`` becomes ``data_at``."""
    return {f"data_{name}" if name in _TAKEN else name: fields[name] for name in fields}


def _json(fields: Mapping[str, Plain]) -> str:
    line = json.dumps(fields, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    # Neither pair occurs in JSON outside of a text.
    return line.replace("::", ":\\u003a").replace("##[", "##\\u005b")
