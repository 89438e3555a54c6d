"""Puts the files of a change together from what git said about them; no process is started here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reviewer.adapters.git.raw_diff import RawEntry
from reviewer.domain.change import (
    FileChange,
    FileStatus,
    NotReviewed,
    NotReviewedReason,
)
from reviewer.domain.classification import Classifier, is_binary
from reviewer.domain.diff import (
    Body,
    decode_body,
    only_listed,
    parse_hunks,
    whole_body,
    with_texts,
)
from reviewer.domain.language import language_of
from reviewer.domain.patch_section import Section

_REGULAR_MODES = frozenset({"100644", "100755", "100664"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What is known about the files of a change.

    Args:
        classifier: Says which files are only listed.
        sizes: The size of each blob in bytes.
        disk_sizes: The size of files that are read from the working tree, by path.
        contents: The content of each blob that was read.
        disk_contents: The content of files that were read from the working tree, by path.
        sections: The patch of each file, by its paths at base and head.
        untracked: Paths that git does not know; all their lines are new.
    """

    classifier: Classifier
    sizes: Mapping[str, int]
    disk_sizes: Mapping[str, int]
    contents: Mapping[str, bytes]
    disk_contents: Mapping[str, bytes]
    sections: Mapping[tuple[str, str], Section]
    untracked: frozenset[str]


def judge_by_name(
    entry: RawEntry,
    classifier: Classifier,
    sizes: Mapping[str, int],
    disk_sizes: Mapping[str, int],
) -> NotReviewed | None:
    """Judge a file before any text is read."""
    if entry.status is None:
        return NotReviewed(reason=NotReviewedReason.COMBINED_DIFF, detail="open merge conflict")
    blobs = (blob for blob in (entry.base_blob, entry.head_blob) if blob is not None)
    known = [sizes[blob] for blob in blobs if blob in sizes]
    if entry.path in disk_sizes:
        known.append(disk_sizes[entry.path])
    size_bytes = max(known, default=None)
    return classifier.by_name(entry.path, kind=entry.kind, size_bytes=size_bytes)


def listed_file(entry: RawEntry, material: Material, reason: NotReviewed) -> FileChange:
    """Return a file that is only listed."""
    return only_listed(_bare(entry, material), reason)


def reviewed_file(entry: RawEntry, material: Material) -> FileChange | None:
    """Return a file with its texts and hunks, listed only where its text says so.

    Returns:
        The file; None where the working tree merely looks different to git and is the same.

    Raises:
        UserError: Git's own patch is damaged.
    """
    base, head = _base_content(entry, material), _head_content(entry, material)
    if any(content is not None and is_binary(content) for content in (base, head)):
        return listed_file(entry, material, NotReviewed(reason=NotReviewedReason.BINARY))
    shown = base if entry.status is FileStatus.DELETED else head
    section = material.sections.get(entry.key)
    text, hunks_text = _decode(shown), None if section is None else decode_body(section)
    if (shown is not None and text is None) or (section is not None and hunks_text is None):
        return listed_file(entry, material, NotReviewed(reason=NotReviewedReason.UNDECODABLE))
    if text is not None:
        listed = material.classifier.by_text(entry.path, text)
        if listed is not None:
            return listed_file(entry, material, listed)
    if entry.path in material.untracked:
        body = whole_body(text or "")
    else:
        body = parse_hunks(hunks_text or "", name=f"git's patch of {entry.path}")
    return _complete(entry, material, body, texts=(_decode(base), _decode(head)))


def _complete(
    entry: RawEntry, material: Material, body: Body, *, texts: tuple[str | None, str | None]
) -> FileChange | None:
    """Give a file its hunks, texts, language and final status."""
    base_text, head_text = texts
    file = _bare(entry, material)
    on_disk = entry.head_blob is None and entry.status is not FileStatus.DELETED
    if not body.hunks and entry.status is FileStatus.MODIFIED:
        if entry.base_mode == entry.head_mode:
            return None
        file = replace(file, status=FileStatus.MODE_CHANGED)
    if on_disk and entry.path not in material.untracked:
        # What is on disk may have other line ends than what git compares; the patch decides,
        # so that every line that is shown is the line that is reviewed.
        applied = with_texts(file, body, base_text=base_text)
        if applied.head_text is not None:
            head_text = applied.head_text
    opening = head_text if head_text is not None else base_text or ""
    return replace(
        file,
        hunks=body.hunks,
        base_text=base_text,
        head_text=head_text,
        language=language_of(entry.path, opening.partition("\n")[0]),
    )


def _bare(entry: RawEntry, material: Material) -> FileChange:
    """Return what is known of a file without its texts."""
    size_bytes = material.disk_sizes.get(entry.path)
    if size_bytes is None and entry.head_blob is not None:
        size_bytes = material.sizes.get(entry.head_blob)
    return FileChange(
        path=entry.path,
        base_path=entry.base_path,
        status=entry.status or FileStatus.MODIFIED,
        kind=entry.kind,
        base_mode=entry.base_mode,
        head_mode=entry.head_mode,
        head_size_bytes=size_bytes,
        language=language_of(entry.path),
    )


def _base_content(entry: RawEntry, material: Material) -> bytes | None:
    """Return the content at the base, None where it was no regular file."""
    if entry.base_blob is None or entry.base_mode not in _REGULAR_MODES:
        return None
    return material.contents.get(entry.base_blob)


def _head_content(entry: RawEntry, material: Material) -> bytes | None:
    """Return the content at the head."""
    if entry.status is FileStatus.DELETED:
        return None
    if entry.head_blob is None:
        return material.disk_contents.get(entry.path)
    return material.contents.get(entry.head_blob)


def _decode(content: bytes | None) -> str | None:
    """Decode a content; None where it is not known or not valid UTF-8."""
    if content is None:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None
