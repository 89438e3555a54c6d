"""What people do on a pull request in the course of one seed, and what GitHub tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reviewer.testing.fake_github import FakeGitHub, FakePullRequest
from tests.chaos.dice import Dice, Tally
from tests.chaos.fault_kind import FaultKind

PERSON = "alice"
CONFIGURATION = 'schema = 1\n[policy]\nfail_on = "major"\n'
BASE = {".reviewer.toml": CONFIGURATION, "README.md": "# A shop\n"}


def module(name: str, *, wrong: bool, shell: bool) -> str:
    """Return a module, with a fault that a model sees, or one that a tool sees.

    Args:
        name: Its only function.
        wrong: Whether it reads behind the end.
        shell: Whether it hands a text to a shell.
    """
    filler = "".join(f"{name}_{number} = {number}\n" for number in range(8))
    place = f"    return items[len(items)]  # {name}" if wrong else "    return items[-1]"
    told = f"f'list {{name}} {name}', shell=True" if shell else f"['list', name, '{name}']"
    return (
        f'"""Numbers."""\n\nimport subprocess\n\n{filler}\n\n'
        f"def {name}(items: list[int]) -> int:\n{place}\n\n\n"
        f"def show_{name}(name: str) -> None:\n    subprocess.run({told}, check=True)\n"
    )


def faults_in(text: str) -> int:
    """Count the faults of a module."""
    return ("items[len(items)]" in text) + ("shell=True" in text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One delivery.

    Args:
        id: Its id.
        name: GitHub's name of the event.
        payload: What it says, frozen when it happened.
    """

    id: str
    name: str
    payload: Mapping[str, Any]


