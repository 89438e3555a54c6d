"""What is compared with what: the words of people, and the commits that git finds for them.

::

    main...HEAD    what HEAD has that main has not: against their merge base
    A..B           B against A
    B              one commit against its first parent; the first commit against nothing
    (staged)       the index against HEAD
    (working tree) the working tree, untracked files included, against HEAD

A name given by a person reaches git on standard input only, never as an argument.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from reviewer.adapters.git.process import Git
from reviewer.errors import UserError

_EMPTY_TREES = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
_COMMIT = re.compile(r"([0-9a-f]{40,64}) commit \d+")
#: A path can have 4,096 bytes on Linux, and a revision names less than a path.
_LONGEST_REVISION = 1_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class RangeKind(StrEnum):
    """What kind of comparison."""

    MERGE_BASE = "merge base"
    DIRECT = "direct"
    COMMIT = "commit"
    INDEX = "index"
    WORKING_TREE = "working tree"


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What a person wants to have compared.

    Args:
        kind: What kind of comparison.
        base: The revision that it starts from, where a person names one.
        head: The revision that is reviewed.
    """

    kind: RangeKind
    base: str = "HEAD"
    head: str = "HEAD"

    @classmethod
    def parse(cls, text: str) -> Range:
        """Read ``A...B``, ``A..B`` or one revision; an empty side is HEAD.

        Raises:
            UserError: It is no range that can be reviewed.
        """
        for dots, kind in (("...", RangeKind.MERGE_BASE), ("..", RangeKind.DIRECT)):
            base, found, head = text.partition(dots)
            if found:
                return cls(kind=kind, base=_checked(base), head=_checked(head))
        if not text:
            raise UserError("the range is empty", hint="Give `main...HEAD` or a commit.")
        return cls(kind=RangeKind.COMMIT, head=_checked(text))

    @classmethod
    def index(cls) -> Range:
        """Return the range from HEAD to the index."""
        return cls(kind=RangeKind.INDEX)

    @classmethod
    def working_tree(cls) -> Range:
        """Return the range from HEAD to the working tree."""
        return cls(kind=RangeKind.WORKING_TREE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """The two things that are compared.

    Args:
        base: Full id of a commit, or of the empty tree.
        head: Full id of a commit; None where the head is the index or the working tree.
    """

    base: str
    head: str | None


def _checked(revision: str) -> str:
    """Refuse what could be anything but a revision."""
    if revision.startswith("-"):
        raise UserError(
            f"{revision} is no revision", hint="A revision does not begin with a hyphen."
        )
    if _CONTROL.search(revision) or len(revision) > _LONGEST_REVISION:
        raise UserError("a revision holds no control characters and is not that long")
    return revision or "HEAD"


async def resolve(git: Git, wanted: Range) -> Endpoints:
    """Find the commits of a range.

    Raises:
        UserError: One of them does not exist, or they have no common ancestor.
    """
    if wanted.kind in {RangeKind.INDEX, RangeKind.WORKING_TREE}:
        return Endpoints(base=await _head(git), head=None)
    if wanted.kind is RangeKind.COMMIT:
        (head,) = await _commits(git, wanted.head)
        return Endpoints(base=await _first_parent(git, head), head=head)
    base, head = await _commits(git, wanted.base, wanted.head)
    if wanted.kind is RangeKind.MERGE_BASE:
        base = await _merge_base(git, wanted, base, head)
    return Endpoints(base=base, head=head)


async def _find(git: Git, *names: str) -> list[str | None]:
    """Return the commit that each expression names, None where it names none."""
    question = "".join(f"{name}^{{commit}}\n" for name in names)
    output = await git.output(
        "cat-file", "--batch-check", stdin=question.encode("utf-8", "surrogateescape")
    )
    # Git prints more lines than asked only for names with newlines, which were refused.
    lines = output.decode("utf-8", "replace").split("\n")
    matches = [_COMMIT.fullmatch(line) for line in lines[: len(names)]]
    return [None if match is None else match[1] for match in matches]


async def _commits(git: Git, *revisions: str) -> list[str]:
    """Return the commits that revisions name; all have to exist."""
    found = await _find(git, *revisions)
    for revision, commit in zip(revisions, found, strict=True):
        if commit is None:
            raise await _unknown(git, revision)
    return [commit for commit in found if commit is not None]


async def _unknown(git: Git, revision: str) -> UserError:
    """Explain why a revision is not there, with the likeliest way out."""
    if revision == "HEAD":
        return _no_commit()
    (head, remote) = await _find(git, "HEAD", f"origin/{revision}")
    if head is None and remote is None:
        return _no_commit()
    hint = "See `git branch --all` and `git log`; fetch it first if it is elsewhere."
    if remote is not None:
        hint = f"There is an origin/{revision}: use that."
    elif await _is_shallow(git):
        hint = "This clone is shallow: run `git fetch --unshallow` first."
    return UserError(f"there is no commit {revision!r} in this repository", hint=hint)


def _no_commit() -> UserError:
    """Return the error for a repository without any commit."""
    return UserError(
        "this branch has no commit yet, so there is nothing to compare with",
        hint="Commit once, or give a patch: `git diff --cached | reviewer review --patch -`.",
    )


async def _head(git: Git) -> str:
    """Return the commit that HEAD names."""
    (head,) = await _find(git, "HEAD")
    if head is None:
        raise _no_commit()
    return head


async def _first_parent(git: Git, commit: str) -> str:
    """Return the first parent of a commit, the empty tree for a first commit."""
    (parent,) = await _find(git, f"{commit}^1")
    if parent is not None:
        return parent
    text = await git.output("cat-file", "commit", commit)
    headers = text.partition(b"\n\n")[0].split(b"\n")
    if any(line.startswith(b"parent ") for line in headers):
        # The commit has a parent, and this clone does not: not the same as a first commit.
        raise UserError(
            f"the parent of {commit[:12]} is not in this clone",
            hint="This clone is shallow: run `git fetch --deepen=1` first.",
        )
    return _EMPTY_TREES[len(commit)]


async def _merge_base(git: Git, wanted: Range, base: str, head: str) -> str:
    """Return the merge base of two commits."""
    reply = await git.run("merge-base", "--end-of-options", base, head)
    found = reply.output.decode("ascii", "replace").strip()
    if reply.code == 0 and found:
        return found
    shallow = await _is_shallow(git)
    raise UserError(
        f"{wanted.base} and {wanted.head} have no common ancestor"
        + (" in this shallow clone" if shallow else ""),
        hint=(
            "Run `git fetch --unshallow` first (in GitHub Actions: `fetch-depth: 0`)."
            if shallow
            else f"Compare them directly: {wanted.base}..{wanted.head}."
        ),
    )


async def _is_shallow(git: Git) -> bool:
    """Tell whether the clone lacks older commits."""
    reply = await git.run("rev-parse", "--is-shallow-repository")
    return reply.output.strip() == b"true"
