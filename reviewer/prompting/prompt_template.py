"""One section of a prompt file as a template: sandboxed, strict, static but for its inputs.

What Jinja offers is cut down to what a prompt needs: no include, import, macro or inheritance, no
global function (``lipsum`` and ``random`` would make a prompt differ from itself), a handful of
filters. A value is never read as template text, whatever braces it holds (security.md S5, R10).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from jinja2 import (
    StrictUndefined,
    Template,
    TemplateSyntaxError,
    UndefinedError,
    nodes,
    pass_context,
)
from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.filters import FILTERS
from jinja2.meta import find_undeclared_variables
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from reviewer.domain.toml_document import shorten
from reviewer.errors import ConfigurationError
from reviewer.prompting.fence import fenced

#: The input that `fenced` takes from the context.
NONCE = "nonce"

_FILTERS = ("indent", "join", "length", "map", "trim")
_FENCED = "fenced"
_REFUSED: tuple[tuple[type[nodes.Node], str], ...] = (
    (nodes.Include, "include"),
    (nodes.Import, "import"),
    (nodes.FromImport, "import"),
    (nodes.Extends, "extends"),
    (nodes.Block, "block"),
    (nodes.Macro, "macro"),
    (nodes.CallBlock, "call"),
    (nodes.Call, "a call"),
)


@pass_context
def _fenced(context: Context, text: object, kind: str) -> str:
    """Put a value between the lines that mark data."""
    return fenced(kind, str(text), str(context[NONCE]))


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.clear()
    environment.filters = {name: FILTERS[name] for name in _FILTERS}
    environment.filters[_FENCED] = _fenced
    return environment


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionTemplate:
    """A section, parsed and compiled.

    Args:
        path: The prompt file, as people know it.
        line: The line of the file on which the section's text begins.
        source: The section's text.
        inputs: The inputs that it uses.
        compiled: What Jinja made of it.
    """

    path: str
    line: int
    source: str
    inputs: frozenset[str]
    compiled: Template = field(repr=False, compare=False)

    def render(self, values: Mapping[str, object]) -> str:
        """Fill in the inputs.

        Args:
            values: Each input's value; untrusted text may stand in them.

        Returns:
            The text without blank lines at its ends.

        Raises:
            ConfigurationError: The template asks a value for something that it has not.
        """
        try:
            return self.compiled.render(values).strip("\n")
        except (UndefinedError, SecurityError, TemplateRuntimeError) as error:
            line = _line_of(error, self.path)
            message = f"the template cannot be filled in: {error.message or error}"
            raise ConfigurationError(
                message, path=self.path, line=None if line is None else self.line + line - 1
            ) from None


def parse_section(source: str, *, path: str, line: int) -> SectionTemplate:
    """Read a section strictly.

    Args:
        source: Its text.
        path: The prompt file, as people know it.
        line: The line of the file on which the text begins.

    Raises:
        ConfigurationError: It is no template, or uses what prompts may not use.
    """
    environment = _environment()
    try:
        tree = environment.parse(source, filename=path)
        wrong = [
            ConfigurationError(message, path=path, line=line + min(place - 1, source.count("\n")))
            for place, message in _refused(tree)
        ]
        if wrong:
            raise ConfigurationError.of(sorted(wrong, key=lambda error: error.line or 0))
        code = environment.compile(tree, filename=path)
    except TemplateSyntaxError as error:
        raise ConfigurationError(
            f"this is no template: {shorten(error.message or '', 200)}",
            path=path,
            # A bare carriage return is the end of a line to Jinja and not to us.
            line=line + min(error.lineno - 1, source.count("\n")),
        ) from None
    except (ValueError, RecursionError):
        # Jinja lets a number of 5,000 digits and a thousand brackets fall through.
        raise ConfigurationError(
            "this is no template: a number or its nesting has no end", path=path, line=line
        ) from None
    inputs = set(find_undeclared_variables(environment.parse(source)))
    if any(node.name == _FENCED for node in tree.find_all(nodes.Filter)):
        inputs.add(NONCE)
    return SectionTemplate(
        path=path,
        line=line,
        source=source,
        inputs=frozenset(inputs),
        compiled=Template.from_code(environment, code, {}),
    )


def _refused(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    """Find what a prompt may not use, each with its line in the section."""
    for kind, word in _REFUSED:
        for node in tree.find_all(kind):
            yield node.lineno, f"a prompt may not use {word}"
    known = (*_FILTERS, _FENCED)
    for named in tree.find_all(nodes.Filter):
        if named.name not in known:
            name = shorten(named.name)
            yield named.lineno, f'there is no filter "{name}"; known are {", ".join(known)}'


def _line_of(error: Exception, path: str) -> int | None:
    """Return the template's line on which filling in failed, from 1."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
