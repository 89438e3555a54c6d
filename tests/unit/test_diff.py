"""Patches become file changes: every oddity of git and diff, and refusals that name the line."""

from __future__ import annotations

import pytest

from reviewer.domain.change import FileChange, FileKind, FileStatus, NotReviewedReason, Side
from reviewer.domain.classification import Classifier
from reviewer.domain.diff import file_of_section, parse_patch
from reviewer.domain.patch_section import split_patch


def _only(patch: str | bytes) -> FileChange:
    files = parse_patch(patch)
    assert len(files) == 1
    return files[0]


def _edit(path: str = "a.py", old: str = "x", new: str = "y") -> str:
    return (
        f"diff --git a/{path} b/{path}\nindex 1111111..2222222 100644\n"
        f"--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-{old}\n+{new}\n"
    )


@pytest.mark.parametrize("patch", ["", "\n", " \n\n"])
def test_an_empty_patch_is_an_empty_change(patch: str) -> None:
    assert parse_patch(patch) == ()


def test_a_new_file_has_its_whole_head_text() -> None:
    file = _only(
        "diff --git a/run b/run\nnew file mode 100755\nindex 0000000..2222222\n"
        "--- /dev/null\n+++ b/run\n@@ -0,0 +1,2 @@\n+#!/bin/sh\n+exit 1\n"
    )
    assert file.status is FileStatus.ADDED
    assert file.head_mode == "100755"
    assert file.base_mode is None
    assert file.head_text == "#!/bin/sh\nexit 1\n"
    assert file.base_text is None
    assert file.language == "bash"


def test_a_new_empty_file_has_an_empty_head_text() -> None:
    file = _only("diff --git a/a b.py b/a b.py\nnew file mode 100644\nindex 0000000..e69de29\n")
    assert (file.path, file.status, file.head_text) == ("a b.py", FileStatus.ADDED, "")
    assert file.hunks == ()


def test_a_deleted_file_has_its_whole_base_text() -> None:
    file = _only(
        "diff --git a/a.py b/a.py\ndeleted file mode 100644\nindex 1111111..0000000\n"
        "--- a/a.py\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n\\ No newline at end of file\n"
    )
    assert file.status is FileStatus.DELETED
    assert file.base_text == "a\nb"
    assert file.head_text is None
    assert file.removed == {1: "a", 2: "b"}
    location = file.locate(Side.BASE, 1, 2)
    assert location is not None
    assert file.is_commentable(location)


def test_a_pure_rename_has_no_hunks() -> None:
    file = _only(
        "diff --git a/old name.py b/new name.py\nsimilarity index 100%\n"
        "rename from old name.py\nrename to new name.py\n"
    )
    assert (file.base_path, file.path) == ("old name.py", "new name.py")
    assert file.status is FileStatus.RENAMED
    assert file.hunks == ()


def test_a_rename_with_an_edit_has_hunks() -> None:
    file = _only(
        "diff --git a/x/old.py b/y/new.py\nsimilarity index 90%\nrename from x/old.py\n"
        "rename to y/new.py\nindex 1111111..2222222 100644\n--- a/x/old.py\n+++ b/y/new.py\n"
        "@@ -4,2 +4,2 @@ def f():\n a\n-b\n+c\n"
    )
    assert (file.base_path, file.path) == ("x/old.py", "y/new.py")
    assert file.added == {5: "c"}
    assert file.hunks[0].heading == "def f():"


def test_a_copy_is_no_rename() -> None:
    file = _only("diff --git a/a.py b/b.py\nsimilarity index 100%\ncopy from a.py\ncopy to b.py\n")
    assert (file.status, file.base_path, file.path) == (FileStatus.COPIED, "a.py", "b.py")


def test_a_mode_change_alone_is_one() -> None:
    file = _only("diff --git a/a b b/a b\nold mode 100644\nnew mode 100755\n")
    assert (file.path, file.status) == ("a b", FileStatus.MODE_CHANGED)
    assert (file.base_mode, file.head_mode) == ("100644", "100755")


