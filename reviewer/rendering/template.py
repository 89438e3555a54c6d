"""The templates of this package: ours only, sandboxed, strict, and safe by default.

A template never sees the text of a change as template code, only as a value; and a value that is
not marked safe passes the sanitiser on its way out, whoever forgot a filter.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from reviewer.domain.sanitiser import (
    LABEL_LIMIT,
    PROSE_LIMIT,
    cell,
    cut,
    html,
    inline_code,
    label,
    one_line,
    phrase,
    prose,
    shield_pipes,
    visible,
)

_FOLDER = Path(__file__).parent / "templates"


class Safe(str):
    """Text that has passed the sanitiser for the place where it will stand."""

    __slots__ = ()


def _marked(function: Callable[[str], str]) -> Callable[[object], Safe]:
    def mark(value: object) -> Safe:
        return value if isinstance(value, Safe) else Safe(function(str(value)))

    return mark


def code(text: str) -> Safe:
    """Write a path or another name as a code span."""
    return Safe(inline_code(cut(label(text), LABEL_LIMIT)))


def safe_phrase(text: str) -> Safe:
    """Write text on one line of Markdown."""
    return Safe(phrase(cut(one_line(text), PROSE_LIMIT)))


def safe_prose(text: str) -> Safe:
    """Write text as Markdown paragraphs."""
    return Safe(prose(cut(visible(text), PROSE_LIMIT)))


def _safe_cell(value: object) -> Safe:
    if isinstance(value, Safe):
        return Safe(shield_pipes(value))
    return Safe(cell(cut(one_line(str(value)), PROSE_LIMIT)))


@lru_cache(maxsize=1)
def markdown_environment() -> ImmutableSandboxedEnvironment:
    """Return the environment of the Markdown templates.

    Autoescaping is for HTML and would be wrong here; `finalize` does the same for Markdown.
    """
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(_FOLDER),
        undefined=StrictUndefined,
        autoescape=False,
        finalize=_marked(safe_phrase),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        cell=_safe_cell,
        code=_marked(code),
        prose=_marked(safe_prose),
        html=_marked(html),
        safe=_marked(str),
    )
    return environment


@lru_cache(maxsize=1)
def html_environment() -> ImmutableSandboxedEnvironment:
    """Return the environment of the HTML template: visible first, then escaped by Jinja."""
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(_FOLDER),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=_visible_text,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _visible_text(value: object) -> object:
    """Name hidden characters; what is no plain text (a rendered macro) is left to Jinja."""
    return visible(value) if type(value) is str else value
