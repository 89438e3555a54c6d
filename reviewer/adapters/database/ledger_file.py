"""Files of databases: where the ledger stands, and that nobody else reads them."""

from __future__ import annotations

import os
from pathlib import Path

from reviewer.adapters.database.trouble import WAY_OUT
from reviewer.adapters.private_file import make_database_file
from reviewer.errors import UserError

_NAME = "ledger.sqlite3"
_OWNER_ONLY = 0o600


def has_ledger(state_folder: Path) -> bool:
    """Tell whether a ledger stands in a folder, without making one.

    Raises:
        UserError: The system refuses to say.
    """
    file = state_folder / _NAME
    try:
        return file.exists()
    except OSError as error:
        message = f"the ledger cannot be read: {error.strerror}"
        raise UserError(message, path=str(file), hint=WAY_OUT) from error


def make_ledger_file(state_folder: Path) -> Path:
    """Make the folder of the ledger and an empty file where they are missing.

    Args:
        state_folder: Where the ledger stands.

    Raises:
        UserError: The system refuses.
    """
    file = state_folder / _NAME
    make_private_file(file, what="ledger", hint=WAY_OUT)
    return file


def make_private_file(
    file: Path, *, what: str = "database", hint: str = "Make it writable for this program."
) -> None:
    """Make a file for SQLite that nobody else reads, and its folder, where they are missing.

    A folder that was there keeps its mode: it may be somebody else's. SQLite gives its own
    files beside the file the file's mode.

    Args:
        file: The file.
        what: What it is, for people.
        hint: The way out.

    Raises:
        UserError: The system refuses.
    """
    folder = file.parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_database_file(file)
        if file.stat().st_mode & 0o077:
            file.chmod(_OWNER_ONLY)
        # SQLite also writes beside the file.
        writable = os.access(folder, os.W_OK | os.X_OK)
    except OSError as error:
        message = f"the {what} cannot be written: {error.strerror}"
        raise UserError(message, path=str(file), hint=hint) from error
    if not writable:
        raise UserError(f"the {what}'s folder cannot be written", path=str(file), hint=hint)
