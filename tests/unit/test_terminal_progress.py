"""The progress on a person's terminal: patient, and gone when the run is over."""

from __future__ import annotations

import io
import threading
from contextlib import redirect_stderr

import pytest
from typing_extensions import override

from reviewer.entrypoints.cli import progress
from reviewer.entrypoints.cli.progress import TerminalProgress


class Terminal(io.StringIO):
    @override
    def isatty(self) -> bool:
        return True


def run(stream: io.StringIO, *, wanted: bool = True) -> str:
    # A phase of pytest sets the streams anew, so that a fixture could not hold this one.
    with (
        redirect_stderr(stream),
        TerminalProgress.for_person(wanted=wanted, colour=False) as shown,
    ):
        for thread in threading.enumerate():
            if isinstance(thread, threading.Timer) and progress.PATIENCE_SECONDS == 0:
                thread.join()
        shown.stage("reading the change")
    return stream.getvalue()


def test_a_quick_run_shows_nothing() -> None:
    assert run(Terminal()) == ""


def test_a_long_run_tells_its_stage_and_takes_it_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0)
    monkeypatch.setenv("TERM", "xterm")

    shown = run(Terminal())

    assert "reading the change …" in shown
    assert shown.endswith("\x1b[2K")


@pytest.mark.parametrize(("stream", "wanted"), [(io.StringIO(), True), (Terminal(), False)])
def test_a_pipe_and_a_person_who_does_not_want_it_are_told_nothing(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, *, wanted: bool
) -> None:
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0)

    assert run(stream, wanted=wanted) == ""
