"""Patch text to file changes: hunks through unidiff, whole texts rebuilt where a patch holds them.

The order matters for cost and for honesty: a patch is cut into sections, each is classified by
name and size, and only what is reviewed is decoded and parsed. unidiff takes a combined diff or a
stray line for no hunk at all, so the counts of every hunk are followed here first, and a patch
that does not add up is refused with the line on which it goes wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from unidiff.patch import PatchedFile, PatchSet

from reviewer.domain.change import (
    FileChange,
    FileKind,
    FileStatus,
    Hunk,
    Line,
    LineKind,
    NotReviewed,
    NotReviewedReason,
)
from reviewer.domain.classification import TEXT_LIMIT_BYTES, Classifier, is_binary, too_large
from reviewer.domain.hunk_counts import follow_counts
from reviewer.domain.language import language_of
from reviewer.domain.patch_section import Section, split_patch
from reviewer.errors import UserError

#: A rewritten file shows both its versions, so its hunks may be twice as long as its text.
_BODY_LIMIT_BYTES = 2 * TEXT_LIMIT_BYTES

_CARRIAGE_RETURN = re.compile(rb"^(?:diff --git|--- )[^\n]*\r$", re.MULTILINE)
_NO_NEWLINE = "\\ No newline at end of file"
_FILE_HEADER = "--- a\n+++ b\n"
#: What has no text at one side that the other could be made from.
_ONE_SIDED = frozenset({FileStatus.ADDED, FileStatus.DELETED, FileStatus.TYPE_CHANGED})
_ROLES = {"+": LineKind.ADDED, "-": LineKind.REMOVED, " ": LineKind.CONTEXT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The hunks of one file, and whether either version ends in them without a newline."""

    hunks: tuple[Hunk, ...] = ()
    base_unterminated: bool = False
    head_unterminated: bool = False


def normalise_patch(patch: bytes | str) -> bytes:
    """Undo what editors, shells and mail programs do to a patch as a whole.

    Args:
        patch: The patch; a text that is not all valid UTF-8 comes with surrogate escapes.

    Returns:
        Its bytes in UTF-8 without a byte order mark. Where even git's own header lines end in a
        carriage return, every line has got one that is not the file's, and it is removed.
    """
    raw = patch.encode("utf-8", "surrogateescape") if isinstance(patch, str) else patch
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        # Windows PowerShell writes UTF-16 when output is redirected into a file.
        raw = raw.decode("utf-16", "replace").encode("utf-8", "replace")
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    if _CARRIAGE_RETURN.search(raw) is not None:
        raw = raw.replace(b"\r\n", b"\n")
    return raw


def parse_patch(
    patch: bytes | str, *, classifier: Classifier | None = None, name: str = "patch"
) -> tuple[FileChange, ...]:
    """Turn a patch into file changes.

    Args:
        patch: The output of ``git diff``, ``git show``, ``git format-patch`` or ``diff -u``.
        classifier: Says which files are only listed; without one, our own guesses do.
        name: What people call the patch, for errors.

    Returns:
        Every file of the patch, in order. New files have their head text, deleted ones their
        base text; of other files a patch does not hold the whole text.

    Raises:
        UserError: The patch is damaged, or holds the same file twice.
    """
    raw = normalise_patch(patch)
    sections = split_patch(raw, name)
    refuse_repeated(sections, name)
    rules = classifier or Classifier()
    return tuple(file_of_section(section, rules, name=name) for section in sections)


def refuse_repeated(sections: Sequence[Section], name: str) -> None:
    """Refuse a series of commits that change one file twice: its lines cannot be told.

    Raises:
        UserError: A path is the head of two sections.
    """
    seen: dict[str, Section] = {}
    for section in sections:
        if section.path in seen:
            raise UserError(
                f"{section.path} is changed twice, first in line "
                f"{section.line_of(seen[section.path].start)}: this is a series of patches",
                path=name,
                line=section.line_of(section.start),
                hint="Give one patch for all commits: `git diff BASE...HEAD`.",
            )
        seen[section.path] = section


