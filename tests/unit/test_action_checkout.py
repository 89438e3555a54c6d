"""Whether a workspace holds a pull request's own code; git's files alone are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewer.entrypoints.action.checkout import Head, find_checkout

HEAD_SHA = "a" * 40
MERGE_SHA = "b" * 40
BASE_SHA = "c" * 40
PULL = Head(commits=frozenset({HEAD_SHA, MERGE_SHA}), number=7)


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.holds("P11")
@pytest.mark.parametrize(
    "files",
    [
        {"HEAD": f"{HEAD_SHA}\n"},
        {"HEAD": f"{MERGE_SHA}\n"},
        {"HEAD": "ref: refs/heads/x\n", "refs/heads/x": f"{HEAD_SHA}\n"},
        {"HEAD": "ref: refs/heads/x\n", "packed-refs": f"# pack\n{HEAD_SHA} refs/heads/x\n"},
        {"HEAD": f"{'d' * 40}\n", "refs/remotes/pull/7/merge": f"{'d' * 40}\n"},
        {"HEAD": f"{'d' * 40}\n", "packed-refs": f"{'d' * 40} refs/remotes/pull/7/head\n"},
        {
            "HEAD": f"{'d' * 40}\n",
            "FETCH_HEAD": f"{'d' * 40}\t\t'refs/pull/7/merge' of https://github.com/octo/shop\n",
        },
    ],
)
def test_a_checkout_of_the_pull_request_is_found(tmp_path: Path, files: dict[str, str]) -> None:
    _write(tmp_path / ".git", files)
    assert find_checkout(tmp_path, PULL) == tmp_path


def test_a_checkout_in_a_folder_of_the_workspace_is_found(tmp_path: Path) -> None:
    _write(tmp_path / ".git", {"HEAD": f"{BASE_SHA}\n"})
    _write(tmp_path / "theirs" / ".git", {"HEAD": f"{HEAD_SHA}\n"})
    assert find_checkout(tmp_path, PULL) == tmp_path / "theirs"


@pytest.mark.holds("P11")
def test_a_worktree_is_followed(tmp_path: Path) -> None:
    main = tmp_path / "main" / ".git"
    _write(main, {"HEAD": f"{BASE_SHA}\n", "refs/heads/x": f"{HEAD_SHA}\n"})
    _write(main / "worktrees" / "w", {"HEAD": "ref: refs/heads/x\n", "commondir": "../..\n"})
    _write(tmp_path / "w", {".git": f"gitdir: {main / 'worktrees' / 'w'}\n"})
    assert find_checkout(tmp_path / "w", PULL) == tmp_path / "w"


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"HEAD": f"{BASE_SHA}\n"},
        {"HEAD": "ref: refs/heads/main\n", "refs/heads/main": f"{BASE_SHA}\n"},
        {"HEAD": "ref: refs/heads/unborn\n"},
        {"HEAD": "ref: refs/heads/a\n", "refs/heads/a": "ref: refs/heads/a\n"},
        {"HEAD": "ref: refs/../../secret\n"},
        {"HEAD": "\x00\xff"},
        # Somebody else's pull request.
        {"HEAD": f"{'d' * 40}\n", "refs/remotes/pull/8/merge": f"{'d' * 40}\n"},
    ],
)
def test_anything_else_is_none(tmp_path: Path, files: dict[str, str]) -> None:
    _write(tmp_path / ".git", files)
    assert find_checkout(tmp_path, PULL) is None


def test_a_workspace_without_git_or_none_at_all_is_none(tmp_path: Path) -> None:
    assert find_checkout(tmp_path, PULL) is None
    assert find_checkout(tmp_path / "missing", PULL) is None


def test_an_unknown_number_still_finds_the_commits(tmp_path: Path) -> None:
    _write(tmp_path / ".git", {"HEAD": f"{HEAD_SHA}\n"})
    assert find_checkout(tmp_path, Head(commits=frozenset({HEAD_SHA}))) == tmp_path
    assert find_checkout(tmp_path, Head(commits=frozenset())) is None
