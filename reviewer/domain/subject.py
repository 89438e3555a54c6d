"""Which files of a change an examiner can look into, and which it should but cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reviewer.domain.change import Change, FileChange
from reviewer.domain.evidence import EvidenceKind, Unexamined

NO_HEAD_TEXT = "no head text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A file that can be looked into.

    Args:
        file: The file.
        text: Its whole text at the head.
    """

    file: FileChange
    text: str


def subjects(
    change: Change,
    kind: EvidenceKind,
    *,
    among: Callable[[FileChange], bool],
    limit_bytes: int,
) -> tuple[tuple[Subject, ...], tuple[Unexamined, ...]]:
    """Split the files of an examiner into those that it can look into and the rest.

    A file without an added line is in neither: hits count on changed lines of the head only, so
    there is nothing to see in it.

    Args:
        change: What is reviewed.
        kind: Who looks.
        among: Which reviewed files are looked at.
        limit_bytes: Larger files are not looked into.

    Returns:
        The files with text, in the order of the change, and an entry for every other one.
    """
    readable: list[Subject] = []
    blind: list[Unexamined] = []
    for file in change.reviewed:
        if not file.added or not among(file):
            continue
        text = file.head_text
        reason = NO_HEAD_TEXT if text is None else _unreadable(text, limit_bytes)
        if reason:
            blind.append(Unexamined(kind=kind, path=file.path, reason=reason))
        elif text is not None:
            readable.append(Subject(file=file, text=text))
    return tuple(readable), tuple(blind)


def _unreadable(text: str, limit_bytes: int) -> str:
    """Say why a text cannot be handed to a tool; empty where it can."""
    if len(text) > limit_bytes:
        return f"larger than {limit_bytes // 1000} kB"
    try:
        size = len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        return "not valid UTF-8"
    return f"larger than {limit_bytes // 1000} kB" if size > limit_bytes else ""
