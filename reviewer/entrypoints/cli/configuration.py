"""``reviewer config``: check ``.reviewer.toml`` and explain what holds, and by whose word."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import click

from reviewer.entrypoints.cli.local_files import (
    read_text,
    repository_root,
    repository_sources,
    shipped_sources,
)
from reviewer.entrypoints.cli.output import write_standard_output
from reviewer.entrypoints.cli.server_options import server_file_option, server_settings
from reviewer.entrypoints.cli.session import ExitCode, debug_option
from reviewer.entrypoints.cli.suggestion import SuggestingGroup
from reviewer.errors import ConfigurationError, UserError

_FILE = ".reviewer.toml"

_repository_option = click.option(
    "--repository",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    help="Any folder inside the git repository (default: this one).",
)

#: A test reads this file as any other.
EXAMPLE_FILE = """\
schema = 1
exclude = ["docs/generated/**"]       # listed, not reviewed

[personas]
off = ["observer"]                    # who never reviews
limit = 3                             # at most, by signals

[rules.off]
PY006 = "We support Python 3.9."      # a reason is needed

[thresholds]
inline_cap = 3                        # comments on lines, at most
inline_severity = "major"

[policy]
fail_on = "critical"                  # or fail_on_rules, min_score

[pull_request]
drafts = false                        # reviewed when they are ready
bots = "summary"                      # or review, skip: what programs open
skip_label = "skip-review"            # a label that keeps the reviewer away
on_clean = "summary"                  # or silent
resolve_threads = true                # when their finding is gone

[[paths]]                             # what holds for some paths only
globs = ["tests/**"]
[paths.rules.off]
SEC001 = "Example passwords."         # SEC rules: only so"""

_EXAMPLES = """\b
Examples:
  reviewer config check
  reviewer config explain

\b
An example of the file:
""" + "\n".join(f"  {line}" if line else "\n\b" for line in EXAMPLE_FILE.splitlines())


class _Told(Protocol):
    """An effective value and who set it."""

    @property
    def key(self) -> str:
        """Its name."""
        ...

    @property
    def value(self) -> str:
        """What it is."""
        ...

    @property
    def origin(self) -> str:
        """Who said so."""
        ...


@click.group(cls=SuggestingGroup, epilog=_EXAMPLES)
@debug_option
def config() -> None:
    """Check .reviewer.toml, and explain what holds.

    The file stands at the root of the repository. A review reads it from the base commit only.
    """


@config.command(
    epilog="\b\nExamples:\n  reviewer config check\n"
    "  reviewer config check other/.reviewer.toml\n\n"
    "\b\nExit codes: 0 it is right, 2 something is wrong."
)
@click.argument(
    "path", metavar="[PATH]", required=False, type=click.Path(dir_okay=False, path_type=Path)
)
@_repository_option
@debug_option
@click.pass_context
def check(context: click.Context, path: Path | None, repository: Path) -> None:
    """Say what is wrong in .reviewer.toml.

    The file is read as it is now, committed or not. PATH is another file to check.
    """
    from reviewer.domain.persona import Origin
    from reviewer.domain.persona_check import PersonaSource, check_personas
    from reviewer.domain.repository_configuration import (
        parse_repository_configuration,
        unknown_names,
    )
    from reviewer.domain.sanitiser import terminal

    root = repository_root(repository)
    file = path or root / _FILE
    name = _FILE if path is None else path.as_posix()
    if not file.exists():
        if path is not None:
            raise UserError(f"{name} does not exist")
        write_standard_output(f"There is no {_FILE}: the defaults hold.\n")
        return
    text = read_text(file, name)
    parse_repository_configuration(text, name)
    sources = list(shipped_sources())
    for persona_file, persona_name in repository_sources(root):
        try:
            persona_text = read_text(persona_file, persona_name)
        except ConfigurationError:
            continue  # its own command tells; here only names are looked up
        sources.append(
            PersonaSource(path=persona_name, text=persona_text, origin=Origin.REPOSITORY)
        )
    wrong = unknown_names(text, name, check_personas(sources).personas)
    for error in wrong:
        click.echo(terminal(str(error)), err=True)
    if wrong:
        context.exit(ExitCode.USAGE)
    write_standard_output(terminal(f"{name}: all right.") + "\n")


@config.command(
    epilog="\b\nExamples:\n  reviewer config explain\n  reviewer config explain --server"
)
@_repository_option
@click.option("--server", is_flag=True, help="Explain the service's settings instead.")
@server_file_option
@debug_option
@click.pass_context
def explain(
    context: click.Context, repository: Path, server_file: Path | None, *, server: bool
) -> None:
    """Print every effective value, and who set it.

    The configuration is read from the last commit of the repository. The settings of the service
    come from REVIEWER_SERVER_… and a file; of secrets it is only told whether they are set.
    """
    from reviewer.domain.sanitiser import terminal

    if server_file is not None and not server:
        raise click.UsageError("--config goes with --server.")
    if server:
        _write_settings(server_settings(context, server_file, needed=()).explained())
        return
    from reviewer.bootstrap import policy as effective_policy

    policy = effective_policy(repository)
    _write_settings(policy.settings())
    for notice in policy.notices:
        click.echo(terminal(notice), err=True)


def _write_settings(settings: Sequence[_Told]) -> None:
    """Write settings in columns."""
    from reviewer.domain.sanitiser import one_line, terminal

    keys = max(len(setting.key) for setting in settings)
    values = min(max(len(setting.value) for setting in settings), 40)
    lines = [
        f"{one_line(setting.key):{keys}}  {one_line(setting.value):{values}}  {setting.origin}"
        for setting in settings
    ]
    write_standard_output(terminal("\n".join(lines)) + "\n")
