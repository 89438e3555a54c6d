"""Commands that GitHub's runner obeys when they stand in its log: messages and annotations.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from reviewer.domain.posting import Annotation, AnnotationLevel
from reviewer.domain.sanitiser import cut, workflow_message, workflow_property

#: GitHub shows so many annotations of one level from one step, and drops the others silently:
#: https://docs.github.com/en/rest/checks/runs and https://github.com/orgs/community/discussions/26680
ANNOTATIONS_A_LEVEL = 10
_LONGEST_TITLE = 255
_LONGEST_MESSAGE = 4_000


class Level(StrEnum):
    """How loud a message is; the runner's words."""

    NOTICE = "notice"
    WARNING = "warning"
    ERROR = "error"


_LEVELS = {
    AnnotationLevel.NOTICE: Level.NOTICE,
    AnnotationLevel.WARNING: Level.WARNING,
    AnnotationLevel.FAILURE: Level.ERROR,
}


def message_command(level: Level, title: str, message: str) -> str:
    """Write a message that is shown on top of a run.

    Args:
        level: How loud.
        title: Who speaks.
        message: What is told.
    """
    return _command(level, {"title": title}, message)


def annotation_commands(annotations: Iterable[Annotation]) -> tuple[tuple[str, ...], int]:
    """Write annotations, as many as are shown.

    Args:
        annotations: The best first.

    Returns:
        The commands, and how many annotations were left out.
    """
    commands: list[str] = []
    counts = dict.fromkeys(Level, 0)
    left = 0
    for annotation in annotations:
        level = _LEVELS[annotation.level]
        if counts[level] == ANNOTATIONS_A_LEVEL:
            left += 1
            continue
        counts[level] += 1
        place = {
            "file": annotation.path,
            "line": str(annotation.start_line),
            "endLine": str(annotation.end_line),
            "title": annotation.title,
        }
        commands.append(_command(level, place, annotation.message))
    return tuple(commands), left


def _command(level: Level, properties: dict[str, str], message: str) -> str:
    shown = ",".join(
        f"{name}={workflow_property(cut(value, _LONGEST_TITLE) if name == 'title' else value)}"
        for name, value in properties.items()
    )
    return f"::{level.value} {shown}::{workflow_message(cut(message, _LONGEST_MESSAGE))}"
