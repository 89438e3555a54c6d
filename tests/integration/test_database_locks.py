"""What was committed stays, whoever else opens and closes the file of a database."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("fastapi")

from reviewer.adapters.database.ledger_file import make_private_file
from reviewer.adapters.durable.connection import database_file

pytestmark = pytest.mark.holds("P22")

_LOOK = (
    "import sqlite3, sys\n"
    "other = sqlite3.connect(sys.argv[1])\n"
    "print(other.execute('SELECT count(*) FROM delivery').fetchone()[0])\n"
    "other.close()\n"
)


def _by_address(file: Path) -> None:
    database_file(f"sqlite:///{file}")


@pytest.mark.parametrize("look_after", [_by_address, make_private_file], ids=["engine", "store"])
def test_a_file_that_is_looked_after_keeps_its_locks(
    tmp_path: Path,
    allowed_program: Callable[[Path | str], None],
    look_after: Callable[[Path], None],
) -> None:
    """An operator's backup, or a second worker, came and went: a delivery was gone with it."""
    allowed_program(sys.executable)
    file = tmp_path / "engine.sqlite3"
    look_after(file)

    def others_see() -> int:
        done = subprocess.run(
            [sys.executable, "-c", _LOOK, file], capture_output=True, text=True, check=True, env={}
        )
        return int(done.stdout)

    with closing(sqlite3.connect(file, isolation_level=None)) as ours:
        ours.execute("PRAGMA journal_mode = WAL")
        ours.execute("CREATE TABLE delivery (id TEXT)")
        look_after(file)
        assert others_see() == 0
        ours.execute("INSERT INTO delivery VALUES ('accepted')")
        assert others_see() == 1


def test_a_folder_in_the_place_of_a_database_is_told(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="Is a directory"):
        _by_address(tmp_path)