def file_of_section(
    section: Section,
    classifier: Classifier,
    *,
    base_text: str | None = None,
    name: str = "patch",
) -> FileChange:
    """Turn one section of a patch into a file change.

    Args:
        section: The section.
        classifier: Says whether the file is only listed.
        base_text: The whole text at the base where it is known and the section applies to it.
        name: What people call the patch, for errors.

    Raises:
        UserError: A hunk is damaged.
    """
    listed = _not_reviewed(section, classifier)
    if listed is not None:
        return listed_file(section, listed)
    text = decode_body(section)
    if text is None:
        return listed_file(section, NotReviewed(reason=NotReviewedReason.UNDECODABLE))
    try:
        body = parse_hunks(text, name=name)
    except UserError:
        # Only now: counting the lines before every section costs the square of a long patch.
        body = parse_hunks(text, name=name, first_line=section.line_of(section.body))
    file = with_texts(_file(section), body, base_text=base_text)
    known = file.base_text if file.status is FileStatus.DELETED else file.head_text
    shown = opening(file) if known is None else known
    judged = classifier.by_text(file.path, shown)
    if judged is not None:
        return listed_file(section, judged)
    return replace(file, language=language_of(file.path, shown.partition("\n")[0]))


def listed_file(section: Section, reason: NotReviewed) -> FileChange:
    """Return the file of a section that is only listed."""
    return only_listed(replace(_file(section), language=language_of(section.path)), reason)


def only_listed(file: FileChange, reason: NotReviewed) -> FileChange:
    """Turn a file of which nothing but its name is known into one that is only listed."""
    kind = file.kind
    if reason.reason is NotReviewedReason.BINARY and kind is FileKind.TEXT:
        kind = FileKind.BINARY
    return replace(file, kind=kind, not_reviewed=reason)


def with_texts(
    file: FileChange, body: Body, *, base_text: str | None = None, head_text: str | None = None
) -> FileChange:
    """Give a file its hunks and the whole texts that follow from them.

    Args:
        file: The file without hunks.
        body: Its hunks.
        base_text: The whole text at the base, where that is the one that is known.
        head_text: The whole text at the head, where that is the one that is known.
    """
    if file.status is FileStatus.DELETED:
        base_text, head_text = apply_body(body, "", backwards=True), None
    elif file.status in {FileStatus.ADDED, FileStatus.TYPE_CHANGED}:
        base_text, head_text = None, apply_body(body, "")
    elif head_text is not None:
        base_text = apply_body(body, head_text, backwards=True)
    elif base_text is not None:
        head_text = apply_body(body, base_text)
    if file.status not in _ONE_SIDED and None in {base_text, head_text}:
        # The patch was not made from this text: then neither version is known.
        base_text = head_text = None
    return replace(file, hunks=body.hunks, base_text=base_text, head_text=head_text)


def parse_hunks(text: str, *, name: str = "patch", first_line: int = 1) -> Body:
    """Parse the hunks of one file.

    Args:
        text: From the first ``@@`` to the end of the section; a mail's signature may follow.
        name: What people call the patch, for errors.
        first_line: The line of the patch on which the text begins.

    Raises:
        UserError: A hunk is longer or shorter than its header says, or is no hunk.
    """
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    if not lines:
        return Body()
    end, hunk_count = follow_counts(lines, name, first_line)
    # Other languages of git's messages say this line in other words; unidiff knows English.
    body = [_NO_NEWLINE if line.startswith("\\") else line for line in lines[:end]]
    parsed = PatchSet(_FILE_HEADER + "\n".join(body) + "\n")
    if len(parsed) != 1 or len(parsed[0]) != hunk_count:
        raise UserError("this hunk cannot be read", path=name, line=first_line)
    return _body(parsed[0])


def whole_body(text: str) -> Body:
    """Return the hunk that adds a whole text, as git would show a new file."""
    lines = text.split("\n")
    unterminated = lines[-1] != ""
    if not unterminated:
        lines.pop()
    if not lines:
        return Body()
    hunk = Hunk(
        base_start=0,
        base_count=0,
        head_start=1,
        head_count=len(lines),
        lines=tuple(Line(LineKind.ADDED, None, n, line) for n, line in enumerate(lines, 1)),
    )
    return Body(hunks=(hunk,), head_unterminated=unterminated)


def _body(parsed: PatchedFile) -> Body:
    """Turn unidiff's hunks into ours."""
    hunks: list[Hunk] = []
    unterminated = {" ": False, "+": False, "-": False}
    before = " "
    for parsed_hunk in parsed:
        lines: list[Line] = []
        for line in parsed_hunk:
            kind = _ROLES.get(line.line_type)
            if kind is None:
                unterminated[before] = True
                continue
            before = line.line_type
            text = line.value.removesuffix("\n")
            lines.append(Line(kind, line.source_line_no, line.target_line_no, text))
        hunks.append(
            Hunk(
                base_start=parsed_hunk.source_start,
                base_count=parsed_hunk.source_length,
                head_start=parsed_hunk.target_start,
                head_count=parsed_hunk.target_length,
                heading=parsed_hunk.section_header.rstrip("\r\n"),
                lines=tuple(lines),
            )
        )
    return Body(
        hunks=tuple(hunks),
        base_unterminated=unterminated[" "] or unterminated["-"],
        head_unterminated=unterminated[" "] or unterminated["+"],
    )


