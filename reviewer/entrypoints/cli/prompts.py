"""``reviewer prompts``: list, show, compare, check and release prompts, and render one as sent."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reviewer.entrypoints.cli.output import write_file, write_standard_output
from reviewer.entrypoints.cli.rendered_prompt import render
from reviewer.entrypoints.cli.session import ExitCode, debug_option
from reviewer.entrypoints.cli.suggestion import SuggestingGroup
from reviewer.errors import ConfigurationError, UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewer.prompting.prompt_catalogue import PromptCatalogue
    from reviewer.prompting.prompt_file import Prompt

_EXAMPLES = """\b
Examples:
  reviewer prompts list
  reviewer prompts show review/v1
  reviewer prompts render --persona bug-hunter main...HEAD"""


@click.group(
    cls=SuggestingGroup, epilog=_EXAMPLES, short_help="List, show, compare and check prompts."
)
@debug_option
def prompts() -> None:
    """List, show, compare and check prompts, and see what would be sent.

    A prompt has versions, and a released version never changes: prompts.lock holds its sha256.
    """


@prompts.command("list", epilog="\b\nExample:\n  reviewer prompts list")
@debug_option
def list_prompts() -> None:
    """List every version of every prompt, with its identity."""
    catalogue = _catalogue()
    rows = [(str(p.identity), _state(catalogue, p), p.summary) for p in catalogue.prompts]
    width = max(len(identity) for identity, _, _ in rows)
    state_width = max(len(state) for _, state, _ in rows)
    _write("\n".join(f"{i:{width}}  {s:{state_width}}  {summary}" for i, s, summary in rows))


@prompts.command(
    epilog="\b\nExamples:\n  reviewer prompts show review\n  reviewer prompts show review/v1",
    short_help="Show a prompt, and why it is so.",
)
@click.argument("name", metavar="NAME[/vN]")
@debug_option
def show(name: str) -> None:
    """Show a prompt: what it takes and gives, why it is so, and its text.

    Without a version the newest one is shown.
    """
    catalogue = _catalogue()
    prompt = catalogue.get(name)
    contract = catalogue.contract_of(prompt)
    head = [
        f"{prompt.identity} ({_state(catalogue, prompt)})",
        prompt.summary,
        "",
        f"contract    {contract.identity}" if contract is not prompt else "",
        f"answer      {prompt.output.value}",
        f"inputs      {', '.join(prompt.inputs)}",
        f"parameters  {_parameters(prompt)}" if prompt.parameters else "",
        "",
        *prompt.notes.split("\n"),
    ]
    body = [
        line
        for name, template in prompt.sections.items()
        for line in ("", f"--- {name} ---", template.source)
    ]
    _write("\n".join([line for i, line in enumerate(head) if line or i in {2, 7}] + body))


@prompts.command(epilog="\b\nExample:\n  reviewer prompts diff review/v1 hunt/v1")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@debug_option
def diff(first: str, second: str) -> None:
    """Compare two prompts, line by line.

    A and B are NAME/vN, or NAME for its newest version.
    """
    catalogue = _catalogue()
    before, after = catalogue.get(first), catalogue.get(second)
    lines = difflib.unified_diff(
        before.text.splitlines(),
        after.text.splitlines(),
        str(before.identity),
        str(after.identity),
        lineterm="",
    )
    _write("\n".join(lines) or f"{before.identity} and {after.identity} are the same.")


@prompts.command(
    epilog="\b\nExample:\n  reviewer prompts check\n\n"
    "\b\nExit codes: 0 all are right, 2 something is wrong."
)
@debug_option
@click.pass_context
def check(context: click.Context) -> None:
    """Say what is wrong in the prompts.

    Every file is read strictly and filled in with an example, and every released one is compared
    with prompts.lock.
    """
    catalogue, wrong = _checked()
    for error in wrong:
        _write(str(error), to_error=True)
    if wrong or catalogue is None:
        _write(_count(sum(1 + len(error.others) for error in wrong), "error"), to_error=True)
        context.exit(ExitCode.USAGE)
    open_ = [p.key for p in catalogue.prompts if not catalogue.lock.has(p)]
    released = len(catalogue.prompts) - len(open_)
    _write(f"{_count(len(catalogue.prompts), 'prompt')}, {released} released: all right.")
    if open_:
        _write(f"Not released: {', '.join(open_)} (reviewer prompts release NAME/vN).")


@prompts.command(
    epilog="\b\nExample:\n  reviewer prompts release review/v2",
    short_help="Release a version, for good.",
)
@click.argument("names", metavar="NAME/vN…", nargs=-1, required=True)
@debug_option
def release(names: tuple[str, ...]) -> None:
    """Release versions: write their sha256 into prompts.lock.

    From then on the file may not change any more, and new reviews use it where nobody pins
    another version. Only in a checkout of this program.
    """
    from reviewer.prompting.prompt_lock import lock_faults, lock_text, parse_lock
    from reviewer.resources import PROMPT_LOCK, folder

    file = Path(str(folder("prompts"))) / PROMPT_LOCK
    if not (file.parent.parent / "pyproject.toml").is_file():
        raise UserError(
            "prompts are released in a checkout of this program, not in an installation"
        )
    catalogue, wrong = _checked()
    if catalogue is None or wrong:
        raise ConfigurationError.of(wrong)
    released = dict(catalogue.lock.released)
    for name in names:
        prompt = catalogue.get(name)
        if prompt.key in released:
            raise UserError(f"{prompt.key} is released already")
        released[prompt.key] = prompt.identity.sha256
    text = lock_text(released)
    faults = tuple(lock_faults(parse_lock(text, catalogue.lock.path), catalogue.prompts))
    if faults:
        raise ConfigurationError.of(faults)
    write_file(file, text)
    _write(f"Released {', '.join(names)}. Commit prompts/ as it is now.")


prompts.add_command(render)


def _catalogue() -> PromptCatalogue:
    from reviewer.prompting.prompt_catalogue import shipped_prompts

    return shipped_prompts()


def _checked() -> tuple[PromptCatalogue | None, Sequence[ConfigurationError]]:
    """Read and fill in every prompt."""
    from reviewer.prompting.prompt_catalogue import read_prompts
    from reviewer.prompting.prompt_check import example_faults
    from reviewer.resources import prompt_files, prompt_lock

    catalogue, wrong = read_prompts(prompt_files(), prompt_lock())
    if catalogue is None or wrong:
        return catalogue, wrong
    return catalogue, example_faults(catalogue)


def _state(catalogue: PromptCatalogue, prompt: Prompt) -> str:
    return "released" if catalogue.lock.has(prompt) else "not released"


def _parameters(prompt: Prompt) -> str:
    from dataclasses import asdict

    assert prompt.parameters is not None  # noqa: S101 - asked by the caller
    given = asdict(prompt.parameters).items()
    return ", ".join(f"{name} {value}" for name, value in given if value is not None)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _write(text: str, *, to_error: bool = False) -> None:
    from reviewer.domain.sanitiser import terminal

    if to_error:
        click.echo(terminal(text), err=True)
    else:
        write_standard_output(terminal(text) + "\n")
