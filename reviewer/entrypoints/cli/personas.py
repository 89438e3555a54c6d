"""``reviewer personas``: list, show, check and begin personas."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reviewer.entrypoints.cli.local_files import (
    is_shipped,
    named_sources,
    read_text,
    repository_root,
    repository_sources,
    shipped_sources,
)
from reviewer.entrypoints.cli.output import write_file, write_standard_output
from reviewer.entrypoints.cli.persona_template import TEMPLATE
from reviewer.entrypoints.cli.session import ExitCode, debug_option
from reviewer.entrypoints.cli.suggestion import SuggestingGroup, did_you_mean
from reviewer.errors import ConfigurationError, UserError

if TYPE_CHECKING:
    from reviewer.domain.persona import Persona, Rule
    from reviewer.domain.persona_check import CheckResult, PersonaSource

_WIDTH = 96
_LONGEST_NAME = 40

_repository_option = click.option(
    "--repository",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    help="Any folder inside the git repository (default: this one).",
)

_EXAMPLES = """\b
Examples:
  reviewer personas list
  reviewer personas show security-sentinel
  reviewer personas new payments-guardian
  reviewer personas check .reviewer/personas"""


@click.group(cls=SuggestingGroup, epilog=_EXAMPLES)
@debug_option
def personas() -> None:
    """List, show, check and begin personas.

    A repository adds its own as TOML files under .reviewer/personas/, and agent definitions under
    .claude/agents/, .opencode/agent/ and .github/agents/ are taken along. A review uses those of
    the base commit only.
    """


@personas.command("list", epilog="\b\nExample:\n  reviewer personas list")
@_repository_option
@debug_option
def list_personas(repository: Path) -> None:
    """List the personas.

    Those that ship, and those of the last commit of this folder's repository.
    """
    from reviewer.bootstrap import catalogue

    found = catalogue(repository)
    known = found.personas
    width = max(len(persona.name) for persona in known)
    lines = [
        f"{persona.name:{width}}  {_size(persona):>8}  {persona.summary}"
        f"{'' if persona.origin.value == 'built-in' else f' ({persona.path})'}"
        for persona in known
    ]
    _write("\n".join(lines))
    for notice in found.notices:
        _write(notice, to_error=True)


@personas.command(
    epilog="\b\nExamples:\n  reviewer personas show type-guardian\n"
    "  reviewer personas show type-guardian -v"
)
@click.argument("name")
@_repository_option
@click.option("-v", "--verbose", is_flag=True, help="Show why, and code that is bad and good.")
@debug_option
def show(name: str, repository: Path, *, verbose: bool) -> None:
    """Show who a persona is, what wakes it, and its checklist."""
    from reviewer.bootstrap import catalogue

    found = catalogue(repository)
    known = {persona.name: persona for persona in found.personas}
    if name not in known:
        for notice in found.notices:
            _write(notice, to_error=True)
        hint = did_you_mean(name, list(known))
        raise UserError(f"there is no persona {name!r}", hint=hint)
    _write("\n".join(_portrait(known[name], verbose=verbose)))


@personas.command(
    epilog="\b\nExamples:\n  reviewer personas check\n"
    "  reviewer personas check .reviewer/personas/payments-guardian.toml\n\n"
    "\b\nExit codes: 0 all are right, 2 something is wrong."
)
@click.argument("paths", metavar="[PATH…]", nargs=-1, type=click.Path(exists=True, path_type=Path))
@_repository_option
@debug_option
@click.pass_context
def check(context: click.Context, paths: tuple[Path, ...], repository: Path) -> None:
    """Say what is wrong in persona files.

    Every error comes with file, line and, for a misspelt word, the nearest valid one.

    Without PATH, everything that ships and the files of this folder's repository are checked, as
    they are now. PATH is a file or a folder; .md files are read as agent definitions.
    """
    result, checked = _check(paths, repository)
    for error in result.errors:
        _write(str(error), to_error=True)
    if result.errors:
        wrong = sum(1 + len(error.others) for error in result.errors)
        _write(f"{_count(wrong, 'error')} in {_count(checked, 'file')}.", to_error=True)
        context.exit(ExitCode.USAGE)
    rules = sum(len(persona.rules) for persona in result.personas)
    _write(f"{_count(checked, 'file')}, {_count(rules, 'rule')}: all right.")


@personas.command(
    epilog="\b\nExample:\n  reviewer personas new payments-guardian\n"
    "  reviewer personas check .reviewer/personas/payments-guardian.toml"
)
@click.argument("name")
@_repository_option
@debug_option
def new(name: str, repository: Path) -> None:
    """Begin a persona of this repository.

    Writes .reviewer/personas/NAME.toml, right as it stands and ready to be edited.

    NAME is lower-case words with hyphens: payments-guardian.
    """
    from reviewer.domain.file_schema import PERSONA_NAME

    if re.fullmatch(PERSONA_NAME, name) is None or len(name) > _LONGEST_NAME:
        hint = "Use lower-case words with hyphens: payments-guardian."
        raise UserError(f"{name!r} cannot be the name of a persona", hint=hint)
    if any(source.path == f"personas/{name}.toml" for source in shipped_sources()):
        raise UserError(f"{name} ships already", hint="Choose another name.")
    root = repository_root(repository)
    file = root / ".reviewer" / "personas" / f"{name}.toml"
    shown = file.relative_to(root)
    if file.exists():
        raise UserError(f"{shown} exists already", hint="Edit it, or choose another name.")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{shown.parent} cannot be made: {error.strerror}") from error
    prefix = "".join(letter for letter in name.upper() if letter.isalpha())[:4]
    prefix = prefix if len(prefix) > 1 else f"{prefix}X"
    title = name.replace("-", " ").title()
    text = TEMPLATE.format(name=name, title=title, prefix=prefix)
    write_file(file, text)
    _write(f"Wrote {shown}. Edit it, then: reviewer personas check {shown}")


def _check(paths: tuple[Path, ...], repository: Path) -> tuple[CheckResult, int]:
    """Check the named files, or all of the repository's; tell also how many files were checked."""
    from reviewer.domain.persona import Origin
    from reviewer.domain.persona_check import PersonaSource, check_personas
    from reviewer.domain.vocabulary import known_words

    shipped = shipped_sources()
    own = named_sources(paths) if paths else repository_sources(repository_root(repository))
    sources: list[PersonaSource] = []
    unreadable: list[ConfigurationError] = []
    for path, name in own:
        origin = Origin.BUILT_IN if is_shipped(path) else Origin.REPOSITORY
        try:
            text = read_text(path, name)
        except ConfigurationError as error:
            unreadable.append(error)
            continue
        sources.append(PersonaSource(path=name, text=text, origin=origin))
    asked = {Path(s.path).name for s in sources if s.origin is Origin.BUILT_IN}
    others = [source for source in shipped if Path(source.path).name not in asked]
    result = check_personas([*others, *sources], vocabulary=known_words())
    if paths:
        names = {source.path for source in sources}
        result.personas = [persona for persona in result.personas if persona.path in names]
        result.errors = [error for error in result.errors if error.path in names]
    result.errors += unreadable
    count = len(sources) + len(unreadable)
    return result, count if paths else count + len(others)


