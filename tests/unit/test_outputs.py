"""Where reviews are written: all of a file or nothing, and never over something that is no file."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from reviewer.entrypoints.cli.output import Output, OutputType, settle, write_file
from reviewer.errors import UserError


def test_without_a_wish_the_terminal_is_written() -> None:
    assert settle(()) == (Output(format="terminal"),)


def test_formats_keep_the_order_of_the_wishes(tmp_path: Path) -> None:
    wishes = (Output(format="json", file=tmp_path / "a"), Output(format="sarif"))

    assert settle(wishes) == wishes


def test_two_formats_cannot_share_a_place(tmp_path: Path) -> None:
    file = tmp_path / "a"

    with pytest.raises(click.UsageError, match="standard output"):
        settle((Output(format="json"), Output(format="html")))
    with pytest.raises(click.UsageError, match="cannot both go to a"):
        settle((Output(format="json", file=file), Output(format="html", file=file)))


@pytest.mark.parametrize("word", ["json", "json=-"])
def test_a_format_alone_goes_to_standard_output(word: str) -> None:
    assert OutputType().convert(word, None, None) == Output(format="json")


def test_a_file_name_may_hold_an_equals_sign(tmp_path: Path) -> None:
    output = OutputType().convert(f"json={tmp_path}/a=b", None, None)

    assert output.file == tmp_path / "a=b"


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text("much longer than what follows")

    write_file(file, "é")

    assert file.read_bytes() == "é".encode()
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"missing/a\.json cannot be written: No such file"):
        write_file(tmp_path / "missing" / "a.json", "x")
    with pytest.raises(UserError, match="cannot be written"):
        write_file(tmp_path, "x")
