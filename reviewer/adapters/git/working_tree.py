"""Reads files of a working tree; follows no symbolic link and never leaves its folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a named pipe would wait for somebody to write into it.
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskFile:
    """What a path of the working tree is.

    Args:
        mode: git's octal mode for it; empty for what git would not store (a pipe, a socket).
        size_bytes: Its size.
    """

    mode: str
    size_bytes: int


class WorkingTree:
    """The files below one folder.

    Args:
        root: The top folder of the working tree.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def look(self, path: str) -> DiskFile | None:
        """Tell what a path is; None where it is not there or lies behind a symbolic link."""
        try:
            with self._folder(path) as (folder, name):
                status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except (OSError, ValueError):
            return None
        return DiskFile(mode=_git_mode(status.st_mode), size_bytes=status.st_size)

    def read(self, path: str, limit_bytes: int) -> bytes | None:
        """Return the content of a regular file; None where there is none or it is larger."""
        try:
            with self._folder(path) as (folder, name):
                descriptor = os.open(name, _FILE_FLAGS, dir_fd=folder)
        except (OSError, ValueError):
            return None
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                content = file.read(limit_bytes + 1)
        except OSError:
            return None
        finally:
            os.close(descriptor)
        return None if len(content) > limit_bytes else content

    @contextmanager
    def _folder(self, path: str) -> Iterator[tuple[int, str]]:
        """Open the folder of a path, one step at a time; yield its descriptor and the last name."""
        *folders, name = path.split("/")
        if not name or {"", ".", ".."} & {*folders, name}:
            raise ValueError(path)
        descriptor = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in folders:
                following = os.open(part, _FOLDER_FLAGS, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = following
            yield descriptor, name
        finally:
            os.close(descriptor)


def _git_mode(mode: int) -> str:
    """Return git's octal mode for a file's mode."""
    if stat.S_ISLNK(mode):
        return "120000"
    if stat.S_ISDIR(mode):
        return "160000"
    if not stat.S_ISREG(mode):
        return ""
    return "100755" if mode & stat.S_IXUSR else "100644"