def _size(persona: Persona) -> str:
    return _count(len(persona.rules), "rule") if persona.rules else "plans"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _portrait(persona: Persona, *, verbose: bool) -> Iterator[str]:
    """Write a persona as text."""
    yield f"{persona.title} ({persona.name}, version {persona.version}, {persona.origin.value})"
    yield persona.summary
    yield ""
    yield from textwrap.wrap(" ".join(persona.charter.split()), _WIDTH)
    yield ""
    yield f"Reviews {_when(persona)}"
    yield from (f"  {line}" for line in _signals(persona))
    if persona.rules:
        yield ""
        yield "Checklist"
    for rule in persona.rules:
        yield from _rule(rule, verbose=verbose)


def _when(persona: Persona) -> str:
    return {
        "signals": "a change in which one of these is seen:",
        "with a model": "every change of source code, when a model is configured.",
        "when asked": f"when asked for: --persona {persona.name}",
    }[persona.match.wakes.value]


def _signals(persona: Persona) -> Iterator[str]:
    strong = persona.match.strong
    for label, words in (
        ("files", (*(kind.means for kind in strong.files), *strong.paths)),
        ("languages", strong.languages),
        ("imports", strong.imports),
        ("lines", tuple(dict.fromkeys(line.means for line in strong.added))),
        ("words", strong.words),
        ("structure", strong.structure),
    ):
        if words:
            text = f"{label}: {', '.join(words)}"
            yield from textwrap.wrap(text, _WIDTH - 2, subsequent_indent="  ")


def _rule(rule: Rule, *, verbose: bool) -> Iterator[str]:
    yield f"  {rule.id}  {rule.severity.value:8}  {rule.title}  [{_decided_by(rule)}]"
    if not verbose:
        return
    for label, text in (("asks", rule.check), ("why", rule.why), ("way out", rule.remedy)):
        yield from textwrap.wrap(
            f"{label}: {text}", _WIDTH, initial_indent=" " * 10, subsequent_indent=" " * 12
        )
    for label, snippet in (("bad", rule.bad), ("good", rule.good)):
        if snippet:
            yield f"{' ' * 10}{label}:"
            yield from (f"{' ' * 14}{line}" for line in snippet.splitlines())


def _decided_by(rule: Rule) -> str:
    kinds = dict.fromkeys(piece.kind.value for piece in rule.evidence)
    return ", ".join(kinds) or "judgement"


def _write(text: str, *, to_error: bool = False) -> None:
    """Write text that may come from files of others."""
    from reviewer.domain.sanitiser import terminal

    if to_error:
        click.echo(terminal(text), err=True)
    else:
        write_standard_output(terminal(text) + "\n")
