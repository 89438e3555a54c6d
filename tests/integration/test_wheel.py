"""The wheel and the source archive carry everything that a review needs, and nothing else."""

from __future__ import annotations

import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from reviewer import __version__
from tests.guards import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    return zipfile.ZipFile(next(WheelBuilder(str(ROOT)).build(directory=str(folder))))


def _folder(name: str) -> set[str]:
    return {
        path.relative_to(ROOT).as_posix() for path in (ROOT / name).rglob("*") if path.is_file()
    }


def test_personas_and_prompts_travel_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    prefix = "reviewer/_data/"
    carried = {name.removeprefix(prefix) for name in wheel.namelist() if name.startswith(prefix)}
    assert len(list((ROOT / "personas").glob("*.toml"))) >= 11
    assert carried == _folder("personas") | _folder("prompts")


def test_every_module_and_template_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    expected = {name for name in _folder("reviewer") if "__pycache__" not in name}
    assert expected - set(wheel.namelist()) == set()


@pytest.mark.holds("S18")
def test_nothing_else_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    top = {name.split("/")[0] for name in wheel.namelist()}
    assert top == {"reviewer", f"persona_reviewer-{__version__}.dist-info"}


def test_the_metadata_names_the_command_the_extras_and_the_licence(wheel: zipfile.ZipFile) -> None:
    information = f"persona_reviewer-{__version__}.dist-info"
    metadata = message_from_bytes(wheel.read(f"{information}/METADATA"))
    assert metadata["Name"] == "persona-reviewer"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    assert {"model", "github", "server"} <= set(metadata.get_all("Provides-Extra") or [])
    entry_points = wheel.read(f"{information}/entry_points.txt").decode()
    assert "reviewer = reviewer.entrypoints.cli:main" in entry_points
    assert f"{information}/licenses/LICENSE" in wheel.namelist()


@pytest.mark.holds("S18")
def test_the_source_archive_can_build_the_wheel_again(tmp_path: Path) -> None:
    archive = next(SdistBuilder(str(ROOT)).build(directory=str(tmp_path)))
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "reviewer/__init__.py"} <= names
    assert _folder("personas") <= names