def test_a_mode_change_with_an_edit_is_an_edit() -> None:
    file = _only(_edit().replace("index", "old mode 100644\nnew mode 100755\nindex"))
    assert file.status is FileStatus.MODIFIED
    assert file.head_mode == "100755"


@pytest.mark.holds("S8", "P25")
@pytest.mark.parametrize(
    "body",
    [
        "Binary files a/x.png and b/x.png differ\n",
        "GIT binary patch\nliteral 3\nKcmZ\n\nliteral 0\nHcmV?d00001\n\n",
    ],
)
def test_binary_files_are_listed(body: str) -> None:
    files = parse_patch(
        f"diff --git a/x.png b/x.png\nindex 1111111..2222222 100644\n{body}{_edit()}"
    )
    assert [file.path for file in files] == ["x.png", "a.py"]
    assert files[0].kind is FileKind.BINARY
    assert str(files[0].not_reviewed) == "binary"
    assert files[1].reviewed


@pytest.mark.holds("R38", "P25")
def test_a_submodule_is_listed() -> None:
    file = _only(
        "diff --git a/lib b/lib\nindex 1111111..2222222 160000\n--- a/lib\n+++ b/lib\n"
        "@@ -1 +1 @@\n-Subproject commit 1111111\n+Subproject commit 2222222\n"
    )
    assert file.kind is FileKind.SUBMODULE
    assert file.not_reviewed is not None
    assert file.not_reviewed.reason is NotReviewedReason.SUBMODULE


@pytest.mark.holds("R38", "P25")
def test_a_symbolic_link_is_listed() -> None:
    file = _only(
        "diff --git a/l b/l\nnew file mode 120000\nindex 0000000..2222222\n--- /dev/null\n"
        "+++ b/l\n@@ -0,0 +1 @@\n+/etc/passwd\n\\ No newline at end of file\n"
    )
    assert file.kind is FileKind.SYMLINK
    assert not file.reviewed


def test_a_link_that_becomes_a_file_is_one_change_of_type() -> None:
    file = _only(
        "diff --git a/l.py b/l.py\ndeleted file mode 120000\nindex 1111111..0000000\n"
        "--- a/l.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-t.py\n\\ No newline at end of file\n"
        "diff --git a/l.py b/l.py\nnew file mode 100644\nindex 0000000..2222222\n"
        "--- /dev/null\n+++ b/l.py\n@@ -0,0 +1 @@\n+x = 1\n"
    )
    assert file.status is FileStatus.TYPE_CHANGED
    assert (file.base_mode, file.head_mode) == ("120000", "100644")
    assert file.head_text == "x = 1\n"
    assert file.base_text is None


def test_carriage_returns_of_the_file_stay() -> None:
    file = _only(_edit(old="x\r", new="y\r"))
    assert file.added == {1: "y\r"}


def test_carriage_returns_of_the_whole_patch_go() -> None:
    file = _only(_edit().replace("\n", "\r\n"))
    assert file.path == "a.py"
    assert file.added == {1: "y"}


def test_a_patch_in_utf_16_is_read() -> None:
    assert _only(_edit(new="é").encode("utf-16")).added == {1: "é"}


def test_a_byte_order_mark_is_no_part_of_the_patch() -> None:
    assert _only(b"\xef\xbb\xbf" + _edit().encode()).path == "a.py"


@pytest.mark.parametrize("marker", ["No newline at end of file", "Kein Zeilenumbruch am Dateiende"])
def test_a_missing_final_newline_is_kept(marker: str) -> None:
    new = "diff --git a/n b/n\nnew file mode 100644\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+b\n"
    assert _only(f"{new}\\ {marker}\n").head_text == "b"
    assert _only(new).head_text == "b\n"
    both = _edit().replace("-x\n", f"-x\n\\ {marker}\n") + f"\\ {marker}\n"
    assert _only(both).added == {1: "y"}