def apply_body(body: Body, text: str, *, backwards: bool = False) -> str | None:
    """Apply the hunks to a whole text.

    Args:
        body: The hunks.
        text: The text at the base (at the head when backwards).
        backwards: Make the base from the head.

    Returns:
        The other version; None where the hunks were not made from this text.
    """
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    result: list[str] = []
    taken = 0
    for hunk in body.hunks:
        first, count = _place(hunk, backwards=backwards)
        if first < taken or first + count > len(lines):
            return None
        result.extend(lines[taken:first])
        kept, made = _both_sides(hunk, backwards=backwards)
        if kept != lines[first : first + count]:
            return None
        result.extend(made)
        taken = first + count
    result.extend(lines[taken:])
    unterminated = body.base_unterminated if backwards else body.head_unterminated
    if taken < len(lines):
        # The hunks end before the text does, so its own end is the end.
        unterminated = not text.endswith("\n")
    return "\n".join(result) + ("" if unterminated or not result else "\n")


def _place(hunk: Hunk, *, backwards: bool) -> tuple[int, int]:
    """Return the index of the first line that a hunk replaces, and how many it replaces."""
    start = hunk.head_start if backwards else hunk.base_start
    count = hunk.head_count if backwards else hunk.base_count
    # A hunk without a line on this side names the line after which it stands.
    return (start - 1 if count else start), count


def _both_sides(hunk: Hunk, *, backwards: bool) -> tuple[list[str], list[str]]:
    """Return the lines that a hunk expects and the lines that it puts in their place."""
    dropped, added = LineKind.REMOVED, LineKind.ADDED
    if backwards:
        dropped, added = added, dropped
    kept = [line.text for line in hunk.lines if line.kind is not added]
    made = [line.text for line in hunk.lines if line.kind is not dropped]
    return kept, made


def _not_reviewed(section: Section, classifier: Classifier) -> NotReviewed | None:
    """Judge a section before its hunks are decoded."""
    if section.combined:
        return NotReviewed(reason=NotReviewedReason.COMBINED_DIFF, detail="a merge")
    listed = classifier.by_name(section.path, kind=section.kind, size_bytes=_known_size(section))
    if listed is not None:
        return listed
    if section.size_bytes > _BODY_LIMIT_BYTES:
        return too_large(section.size_bytes, "its diff")
    if is_binary(section.patch[section.body : min(section.end, section.body + 16_384)]):
        return NotReviewed(reason=NotReviewedReason.BINARY)
    return None


def _known_size(section: Section) -> int | None:
    """Return about how large the file is, where the section holds all of it."""
    if section.status in {FileStatus.ADDED, FileStatus.DELETED}:
        return section.size_bytes
    return None


def decode_body(section: Section) -> str | None:
    """Decode the hunks of a section.

    Returns:
        Their text; None where the version that is reviewed is not UTF-8. Where only lines that
        go away are not, the change mends the file, and these lines show replacement characters.
    """
    raw = section.patch[section.body : section.end]
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        skipped = b"+" if section.status is FileStatus.DELETED else b"-"
        try:
            b"\n".join(
                line for line in raw.split(b"\n") if not line.startswith((skipped, b"@@ "))
            ).decode("utf-8")
        except UnicodeDecodeError:
            return None
        return raw.decode("utf-8", "replace")


def _file(section: Section) -> FileChange:
    """Return the file of a section without its hunks."""
    return FileChange(
        path=section.path,
        base_path=section.base_path,
        status=section.status,
        kind=section.kind,
        base_mode=section.base_mode,
        head_mode=section.head_mode,
    )


def opening(file: FileChange) -> str:
    """Return the first lines of a file as far as the hunks show them."""
    return "\n".join(_first_lines(file))


def _first_lines(file: FileChange) -> Iterator[str]:
    """Yield the lines of the first hunk where it shows the first line of the head."""
    if file.hunks and file.hunks[0].head_start == 1:
        yield from (line.text for line in file.hunks[0].lines if line.head_number is not None)
