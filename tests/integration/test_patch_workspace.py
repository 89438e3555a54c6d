"""A patch is reviewed anywhere; in its repository with whole texts, never through a path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reviewer.adapters.git import patch_workspace
from reviewer.adapters.git.patch_workspace import PatchWorkspace
from reviewer.errors import UserError
from reviewer.ports.workspace import Workspace
from tests.integration.git_repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "repository")
    made.write("a.py", "import os\n\n\n\n\n\nx = 1\n")
    made.write("gone.py", "y\n")
    made.write("gen.py", "y\n")
    made.write(".gitattributes", "gen.py linguist-generated\n")
    made.write(".reviewer.toml", "a = 1\n")
    made.commit()
    return made


def workspace(patch: str | bytes, folder: Path) -> PatchWorkspace:
    raw = patch if isinstance(patch, bytes) else patch.encode()
    return PatchWorkspace(raw, name="the.patch", folder=folder, environment=os.environ)


def _patch(repository: Repository) -> str:
    repository.write("a.py", "import os\n\n\n\n\n\nx = 2\n")
    (repository.folder / "gone.py").unlink()
    repository.write("gen.py", "z\n")
    repository.write("new.py", "n = 1\n")
    repository.git("add", "--all")
    patch = repository.git("diff", "--cached") + "\n"
    repository.git("reset", "--quiet", "--hard")
    return patch


def test_it_is_a_workspace(tmp_path: Path) -> None:
    reader: Workspace = workspace("", tmp_path)
    assert isinstance(reader, PatchWorkspace)


async def test_inside_its_repository_texts_come_from_the_object_store(
    repository: Repository,
) -> None:
    reader = workspace(_patch(repository), repository.folder)
    change = await reader.change()
    assert (change.base, change.head) == ("patch", "patch")
    file = change.by_path["a.py"]
    assert file.base_text == "import os\n\n\n\n\n\nx = 1\n"
    assert file.head_text == "import os\n\n\n\n\n\nx = 2\n"
    assert str(change.by_path["gen.py"].not_reviewed) == "generated (.gitattributes)"
    assert change.head_paths is not None
    assert set(change.head_paths) == {
        ".gitattributes",
        ".reviewer.toml",
        "a.py",
        "gen.py",
        "new.py",
    }
    assert await reader.base_files(["*.toml"]) == {".reviewer.toml": "a = 1\n"}


async def test_outside_a_repository_only_new_files_are_whole(
    repository: Repository, tmp_path: Path
) -> None:
    reader = workspace(_patch(repository), tmp_path)
    change = await reader.change(excluded=("new.py",))
    assert change.by_path["a.py"].head_text is None
    assert change.by_path["a.py"].added == {7: "x = 2"}
    assert change.by_path["gone.py"].base_text == "y\n"
    assert str(change.by_path["new.py"].not_reviewed) == "excluded by configuration (new.py)"
    assert change.head_paths is None
    assert await reader.base_files(["*"]) == {}


async def test_a_patch_of_another_repository_borrows_nothing(
    repository: Repository, tmp_path: Path
) -> None:
    other = Repository(tmp_path / "other")
    other.write("a.py", "something else\n")
    other.commit()
    change = await workspace(_patch(repository), other.folder).change()
    assert change.by_path["a.py"].base_text is None
    assert change.head_paths is None


async def test_an_id_that_names_another_text_is_not_believed(repository: Repository) -> None:
    patch = _patch(repository)
    wrong = repository.git("rev-parse", "HEAD:gone.py")
    right = repository.git("rev-parse", "--short", "HEAD:a.py")
    change = await workspace(patch.replace(right, wrong), repository.folder).change()
    assert change.by_path["a.py"].base_text is None
    assert change.by_path["a.py"].head_text is None


@pytest.mark.holds("S13", "R13", "R38")
async def test_paths_that_leave_the_repository_are_only_listed_names(
    repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "outside.py").write_text("secret\n")
    names = ("../outside.py", "/etc/passwd", "a/../../outside.py")
    patch = "".join(
        f"diff --git a/{name} b/{name}\nindex 1111111..2222222 100644\n"
        f"--- a/{name}\n+++ b/{name}\n@@ -1 +1 @@\n-secret\n+y\n"
        for name in names
    )
    change = await workspace(patch, repository.folder).change()
    assert [file.path for file in change.files] == list(names)
    assert all(file.base_text is None for file in change.files)
    assert (tmp_path / "outside.py").read_text() == "secret\n"


async def test_before_the_first_commit_a_patch_is_reviewed_alone(
    repository: Repository, tmp_path: Path
) -> None:
    unborn = Repository(tmp_path / "unborn")
    change = await workspace(_patch(repository), unborn.folder).change()
    assert len(change.files) == 4


async def test_a_damaged_patch_is_refused_by_name_and_line(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        await workspace("nonsense\n", tmp_path).change()
    assert (caught.value.path, caught.value.line) == ("the.patch", 1)


@pytest.mark.holds("S19")
async def test_a_patch_that_is_too_large_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patch_workspace, "PATCH_LIMIT_BYTES", 5)
    with pytest.raises(UserError, match="at most"):
        await workspace("nonsense\n", tmp_path).change()


async def test_an_empty_patch_is_an_empty_change(tmp_path: Path) -> None:
    assert (await workspace(b"\n", tmp_path).change()).files == ()
