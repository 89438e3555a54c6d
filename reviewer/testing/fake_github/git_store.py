"""The real git behind FakeGitHub: one bare repository for a repository and its forks.

Git runs hardened: no configuration but ours, no hooks, an environment of five variables. A commit
is one ``git fast-import``, a comparison one ``git diff``.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Git's own modes: https://git-scm.com/docs/git-fast-import#_filemodify
FILE, EXECUTABLE, LINK, SUBMODULE = "100644", "100755", "120000", "160000"

_TIMEOUT_SECONDS = 60.0
_FIXED = {
    "LC_ALL": "C",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
}
_CONFIGURATION = (
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.fsmonitor=false",
    "gc.auto=0",
    "protocol.allow=never",
)

_WRITING = frozenset({"fast-import", "update-ref", "merge-tree"})


class GitStoreError(RuntimeError):
    """Git refused what a test asked for, a merge with conflicts for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file with a mode of its own: `EXECUTABLE`, `LINK` (its target) or `SUBMODULE` (a commit).

    Args:
        content: The content.
        mode: Git's mode.
    """

    content: str | bytes
    mode: str = FILE


#: What stands at a path: a text, bytes, an entry; None where it is deleted.
Files = Mapping[str, str | bytes | Entry | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeEntry:
    """An entry of a tree, as ``git ls-tree`` tells it."""

    mode: str
    type: str
    sha: str
    size: int | None
    path: str


class GitStore:
    """One bare repository.

    Args:
        folder: Where it is made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        program = shutil.which("git")
        if program is None:
            raise GitStoreError("git is not installed")
        self._program = program
        self._environment = {**_FIXED, "HOME": str(folder), "PATH": str(Path(program).parent)}
        self._second = 1_750_000_000
        self._blobs: dict[str, bytes] = {}
        self._told: dict[tuple[str, ...], bytes] = {}
        # What names meant since something was last written here; nobody else writes.
        self._meant: dict[str, str | None] = {}
        self._found: dict[str, tuple[str, str, bytes] | None] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._run("init", "--quiet", "--bare", "--template=", "--initial-branch=main", ".")

    def commit(
        self,
        refs: Sequence[str],
        parents: Sequence[str],
        *,
        files: Files | None = None,
        tree: str = "",
        message: str = "Change",
        author: str = "Test Author",
    ) -> str:
        """Make a commit and let refs point at it.

        Args:
            refs: The refs that point at it afterwards, wherever they were before.
            parents: Its parents; none for a first commit.
            files: What it changes against its first parent.
            tree: The tree that it has, instead.
            message: Its message.
            author: Who wrote it.

        Returns:
            Its id.
        """
        self._second += 60
        lines = [f"commit {refs[0]}".encode(), b"mark :1"]
        who = f"{author} <{author.replace(' ', '.').lower()}@example.com>"
        lines += [f"{role} {who} {self._second} +0000".encode() for role in ("author", "committer")]
        text = message.encode("utf-8", "surrogateescape")
        lines += [b"data %d" % len(text), text]
        lines += [
            f"{'merge' if place else 'from'} {sha}".encode() for place, sha in enumerate(parents)
        ]
        if tree:
            lines.append(f'M 040000 {tree} ""'.encode())
        for path, content in (files or {}).items():
            lines += _modification(path, content)
        lines.append(b"get-mark :1")
        for ref in refs[1:]:
            lines += [f"reset {ref}".encode(), b"from :1", b""]
        stream = b"\n".join([*lines, b"done", b""])
        # The branch is reset before, because fast-import adds to what it finds.
        return (
            self._run(
                "fast-import", "--quiet", "--done", "--force", "--date-format=raw", stdin=stream
            )
            .decode()
            .strip()
        )

    def point(self, refs: Iterable[str], sha: str) -> None:
        """Let refs point at a commit."""
        commands = "".join(f"update {ref} {sha}\n" for ref in refs)
        self._run("update-ref", "--stdin", stdin=commands.encode())

    def drop(self, ref: str) -> None:
        """Delete a ref."""
        self._run("update-ref", "-d", ref)

    def resolve(self, name: str) -> str | None:
        """Return the commit that a name means, None where it means none."""
        if name.startswith("-"):
            return None
        if name not in self._meant:
            done = self._try(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
            )
            told = done.stdout.decode().strip()
            self._meant[name] = told if done.returncode == 0 else None
        return self._meant[name]

    def merge_base(self, one: str, other: str) -> str:
        """Return the best common ancestor, or nothing where there is none."""
        key = ("merge-base", one, other)
        if key not in self._told:
            self._told[key] = self._try(*key).stdout
        return self._told[key].decode().split("\n")[0]

    def merged_tree(self, ours: str, theirs: str) -> str:
        """Merge two commits without a working tree.

        Returns:
            The tree.

        Raises:
            GitStoreError: They conflict.
        """
        done = self._try("merge-tree", "--write-tree", "--allow-unrelated-histories", ours, theirs)
        if done.returncode != 0:
            raise GitStoreError(done.stdout.decode("utf-8", "replace"))
        return done.stdout.decode().split("\n")[0]

    def tree_of(self, sha: str) -> str:
        """Return the tree of a commit."""
        return self._once("rev-parse", f"{sha}^{{tree}}").decode().strip()

    def commits(self, base: str, head: str) -> list[str]:
        """Return the commits that head has and base has not, oldest first, merges left out."""
        said = self._once("rev-list", "--reverse", "--topo-order", head, f"^{base}")
        return said.decode().split()

    def parents(self, sha: str) -> list[str]:
        """Return the parents of a commit."""
        return self._once("rev-list", "--parents", "-n", "1", sha).decode().split()[1:]

    def message(self, sha: str) -> str:
        """Return the message of a commit."""
        said = self._once("log", "-1", "--format=%B", sha)
        return said.decode("utf-8", "replace").rstrip("\n")

    def difference(self, base: str, head: str) -> bytes:
        """Return ``git diff --raw -z --patch`` of two commits or trees, renames found."""
        return self._run(
            "diff", "--raw", "-z", "--patch", "--full-index", "--abbrev=40", "-M", "--no-color",
            "--no-ext-diff", "--no-textconv", "--submodule=short", "--src-prefix=a/",
            "--dst-prefix=b/", base, head, "--",
        )  # fmt: skip

    def tree(self, name: str, *, recursive: bool) -> list[TreeEntry]:
        """List a tree; with all folders below where it is recursive.

        Args:
            name: A tree or a commit.
            recursive: Whether to go into folders.
        """
        flags = ["-r", "-t"] if recursive else []
        listed = self._run("ls-tree", "-z", "-l", "--full-tree", *flags, name)
        entries = []
        for line in listed.decode("utf-8", "replace").split("\0")[:-1]:
            facts, path = line.split("\t", 1)
            mode, kind, sha, size = facts.split()
            number = None if size == "-" else int(size)
            entries.append(TreeEntry(mode=mode, type=kind, sha=sha, size=number, path=path))
        return entries

    def blobs(self, shas: Iterable[str]) -> dict[str, bytes]:
        """Return the contents of blobs; those that are not there are left out."""
        wanted = list(dict.fromkeys(shas))
        missing = [sha for sha in wanted if sha not in self._blobs]
        if missing:
            said = self._run(
                "cat-file", "--batch", stdin="".join(f"{sha}\n" for sha in missing).encode()
            )
            self._blobs.update(_batch(said, missing))
        return {sha: self._blobs[sha] for sha in wanted if sha in self._blobs}

    def objects(self, names: Sequence[str]) -> list[tuple[str, str, bytes] | None]:
        """Look up any names (``SHA:path``) at once.

        Returns:
            Id, type and content of each; None where a name means nothing.
        """
        safe = [name if "\n" not in name else "?" for name in names]
        unknown = [name for name in dict.fromkeys(safe) if name not in self._found]
        if unknown:
            text = "".join(f"{name}\n" for name in unknown)
            said = self._run("cat-file", "--batch", stdin=text.encode("utf-8", "surrogateescape"))
            self._found.update(zip(unknown, _answers(said, len(unknown)), strict=True))
        return [self._found[name] for name in safe]

    def _forget(self) -> None:
        """Forget what names meant: something was written."""
        self._meant.clear()
        self._found.clear()

    def _once(self, *arguments: str) -> bytes:
        """Ask what is true of commits for ever, and remember it."""
        if arguments not in self._told:
            self._told[arguments] = self._run(*arguments)
        return self._told[arguments]

    def _run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        done = self._try(*arguments, stdin=stdin)
        if done.returncode != 0:
            message = f"git {arguments[0]}: {done.stderr.decode('utf-8', 'replace').strip()}"
            raise GitStoreError(message)
        return done.stdout

    def _try(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        settings = [word for setting in _CONFIGURATION for word in ("-c", setting)]
        done = subprocess.run(  # noqa: S603 - a list, from tests only
            [self._program, *settings, *arguments],
            cwd=self.folder,
            env=self._environment,
            input=stdin,
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
        if arguments[0] in _WRITING:
            self._forget()
        return done


def _modification(path: str, content: str | bytes | Entry | None) -> list[bytes]:
    """Write one change of a commit in the language of fast-import."""
    raw = path.encode("utf-8", "surrogateescape")
    for plain, written in ((b"\\", b"\\\\"), (b'"', b'\\"'), (b"\n", b"\\n")):
        raw = raw.replace(plain, written)
    if content is None:
        return [b'D "%s"' % raw]
    entry = content if isinstance(content, Entry) else Entry(content=content)
    data = entry.content
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogateescape")
    mode = entry.mode.encode()
    if entry.mode == SUBMODULE:
        return [b'M %s %s "%s"' % (mode, data, raw)]
    return [b'M %s inline "%s"' % (mode, raw), b"data %d" % len(data), data]


def _answers(said: bytes, count: int) -> Iterable[tuple[str, str, bytes] | None]:
    """Read what ``git cat-file --batch`` wrote."""
    place = 0
    for _ in range(count):
        end = said.index(b"\n", place)
        words = said[place:end].decode("utf-8", "replace").split(" ")
        place = end + 1
        if len(words) != 3 or not words[-1].isdigit():  # noqa: PLR2004 - id, type, size
            yield None
            continue
        size = int(words[2])
        yield words[0], words[1], said[place : place + size]
        place += size + 1


def _batch(said: bytes, wanted: Sequence[str]) -> dict[str, bytes]:
    answers = zip(wanted, _answers(said, len(wanted)), strict=True)
    return {sha: answer[2] for sha, answer in answers if answer is not None}
