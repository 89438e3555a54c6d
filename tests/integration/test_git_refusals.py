"""Where there is nothing to compare, a person learns why and what to do; the base configures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reviewer.adapters.git.range import Range
from reviewer.adapters.git.workspace import GitWorkspace
from reviewer.domain.base_files import Unread
from reviewer.errors import UserError
from tests.integration.git_repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


async def _refusal(folder: Path, wanted: Range | str) -> UserError:
    parsed = Range.parse(wanted) if isinstance(wanted, str) else wanted
    with pytest.raises(UserError) as caught:
        await GitWorkspace(folder, parsed, os.environ).change()
    assert caught.value.hint or "folder" in caught.value.message
    return caught.value


async def test_outside_a_repository(tmp_path: Path) -> None:
    assert "not in a git repository" in (await _refusal(tmp_path, "HEAD")).message
    assert "no such folder" in (await _refusal(tmp_path / "nope", "HEAD")).message


@pytest.mark.parametrize("wanted", ["HEAD", "main...HEAD", Range.index(), Range.working_tree()])
async def test_before_the_first_commit(repository: Repository, wanted: Range | str) -> None:
    repository.write("a.py", "x\n")
    assert "no commit yet" in (await _refusal(repository.folder, wanted)).message


async def test_a_revision_that_is_not_there(repository: Repository) -> None:
    repository.commit()
    error = await _refusal(repository.folder, "mian...HEAD")
    assert "'mian'" in error.message


async def test_a_branch_that_only_the_remote_has(repository: Repository, tmp_path: Path) -> None:
    repository.commit()
    repository.git("branch", "topic")
    repository.git("clone", "--quiet", str(repository.folder), str(tmp_path / "clone"))
    error = await _refusal(tmp_path / "clone", "topic...HEAD")
    assert error.hint == "There is an origin/topic: use that."


async def test_a_shallow_clone(repository: Repository, tmp_path: Path) -> None:
    repository.write("a.py", "1\n")
    first = repository.commit()
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.write("a.py", "2\n")
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.write("b.py", "2\n")
    repository.commit()
    source = f"file://{repository.folder}"
    clone = tmp_path / "clone"
    repository.git("clone", "--quiet", "--depth=1", "--no-single-branch", source, str(clone))
    alone = await _refusal(clone, "HEAD")
    assert alone.hint is not None
    assert "--deepen=1" in alone.hint
    apart = await _refusal(clone, "origin/topic...HEAD")
    assert "shallow" in apart.message
    unknown = await _refusal(clone, first)
    assert unknown.hint is not None
    assert "--unshallow" in unknown.hint


async def test_unrelated_histories(repository: Repository) -> None:
    repository.commit()
    repository.git("checkout", "--quiet", "--orphan", "other")
    repository.commit("Another beginning")
    error = await _refusal(repository.folder, "main...other")
    assert error.hint == "Compare them directly: main..other."


@pytest.mark.holds("S10")
async def test_only_the_base_configures(repository: Repository) -> None:
    repository.write(".reviewer.toml", "a = 1\n")
    repository.write(".reviewer/personas/x.toml", "b = 1\n")
    repository.write(".reviewer/personas/big.toml", "#" * 300_000)
    repository.write(".reviewer/personas/latin.toml", b"\xe9")
    (repository.folder / ".reviewer/personas/link.toml").symlink_to("/etc/passwd")
    repository.write("src/a.py", "x\n")
    repository.commit()
    repository.write(".reviewer.toml", "a = 2\n")
    repository.write(".reviewer/personas/new.toml", "c = 1\n")
    patterns = ("/.reviewer.toml", ".reviewer/personas/*.toml")
    expected = {".reviewer.toml": "a = 1\n", ".reviewer/personas/x.toml": "b = 1\n"}
    tree = GitWorkspace(repository.folder, Range.working_tree(), os.environ)
    assert await tree.base_files(patterns) == expected
    repository.commit()
    commit = GitWorkspace(repository.folder, Range.parse("HEAD"), os.environ)
    found = await commit.base_files(patterns)
    assert found == expected
    assert {file.path.rpartition("/")[2]: file.why for file in found.unread} == {
        "big.toml": Unread.TOO_LONG,
        "latin.toml": Unread.NO_TEXT,
        "link.toml": Unread.LINK,
    }
    first = GitWorkspace(repository.folder, Range.parse("HEAD~1"), os.environ)
    assert await first.base_files(patterns) == {}


async def test_the_configuration_excludes_files_by_glob(repository: Repository) -> None:
    repository.write("a.py", "x\n")
    repository.write("legacy/b.py", "x\n")
    repository.commit()
    reader = GitWorkspace(repository.folder, Range.parse("HEAD"), os.environ)
    change = await reader.change(excluded=("legacy/**",))
    assert [str(file.not_reviewed) for file in change.not_reviewed] == [
        "excluded by configuration (legacy/**)"
    ]


async def test_attributes_below_the_top_count_for_their_folder(repository: Repository) -> None:
    repository.write("src/.gitattributes", "*.py linguist-generated\n")
    repository.write("src/a.py", "x\n")
    repository.write("b.py", "x\n")
    repository.commit()
    repository.write("src/a.py", "y\n")
    repository.write("b.py", "y\n")
    repository.commit()
    change = await GitWorkspace(repository.folder, Range.parse("HEAD"), os.environ).change()
    assert [file.path for file in change.reviewed] == ["b.py"]


async def test_a_rename_that_git_pairs_otherwise_among_fewer_files_is_never_lost(
    repository: Repository,
) -> None:
    text = "".join(f"line {number}\n" for number in range(60))
    for name in ("a.py", "b.py"):
        repository.write(name, text + name)
    repository.commit()
    for name in ("a.py", "b.py"):
        (repository.folder / name).unlink()
    repository.write("node_modules/a.py", text + "a.py")
    repository.write("src/b.py", text + "a.py ")
    repository.write("src/c.py", text + "b.py and more")
    repository.commit()
    change = await GitWorkspace(repository.folder, Range.parse("HEAD"), os.environ).change()
    assert {file.path for file in change.files} >= {"node_modules/a.py", "src/b.py", "src/c.py"}
    for file in change.reviewed:
        assert file.hunks
