"""Starts the analyser as a process of its own, hands it material and takes a review back.

::

    we (token of the code host)                     it (key of a model)
    ───────────────────────────                     ───────────────────
    material as JSON            ── standard input ──►  reviews, asks models
    review, held against it     ◄── standard output ─  exactly one JSON document
    our log, sanitised          ◄── standard error ──  everything that anybody prints

It gets the environment that is allowed (`environment`), no file of ours and a session of its own,
so that nothing of it survives us. What it prints cannot pass for a result: its door keeps the way
out for itself and sends everybody else's output to standard error.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from reviewer.adapters.analyser.fit import fit_reply, fit_review
from reviewer.adapters.analyser.wire import (
    Outcome,
    Task,
    UnreadableError,
    prepare,
    read_outcome,
    write_task,
)
from reviewer.domain.material import Material, ModelTerms, Question, Reply
from reviewer.domain.persona import Persona
from reviewer.domain.redactor import OWN, SHORTEST, redact
from reviewer.domain.review import Review
from reviewer.domain.sanitiser import cut, terminal
from reviewer.errors import ResourceError, ReviewerError

_DOOR = "reviewer.entrypoints.analyser"
_CHUNK_BYTES = 1 << 16
_FAREWELL_SECONDS = 5.0
#: A longer line of its log is cut, in characters, and so many lines are passed on.
_LONGEST_LINE = 1_000
_MOST_LINES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much the process may use.

    Args:
        seconds: Wall time; models that reason take minutes a call.
        output_bytes: The largest review.
    """

    seconds: float = 1_800.0
    output_bytes: int = 32_000_000


