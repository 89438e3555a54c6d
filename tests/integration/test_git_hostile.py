"""What a change, a repository or a name may contain without anything of it being run."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from reviewer.adapters.git import process
from reviewer.adapters.git.process import Git
from reviewer.adapters.git.range import Range
from reviewer.adapters.git.working_tree import WorkingTree
from reviewer.adapters.git.workspace import GitWorkspace
from reviewer.domain.change import Change, FileKind
from reviewer.errors import ResourceError, UserError
from tests.integration.git_repository import Repository

HOSTILE_NAMES = [
    "-rf",
    "--output=x",
    "a\nb.py",
    "$(touch pwned).py",
    "`id`.py",
    ":(exclude)*",
    ":!x.py",
    "*.py",
    "a\tb\\c\"d'.py",
    "<img src=x onerror=1>.md",
    "x.py -> y.py",
    " leading and trailing ",
    "\u202eyp.exe",
    "CON",
    "a" * 250 + ".py",
]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "repository")
    made.write("seed.py", "x = 1\n")
    made.commit()
    return made


async def read(repository: Repository, wanted: Range | str = "HEAD") -> Change:
    parsed = Range.parse(wanted) if isinstance(wanted, str) else wanted
    return await GitWorkspace(repository.folder, parsed, os.environ).change()


@pytest.mark.holds("S13", "R13")
async def test_hostile_names_are_only_names(repository: Repository) -> None:
    for name in HOSTILE_NAMES:
        repository.write(name, "x = 1\n")
    # A file that is only listed makes git be asked by name for all the others.
    repository.write("uv.lock", "x\n")
    tree = await read(repository, Range.working_tree())
    repository.commit()
    change = await read(repository)
    expected = {*HOSTILE_NAMES, "uv.lock"}
    for seen in (tree, change):
        assert {file.path for file in seen.files} == expected
        assert all(file.added == {1: "x = 1"} for file in seen.reviewed)
        assert len(seen.reviewed) == len(HOSTILE_NAMES)
    assert not (repository.folder / "pwned").exists()


async def test_a_name_that_is_not_utf_8_is_kept(repository: Repository) -> None:
    name = b"caf\xe9.py".decode("utf-8", "surrogateescape")
    (repository.folder / name).write_text("x = 1\n")
    repository.write("uv.lock", "x\n")
    repository.commit()
    change = await read(repository)
    assert change.by_path[name].added == {1: "x = 1"}
    assert change.head_paths is not None
    assert name in change.head_paths


@pytest.mark.holds("S13", "R14")
@pytest.mark.parametrize(
    "revision",
    [
        "--upload-pack=evil",
        "main...--upload-pack=evil",
        "-rf..main",
        "main;env>x",
        "`id`",
        "refs/heads/@{-1}",
        "a\nb",
        "HEAD\0",
        "x" * 5_000,
        "HEAD:seed.py",
        "seed.py",
        "HEAD^{tree}",
        "...nope",
        "",
    ],
)
async def test_a_hostile_revision_is_no_revision(repository: Repository, revision: str) -> None:
    with pytest.raises(UserError):
        await read(repository, revision)


@pytest.mark.holds("S13", "R14")
async def test_a_branch_that_looks_like_an_option_is_reviewed_by_its_full_name(
    repository: Repository,
) -> None:
    head = repository.git("rev-parse", "HEAD")
    repository.git("update-ref", "refs/heads/--upload-pack=evil", head)
    change = await read(repository, "refs/heads/--upload-pack=evil")
    assert change.head == head


@pytest.mark.holds("S13", "R37")
async def test_nothing_that_is_configured_is_started(
    repository: Repository, tmp_path: Path
) -> None:
    proof = tmp_path / "started"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho $0 >> {proof}\ncat\n")
    program.chmod(0o755)
    for setting in (
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "filter.other evil.clean",
        "pager.diff",
        "credential.helper",
        "interactive.diffFilter",
    ):
        repository.git("config", setting, str(program))
    repository.git("config", "filter.evil.required", "true")
    hooks = repository.folder / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "fsmonitor-watchman", "pre-commit"):
        (hooks / hook).symlink_to(program)
    repository.write(".gitattributes", "*.py diff=evil filter=evil\n*.txt filter=evil -diff\n")
    repository.write("seed.py", "x = 2\n")
    repository.write("new.txt", "y\n")
    tree = await read(repository, Range.working_tree())
    index = await read(repository, Range.index())
    commit = await read(repository)
    assert {file.path for file in tree.reviewed} == {".gitattributes", "seed.py", "new.txt"}
    assert tree.by_path["seed.py"].added == {1: "x = 2"}
    assert index.files == ()
    assert commit.by_path["seed.py"].added == {1: "x = 1"}
    assert not proof.exists()


@pytest.mark.holds("S10", "R37")
async def test_attributes_of_the_change_do_not_hide_it(repository: Repository) -> None:
    repository.write(".gitattributes", "*.py linguist-generated -diff binary\n")
    repository.write("seed.py", "x = 2\n")
    for seen in (await read(repository, Range.working_tree()), await _committed(repository)):
        assert seen.by_path["seed.py"].added == {1: "x = 2"}
    repository.write("seed.py", "x = 3\n")
    later = await _committed(repository)
    assert str(later.by_path["seed.py"].not_reviewed) == "generated (.gitattributes)"


async def _committed(repository: Repository) -> Change:
    repository.commit()
    return await read(repository)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.renames", "false"),
        ("diff.orderFile", "/nonexistent"),
        ("diff.context", "0"),
        ("diff.interHunkContext", "50"),
        ("diff.algorithm", "patience"),
        ("diff.submodule", "log"),
        ("diff.ignoreSubmodules", "all"),
        ("diff.relative", "true"),
        ("diff.suppressBlankEmpty", "true"),
        ("diff.wordRegex", "."),
        ("diff.colorMoved", "zebra"),
        ("diff.wsErrorHighlight", "all"),
        ("color.ui", "always"),
        ("core.quotePath", "false"),
        ("core.abbrev", "4"),
        ("status.relativePaths", "true"),
        ("status.showUntrackedFiles", "no"),
        ("status.branch", "true"),
        ("status.short", "true"),
    ],
)
async def test_no_setting_of_a_person_changes_what_is_read(
    repository: Repository, setting: str, value: str
) -> None:
    text = "".join(f"{number}\n\n" for number in range(30))
    repository.write("sub/old é.py", text)
    repository.commit()
    (repository.folder / "sub/old é.py").rename(repository.folder / "sub/new é.py")
    repository.write("sub/new é.py", text.replace("5\n", "five\n"))
    plain = await read(repository, Range.working_tree()), await _committed(repository)
    repository.git("reset", "--quiet", "--soft", "HEAD~1")
    repository.git("reset", "--quiet")
    repository.git("config", setting, value)
    assert await read(repository, Range.working_tree()) == plain[0]
    repository.git("add", "--all")
    assert (await read(repository, Range.index())).files == plain[1].files


@pytest.mark.holds("S13", "R38")
async def test_a_submodule_and_a_nested_repository_are_listed(
    repository: Repository, tmp_path: Path
) -> None:
    other = Repository(tmp_path / "other")
    other.write("evil.py", "x = 1\n")
    other.commit()
    repository.git("submodule", "--quiet", "add", str(other.folder), "library")
    nested = Repository(repository.folder / "nested")
    nested.write("own.py", "x = 1\n")
    nested.commit()
    tree = await read(repository, Range.working_tree())
    kinds = {file.path: file.kind for file in tree.not_reviewed}
    assert kinds == {"library": FileKind.SUBMODULE, "nested": FileKind.SUBMODULE}
    assert {file.path for file in tree.reviewed} == {".gitmodules"}


async def test_an_open_merge_conflict_is_listed_or_shown_once(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.write("seed.py", "x = 2\n")
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.write("seed.py", "x = 3\n")
    repository.commit()
    with pytest.raises(Exception, match="non-zero"):
        repository.git("merge", "--quiet", "topic")
    index = await read(repository, Range.index())
    tree = await read(repository, Range.working_tree())
    assert [str(file.not_reviewed) for file in index.files] == [
        "combined diff (open merge conflict)"
    ]
    assert [file.path for file in tree.files] == ["seed.py"]


async def test_carriage_returns_that_git_adds_on_disk_are_not_the_change(
    repository: Repository,
) -> None:
    repository.write(".gitattributes", "*.py text eol=crlf\n")
    repository.commit()
    repository.write("seed.py", "x = 1\r\ny = 2\r\n")
    (file,) = (await read(repository, Range.working_tree())).files
    assert file.added == {2: "y = 2"}
    assert file.head_text == "x = 1\ny = 2\n"


@pytest.mark.holds("S13", "R38")
def test_disk_is_read_without_following_links_or_leaving(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "a.py").write_text("x")
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("s")
    (root / "link").symlink_to(secret)
    (root / "file").symlink_to(secret / "key")
    os.mkfifo(root / "pipe")
    tree = WorkingTree(root)
    assert tree.read("sub/a.py", 10) == b"x"
    assert tree.read("sub/a.py", 0) is None
    for path in ("link/key", "file", "pipe", "sub", "../secret/key", "/etc/passwd", "", "a\0b"):
        assert tree.read(path, 10) is None
    for path in ("link/key", "../secret/key", "sub/../file", "nothing"):
        assert tree.look(path) is None
    assert [getattr(tree.look(path), "mode", None) for path in ("file", "sub", "pipe")] == [
        "120000",
        "160000",
        "",
    ]


@pytest.mark.holds("S19")
async def test_git_that_does_not_end_is_ended_with_all_that_it_started(
    tmp_path: Path, allowed_program: Callable[[Path | str], None]
) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\n(sleep 1; touch late) &\nsleep 60\n")
    program.chmod(0o755)
    allowed_program(program)
    git = Git(tmp_path, {"PATH": f"{tmp_path}:/usr/bin:/bin"}, timeout_seconds=0.2)
    with pytest.raises(ResourceError, match="git log took more than"):
        await git.run("log")
    await asyncio.sleep(1.2)
    assert not (tmp_path / "late").exists()


@pytest.mark.holds("S19")
async def test_git_that_prints_without_end_is_ended(
    tmp_path: Path,
    allowed_program: Callable[[Path | str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nyes\n")
    program.chmod(0o755)
    allowed_program(program)
    monkeypatch.setattr(process, "OUTPUT_LIMIT_BYTES", 5_000_000)
    with pytest.raises(ResourceError, match="printed more than 5 MB"):
        await Git(tmp_path, {"PATH": f"{tmp_path}:/usr/bin:/bin"}).run("log")


@pytest.mark.holds("S13", "R37")
async def test_git_is_never_taken_from_the_folder_that_is_reviewed(
    repository: Repository,
) -> None:
    repository.write("git", "#!/bin/sh\nexit 1\n").chmod(0o755)
    for path in ("", ".", ":.", "bin"):
        git = Git(repository.folder, {"PATH": path})
        with pytest.raises(UserError, match="not installed"):
            await git.run("version")