@pytest.mark.holds("P05", "P25")
def test_quoted_names_are_bytes_in_octal() -> None:
    file = _only(
        'diff --git "a/\\303\\251 \\"q\\"\\t.py" "b/\\303\\251 \\"q\\"\\t.py"\n'
        'index 1111111..2222222 100644\n--- "a/\\303\\251 \\"q\\"\\t.py"\n'
        '+++ "b/\\303\\251 \\"q\\"\\t.py"\n@@ -1 +1 @@\n-x\n+y\n'
    )
    assert file.path == 'é "q"\t.py'


def test_a_name_that_is_not_utf_8_can_be_encoded_back() -> None:
    file = _only('diff --git "a/\\377" "b/\\377"\nold mode 100644\nnew mode 100755\n')
    assert file.path.encode("utf-8", "surrogateescape") == b"\xff"


def test_a_name_with_spaces_ends_at_the_tab() -> None:
    patch = _edit("a b/c d.py").replace("c d.py\n@@", "c d.py\t\n@@")
    assert _only(patch).path == "a b/c d.py"


@pytest.mark.parametrize("prefixes", [("i", "w"), ("c", "i"), ("c", "w"), ("o", "w")])
def test_mnemonic_prefixes_are_no_folders(prefixes: tuple[str, str]) -> None:
    left, right = prefixes
    patch = _edit("src/a.py").replace(" a/", f" {left}/").replace(" b/", f" {right}/")
    assert _only(patch).path == "src/a.py"


@pytest.mark.parametrize("path", ["a.py", "src/a.py", "a/b.py", "with space.py"])
def test_no_prefix_is_needed(path: str) -> None:
    patch = _edit(path).replace(" a/", " ").replace(" b/", " ")
    if path == "a/b.py":
        patch = _edit("@").replace("a/@", path).replace("b/@", path)
    assert _only(patch).path == path


def test_counts_may_be_omitted() -> None:
    hunk = _only(_edit()).hunks[0]
    assert (hunk.base_start, hunk.base_count, hunk.head_start, hunk.head_count) == (1, 1, 1, 1)


@pytest.mark.parametrize("word", ["cc", "combined"])
def test_a_combined_diff_is_listed(word: str) -> None:
    files = parse_patch(
        f"diff --{word} a b.py\nindex 1111111,2222222..3333333\n--- a/a b.py\n+++ b/a b.py\n"
        f"@@@ -1,1 -1,1 +1,1 @@@\n- x\n -y\n++z\n{_edit('c.py')}"
    )
    assert [file.path for file in files] == ["a b.py", "c.py"]
    assert str(files[0].not_reviewed) == "combined diff (a merge)"
    assert files[1].reviewed


@pytest.mark.holds("P05", "P25")
def test_lines_that_look_like_headers_are_lines() -> None:
    file = _only(
        "diff --git a/q.sql b/q.sql\n--- a/q.sql\n+++ b/q.sql\n@@ -1,4 +1,3 @@\n"
        "--- old comment\n--- a/q.sql\n+++ new\n @@ -1 +1 @@\n diff --git a/x b/x\n"
    )
    assert file.removed == {1: "-- old comment", 2: "-- a/q.sql"}
    assert file.added == {1: "++ new"}
    assert [line.text for line in file.hunks[0].lines][-1] == "diff --git a/x b/x"


@pytest.mark.holds("P05", "P25")
def test_a_hunk_may_only_delete_and_come_last() -> None:
    file = _only("--- a/x.c\n+++ b/x.c\n@@ -1,1 +1,2 @@\n a\n+b\n@@ -9,2 +10,0 @@\n-c\n-d\n")
    assert file.removed == {9: "c", 10: "d"}
    location = file.locate(Side.BASE, 1, 99)
    assert location is not None
    assert (location.start_line, location.end_line) == (9, 10)
    assert file.locate(Side.HEAD, 3, 99) is None


