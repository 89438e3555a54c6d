"""What stands where a configuration is looked for, and is not read, is told by every door."""

from __future__ import annotations

import pytest

from reviewer.domain.base_files import FilesAtBase, Unread, UnreadFile, is_looked_for
from reviewer.domain.material import Material
from reviewer.domain.pull_request import PullRequestName
from reviewer.service.analyse import HeldWorkspace
from reviewer.service.prepare_review import Preparation, Wishes, prepare_review
from reviewer.service.read_base import unread_notices
from reviewer.testing.builders import build_change, build_file
from reviewer.testing.fake_workspace import FakeWorkspace

pytestmark = pytest.mark.holds("S10", "R34", "P15")

CHANGE = build_change(build_file("app.py", before="a = 1\n", after="a = 2\n"))


def told(path: str, why: Unread) -> tuple[str, ...]:
    return unread_notices(FilesAtBase.of({}, [UnreadFile(path=path, why=why)]))


@pytest.mark.parametrize("why", list(Unread))
def test_a_configuration_that_is_not_read_is_told_with_why_and_the_way_out(why: Unread) -> None:
    (notice,) = told(".reviewer.toml", why)
    assert notice.startswith("The configuration was not used, the defaults hold: .reviewer.toml: ")
    assert why.words in notice
    assert notice.endswith(why.way_out)


@pytest.mark.parametrize(
    "path",
    [".reviewer/personas/mine.toml", ".reviewer/personas", ".reviewer", ".claude/agents/a.md"],
)
def test_a_persona_that_is_not_read_is_told(path: str) -> None:
    (notice,) = told(path, Unread.LINK)
    assert notice.startswith(f"No persona was read here: {path}: it is a symbolic link")


def test_a_linter_s_file_counts_at_the_root_alone() -> None:
    assert told("pyproject.toml", Unread.TOO_LONG)
    assert not told("src/pyproject.toml", Unread.TOO_LONG)


def test_of_very_many_a_few_are_told_and_the_rest_is_counted() -> None:
    files = [
        UnreadFile(path=f".reviewer/personas/{number:03}.toml", why=Unread.LINK)
        for number in range(500)
    ]
    notices = unread_notices(FilesAtBase.of({}, files))
    assert len(notices) == 11
    assert notices[-1] == "490 more files of the base were not used."


@pytest.mark.parametrize(
    ("path", "looked_for"),
    [
        (".reviewer.toml", True),
        (".reviewer/personas", True),
        (".reviewer", True),
        (".review", False),
        ("personas", False),
    ],
)
def test_a_folder_is_looked_for_where_globs_look_in_it(path: str, *, looked_for: bool) -> None:
    patterns = (".reviewer.toml", ".reviewer/personas/*.toml")
    assert is_looked_for(patterns, path) is looked_for


async def prepared(workspace: FakeWorkspace | HeldWorkspace) -> Preparation:
    return await prepare_review(workspace, (), Wishes())


async def test_the_one_who_reads_the_base_and_the_one_who_thinks_say_the_same() -> None:
    unread = (UnreadFile(path=".reviewer.toml", why=Unread.LINK),)
    reading = await prepared(FakeWorkspace(given=CHANGE, unread=unread))
    material = Material(
        name=PullRequestName.parse("octo/shop#7"),
        title="",
        body="",
        change=CHANGE,
        base_texts=reading.base_texts,
        base_unread=reading.base_unread,
    )
    thinking = await prepared(HeldWorkspace(material=material))
    assert reading.notices == thinking.notices == unread_notices(FilesAtBase.of({}, unread))
