"""What all commands of one run share: the settings, and how a run ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeVar

import click

from reviewer.config import Settings

Function = TypeVar("Function", bound=Callable[..., Any])


class ExitCode(IntEnum):
    """How a run ends; every help text names these."""

    CLEAN = 0
    POLICY_FAILED = 1
    USAGE = 2
    COULD_NOT_REVIEW = 3
    INTERRUPTED = 130
    PIPE_CLOSED = 141


EXIT_CODES_HELP = """\b
Exit codes:
  0  reviewed: nothing fails the policy (without a policy a review is advisory)
  1  reviewed: the policy fails (--fail-on, --min-score, [policy] in .reviewer.toml)
  2  the command, a configuration file or a persona file is wrong
  3  the change could not be reviewed (git, a tool, or a defect of ours)"""


@dataclass(slots=True, kw_only=True)
class Session:
    """The state of one run of the command.

    Args:
        settings: What the environment says.
        debug: Whether a defect of ours is shown with its traceback.
    """

    settings: Settings = field(default_factory=Settings)
    debug: bool = False


def session_of(context: click.Context) -> Session:
    """Return the run's session; a fresh one where a command is called by itself."""
    return context.ensure_object(Session)


def _switch_debug_on(context: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's order
    if value:
        session_of(context).debug = True


def debug_option(function: Function) -> Function:
    """Add ``--debug``, which is understood before and after the name of a command."""
    return click.option(
        "--debug",
        is_flag=True,
        expose_value=False,
        callback=_switch_debug_on,
        help="Show the traceback of a defect (or set REVIEWER_DEBUG=1).",
    )(function)
