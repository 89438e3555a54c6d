"""A new file that only its owner may read: taken before it is needed, and given back if it is not.

What will be written can be had once, so the place for it is made sure of first.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reviewer.errors import UserError

_OWNER_ONLY = 0o600
_OWNER_ONLY_FOLDER = 0o700


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
