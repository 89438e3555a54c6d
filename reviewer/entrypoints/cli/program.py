"""The command ``reviewer``: its subcommands, and the one place where a run may end badly."""

from __future__ import annotations

import io
import os
import sys
import threading
import traceback
from collections.abc import Sequence

import click

from reviewer import __version__
from reviewer.config import Settings
from reviewer.entrypoints.cli.app import app
from reviewer.entrypoints.cli.ask import ask, plan
from reviewer.entrypoints.cli.configuration import config
from reviewer.entrypoints.cli.cost import cost
from reviewer.entrypoints.cli.doctor import doctor
from reviewer.entrypoints.cli.migrate import migrate
from reviewer.entrypoints.cli.personas import personas
from reviewer.entrypoints.cli.prompts import prompts
from reviewer.entrypoints.cli.replay_delivery import replay_delivery
from reviewer.entrypoints.cli.review import review
from reviewer.entrypoints.cli.schema import schema
from reviewer.entrypoints.cli.select import select
from reviewer.entrypoints.cli.serve import serve
from reviewer.entrypoints.cli.session import EXIT_CODES_HELP, ExitCode, Session, debug_option
from reviewer.entrypoints.cli.suggestion import SuggestingGroup
from reviewer.errors import ConfigurationError, GitHubError, ReviewerError, UserError

_NAME = "reviewer"
#: For threads that are left when everything is done.
_LAST_SECONDS = 10.0

_EXAMPLES = """\b
Examples:
  reviewer review                     review this branch
  reviewer select main...HEAD         say who would review it, and why
  reviewer personas show type-guardian
  reviewer config explain"""


@click.group(
    cls=SuggestingGroup,
    epilog=f"{_EXAMPLES}\n\n{EXIT_CODES_HELP}",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@debug_option
def program() -> None:
    """Review a git change with the personas that fit it.

    Each persona answers its checklist from mechanical evidence; code computes the score. It runs
    on your machine, executes nothing of the change, and needs no account, key or server.
    """


_COMMANDS = (review, select, ask, plan, personas, prompts, cost, doctor, config, schema)
_COMMANDS_OF_THE_SERVICE = (serve, migrate, app, replay_delivery)

for _command in (*_COMMANDS, *_COMMANDS_OF_THE_SERVICE):
    program.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and leave the interpreter with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot write a character shows its number; it is no reason to fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    code = run(arguments)
    _bound_the_end(code)
    sys.exit(code)


def _bound_the_end(code: int) -> None:
    """Wait for no thread for ever that hangs in a library: Python joins some at the end."""
    if threading.active_count() > 1:
        timer = threading.Timer(_LAST_SECONDS, os._exit, (code,))
        timer.daemon = True
        timer.start()


def run(arguments: Sequence[str] | None = None, command: click.Command = program) -> int:
    """Run the command.

    Args:
        arguments: Instead of the process's own.
        command: What is run; another one in tests of bad ends.

    Returns:
        The exit code; whatever goes wrong is told on standard error.
    """
    session = Session(settings=Settings.from_environment())
    streams = (sys.stdout, sys.stderr)
    try:
        code = command.main(
            args=None if arguments is None else list(arguments),
            prog_name=_NAME,
            standalone_mode=False,
            obj=session,
        )
        sys.stdout.flush()
    except (click.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return _pipe_closed()
    except SystemExit as error:
        # So ends shell completion; and so does click end on a broken pipe, with streams of its own.
        if sys.stdout is not streams[0]:
            sys.stdout, sys.stderr = streams
            return _pipe_closed()
        return error.code if isinstance(error.code, int) else ExitCode.CLEAN
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except ReviewerError as error:
        return _told(error)
    except Exception as error:  # noqa: BLE001 - the outermost loop: nobody above could tell it
        return _defect(error, debug=session.debug or session.settings.debug)
    return code if isinstance(code, int) else ExitCode.CLEAN


def _told(error: ReviewerError) -> int:
    """Tell what a person can mend, or what could not be done."""
    from reviewer.domain.sanitiser import terminal

    # Editors jump to path:line, so nothing stands before it.
    prefix = "" if isinstance(error, ConfigurationError) else "Error: "
    click.echo(terminal(f"{prefix}{error}{_way_out(error)}"), err=True)
    return ExitCode.USAGE if isinstance(error, UserError) else ExitCode.COULD_NOT_REVIEW


def _way_out(error: ReviewerError) -> str:
    """Return what to look at where the code host was not even reached; its address is none of it.

    An error of a person has its way out with it.
    """
    if not isinstance(error, GitHubError):
        return ""
    from reviewer.ports.code_host import CodeHostError, Refusal

    if not isinstance(error, CodeHostError) or error.refusal is not Refusal.UNAVAILABLE:
        return ""
    if error.status is not None:
        return ""
    return (
        "\n  Is GitHub reached from this machine? HTTPS_PROXY names a proxy, and GITHUB_API_URL"
        " another GitHub than github.com."
    )


def _defect(error: Exception, *, debug: bool) -> int:
    """Tell a defect of ours; its own text may quote the change and is shown only when asked."""
    from reviewer.domain.sanitiser import terminal

    if debug:
        click.echo(terminal("".join(traceback.format_exception(error))), err=True)
    # A group says nothing: what went wrong in a task of it does.
    while isinstance(error, ExceptionGroup) and error.exceptions[0].__traceback__:
        error = error.exceptions[0]
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(place.filename)}:{place.lineno}"  # noqa: PTH119 - a name alone
    way_out = (
        "Please report it with the lines above."
        if debug
        else ("Run the same command with --debug, and report it with what that prints.")
    )
    click.echo(
        f"Internal error: {type(error).__name__} at {where} ({_NAME} {__version__}).\n  {way_out}",
        err=True,
    )
    return ExitCode.COULD_NOT_REVIEW


def _pipe_closed() -> int:
    """End because the reader left, and keep the interpreter from complaining when it flushes."""
    try:
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, sys.stdout.fileno())
    except (OSError, ValueError):
        pass  # no real file stands behind it, as in tests
    return ExitCode.PIPE_CLOSED
