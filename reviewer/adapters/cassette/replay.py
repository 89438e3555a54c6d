"""Answers from a cassette, with no key and no network, as the run that was recorded heard them."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Self, TypeVar

from pydantic import ValidationError

from reviewer.adapters.cassette.tape import FORMAT, Entry, Head, digest
from reviewer.domain.attempt import Attempt
from reviewer.domain.completion import Completion, CompletionRequest, Failure
from reviewer.errors import UserError
from reviewer.ports.ledger import Spent
from reviewer.ports.model import CompletionError

#: A long run with long answers has a few; a person can name any file.
_MOST_BYTES = 64_000_000

_Document = TypeVar("_Document", Head, Entry)


class ReplayModel:
    """Gives recorded answers again, those to equal requests in the order of the recording.

    Args:
        head: What the recorded run hung on.
        entries: Its calls.
        name: The cassette, as people know it.
    """

    def __init__(self, head: Head, entries: Sequence[Entry], *, name: str) -> None:
        self._head = head
        self._name = name
        self._ended: dict[str, deque[Completion | Failure]] = {}
        for entry in entries:
            self._ended.setdefault(entry.request, deque()).append(entry.ended())

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a cassette.

        Raises:
            UserError: It cannot be read, or is damaged; names the line.
        """
        name = str(path)
        lines = _lines(path)
        head = _document(Head, lines[0], name, 1)
        try:
            head.start()
        except ValueError as error:
            raise _damaged(name, 1, str(error)) from error
        entries = []
        for number, line in enumerate(lines[1:], 2):
            entry = _document(Entry, line, name, number)
            try:
                entry.ended()
            except ValueError as error:
                raise _damaged(name, number, str(error)) from error
            entries.append(entry)
        if len(entries) != head.entries:
            what = f"{head.entries} calls were recorded, and {len(entries)} are left"
            raise _damaged(name, len(lines), what)
        return cls(head, entries, name=name)

    @property
    def model_name(self) -> str:
        """The model that was recorded, as configuration writes it."""
        return self._head.model

    @property
    def language(self) -> str:
        """Tag of the language in which findings were asked for."""
        return self._head.language

    @property
    def started_at(self) -> datetime:
        """When the recorded run began."""
        return self._head.start()

    @property
    def today(self) -> date:
        """The date that models were told."""
        return self.started_at.date()

    @property
    def configuration(self) -> Mapping[str, object]:
        """What else the recorded run was configured with."""
        return self._head.configuration

    async def complete(
        self,
        request: CompletionRequest,
        *,
        timeout_seconds: float,  # noqa: ARG002 - nothing is waited for
        on_first_byte: Callable[[], None] | None = None,
    ) -> Completion:
        """Give the recorded answer; see `reviewer.ports.model`.

        Raises:
            UserError: Nothing was recorded for this request.
            CompletionError: The recorded attempt failed.
        """
        waiting = self._ended.get(digest(request))
        if not waiting:
            who = f" of {request.persona}" if request.persona else ""
            raise UserError(
                f"{self._name} holds no answer to the question{who} by {request.prompt}",
                hint="It was recorded for another change, prompt version or configuration: "
                "record it again (--record FILE).",
            )
        ended = waiting.popleft()
        # Whoever asks goes on in a later turn of the loop, as after any real call.
        await asyncio.sleep(0)
        if isinstance(ended, Failure):
            raise CompletionError(ended)
        if on_first_byte is not None:
            on_first_byte()
        return ended


class ReplayClock:
    """The time of the recorded run; whoever waits is there at once.

    Args:
        start: When the recorded run began.
    """

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._seconds = 0.0

    def monotonic(self) -> float:
        """Return the seconds that were waited for."""
        return self._seconds

    def now(self) -> datetime:
        """Return the time of the recorded run: prices hang on it."""
        return self._start + timedelta(seconds=self._seconds)

    async def sleep(self, seconds: float) -> None:
        """Let time pass without waiting."""
        self._seconds += max(0.0, seconds)
        await asyncio.sleep(0)


class ReplayLedger:
    """Forgets: what is replayed was paid and written down when it was recorded.

    Args:
        before: What had been spent before the recorded run; ceilings count it.
    """

    def __init__(self, before: Spent) -> None:
        self._before = before

    async def begin(self, attempt: Attempt) -> None:
        """Do nothing."""

    async def record(self, attempt: Attempt) -> None:
        """Do nothing."""

    async def spent(
        self,
        *,
        since: datetime,  # noqa: ARG002 - the port's
        repository: str | None = None,  # noqa: ARG002
        pull_request: int | None = None,  # noqa: ARG002
        installation: int | None = None,  # noqa: ARG002
    ) -> Spent:
        """Return what had been spent before."""
        return self._before

    async def attempts(
        self,
        *,
        since: datetime | None = None,  # noqa: ARG002 - the port's
        run_id: str | None = None,  # noqa: ARG002
    ) -> Sequence[Attempt]:
        """Return none."""
        return ()


def _lines(path: Path) -> list[bytes]:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > _MOST_BYTES:
        raise UserError(f"{path} is no cassette: it is larger than {_MOST_BYTES // 10**6} MB")
    if not content.endswith(b"\n"):
        raise _damaged(str(path), content.count(b"\n") + 1, "the last line is cut off")
    return content.split(b"\n")[:-1]


def _document(kind: type[_Document], line: bytes, name: str, number: int) -> _Document:
    """Read a line strictly.

    Raises:
        UserError: It is no document of this kind.
    """
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _damaged(name, number, "the line is no JSON document") from error
    if kind is Head and isinstance(content, dict) and content.get("format", FORMAT) != FORMAT:
        raise UserError(
            "this cassette is of a format that this version does not read",
            path=name,
            line=number,
            hint="Record it again (--record FILE).",
        )
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise _damaged(name, number, "; ".join(_faults(error))) from error


def _faults(error: ValidationError) -> Iterator[str]:
    # The values themselves are left out: they are text of models.
    for fault in error.errors(include_input=False, include_url=False, include_context=False)[:3]:
        place = ".".join(str(part) for part in fault["loc"]) or "document"
        yield f"{place}: {fault['msg']}"


def _damaged(name: str, line: int, what: str) -> UserError:
    return UserError(
        f"the cassette is damaged: {what}",
        path=name,
        line=line,
        hint="Record it again (--record FILE).",
    )