def test_adjacent_hunks_stay_two() -> None:
    file = _only("--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n@@ -2 +2 @@\n-c\n+d\n")
    assert len(file.hunks) == 2
    location = file.locate(Side.HEAD, 1, 2)
    assert location is not None
    assert (location.start_line, location.end_line) == (1, 1)


@pytest.mark.parametrize("odd", ["\r", "\u2028", "\f", "\v", "\x85", "\x1c"])
def test_only_a_newline_ends_a_line(odd: str) -> None:
    file = _only(_edit(new=f"a{odd}b"))
    assert file.added == {1: f"a{odd}b"}


@pytest.mark.holds("R40")
def test_one_very_long_line_is_a_line() -> None:
    text = "x" * 140_000
    assert _only(_edit(new=text)).added == {1: text}


def test_empty_context_lines_may_have_lost_their_space() -> None:
    file = _only("--- a/x.c\n+++ b/x.c\n@@ -1,3 +1,3 @@\n a\n\n-b\n+c\n")
    assert file.added == {3: "c"}


@pytest.mark.holds("S19")
def test_a_huge_generated_file_is_listed_without_reading_its_hunks() -> None:
    lines = "+x\n" * 6_000_000
    files = parse_patch(
        "diff --git a/g.py b/g.py\nnew file mode 100644\n--- /dev/null\n+++ b/g.py\n"
        f"@@ -0,0 +1,6000000 @@\n{lines}{_edit()}"
    )
    assert str(files[0].not_reviewed) == "too large (18.0 MB)"
    assert files[1].reviewed


def test_a_file_that_is_not_utf_8_is_listed() -> None:
    file = _only(_edit(new="?").encode().replace(b"?", b"\xe9"))
    assert str(file.not_reviewed) == "not valid UTF-8"


def test_a_change_that_mends_the_encoding_is_reviewed() -> None:
    file = _only(_edit(old="?", new="é").encode().replace(b"-?", b"-\xe9"))
    assert file.added == {1: "é"}
    assert file.removed == {1: "\ufffd"}


def test_a_nul_byte_makes_a_file_binary_whatever_the_patch_calls_it() -> None:
    file = _only(_edit(new="a\0b"))
    assert (file.kind, str(file.not_reviewed)) == (FileKind.BINARY, "binary")


@pytest.mark.holds("S19")
def test_a_diff_of_megabytes_is_listed() -> None:
    assert str(_only(_edit(new="x" * 2_100_000)).not_reviewed) == "too large (its diff, 2.1 MB)"


def test_the_first_lines_count_where_the_hunks_show_them() -> None:
    marked = "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n {}\n-x\n+y\n"
    assert str(_only(marked.format("# @generated")).not_reviewed) == "generated (says so in line 1)"
    assert _only(marked.format("#!/bin/sh")).language == "bash"
    assert _only(marked.format("#!/bin/sh").replace("-1,2 +1,2", "-5,2 +5,2")).language is None


def test_the_base_text_gives_the_head_text_where_the_hunks_apply() -> None:
    (section,) = split_patch(_edit().encode())
    whole = file_of_section(section, Classifier(), base_text="x\nz")
    assert (whole.base_text, whole.head_text) == ("x\nz", "y\nz")
    other = file_of_section(section, Classifier(), base_text="other\n")
    assert (other.base_text, other.head_text) == (None, None)
    assert other.added == {1: "y"}


def test_a_combined_diff_says_whether_the_file_is_new_or_gone() -> None:
    head = "diff --cc a.py\nindex 1111111,2222222..0000000\n"
    assert _only(f"{head}new file mode 100644\n").status is FileStatus.ADDED
    assert _only(f"{head}deleted file mode 100644,100644\n").status is FileStatus.DELETED