@dataclass(kw_only=True)
class Course:
    """One pull request and what happens to it.

    Args:
        hub: The GitHub.
        pull: The pull request.
        dice: The chance.
        tally: Counts deliveries that come twice or late.
        installation: The App's, where it is one.
        files: What its head holds.
    """

    hub: FakeGitHub
    pull: FakePullRequest
    dice: Dice
    tally: Tally
    installation: int | None = None
    files: dict[str, str] = field(default_factory=dict)
    heads: dict[str, dict[str, str]] = field(default_factory=dict)
    story: list[str] = field(default_factory=list)
    moved: list[Told] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    _names: int = 0

    # --- what happens --------------------------------------------------------------------------
    def happen(self) -> list[Told]:
        """Let something happen, and return what GitHub tells of it, in the order of arrival."""
        chance = self.dice.draw("happening")
        doing = chance.choices(
            (self._push, self._talk, self._close, self._ask, self._again),
            weights=(8, 1, 1, 2, 1),
        )[0]
        told = [*self.moved, *doing()]
        self.moved.clear()
        luck = chance.random()
        if told and luck < 0.12:
            self.tally.note(FaultKind.TWICE)
            told.append(told[-1])
        elif len(self.told) > 1 and luck < 0.24:
            self.tally.note(FaultKind.LATE)
            told.append(chance.choice(self.told))
        self.told += told
        return told

    def opened(self) -> Told:
        """Return what is told of a pull request that was just opened."""
        self._note("opened")
        told = self._tell("pull_request", "opened")
        self.told.append(told)
        return told

    def move(self, why: str = "") -> None:
        """Let somebody push while somebody else is asked for something."""
        self.change(f"moved at {why}")
        self.moved.append(self._tell("pull_request", "synchronize"))

    def change(self, why: str = "pushed") -> None:
        """Let the head change."""
        chance = self.dice.draw("change")
        path = chance.choice(sorted(self.files)) if self.files else ""
        ways = ["add", "add", "clean"]
        if path:
            ways += ["mend", "mend", "mend", "shift", "rename", "delete", "amend"]
        way = chance.choice(ways)
        self._carry_out(way, path, wrong=chance.random() < 0.7, shell=chance.random() < 0.4)
        self._note(f"{why}: {way} {path}")

    def _carry_out(self, way: str, path: str, *, wrong: bool, shell: bool) -> None:
        # A few faults at a time: what is beyond the cap of comments is another test's matter.
        many = sum(map(faults_in, self.files.values())) > 3
        new = f"app/m{self._names}.py"
        name = f"part_{self._names}"
        self._names += 1
        before = self.files.get(path, "")
        match way:
            case "mend":
                stem = path.rsplit("/", 1)[1].removesuffix(".py")
                self._put({path: module(f"mended_{stem}", wrong=False, shell=False)})
            case "shift":
                self._put(
                    {path: before.replace("import subprocess", "import subprocess  # one", 1)}
                )
            case "rename":
                self.files[new] = self.files.pop(path)
                self.pull.rename(path, new)
                self.heads[self.pull.head_sha] = dict(self.files)
            case "delete":
                self._put({path: None})
            case "amend":
                self._put({new: module(name, wrong=wrong and not many, shell=False)}, amend=True)
            case "add":
                text = module(name, wrong=wrong and not many, shell=shell and not many)
                self._put({new: text})
            case _:
                self._put({new: module(name, wrong=False, shell=False)})

    def _put(self, files: dict[str, str | None], *, amend: bool = False) -> None:
        for path, text in files.items():
            self.files.pop(path, None)
            if text is not None:
                self.files[path] = text
        if amend:
            self.pull.amend(files)
        else:
            self.pull.push(files)
        self.heads[self.pull.head_sha] = dict(self.files)

    # --- what people do ------------------------------------------------------------------------
    def _push(self) -> list[Told]:
        if not self.pull.open:
            return self._close()
        self.change()
        return [self._tell("pull_request", "synchronize")]

    def _talk(self) -> list[Told]:
        comment = self.pull.comment(PERSON, "Looks good to me, mostly.")
        self._note("talked")
        return [self._tell("issue_comment", "created", comment=comment)]

    def _ask(self) -> list[Told]:
        return [self.asked("/review full" if self.dice.draw("ask").random() < 0.3 else "/review")]

    def asked(self, words: str) -> Told:
        """Let somebody give a command."""
        comment = self.pull.comment(PERSON, words)
        self._note(words)
        return self._tell("issue_comment", "created", comment=comment)

    def _close(self) -> list[Told]:
        if self.pull.open:
            self.pull.close()
            self._note("closed")
            return [self._tell("pull_request", "closed")]
        return [self.reopened()]

    def reopened(self) -> Told:
        """Let somebody open it again."""
        self.pull.reopen()
        self._note("reopened")
        return self._tell("pull_request", "reopened")

    def _again(self) -> list[Told]:
        """Let somebody ask for a check again, where one stands."""
        if self.installation is None or not self.pull.checks:
            return self._ask()
        self._note("check asked for again")
        return [self._tell("check_run", "rerequested", check=self.pull.checks[-1])]

    # --- telling -------------------------------------------------------------------------------
    def _tell(self, name: str, action: str, **more: Any) -> Told:  # noqa: ANN401 - of `hub.event`
        payload = self.hub.event(
            name, action, self.pull, sender=PERSON, installation=self.installation, **more
        )
        return Told(
            id=f"72d3162e-cc78-11e3-81ab-{self.hub.next_id():012x}", name=name, payload=payload
        )

    def _note(self, what: str) -> None:
        self.story.append(f"{what} ({self.pull.head_sha[:7]})")

    def faults(self, head: str = "") -> int:
        """Count the faults that a head holds; of the head as it is now where none is named."""
        return sum(map(faults_in, self.heads[head or self.pull.head_sha].values()))


def open_course(
    hub: FakeGitHub,
    name: str,
    dice: Dice,
    tally: Tally,
    *,
    installation: int | None = None,
) -> Course:
    """Open a pull request in a repository of its own; somebody may write there.

    Args:
        hub: The GitHub.
        name: The repository, ``owner/name``.
        dice: The chance.
        tally: Counts deliveries that come twice or late.
        installation: The App's, where it is one.
    """
    repository = hub.repository(name, files=BASE)
    repository.permission(PERSON, "write")
    files = {
        "app/first.py": module("first", wrong=True, shell=False),
        "app/second.py": module("second", wrong=False, shell=True),  # noqa: S604 - a field
    }
    pull = repository.open_pull(files=files, title="Add numbers", author=PERSON)
    return Course(
        hub=hub,
        pull=pull,
        dice=dice,
        tally=tally,
        installation=installation,
        files=dict(files),
        heads={pull.head_sha: dict(files)},
    )
