"""Keeps the answers of a run in a cassette, as they come, and writes them down at its end."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from reviewer.adapters.cassette.tape import Entry, Head
from reviewer.domain.completion import Completion, CompletionRequest, Failure
from reviewer.errors import UserError
from reviewer.ports.model import CompletionError, Model

#: Only its owner reads it: answers quote the change.
_MODE = 0o600


class Recorder:
    """Collects how calls ended, in the order in which they began.

    Args:
        secrets: Secrets of our own, which no file may hold.
    """

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        self._secrets = secrets
        self._entries: list[Entry | None] = []

    def __call__(self, model: Model) -> Model:
        """Return the model with a recorder beside it."""
        return _RecordedModel(model, self)

    def begin(self) -> int:
        """Reserve the place of a call."""
        self._entries.append(None)
        return len(self._entries) - 1

    def end(self, place: int, request: CompletionRequest, ended: Completion | Failure) -> None:
        """Keep how a call ended."""
        self._entries[place] = Entry.of(request, ended, self._secrets)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every call that ended; one that was given up left nothing to replay."""
        return tuple(entry for entry in self._entries if entry is not None)


class _RecordedModel:
    """A model whose answers are kept."""

    def __init__(self, model: Model, recorder: Recorder) -> None:
        self._model = model
        self._recorder = recorder

    async def complete(
        self,
        request: CompletionRequest,
        *,
        timeout_seconds: float,
        on_first_byte: Callable[[], None] | None = None,
    ) -> Completion:
        """Ask the model and keep what comes back; see `reviewer.ports.model`."""
        place = self._recorder.begin()
        try:
            completion = await self._model.complete(
                request, timeout_seconds=timeout_seconds, on_first_byte=on_first_byte
            )
        except CompletionError as error:
            self._recorder.end(place, request, error.failure)
            raise
        self._recorder.end(place, request, completion)
        return completion


@contextmanager
def recording(
    path: Path,
    *,
    model: str,
    started_at: datetime,
    generator: str,
    language: str = "en",
    configuration: Mapping[str, object] | None = None,
    secrets: tuple[str, ...] = (),
) -> Iterator[Recorder]:
    """Record the calls of a run; the file is written when the run ends, however it does.

    Args:
        path: The cassette.
        model: The model that answers, as configuration writes it.
        started_at: When the run begins, with a time zone.
        generator: Which program this is.
        language: Tag of the language of findings.
        configuration: What else the answers hang on, as JSON knows it.
        secrets: Secrets of our own, which no file may hold.

    Yields:
        What wraps models.

    Raises:
        UserError: The file cannot be written. It is tried before anything is asked and paid.
    """

    def keep(recorder: Recorder) -> None:
        head = Head(
            generator=generator,
            started_at=started_at.isoformat(),
            model=model,
            models=tuple(dict.fromkeys(entry.model for entry in recorder.entries)),
            language=language,
            configuration=configuration or {},
            entries=len(recorder.entries),
        )
        with _told(path):
            partial.write_bytes(_lines(head, recorder.entries))
            partial.replace(target)

    target = path.resolve()
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    if target.exists() and not target.is_file():
        raise UserError(f"{path} is no file; name a file for the cassette")
    try:
        with _told(path):
            partial.unlink(missing_ok=True)
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
            os.close(descriptor)
        recorder = Recorder(secrets)
        try:
            yield recorder
        except BaseException:
            # What was answered was paid: it is kept however the run ends.
            if recorder.entries:
                keep(recorder)
            raise
        keep(recorder)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tell what the system refuses."""
    try:
        yield
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from error


def _lines(head: Head, entries: tuple[Entry, ...]) -> bytes:
    """Write ASCII, so that no character of a change is live anywhere."""
    documents = (head, *entries)
    lines = (json.dumps(each.model_dump(mode="json", exclude_none=True)) for each in documents)
    return "".join(f"{line}\n" for line in lines).encode("ascii")
