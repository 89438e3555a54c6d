"""Starts git: the only place that does, as a list of arguments, hardened, bounded, without a shell.

Nothing that a repository or a person has configured may start a program or change what is printed:
hooks, the file system monitor, external diffs, text conversions, lazy fetches, pagers, colours.
Filters (``filter.*.clean``) run only when git reads the working tree; `working_tree_filters` says
how they are turned off there. HOME stays, because ``safe.directory`` lives in the global file.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reviewer.errors import CommunicationError, ResourceError, UserError

#: What git inherits. GIT_INDEX_FILE is how a pre-commit hook names the index of a partial commit.
_INHERITED = (
    "HOME",
    "XDG_CONFIG_HOME",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CEILING_DIRECTORIES",
    "GIT_INDEX_FILE",
)
_FIXED = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_PAGER": "",
    "GIT_ATTR_NOSYSTEM": "1",
}
_CONFIGURATION = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.pager=",
    "core.quotePath=true",
    "core.sshCommand=false",
    "protocol.allow=never",
    "diff.external=",
    "diff.orderFile=/dev/null",
    "diff.suppressBlankEmpty=false",
    "diff.autoRefreshIndex=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
)
_DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"
_CHUNK_BYTES = 1 << 20

_FAREWELL_SECONDS = 5.0

#: Nothing that we ask of git takes longer on a healthy machine.
TIMEOUT_SECONDS = 60.0
#: More than this is never needed: texts are bounded one by one before they are asked for.
OUTPUT_LIMIT_BYTES = 512_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What git answered."""

    code: int
    output: bytes
    complaint: str


class Git:
    """Runs git in one folder.

    Args:
        folder: Where it runs.
        environment: The environment of this program; only what git needs is passed on.
        timeout_seconds: How long one call may take.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self.folder = folder
        self._whole_environment = environment
        self._timeout_seconds = timeout_seconds
        path = _absolute_only(environment.get("PATH", _DEFAULT_PATH))
        inherited = {name: environment[name] for name in _INHERITED if name in environment}
        self._environment = {**inherited, **_FIXED, "PATH": path}
        self._program = shutil.which("git", path=path)

    @property
    def program(self) -> str:
        """Where git stands; empty where it is not installed."""
        return self._program or ""

    def at(self, folder: Path) -> Git:
        """Return the same git in another folder."""
        return Git(folder, self._whole_environment, timeout_seconds=self._timeout_seconds)

    async def run(
        self, *arguments: str, stdin: bytes = b"", configuration: tuple[str, ...] = ()
    ) -> Reply:
        """Run one command of git.

        Args:
            arguments: The command and its arguments; names of people's making are never options,
                because they come as object ids, after ``--``, or on standard input.
            stdin: What git reads.
            configuration: More settings (``name=value``) for this call.

        Raises:
            UserError: Git is not installed, or the folder does not exist.
            ResourceError: It took too long or printed too much.
        """
        if self._program is None:
            raise UserError("git is not installed", hint="Install git 2.30 or newer.")
        settings = [part for item in (*_CONFIGURATION, *configuration) for part in ("-c", item)]
        try:
            process = await asyncio.create_subprocess_exec(
                self._program,
                "--no-pager",
                *settings,
                *arguments,
                cwd=self.folder,
                env=self._environment,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except (FileNotFoundError, NotADirectoryError):
            raise UserError("there is no such folder", path=str(self.folder)) from None
        pipes = [
            asyncio.ensure_future(_write(process, stdin)),
            asyncio.ensure_future(_read(process.stdout)),
            asyncio.ensure_future(_read(process.stderr)),
        ]
        try:
            async with asyncio.timeout(self._timeout_seconds):
                _, output, complaint = await asyncio.gather(*pipes)
                code = await process.wait()
        except TimeoutError:
            raise ResourceError(
                f"git {arguments[0]} took more than {self._timeout_seconds:.0f} s"
            ) from None
        finally:
            await _end(process, pipes)
        return Reply(code=code, output=output, complaint=complaint.decode("utf-8", "replace"))

    async def output(
        self, *arguments: str, stdin: bytes = b"", configuration: tuple[str, ...] = ()
    ) -> bytes:
        """Run one command that has to succeed and return what it printed.

        Raises:
            CommunicationError: It failed; the message has git's own words.
            UserError: As `run`.
            ResourceError: As `run`.
        """
        reply = await self.run(*arguments, stdin=stdin, configuration=configuration)
        if reply.code != 0:
            words = reply.complaint.strip()[:500] or f"exit status {reply.code}"
            raise CommunicationError(f"git {arguments[0]} failed: {words}")
        return reply.output

    async def working_tree_filters(self) -> tuple[str, ...]:
        """Return the settings that keep git from running filters while it reads the working tree.

        A filter is a program of the user's configuration that a ``.gitattributes`` of the change
        could choose (https://git-scm.com/docs/gitattributes#_filter).
        """
        reply = await self.run("config", "--name-only", "-z", "--get-regexp", r"^filter\.")
        names = {
            name.rpartition(".")[0]
            for name in reply.output.decode("utf-8", "surrogateescape").split("\0")
            # A name with "=" cannot be given by -c; such a filter is not git's own making.
            if name
        }
        return tuple(
            f"{name}.{setting}"
            for name in sorted(names)
            for setting in ("clean=", "process=", "required=false")
        )


def _absolute_only(path: str) -> str:
    """Drop the entries of a PATH that mean the folder which is reviewed."""
    return os.pathsep.join(part for part in path.split(os.pathsep) if part.startswith("/"))


async def _write(process: asyncio.subprocess.Process, text: bytes) -> bytes:
    """Feed the process, which may end before it has read all; return what is left to say."""
    if process.stdin is None:
        return b""
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(text)
        await process.stdin.drain()
    process.stdin.close()
    return b""


async def _read(stream: asyncio.StreamReader | None) -> bytes:
    """Read a stream to its end, within the limit."""
    chunks: list[bytes] = []
    length = 0
    while stream is not None and (chunk := await stream.read(_CHUNK_BYTES)):
        length += len(chunk)
        if length > OUTPUT_LIMIT_BYTES:
            raise ResourceError(f"git printed more than {OUTPUT_LIMIT_BYTES // 1_000_000} MB")
        chunks.append(chunk)
    return b"".join(chunks)


async def _end(process: asyncio.subprocess.Process, pipes: Sequence[asyncio.Future[bytes]]) -> None:
    """Leave no process, no task and no pipe behind, whatever happened."""
    for pipe in pipes:
        pipe.cancel()
    await asyncio.gather(*pipes, return_exceptions=True)
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    # asyncio calls a process ended only when its pipes are, so they are read empty.
    with suppress(TimeoutError):
        async with asyncio.timeout(_FAREWELL_SECONDS):
            await asyncio.gather(_discard(process.stdout), _discard(process.stderr))
            await process.wait()


async def _discard(stream: asyncio.StreamReader | None) -> None:
    """Read a stream to its end and keep nothing."""
    while stream is not None and await stream.read(_CHUNK_BYTES):
        pass
