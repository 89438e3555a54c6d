"""Makes file changes of what GitHub lists; no question is asked here.

A missing patch is a state, and which one is told apart by what else is known: a binary file, a
file that is only renamed or made executable, an empty one, one whose patch is too large to be
shown. A text that changes and of which GitHub shows no line is told as such: the ``.gitattributes``
of a change could hide it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reviewer.adapters.github.file_entry import FileEntry
from reviewer.adapters.github.git_objects import BlobContent, git_id
from reviewer.domain.change import (
    FileChange,
    FileKind,
    FileStatus,
    NotReviewed,
    NotReviewedReason,
)
from reviewer.domain.classification import Classifier
from reviewer.domain.diff import only_listed, opening, parse_hunks, whole_body, with_texts
from reviewer.domain.language import language_of
from reviewer.errors import UserError

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_BINARY = NotReviewed(reason=NotReviewedReason.BINARY)
_UNDECODABLE = NotReviewed(reason=NotReviewedReason.UNDECODABLE)
_TOO_LARGE = NotReviewed(reason=NotReviewedReason.TOO_LARGE, detail="GitHub shows no patch")
_CUT_OFF = NotReviewed(
    reason=NotReviewedReason.TOO_LARGE, detail="GitHub shows only a part of its patch"
)
_HIDDEN = NotReviewed(
    reason=NotReviewedReason.NO_PATCH, detail="GitHub shows none, though it may have changed"
)
#: The mode at the base of a file whose mode alone changes: git knows these two.
_OTHER_MODE = {"100644": "100755", "100755": "100644"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobAtBase:
    """What stands under a file's name at the base now; the branch may have gone on meanwhile."""

    oid: str
    binary: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is known of the contents of the files.

    Args:
        blobs: By id.
        bases: What stands at the base, by the path at the head; only where that was asked.
        base_modes: git's octal modes at the base, by path; only where that was asked.
    """

    blobs: Mapping[str, BlobContent] = field(default_factory=dict)
    bases: Mapping[str, BlobAtBase] = field(default_factory=dict)
    base_modes: Mapping[str, str] = field(default_factory=dict)


def judge(entry: FileEntry, classifier: Classifier) -> NotReviewed | None:
    """Judge a file before its text is read."""
    listed = classifier.by_name(entry.path, kind=entry.kind, size_bytes=entry.size_bytes)
    unshown = entry.patch is None and not entry.uncounted
    if listed is None and unshown and entry.status is not FileStatus.DELETED:
        return _TOO_LARGE
    return listed


def read_file(entry: FileEntry, contents: Contents, classifier: Classifier) -> FileChange:
    """Make a file change of one file.

    Args:
        entry: The file.
        contents: Its text, and whatever else was asked for it.
        classifier: Says whether it is only listed.
    """
    if entry.path in contents.base_modes:
        entry = replace(entry, base_mode=contents.base_modes[entry.path])
    content = BlobContent.of(b"") if entry.empty else contents.blobs.get(entry.blob or "")
    if content is None:
        content = BlobContent()
    if entry.size_bytes is None and entry.kind is FileKind.TEXT:
        entry = replace(entry, size_bytes=content.size_bytes)
    file = _bare(entry)
    listed = judge(entry, classifier)
    if listed is None and content.binary:
        listed = _BINARY
    if listed is None and content.undecodable:
        listed = _UNDECODABLE
    if listed is not None:
        return only_listed(file, listed)
    if entry.patch is None:
        made = _without_patch(file, entry, content, contents.bases.get(entry.path))
    else:
        made = _with_patch(file, entry, content)
    if isinstance(made, NotReviewed):
        return only_listed(file, made)
    return _judged_by_text(file, made, classifier)


def _bare(entry: FileEntry) -> FileChange:
    """Return what is known of a file without its texts."""
    deleted = entry.status is FileStatus.DELETED
    return FileChange(
        path=entry.path,
        base_path=entry.base_path,
        status=entry.status,
        kind=entry.kind,
        base_mode=entry.base_mode,
        head_mode=entry.mode,
        head_size_bytes=None if deleted else entry.size_bytes,
        language=language_of(entry.path),
    )


def _with_patch(
    file: FileChange, entry: FileEntry, content: BlobContent
) -> FileChange | NotReviewed:
    """Give a file its hunks and texts, or say why they cannot be had."""
    try:
        body = parse_hunks(entry.patch or "", name=f"GitHub's patch of {entry.path}")
    except UserError:
        return _CUT_OFF
    made = with_texts(file, body, head_text=content.text)
    if (len(made.added), len(made.removed)) != (entry.added, entry.removed):
        return _CUT_OFF
    if made.head_text is None and content.text is not None:
        # The blob is known for sure, whatever GitHub did to the lines of its patch.
        made = replace(made, base_text=None, head_text=content.text)
    if not any(_REPLACEMENT in line for line in made.removed.values()):
        return made
    # GitHub shows what is no UTF-8 with replacements; the text may hold them itself.
    if made.status is not FileStatus.DELETED:
        return replace(made, base_text=None)
    text = (made.base_text or "").encode()
    return made if entry.blob is None or git_id(text, entry.blob) == entry.blob else _UNDECODABLE


def _without_patch(
    file: FileChange, entry: FileEntry, content: BlobContent, base: BlobAtBase | None
) -> FileChange | NotReviewed:
    """Tell which state it is that a file has no patch."""
    if entry.status is FileStatus.DELETED:
        if entry.empty:
            return replace(file, base_text="")
        return _HIDDEN if entry.uncounted else _TOO_LARGE
    if entry.status is FileStatus.ADDED:
        return replace(file, head_text="") if entry.empty else _HIDDEN
    if entry.status is FileStatus.TYPE_CHANGED:
        # What stood there was no file with lines, so that all lines are new.
        if content.text is None:
            return _HIDDEN
        return replace(file, hunks=whole_body(content.text).hunks, head_text=content.text)
    if base is None or base.oid != entry.blob:
        return _BINARY if base is not None and base.binary else _HIDDEN
    if entry.status is FileStatus.MODIFIED:
        mode = _OTHER_MODE.get(entry.mode or "")
        file = replace(file, status=FileStatus.MODE_CHANGED, base_mode=mode)
    return replace(file, base_text=content.text, head_text=content.text)


def _judged_by_text(bare: FileChange, made: FileChange, classifier: Classifier) -> FileChange:
    """List a file only where its text or its size at the base says so; else tell its language."""
    if made.base_text is not None:
        size_bytes = max(len(made.base_text.encode()), bare.head_size_bytes or 0)
        listed = classifier.by_name(made.path, kind=made.kind, size_bytes=size_bytes)
        if listed is not None:
            return only_listed(bare, listed)
    known = made.base_text if made.status is FileStatus.DELETED else made.head_text
    shown = opening(made) if known is None else known
    listed = classifier.by_text(made.path, shown)
    if listed is not None:
        return only_listed(bare, listed)
    return replace(made, language=language_of(made.path, shown.partition("\n")[0]))
