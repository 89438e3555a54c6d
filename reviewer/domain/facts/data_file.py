"""Fact about committed data: sets and weights that belong into DVC or git-lfs."""

from __future__ import annotations

import re

from reviewer.domain.change import Change, FileChange, FileKind, FileStatus
from reviewer.domain.facts.observation import Observation, Sighting

#: Text that people read and small tables are fine; above this it is a data set.
LARGE_BYTES = 1_000_000
#: Weights have no use as a small file; below this it is a fixture.
WEIGHTS_BYTES = 100_000

_DATA = re.compile(
    r"\.(?:csv|tsv|jsonl|ndjson|parquet|feather|arrow|avro|orc|npy|npz|pkl|pickle|joblib|hdf5?|h5"
    r"|tfrecords?|pt|pth|ckpt|bin|safetensors|onnx|gguf|ggml|mat|rds|rdata|sqlite3?|db)(?:\.(?:gz|bz2|xz|zip|zst))?$",
    re.IGNORECASE,
)
_WEIGHTS = re.compile(r"\.(?:pt|pth|ckpt|safetensors|gguf|ggml|onnx|h5|hdf5)$", re.IGNORECASE)
# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md#the-pointer
_LFS_POINTER = "version https://git-lfs.github.com/spec/"


def data_file_committed(change: Change) -> Observation:
    """A data set or a model's weights are added raw, or grow past the size of a fixture."""
    files = [file for file in change.files if _is_data(file)]
    if not files:
        return Observation(inapplicable="no data file is added")
    hits: list[Sighting] = []
    unknown: list[tuple[str, str]] = []
    for file in files:
        if _is_pointer(file):
            continue
        size = _size_bytes(file)
        if size is None:
            unknown.append((file.path, "the file's size is not known"))
        elif size > (WEIGHTS_BYTES if _WEIGHTS.search(file.path) else LARGE_BYTES):
            name = file.path.rpartition("/")[2]
            headline = f"`{name}` ({_shown(size)}) is committed raw"
            hits.append(Sighting(path=file.path, headline=headline))
    return Observation(hits=tuple(hits), unexamined=tuple(unknown))


def _is_data(file: FileChange) -> bool:
    """Tell whether the change puts data into this file; a pure rename puts none."""
    if file.kind not in {FileKind.TEXT, FileKind.BINARY} or not _DATA.search(file.path):
        return False
    if file.status is FileStatus.MODIFIED:
        # A grown set counts as a new one, a corrected line does not: only with its old size known.
        before = file.base_text
        return before is not None and len(before) <= LARGE_BYTES
    return file.status in {FileStatus.ADDED, FileStatus.COPIED}


def _is_pointer(file: FileChange) -> bool:
    if file.head_text is not None:
        return file.head_text.startswith(_LFS_POINTER)
    return next(iter(file.added.values()), "").startswith(_LFS_POINTER)


def _size_bytes(file: FileChange) -> int | None:
    if file.head_size_bytes is not None:
        return file.head_size_bytes
    if file.head_text is not None:
        return len(file.head_text.encode("utf-8", "surrogatepass"))
    if file.kind is FileKind.TEXT and file.added:
        return sum(len(line) + 1 for line in file.added.values())
    return None


def _shown(size: int) -> str:
    if size >= LARGE_BYTES:
        return (
            f"{size / 1_000_000:.0f} MB"
            if size >= 10 * LARGE_BYTES
            else f"{size / 1_000_000:.1f} MB"
        )
    return f"{size / 1000:.0f} kB"
