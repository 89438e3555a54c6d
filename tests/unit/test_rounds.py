"""What changed since the last review, by the author's own patch of each file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewer.domain.change import Change, FileChange, FileStatus, NotReviewedReason
from reviewer.domain.checklist import Verdict
from reviewer.domain.history import HeardAnswer, History, SeenFile
from reviewer.domain.patch_name import line_names, patch_name
from reviewer.domain.rounds import Delta, compare, follow, match_files
from reviewer.testing.builders import build_change, build_file, build_unreviewed_file

LINES = "".join(f"value_{number} = {number}\n" for number in range(12))
NEW = build_file("new.py", after=LINES)
OLD = build_file("old.py", before=LINES, after=LINES.replace("value_3 = 3", "value_3 = 4"))


def seen(file: FileChange, **more: object) -> SeenFile:
    origin = "" if file.first_path == file.path else file.first_path
    entry = SeenFile(path=file.path, patch=patch_name(file), lines=line_names(file), origin=origin)
    return replace(entry, **more)  # type: ignore[arg-type]


def after(*files: FileChange, **more: object) -> History:
    known = History(
        generation=1,
        head_sha="3f9c2ab" + "0" * 33,
        look="look",
        files=tuple(map(seen, files)),
        whole=True,
        trusted=True,
    )
    return replace(known, **more)  # type: ignore[arg-type]


def delta(history: History | None, *files: FileChange, full: bool = False) -> Delta:
    return compare(history, follow(build_change(*files), history), "look", full=full)


@pytest.mark.parametrize(
    "history", [None, History(), History(trusted=True)], ids=["none", "empty", "signed"]
)
def test_a_first_round_looks_at_everything_and_says_nothing(history: History | None) -> None:
    found = delta(history, NEW, OLD)
    assert (found.looked, found.unchanged, found.note()) == (("new.py", "old.py"), frozenset(), "")


@pytest.mark.parametrize(
    ("history", "full", "why"),
    [
        (after(NEW, OLD), True, "somebody asked for it"),
        (after(NEW, OLD, look="other"), False, "the configuration changed"),
        (after(NEW, OLD, whole=False), False, "the last review was not whole"),
        (after(whole=False), False, "the last review was too large to be kept"),
        (after(NEW, OLD, head_sha=""), False, "the last reviewed commit is not known"),
        (after(NEW, trusted=False), False, "what earlier rounds left behind is not signed"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_everything_is_looked_at_again_for_a_reason(
    *,
    history: History,
    full: bool,
    why: str,
) -> None:
    found = delta(history, NEW, OLD, full=full)
    assert found.note() == f"everything was looked at again: {why}"
    assert found.looked == ("new.py", "old.py")
    assert not found.incremental


@pytest.mark.holds("P09")
def test_the_same_patches_are_no_change_by_the_author() -> None:
    found = delta(after(NEW, OLD), NEW, OLD)
    assert found.note() == "no change by the author since 3f9c2ab: nothing was asked again"
    assert found.unchanged == {"new.py", "old.py"}


@pytest.mark.holds("P09")
def test_one_file_that_changed_is_looked_at() -> None:
    edited = build_file("new.py", after=LINES.replace("value_9", "value_10"))
    found = delta(after(NEW, OLD), edited, OLD)
    assert found.note() == "1 of 2 files changed since 3f9c2ab"
    assert found.note(["A"]).endswith("; A also looked at what had not changed")
    assert found.note(["A", "B", "C"]).endswith("; A, B and C also looked at what had not changed")
    assert found.looked == ("new.py",)
    assert found.unchanged == {"old.py"}


def test_files_that_nobody_reviews_may_have_changed() -> None:
    lock = build_unreviewed_file("poetry.lock", NotReviewedReason.LOCK_FILE)
    found = delta(after(OLD), OLD, lock)
    assert found.note() == "no reviewed file changed since 3f9c2ab: nothing was asked again"


def test_a_file_that_left_is_told() -> None:
    assert delta(after(NEW, OLD), NEW).note() == (
        "1 file left the change since 3f9c2ab: nothing was asked again"
    )
    assert delta(after(OLD, NEW), build_file("x.py", after="a = 1\n")).note() == (
        "1 of 1 file changed since 3f9c2ab, 2 files left the change"
    )


def test_a_file_that_was_not_shown_is_looked_at_although_it_is_the_same() -> None:
    history = after(OLD, files=(seen(OLD), seen(NEW, patch="", lines=frozenset())))
    found = delta(history, OLD, NEW)
    assert found.looked == ("new.py",)
    assert found.note() == (
        "no change by the author since 3f9c2ab, 1 file had not been shown in full"
    )


def test_git_s_own_renames_keep_the_first_path() -> None:
    moved = replace(OLD, path="moved.py", base_path="old.py", status=FileStatus.RENAMED)
    again = replace(moved, path="lib/moved.py")
    assert follow(build_change(moved), after(OLD)).files == (moved,)
    (file,) = follow(build_change(again), after(moved)).files
    assert file.first_path == "old.py"


def test_a_base_that_takes_over_a_rename_changes_no_name() -> None:
    moved = replace(OLD, path="moved.py", base_path="old.py", status=FileStatus.RENAMED)
    merged = replace(moved, base_path=None, status=FileStatus.MODIFIED)
    (file,) = follow(build_change(merged), after(moved)).files
    assert file.first_path == "old.py"


def test_an_added_file_under_another_name_is_known_by_its_lines() -> None:
    edited = LINES.replace("value_9 = 9\n", "value_9 = 10\n")
    change = build_change(build_file("lib/new.py", after=edited))
    (file,) = follow(change, after(NEW)).files
    assert (file.first_path, file.path) == ("new.py", "lib/new.py")
    other = build_change(build_file("lib/new.py", after="something = 'else'\n" * 12))
    assert follow(other, after(NEW)) is other


def test_of_a_rename_and_a_new_file_in_its_place_each_keeps_its_own() -> None:
    moved = replace(OLD, path="moved.py", base_path="old.py", status=FileStatus.RENAMED)
    fresh = build_file("other.py", after="fresh = True\n")
    matched = match_files(build_change(fresh, moved), after(NEW, OLD))
    assert {path: entry.path for path, entry in matched.items()} == {"moved.py": "old.py"}


def test_a_copy_is_a_file_of_its_own() -> None:
    copy = replace(OLD, path="copy.py", base_path="old.py", status=FileStatus.COPIED)
    assert copy.first_path == "copy.py"


@pytest.mark.holds("S15")
def test_without_a_signature_no_rename_is_believed() -> None:
    change = build_change(build_file("lib/new.py", after=LINES))
    assert follow(change, after(NEW, trusted=False)) is change


def test_an_answer_counts_for_the_files_that_it_is_about_and_that_did_not_change() -> None:
    def answer(rule: str, *paths: str) -> HeardAnswer:
        return HeardAnswer(
            persona="p", rule_id=rule, verdict=Verdict.PASS, reason="", paths=frozenset(paths)
        )

    third = build_file("third.py", after="a = 1\n")
    history = after(NEW, OLD, third, answers=(answer("A"), answer("B", "new.py", "third.py")))
    changed = build_file("third.py", after="a = 2\n")
    found = delta(history, NEW, OLD, changed)
    assert found.covered("p", "A") == {"new.py", "old.py"}
    assert found.covered("p", "B") == {"new.py"}
    assert found.covered("p", "C") == frozenset()
    assert found.covered("q", "A") == frozenset()


def test_a_change_without_files_is_compared_too() -> None:
    empty: Change = build_change()
    assert compare(after(NEW), empty, "look").note().startswith("1 file left the change")
