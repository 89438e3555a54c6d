"""One run of the Action, and the one place where it may end badly."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

from reviewer import __version__
from reviewer.bootstrap.analyser import hide_this_process
from reviewer.bootstrap.pull_request import PullRequestDesk, Report
from reviewer.config import ActionSettings, Settings
from reviewer.domain.sanitiser import one_line
from reviewer.domain.status import RunState
from reviewer.entrypoints.action.attend import Attended, attend
from reviewer.entrypoints.action.desk import Desk
from reviewer.entrypoints.action.ending import Ending, ending_of, interrupted, mistake
from reviewer.entrypoints.action.inputs import read_inputs
from reviewer.entrypoints.action.runner import (
    RunnerLog,
    random_word,
    write_outputs,
    write_summary,
)
from reviewer.entrypoints.action.trigger import read_trigger
from reviewer.errors import ReviewerError, UserError


def main() -> NoReturn:
    """Run the Action as the runner starts it, and leave with its exit code."""
    # The analyser is a process of the same user, and must not find our token in /proc.
    hide_this_process()
    # A cancelled job is sent SIGINT, and SIGTERM 7.5 seconds later. The first cancels the task that
    # is under way, so that everything is closed in order; a second one ends it where it stands:
    # https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-cancellation
    # https://docs.python.org/3/library/asyncio-runner.html#handling-keyboard-interruption
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    # Whatever this process starts may not read its token out of it.
    hide_this_process()
    settings, log = Settings.from_environment(), RunnerLog(sys.stdout)
    desk = PullRequestDesk(settings=settings, tell=log.line)
    sys.exit(run(settings, ActionSettings.from_environment(), desk, log))


def run(
    settings: Settings,
    action: ActionSettings,
    desk: Desk,
    log: RunnerLog,
    word: Callable[[], str] = random_word,
) -> int:
    """Attend to what started the run, and tell the runner how it ended.

    Args:
        settings: What the environment says.
        action: What the runner says.
        desk: Who reviews and answers.
        log: The log of the run.
        word: Gives a new word that nobody can guess.

    Returns:
        The exit code.
    """
    log.stop()
    try:
        ending = _attend(settings, action, desk, log)
        for line in ending.lines:
            log.line(one_line(line))
    finally:
        log.resume()
    log.commands(ending.commands)
    write_outputs(action.output_file, ending.outputs, word)
    write_summary(action.summary_file, ending.summary)
    return ending.exit_code


def _attend(settings: Settings, action: ActionSettings, desk: Desk, log: RunnerLog) -> Ending:
    fail_on_error = False
    try:
        inputs = read_inputs(action.inputs)
        fail_on_error = inputs.fail_on_error
        trigger = read_trigger(action, allow_head_checkout=inputs.allow_head_checkout)
        attended = attend(trigger, inputs, settings, desk, event_name=action.event_name)
    except KeyboardInterrupt:
        return interrupted()
    except UserError as error:
        return mistake(str(error))
    except ReviewerError as error:
        return _failed(str(error), fail_on_error=fail_on_error)
    except Exception as error:  # noqa: BLE001 - the outermost loop: nobody above could tell it
        if settings.debug:
            log.line("".join(traceback.format_exception(error)))
        return _failed(_defect(error), fail_on_error=fail_on_error)
    return ending_of(attended, fail_on_error=fail_on_error)


def _failed(reason: str, *, fail_on_error: bool) -> Ending:
    report = Report(state=RunState.FAILED, reason=reason)
    return ending_of(Attended(report=report, published=False), fail_on_error=fail_on_error)


def _defect(error: Exception) -> str:
    """Name a defect of ours; its own text may quote the change and is shown only when asked."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(place.filename)}:{place.lineno}"  # noqa: PTH119 - a name alone
    return (
        f"internal error: {type(error).__name__} at {where} (reviewer {__version__}). "
        "Run the job again with debug logging, and report it with what that prints."
    )
