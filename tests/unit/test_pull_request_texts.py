"""Texts of a pull request are those of its blobs, byte for byte, and are read in few questions."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.change import FileChange, FileStatus
from reviewer.domain.diff import parse_hunks, with_texts
from reviewer.errors import GitHubError
from tests.unit.github_answers import GitHubAnswers, blob_answer, blob_id

LATIN_1 = "x = 'caf\xe9'\n".encode("latin-1")


@pytest.fixture
def github() -> GitHubAnswers:
    return GitHubAnswers()


async def only(github: GitHubAnswers) -> FileChange:
    (file,) = (await github.workspace().change()).files
    return file


async def reason(github: GitHubAnswers) -> str:
    return str((await only(github)).not_reviewed)


async def test_ten_files_take_four_calls(github: GitHubAnswers) -> None:
    github.base = {"pyproject.toml": "[project]\n", ".gitattributes": "*.js linguist-generated\n"}
    for number in range(10):
        github.rewrite(f"src/file_{number}.py", f"x = {number + 2}")
    workspace = github.workspace()
    await workspace.base_files(("/pyproject.toml", "/.claude/agents/*.md"))
    change = await workspace.change()
    assert len(change.reviewed) == 10
    assert len(github.calls) == 4


@pytest.mark.holds("S19", "P06")
@pytest.mark.parametrize("status", ["added", "removed"])
async def test_a_file_of_seventeen_megabytes_is_never_read(
    github: GitHubAnswers, status: str
) -> None:
    github.add("dump.sql", b"x\n" * 8_600_000, status=status, additions=1)
    assert await reason(github) == "too large (17.2 MB)"
    assert not any("blobs" in call for call in github.calls)


async def test_a_file_that_was_too_large_at_the_base_is_listed(github: GitHubAnswers) -> None:
    lines = "\n".join(f"-{number:079}" for number in range(13_000))
    github.add("data.py", "x\n", patch=f"@@ -1,13000 +1 @@\n{lines}\n+x")
    assert await reason(github) == "too large (1.0 MB)"


@pytest.mark.holds("P25")
async def test_a_text_that_is_not_utf_8_is_listed(github: GitHubAnswers) -> None:
    github.add("a.py", LATIN_1, patch="@@ -1 +1 @@\n-x = 1\n+x = 'caf\ufffd'")
    github.objects[blob_id(LATIN_1)] = {**blob_answer(LATIN_1), "text": "x = 'caf\xe9'\n"}
    assert await reason(github) == "not valid UTF-8"


async def test_a_deleted_text_that_is_not_utf_8_is_listed(github: GitHubAnswers) -> None:
    patch = "@@ -1 +0,0 @@\n-x = 'caf\ufffd'"
    github.add("a.py", LATIN_1, status="removed", patch=patch)
    assert await reason(github) == "not valid UTF-8"


async def test_a_text_that_holds_a_replacement_character_is_read(github: GitHubAnswers) -> None:
    github.add("a.py", "x = '\ufffd'\n", status="removed", patch="@@ -1 +0,0 @@\n-x = '\ufffd'")
    assert (await only(github)).base_text == "x = '\ufffd'\n"


async def test_a_base_that_is_not_utf_8_is_not_guessed(github: GitHubAnswers) -> None:
    github.add("a.py", "x = 2\n", patch="@@ -1 +1 @@\n-x = '\ufffd'\n+x = 2")
    file = await only(github)
    assert (file.base_text, file.head_text) == (None, "x = 2\n")
    assert file.removed == {1: "x = '\ufffd'"}


@pytest.mark.parametrize(
    "odd",
    [
        {"text": "x = 2 \n"},
        {"text": None, "isBinary": None},
        {"text": None, "isBinary": True},
        {"isTruncated": True},
        {"text": "\ud800"},
        None,
    ],
)
async def test_a_text_that_is_not_exactly_the_blob_is_read_as_bytes(
    github: GitHubAnswers, odd: dict[str, object] | None
) -> None:
    github.rewrite("a.py")
    sha = blob_id("x = 2\n")
    github.objects[sha] = None if odd is None else {**blob_answer("x = 2\n"), **odd}
    file = await only(github)
    assert (file.base_text, file.head_text) == ("x = 1\n", "x = 2\n")
    assert f"/repos/octo/shop/git/blobs/{sha}" in github.calls


async def test_a_long_text_is_read_as_bytes_at_once(github: GitHubAnswers) -> None:
    body = "\n".join(f"x_{number:06} = {number}" for number in range(32_000))
    github.add("a.py", f"{body}\nz = 2\n", patch="@@ -32001 +32001 @@\n-z = 1\n+z = 2")
    file = await only(github)
    assert file.head_text == f"{body}\nz = 2\n"
    assert file.base_text == f"{body}\nz = 1\n"
    assert github.calls.count("graphql") == 1


async def test_a_text_that_nobody_has_leaves_the_hunks(github: GitHubAnswers) -> None:
    github.rewrite("a.py")
    github.objects.clear()
    github.blobs.clear()
    file = await only(github)
    assert (file.reviewed, file.base_text, file.head_text) == (True, None, None)
    assert file.added == {1: "x = 2"}


@pytest.mark.holds("P25")
async def test_another_content_than_that_of_the_blob_is_refused(github: GitHubAnswers) -> None:
    github.rewrite("a.py")
    sha = blob_id("x = 2\n")
    github.objects.clear()
    github.blobs[sha] = b"import evil\n"
    with pytest.raises(GitHubError, match="another content"):
        await github.workspace().change()


@pytest.mark.holds("S19", "P06")
async def test_only_so_many_blobs_are_read_one_by_one(github: GitHubAnswers) -> None:
    for number in range(60):
        github.rewrite(f"f{number}.py", f"x = {number + 2}")
    github.objects.clear()
    change = await github.workspace().change()
    assert sum("blobs" in call for call in github.calls) == 20
    assert sum(file.head_text is not None for file in change.reviewed) == 20
    assert len(change.reviewed) == 60


async def test_many_texts_are_asked_for_in_portions(github: GitHubAnswers) -> None:
    for number in range(120):
        github.rewrite(f"f{number}.py", f"x = {number + 2}")
    await github.workspace().change()
    sizes = [len(variables) - 2 for _, variables in github.questions]
    assert sorted(sizes) == [2, 20, 50, 50]


async def test_long_texts_are_asked_for_in_smaller_portions(github: GitHubAnswers) -> None:
    for number in range(10):
        text = f"y = {number}\n" * 50_000
        github.add(f"f{number}.py", text, patch=f"@@ -1,0 +1 @@\n+y = {number}")
    await github.workspace().change()
    assert github.calls.count("graphql") == 1 + 2


LINES = st.lists(
    st.sampled_from(["", "a", "b\r", "\u2028", "- c", "+ d", "@@ e", "\\ f"]), max_size=25
)


@given(base=LINES, head=LINES)
def test_the_base_is_made_from_the_head_and_back(base: list[str], head: list[str]) -> None:
    before, after = ("".join(f"{line}\n" for line in lines) for lines in (base, head))
    _, _, *patch = [*difflib.unified_diff(base, head, lineterm=""), "", ""]
    body = parse_hunks("\n".join(patch[:-2]))
    bare = FileChange(path="a", status=FileStatus.MODIFIED)
    made = with_texts(bare, body, head_text=after)
    assert made.base_text == before
    assert made == with_texts(bare, body, base_text=before)


def test_a_text_that_the_hunks_were_not_made_from_gives_no_other() -> None:
    body = parse_hunks("@@ -1 +1 @@\n-x = 1\n+x = 2")
    made = with_texts(FileChange(path="a", status=FileStatus.MODIFIED), body, head_text="y = 2\n")
    assert (made.base_text, made.head_text) == (None, None)
