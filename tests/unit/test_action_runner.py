"""What GitHub's runner is told, and that nobody else's words are obeyed."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.posting import Annotation, AnnotationLevel
from reviewer.entrypoints.action.runner import (
    SUMMARY_LIMIT_BYTES,
    RunnerLog,
    random_word,
    write_outputs,
    write_summary,
)
from reviewer.rendering.workflow_command import (
    ANNOTATIONS_A_LEVEL,
    Level,
    annotation_commands,
    message_command,
)

HOSTILE = (
    "::set-output name=state::completed",
    "fine\n::add-mask::a\r\n::stop-commands::x",
    "##[add-path]/tmp/evil",
    "\x1b[2J\x1b[1;1H all clear",
    "  ::error::not ours",
    'x\n{"level":"info","msg":"approved"}',
)


def _words() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"word{next(numbers)}"


def _obeyed(log: str) -> list[str]:
    """Return the commands that a runner would obey; as actions/runner reads them."""
    obeyed, stopped = [], ""
    for line in log.splitlines():
        found = re.match(r"\s*::(?P<name>[^\s:]+)(?P<rest>.*)", line)
        if found is None:
            if "##[" in line and not stopped:
                obeyed.append(line)
            continue
        if stopped:
            stopped = "" if found["name"] == stopped else stopped
        elif found["name"] == "stop-commands":
            stopped = found["rest"].removeprefix("::")
        else:
            obeyed.append(line)
    return obeyed


@pytest.mark.holds("S22", "R45")
@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_line_of_the_log_is_never_obeyed(hostile: str) -> None:
    with_stop, without = io.StringIO(), io.StringIO()
    log = RunnerLog(with_stop, _words())
    log.stop()
    log.line(hostile)
    log.resume()
    RunnerLog(without).line(hostile)
    assert _obeyed(with_stop.getvalue()) == []
    # Sanitised even where the runner would obey: two guards, each enough.
    assert _obeyed(without.getvalue()) == []
    assert "\x1b" not in without.getvalue()


def test_our_own_commands_are_obeyed_and_nothing_between_them() -> None:
    sink = io.StringIO()
    log = RunnerLog(sink, _words())
    log.stop()
    log.commands([message_command(Level.WARNING, "Persona Reviewer", "look")])
    sink.write("::error::a library prints this\n")
    log.resume()
    assert _obeyed(sink.getvalue()) == ["::warning title=Persona Reviewer::look"]
    assert sink.getvalue().splitlines()[0] == "::stop-commands::word1"
    assert sink.getvalue().splitlines()[-1] == "::word2::"


def test_words_cannot_be_guessed() -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", random_word())
    assert random_word() != random_word()


@pytest.mark.holds("S22", "R45")
@given(message=st.text(max_size=200), title=st.text(max_size=400), path=st.text(max_size=100))
def test_an_annotation_is_one_command_whatever_it_says(message: str, title: str, path: str) -> None:
    annotation = Annotation(
        path=path,
        start_line=3,
        end_line=4,
        level=AnnotationLevel.WARNING,
        title=title,
        message=message,
    )
    (command,), _ = annotation_commands([annotation])
    assert len(command.splitlines()) == 1
    properties = command.removeprefix("::warning ").split("::")[0].split(",")
    assert [part.split("=")[0] for part in properties] == ["file", "line", "endLine", "title"]


def test_as_many_annotations_are_written_as_github_shows() -> None:
    many = [
        Annotation(path="a.py", start_line=line, end_line=line, level=level, title="t", message="m")
        for line in range(1, 15)
        for level in (AnnotationLevel.FAILURE, AnnotationLevel.NOTICE)
    ]
    commands, left = annotation_commands(many)
    assert len(commands) == 2 * ANNOTATIONS_A_LEVEL
    assert left == len(many) - len(commands)
    assert commands[0] == "::error file=a.py,line=1,endLine=1,title=t::m"


@pytest.mark.holds("S22", "R45")
def test_outputs_stand_between_words_that_nobody_can_guess(tmp_path: Path) -> None:
    file = tmp_path / "output"
    write_outputs(file, {"state": "completed", "reason": "a\nEOF\nscore=100"}, _words())
    assert file.read_text() == (
        "state<<end-word1\ncompleted\nend-word1\nreason<<end-word2\na EOF score=100\nend-word2\n"
    )
    write_outputs(None, {"state": "completed"})


def test_a_job_summary_stays_within_what_github_takes(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    write_summary(file, "a\n" * SUMMARY_LIMIT_BYTES)
    assert file.stat().st_size <= SUMMARY_LIMIT_BYTES
    assert file.read_text().endswith("a\n\n… cut: a job summary holds 1 MiB.\n")
    short = tmp_path / "short"
    write_summary(short, "# fine\n")
    write_summary(short, "more\n")
    assert short.read_text() == "# fine\nmore\n"
    write_summary(None, "nobody reads this")
