"""Only the base says how a pull request is reviewed, and all of it comes in one question."""

from __future__ import annotations

import pytest

from reviewer.domain.base_files import Unread, UnreadFile
from reviewer.errors import GitHubError
from tests.unit.github_answers import BASE_SHA, GitHubAnswers

LATIN_1 = "x = 'caf\xe9'\n".encode("latin-1")


@pytest.fixture
def github() -> GitHubAnswers:
    return GitHubAnswers()


@pytest.mark.holds("P20")
async def test_what_the_base_says_is_generated_is_listed(github: GitHubAnswers) -> None:
    github.base = {
        ".gitattributes": "*.py linguist-generated\n",
        "src/.gitattributes": "kept.py -linguist-generated\n",
        "elsewhere/.gitattributes": "* -linguist-generated\n",
    }
    github.tree.append(
        {"path": "src/.gitattributes", "mode": "100644", "type": "blob", "sha": "d" * 40, "size": 9}
    )
    github.rewrite("src/app.py")
    github.rewrite("src/kept.py", "x = 3")
    first, second = (await github.workspace().change()).files
    assert str(first.not_reviewed) == "generated (.gitattributes)"
    assert second.reviewed
    asked = {str(value) for _, variables in github.questions for value in variables.values()}
    assert f"{BASE_SHA}:elsewhere/.gitattributes" not in asked


@pytest.mark.holds("S10")
async def test_the_attributes_of_the_change_have_no_say(github: GitHubAnswers) -> None:
    github.rewrite("app.py")
    text = "* linguist-generated\n"
    github.add(".gitattributes", text, status="added", patch=f"@@ -0,0 +1 @@\n+{text.strip()}")
    assert len((await github.workspace().change()).reviewed) == 2


async def test_the_base_configures_and_is_read_in_one_question(github: GitHubAnswers) -> None:
    github.base = {
        "pyproject.toml": "[project]\n",
        "ruff.toml": "target",
        ".claude/agents/one.md": "one\n",
        ".claude/agents/two.txt": "two\n",
        ".claude/agents/deep/three.md": "three\n",
        "setup.cfg": "x" * 256_001,
        "tox.ini": LATIN_1,
        "src/pyproject.toml": "[no]\n",
        "README.md": "not asked for\n",
    }
    github.modes = {"ruff.toml": 0o120000}
    patterns = (
        "/pyproject.toml",
        "/ruff.toml",
        "/setup.cfg",
        "/tox.ini",
        "/.claude/agents/*.md",
        "/.github/agents/*.md",
    )
    found = await github.workspace().base_files(patterns)
    assert found == {".claude/agents/one.md": "one\n", "pyproject.toml": "[project]\n"}
    assert list(found) == sorted(found)
    assert found.unread == (
        UnreadFile(path="ruff.toml", why=Unread.LINK),
        UnreadFile(path="setup.cfg", why=Unread.TOO_LONG),
        UnreadFile(path="tox.ini", why=Unread.NO_TEXT),
    )
    assert github.calls.count("graphql") == 1


@pytest.mark.holds("S10", "R38")
async def test_a_linked_configuration_in_a_folder_is_left_out(github: GitHubAnswers) -> None:
    github.base = {".claude/agents/one.md": "../../secrets", ".claude/agents/two.md": "two\n"}
    github.modes = {".claude/agents/one.md": 0o120000}
    found = await github.workspace().base_files(("/.claude/agents/*.md",))
    assert found == {".claude/agents/two.md": "two\n"}
    assert found.unread == (UnreadFile(path=".claude/agents/one.md", why=Unread.LINK),)


@pytest.mark.holds("S10", "R34")
@pytest.mark.parametrize(
    ("path", "mode", "why"),
    [
        (".reviewer.toml", 0o120000, Unread.LINK),
        (".reviewer.toml", 0o160000, Unread.SUBMODULE),
        # A folder in which personas would be looked for.
        (".reviewer", 0o160000, Unread.SUBMODULE),
    ],
)
async def test_what_is_no_file_where_a_configuration_is_looked_for_is_told(
    github: GitHubAnswers, path: str, mode: int, why: Unread
) -> None:
    github.base = {path: "x", "README.md": "x"}
    github.modes = {path: mode, "README.md": 0o120000}
    found = await github.workspace().base_files((".reviewer.toml", ".reviewer/personas/*.toml"))
    assert found == {}
    assert found.unread == (UnreadFile(path=path, why=why),)


async def test_attributes_are_returned_where_they_are_asked_for(github: GitHubAnswers) -> None:
    github.base = {".gitattributes": "* text\n"}
    assert await github.workspace().base_files(("/.gitattributes",)) == github.base
    assert await github.workspace().base_files(()) == {}


async def test_a_base_that_is_not_there_is_no_empty_configuration(github: GitHubAnswers) -> None:
    github.base_known = False
    with pytest.raises(GitHubError, match="the base commit bbbbbbbbbbbb is not in octo/shop"):
        await github.workspace().base_files(("/pyproject.toml",))


@pytest.mark.parametrize("pattern", ["*.toml", "**/x.toml", "a/*/b.toml"])
async def test_a_glob_that_needs_a_search_is_a_mistake_of_ours(
    github: GitHubAnswers, pattern: str
) -> None:
    with pytest.raises(ValueError, match="neither a file of the root"):
        await github.workspace().base_files((pattern,))


async def test_a_repository_that_may_not_be_read_is_told(github: GitHubAnswers) -> None:
    async def nothing(_document: str, _variables: object) -> dict[str, object]:
        return {"repository": None}

    github.query = nothing  # type: ignore[method-assign, assignment]
    with pytest.raises(GitHubError, match="there is no repository octo/shop"):
        await github.workspace().base_files(())
