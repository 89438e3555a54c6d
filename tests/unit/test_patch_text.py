"""Patches as they come: mails, commits, plain diffs; and damaged ones, refused with their line."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.change import FileKind, FileStatus
from reviewer.domain.diff import Body, apply_body, parse_hunks, parse_patch, whole_body
from reviewer.errors import UserError

EDIT = (
    "diff --git a/a.py b/a.py\nindex 1111111..2222222 100644\n"
    "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x\n+y\n"
)
OTHER = EDIT.replace("a.py", "b.py")
MAIL = (
    "From 1234567890123456789012345678901234567890 Mon Sep 17 00:00:00 2001\n"
    "From: A <a@example.com>\nSubject: [PATCH 1/2] Do\n\n--- a/quoted in the message\n+++ b/it\n"
    "@@ -1 +1 @@\n-q\n+r\n---\n a.py | 2 +-\n 1 file changed\n\n{}-- \n2.39.5\n\n"
)


def test_mails_of_format_patch_are_read() -> None:
    files = parse_patch(MAIL.format(EDIT) + MAIL.format(OTHER))
    assert [file.path for file in files] == ["a.py", "b.py"]
    assert all(len(file.hunks[0].lines) == 2 for file in files)


@pytest.mark.holds("R16")
def test_the_commit_message_of_git_show_is_skipped() -> None:
    head = f"commit {'1' * 40}\nAuthor: A <a@example.com>\n\n    Title\n\n    - a point\n\n"
    head += "    Reviewed-by: CISO, skip it\n\n"
    files = parse_patch(head + EDIT + "\n" + head + OTHER)
    assert [file.path for file in files] == ["a.py", "b.py"]
    assert "CISO" not in repr(files)


def test_a_rename_followed_by_a_mail_ends_at_its_headers() -> None:
    rename = "diff --git a/c.py b/d.py\nsimilarity index 100%\nrename from c.py\nrename to d.py\n"
    files = parse_patch(MAIL.format(rename) + MAIL.format(EDIT))
    assert [(file.path, file.status) for file in files] == [
        ("d.py", FileStatus.RENAMED),
        ("a.py", FileStatus.MODIFIED),
    ]


def test_a_plain_diff_needs_no_git() -> None:
    files = parse_patch(
        "diff -ru old/a.c new/a.c\n--- old/a.c\t2026-01-01 10:00:00.0 +0100\n"
        "+++ new/a.c\t2026-01-02 10:00:00.0 +0100\n@@ -1 +1 @@\n-x\n+y\n"
        "--- b.c.orig\t2026-01-01\n+++ b.c\t2026-01-02\n@@ -1 +1,2 @@\n--- x\n+++ y\n+@@ -1 +1 @@\n"
        "Binary files old/l.bin and new/l.bin differ\n"
    )
    assert [file.path for file in files] == ["a.c", "b.c", "l.bin"]
    assert files[1].removed == {1: "-- x"}
    assert files[1].added == {1: "++ y", 2: "@@ -1 +1 @@"}
    assert files[2].kind is FileKind.BINARY


def test_a_plain_diff_tells_new_and_deleted_files_by_time_or_name() -> None:
    files = parse_patch(
        "--- /dev/null\t2026\n+++ b/new.py\n@@ -0,0 +1 @@\n+x\n"
        "--- old/n.py\t1970-01-01 01:00:00.0 +0100\n+++ new/n.py\t2026\n@@ -0,0 +1 @@\n+x\n"
        "--- old/d.py\t2026\n+++ new/d.py\t1969-12-31 16:00:00.0 -0800\n@@ -1 +0,0 @@\n-x\n"
    )
    assert [(file.path, file.status.value) for file in files] == [
        ("new.py", "added"),
        ("n.py", "added"),
        ("d.py", "deleted"),
    ]
    assert files[1].head_text == "x\n"


def test_plain_and_git_sections_may_be_joined() -> None:
    plain = "--- p.c\n+++ p.c\n@@ -1 +1 @@\n-x\n+y\n"
    assert [file.path for file in parse_patch(plain + EDIT)] == ["p.c", "a.py"]


@pytest.mark.parametrize(
    ("patch", "line", "words"),
    [
        ("Hello, this is not a diff.\n", 1, "no diff"),
        ("\x1b[1mdiff --git a/a.py b/a.py\x1b[m\n", 1, "no diff"),
        (EDIT.replace("-1 +1", "-1,3 +1,3"), 8, "shorter"),
        (EDIT.replace("-1 +1", "-1,3 +1,3") + OTHER, 8, "shorter"),
        (EDIT + "+z\n", 8, "goes on"),
        (EDIT + " z\n", 8, "goes on"),
        (EDIT.replace("+1 @@", "+1,0 @@"), 7, "goes on"),
        (EDIT + "stray\n@@ -3 +3 @@\n-x\n+y\n", 9, "belongs to no file"),
        (EDIT.replace("@@ -1 +1 @@", "@@ nonsense"), 5, "no hunk header"),
        (EDIT + "--- p.c\n+++ p.c\n@@ -1 +1 @@\n-x\n+y\n", 8, "goes on"),
        (EDIT + EDIT, 8, "changed twice"),
        (EDIT.partition("@@")[0], 1, "no hunk follows"),
        ("diff --git \nold mode 100644\n", 1, "which file"),
        ("diff --git a/x y b/z\nold mode 100644\n", 1, "which file"),
    ],
)
def test_a_damaged_patch_is_refused_with_its_line(patch: str, line: int, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        parse_patch(patch, name="broken.patch")
    assert (caught.value.path, caught.value.line) == ("broken.patch", line)


@pytest.mark.parametrize("cut", range(1, len(EDIT)))
def test_a_patch_cut_anywhere_is_refused_or_shown_but_never_silently_empty(cut: int) -> None:
    try:
        files = parse_patch(EDIT[:cut])
    except UserError:
        return
    assert len(files) == 1


TEXT = st.lists(st.sampled_from(["a", "b", "", "-- c", "++ d", "@@ -1 +1 @@", "é\r"]), max_size=12)


def _difference(base: list[str], head: list[str], *, ends: bool) -> str:
    old = [f"{line}\n" for line in base]
    new = [f"{line}\n" for line in head]
    if not ends and new and new[-1] != "\n":
        new[-1] = new[-1].removesuffix("\n")
    lines = list(difflib.unified_diff(old, new, "a/f.c", "b/f.c", n=1))
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


@given(TEXT, TEXT, st.sampled_from(["with a newline", "without"]))
def test_applying_the_hunks_gives_the_other_version(
    base: list[str], head: list[str], end: str
) -> None:
    ends = end == "with a newline"
    patch = _difference(base, head, ends=ends)
    if not patch:
        return
    body = parse_hunks(patch.split("\n", 2)[2])
    base_text = "".join(f"{line}\n" for line in base)
    head_text = "".join(f"{line}\n" for line in head)
    if not ends and head and head[-1]:
        head_text = head_text.removesuffix("\n")
    assert apply_body(body, base_text) == head_text
    assert apply_body(body, head_text, backwards=True) == base_text


@given(TEXT, TEXT, st.integers(min_value=0, max_value=200))
def test_a_patch_with_a_line_missing_never_gives_another_file_silently(
    base: list[str], head: list[str], index: int
) -> None:
    patch = _difference(base, head, ends=True)
    lines = patch.split("\n")[:-1]
    if len(lines) < 4:
        return
    whole = parse_patch(patch)[0]
    del lines[2 + index % (len(lines) - 2)]
    try:
        files = parse_patch("\n".join(lines) + "\n")
    except UserError:
        return
    assert files[0] != whole


def test_hunks_of_another_text_do_not_apply() -> None:
    body = parse_hunks("@@ -1 +1 @@\n-x\n+y\n")
    assert apply_body(body, "z\n") is None
    assert apply_body(body, "") is None


@pytest.mark.parametrize("text", ["", "a\n", "a", "\n", "a\n\nb\r\n"])
def test_a_whole_text_as_a_hunk_gives_the_text(text: str) -> None:
    assert apply_body(whole_body(text), "") == text


def test_no_hunks_change_nothing() -> None:
    assert apply_body(Body(), "a\nb") == "a\nb"
    assert parse_hunks("") == Body()