def door_command() -> tuple[str, ...]:
    """Return what starts our door: this interpreter, deaf to the folder in which it is started."""
    if sys.flags.isolated:
        flags: tuple[str, ...] = ("-I",)
    else:
        flags = ("-P", "-s") if sys.flags.no_user_site else ("-P",)
    return (sys.executable, *flags, "-m", _DOOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessAnalyser:
    """Implements `ports.analyser.Analyser` with a child process for each call.

    Args:
        environment: All that the process is given, see `environment.analyser_environment`.
        catalogue: Reads the personas that can review a material.
        tell: Is told what the process prints, one sanitised line at a time.
        terms: What is asked for of models.
        secrets: Values of ours that no text may hold.
        suggestions: Whether the operator wants findings to propose new lines.
        limits: How much it may use.
        command: The program and its arguments; by default this interpreter with our door.
    """

    environment: Mapping[str, str] = field(repr=False)
    catalogue: Callable[[Material], Sequence[Persona]]
    tell: Callable[[str], None]
    terms: ModelTerms = field(default_factory=ModelTerms)
    secrets: Sequence[str] = field(default=(), repr=False)
    suggestions: bool = False
    limits: Limits = field(default_factory=Limits)
    command: tuple[str, ...] = field(default_factory=door_command)

    async def review(self, material: Material) -> Review:
        """Review a change.

        Raises:
            UserError: A person can mend what is wrong.
            ReviewerError: The review could not be made; the text may be shown.
        """
        outcome, sent = await self._done(Task(material=material, terms=self.terms))
        if outcome.review is None:
            raise ReviewerError("the analyser gave no review")
        try:
            return fit_review(
                outcome.review,
                sent.material,
                self.catalogue(sent.material),
                suggestions=self.suggestions,
            )
        except UnreadableError as error:
            raise ReviewerError(f"the analyser's review does not fit the change: {error}") from None

    async def answer(self, material: Material, question: Question) -> Reply:
        """Answer a question about a change, or plan something.

        Raises:
            UserError: A person can mend what is wrong.
            ReviewerError: There is no answer; the text may be shown.
        """
        task = Task(material=material, question=question, terms=self.terms)
        outcome, _ = await self._done(task)
        if outcome.reply is None:
            raise ReviewerError("the analyser gave no answer")
        try:
            return fit_reply(outcome.reply)
        except UnreadableError as error:
            raise ReviewerError(f"the analyser's answer does not fit: {error}") from None

    async def _done(self, task: Task) -> tuple[Outcome, Task]:
        content, sent = write_task(task)
        answer = await self._run(content)
        for secret in self.secrets:
            if len(secret) >= SHORTEST:
                answer = answer.replace(secret.encode(), OWN.encode())
        try:
            outcome = read_outcome(answer)
        except UnreadableError as error:
            raise ReviewerError(f"the analyser's answer could not be read: {error}") from None
        if outcome.error is not None:
            raise outcome.error.error
        return outcome, sent

    async def _run(self, content: bytes) -> bytes:
        """Run the process to its end or to its limits; return what it gave back."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                env=dict(self.environment),
                start_new_session=True,
            )
        except OSError as error:
            raise ReviewerError(f"the analyser could not be started: {error.strerror}") from error
        answer = asyncio.ensure_future(_read(process, self.limits.output_bytes))
        others = [
            asyncio.ensure_future(_Log(self.tell, self.secrets).follow(process.stderr)),
            asyncio.ensure_future(_write(process.stdin, content)),
        ]
        try:
            async with asyncio.timeout(self.limits.seconds):
                await asyncio.gather(answer, *others)
                code = await process.wait()
        except TimeoutError:
            raise ResourceError(
                f"the analyser took longer than {self.limits.seconds:,.0f} s"
            ) from None
        finally:
            await _end(process, (answer, *others))
        if code != 0:
            ending = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
            raise ReviewerError(f"the analyser {ending} and gave nothing back; the log says more")
        return answer.result()


class _Log:
    """Passes on what the process prints: visible, redacted, line by line, and not for ever."""

    def __init__(self, tell: Callable[[str], None], secrets: Sequence[str]) -> None:
        self._tell = tell
        self._secrets = secrets
        self._lines = 0

    async def follow(self, stream: StreamReader | None) -> None:
        """Read to the end, also what is not passed on: a full pipe would stop the process."""
        rest = b""
        while stream is not None and (piece := await stream.read(_CHUNK_BYTES)):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                self._pass_on(line)
            rest = rest[:_CHUNK_BYTES]
        if rest:
            self._pass_on(rest)

    def _pass_on(self, line: bytes) -> None:
        self._lines += 1
        if self._lines > _MOST_LINES + 1:
            return
        if self._lines == _MOST_LINES + 1:
            self._tell("(the analyser prints more than is shown here)")
            return
        text = line.decode("utf-8", "replace").rstrip("\r")
        # Cut after redacting: half a secret is a secret, too.
        self._tell(cut(terminal(redact(text, self._secrets)), _LONGEST_LINE))


async def _read(process: Process, limit_bytes: int) -> bytes:
    """Read what it gives back; end it where that is too much."""
    pieces = bytearray()
    stream = process.stdout
    while stream is not None and (piece := await stream.read(_CHUNK_BYTES)):
        pieces += piece
        if len(pieces) > limit_bytes:
            raise ResourceError(f"the analyser gave back more than {limit_bytes // 1_000_000:,} MB")
    return bytes(pieces)


async def _write(stream: StreamWriter | None, content: bytes) -> None:
    """Write everything; a process that reads no further is told so by how it ends."""
    # Built while the process starts, which takes longer.
    prepare()
    if stream is None:
        return
    with suppress(BrokenPipeError, ConnectionResetError):
        stream.write(content)
        await stream.drain()
    stream.close()
    with suppress(BrokenPipeError, ConnectionResetError):
        await stream.wait_closed()


async def _end(process: Process, pipes: Sequence[asyncio.Future[Any]]) -> None:
    """Let go of the pipes; kill a process that still runs with its session, and see it end."""
    for pipe in pipes:
        pipe.cancel()
    await asyncio.gather(*pipes, return_exceptions=True)
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(_FAREWELL_SECONDS):
            # asyncio takes note of the end only when the pipes are read out.
            for stream in (process.stdout, process.stderr):
                while stream is not None and await stream.read(_CHUNK_BYTES):
                    pass
            await process.wait()
