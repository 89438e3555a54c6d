"""Files that only their owner may read: taken before they are needed, given back if they are not.

What will be written can be had once, so the place for it is made sure of first.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reviewer.errors import UserError

_OWNER_ONLY = 0o600
_OWNER_ONLY_FOLDER = 0o700


def make_database_file(path: Path) -> None:
    """Make an empty file for SQLite where there is none; one that is there is never opened.

    Whoever closes a file gives up every lock that the process holds on it, also those of SQLite's
    connections. Another process that then opens the database and closes it takes itself for the
    last one, and deletes the log that we still write to, with what was committed in it:
    https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_

    Args:
        path: Where it is.

    Raises:
        OSError: The system refuses.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    try:
        os.close(os.open(path, flags | os.O_EXCL, _OWNER_ONLY))
    except FileExistsError:
        if not path.exists():  # a link to a file that is still to be made
            os.close(os.open(path, flags, _OWNER_ONLY))
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not os.access(path, os.R_OK | os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


class PrivateFile:
    """A file that is taken and still empty.

    Args:
        path: Where it is.
        descriptor: The open file.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.written = False
        self._descriptor = descriptor

    def write(self, text: str) -> None:
        """Write it, for good.

        Raises:
            UserError: The disk does not take it.
        """
        try:
            with os.fdopen(os.dup(self._descriptor), "wb") as stream:
                stream.write(text.encode())
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise UserError(f"{self.path} cannot be written: {error.strerror}") from error
        self.written = True


@contextmanager
def new_private_file(path: Path) -> Iterator[PrivateFile]:
    """Take a file for a block; where nothing was written in it, it is gone afterwards.

    Args:
        path: Where it is to be; its folder is made.

    Raises:
        UserError: It is there already, or cannot be made.
    """
    try:
        path.parent.mkdir(mode=_OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
        # Exclusive: neither an older file nor a link of somebody else is written to.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except FileExistsError:
        raise UserError(
            f"{path} is there already",
            hint="It may hold the key of an App: move it away, or name another folder: --folder",
        ) from None
    except OSError as error:
        raise UserError(
            f"{path} cannot be made: {error.strerror}",
            hint="Name a folder that you may write to: --folder",
        ) from error
    file = PrivateFile(path, descriptor)
    try:
        yield file
    finally:
        os.close(descriptor)
        if not file.written:
            path.unlink(missing_ok=True)
