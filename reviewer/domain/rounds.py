"""Rounds: which files of a pull request changed since the last review, and which did not.

No dates and no ranges of commits: the author's own patch of each file then is held against the
patch now, each against its own base (pains.md P09). So a rebase, a squash or a merge of the base
changes nothing, and an edit changes one file.

==================================  ===========================================================
a file's patch is the same          verdicts and findings of models are carried forward
another patch, or a new file        models are asked about it
the file left the change            its findings are gone
another look, or the last one was   models are asked about everything, and people are told why;
not whole                           what was found before is held against the code
==================================  ===========================================================

What tools find is found anew each time, over the whole change: that costs nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reviewer.domain.change import Change, FileChange
from reviewer.domain.history import HeardAnswer, History, SeenFile
from reviewer.domain.patch_name import line_names, patch_name

#: A file is another one under a new name where so many of its changed lines are the same.
_SAME_SHARE = 0.5
_SAME_LINES = 2

_SHORT_SHA = 7


@dataclass(frozen=True, kw_only=True)
class Delta:
    """What is different from the last round, and what follows from it.

    Args:
        before: What is believed of earlier rounds; empty where nothing is.
        what: What is different, or why nothing that was seen counts, in words for people; empty
            where there is no earlier round.
        incremental: Whether what was seen in the last round counts at all.
        asks: Whether there is a model to be asked.
        full: Whether people ask to look at everything again.
        unchanged: Paths whose patch is the same, where the last look still counts.
        looked: The other reviewed paths, in the order of the change.
        seen: What was seen of a file in the last round, by its path today.
    """

    before: History = field(default_factory=History, repr=False)
    what: str = ""
    incremental: bool = False
    asks: bool = True
    full: bool = False
    unchanged: frozenset[str] = frozenset()
    looked: tuple[str, ...] = ()
    seen: Mapping[str, SeenFile] = field(default_factory=dict, repr=False)

    def note(self, newcomers: Sequence[str] = ()) -> str:
        """Say what was looked at again and why, in one sentence for people.

        Args:
            newcomers: Titles of the personas that were asked about files that did not change.
        """
        if newcomers:
            names = ", ".join(newcomers[:-1])
            names = f"{names} and {newcomers[-1]}" if names else newcomers[-1]
            return f"{self.what}; {names} also looked at what had not changed"
        # Without a model nobody is ever asked; tools look at everything each time.
        quiet = self.incremental and not self.looked and self.asks
        return f"{self.what}: nothing was asked again" if quiet else self.what

    @property
    def held(self) -> frozenset[str]:
        """Return the findings that stay in the summary, where people were told of them."""
        if self.full:
            return frozenset()
        return frozenset(entry.fingerprint for entry in self.before.known if entry.held)

    def covered(self, persona: str, rule_id: str) -> frozenset[str]:
        """Return the files for which a model's earlier verdict on a rule still counts.

        Args:
            persona: Who was asked.
            rule_id: The rule.
        """
        covered: frozenset[str] = frozenset()
        for answer in self.before.answers:
            if (answer.persona, answer.rule_id) == (persona, rule_id):
                covered |= self.still_about(answer)
        return covered

    def still_about(self, answer: HeardAnswer) -> frozenset[str]:
        """Return the files for which one earlier answer still counts."""
        return self.unchanged & answer.paths if answer.paths else self.unchanged

    def path_today(self, path: str) -> str:
        """Return the path that a file of the last round has today; its own where it is gone."""
        return next((now for now, seen in self.seen.items() if seen.path == path), path)


def believed(history: History | None) -> History:
    """Return what may be believed of earlier rounds: nothing without a signature (S15).

    Args:
        history: What was found; None for nothing.
    """
    if history is None or not history.trusted:
        return History(generation=0 if history is None else history.generation)
    return history


def follow(change: Change, history: History | None) -> Change:
    """Give files that were renamed since an earlier round the path under which it knew them.

    git tells a rename between base and head; a file that the change itself adds has no base, and
    is known by its lines.

    Args:
        change: What is reviewed.
        history: What is known from earlier rounds.
    """
    seen = match_files(change, believed(history))
    files = []
    for file in change.files:
        then = seen.get(file.path)
        first = file.first_path if then is None else first_path(then)
        files.append(file if first == file.first_path else replace(file, origin=first))
    return change if tuple(files) == change.files else replace(change, files=tuple(files))


def first_path(seen: SeenFile) -> str:
    """Return the path that renames do not change, of a file as it was reviewed."""
    return seen.origin or seen.path


def match_files(change: Change, history: History) -> dict[str, SeenFile]:
    """Find the file of the last round that each reviewed file of today is.

    Args:
        change: What is reviewed.
        history: What is believed.

    Returns:
        By the path today; a new file is not there.
    """
    left = {seen.path: seen for seen in history.files}
    matched: dict[str, SeenFile] = {}

    def take(file: FileChange, seen: SeenFile | None) -> None:
        if seen is not None and seen.path in left and file.path not in matched:
            matched[file.path] = left.pop(seen.path)

    by_first = {first_path(seen): seen for seen in history.files}
    for file in change.reviewed:
        seen = left.get(file.path)
        take(file, seen if seen and first_path(seen) == file.first_path else None)
    for file in change.reviewed:
        take(file, by_first.get(file.first_path))
    for file in change.reviewed:
        take(file, left.get(file.path))
    fresh = [file for file in change.reviewed if file.path not in matched]
    for file, seen in _alike(fresh, left) if fresh and left else ():
        take(file, seen)
    return {file.path: matched[file.path] for file in change.reviewed if file.path in matched}


def _alike(
    files: Iterable[FileChange], left: Mapping[str, SeenFile]
) -> list[tuple[FileChange, SeenFile]]:
    """Pair new files with files that are gone and have most changed lines in common with them."""
    holders: dict[str, list[str]] = {}
    for seen in left.values():
        for name in seen.lines:
            holders.setdefault(name, []).append(seen.path)
    pairs = []
    for file in files:
        names = line_names(file)
        shared = Counter(path for name in names for path in holders.get(name, ()))
        for path, count in shared.most_common(1):
            seen = left[path]
            if count >= max(_SAME_LINES, _SAME_SHARE * min(len(names), len(seen.lines))):
                pairs.append((file, seen))
    return pairs


def compare(
    history: History | None, change: Change, look: str, *, full: bool = False, asks: bool = True
) -> Delta:
    """Tell what is to be looked at, and why.

    Args:
        history: What is known from earlier rounds; None for a first one.
        change: What is reviewed, see `follow`.
        look: Names who looks and how.
        full: Whether people ask to look at everything again.
        asks: Whether there is a model to be asked at all.
    """
    before = believed(history)
    reviewed = tuple(file.path for file in change.reviewed)
    if history is None or history.generation == 0:
        return Delta(before=before, looked=reviewed)
    seen = match_files(change, before)
    why = _why_everything(history, look, full=full)
    if why:
        what = f"everything was looked at again: {why}"
        return Delta(before=before, what=what, full=full, looked=reviewed, seen=seen)
    unchanged = frozenset(
        file.path
        for file in change.reviewed
        if file.path in seen and seen[file.path].patch == patch_name(file)
    )
    looked = tuple(path for path in reviewed if path not in unchanged)
    return Delta(
        before=before,
        what=_what(before, change, looked, seen),
        asks=asks,
        incremental=True,
        unchanged=unchanged,
        looked=looked,
        seen=seen,
    )


def _why_everything(history: History, look: str, *, full: bool) -> str:
    """Say why nothing is carried forward; empty where it is."""
    reasons = (
        (not history.trusted, "what earlier rounds left behind is not signed"),
        (full, "somebody asked for it"),
        (not history.head_sha, "the last reviewed commit is not known"),
        (history.look != look, "the configuration changed"),
        (not history.whole and not history.files, "the last review was too large to be kept"),
        (not history.whole, "the last review was not whole"),
    )
    return next((reason for holds, reason in reasons if holds), "")


def _what(
    before: History,
    change: Change,
    looked: tuple[str, ...],
    seen: Mapping[str, SeenFile],
) -> str:
    since = f"since {before.head_sha[:_SHORT_SHA]}"
    unseen = [path for path in looked if path in seen and not seen[path].patch]
    changed, gone = len(looked) - len(unseen), len(before.files) - len(seen)
    also = [
        *([f"{_files(gone)} left the change"] if gone else []),
        *([f"{_files(len(unseen))} had not been shown in full"] if unseen else []),
    ]
    if changed:
        parts = [f"{changed} of {_files(len(change.reviewed))} changed {since}", *also]
    elif gone:
        parts = [f"{also[0]} {since}", *also[1:]]
    else:
        # Files that nobody reviews have no patch here, so that nothing can be said of them.
        what = "no reviewed file changed" if change.not_reviewed else "no change by the author"
        parts = [f"{what} {since}", *also]
    return ", ".join(parts)


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"
