"""A pull request with people on it, and a desk that answers their commands: from values alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reviewer.domain.command_usage import CommandRules
from reviewer.domain.event import CommentEvent
from reviewer.domain.history import History, KnownFinding
from reviewer.domain.marker import Signer, Subject, SummaryMark
from reviewer.domain.material import Reply
from reviewer.domain.persona import Severity
from reviewer.domain.posting import Permission
from reviewer.domain.pull_request import Account, AccountKind, PullRequest, PullRequestName
from reviewer.domain.recall import history_of
from reviewer.service.carry_out_command import CommandDesk
from reviewer.service.handle_command import Handled, handle_command
from reviewer.testing.builders import HEAD, build_change, build_file, build_persona, build_rule
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.fake_code_host import FakeCodeHost, Operation
from reviewer.testing.fake_workspace import FakeWorkspace
from reviewer.testing.scripted_analyser import ScriptedAnalyser

ALICE = Account(id=11, login="alice", kind=AccountKind.USER)
BOB = Account(id=12, login="bob", kind=AccountKind.USER)
KEY = "a state key of enough bytes"
NAME = PullRequestName.parse("octo/shop#7")
CHANGE = build_change(build_file("app/api.py", before="a = 1\n", after="a = 2\n"))
PULL_REQUEST = PullRequest(
    name=NAME,
    repository_id=5,
    title="Add a shop",
    body="It sells.",
    author=ALICE,
    head_sha=HEAD,
    base_sha="b" * 40,
    base_ref="main",
    head_repository="octo/shop",
)
PERSONAS = (
    build_persona("security-sentinel", build_rule("SEC007", "Trust no input", Severity.CRITICAL)),
    build_persona("type-guardian", build_rule("PY001", "Annotate")),
)
SHELL = KnownFinding(
    fingerprint="f7c3a91" + "0" * 33,
    rule_id="SEC007",
    persona="security-sentinel",
    severity=Severity.CRITICAL,
    path="app/api.py",
    headline="User input reaches a shell",
    inline=True,
)
ANY = KnownFinding(
    fingerprint="f7c3a92" + "0" * 33,
    rule_id="PY001",
    persona="type-guardian",
    severity=Severity.MAJOR,
    path="app/api.py",
    headline="No annotation",
)
REMEMBERED = History(generation=2, head_sha=HEAD, known=(SHELL, ANY), tokens=12_400)


@dataclass(kw_only=True)
class Scene:
    """One pull request, its people, and what was asked so far."""

    host: FakeCodeHost
    analyser: ScriptedAnalyser = field(default_factory=ScriptedAnalyser)
    clock: FakeClock = field(default_factory=FakeClock)
    base: dict[str, str] = field(default_factory=dict)
    rules: CommandRules = field(default_factory=CommandRules)
    state_key: str | None = KEY

    @property
    def signer(self) -> Signer:
        """Who signs here."""
        subject = Subject.of(self.host.viewer, repository_id=5, number=7)
        return Signer(subject=subject, key=self.state_key)

    async def history(self) -> History:
        """What is remembered now."""
        return history_of(await self.host.conversation(), self.signer)

    def remember(self, history: History) -> None:
        """Let our summary stand there."""
        mark = self.signer.write(SummaryMark(head_sha=HEAD, history=history))
        self.host.say(f"**1 to fix**\n\n{mark}", author=self.host.viewer, ours=True)

    async def say(
        self,
        body: str,
        *,
        who: Account = BOB,
        sender: Account | None = None,
        action: str = "created",
        on_issue: bool = False,
        at: datetime | None = None,
    ) -> Handled:
        """Let somebody comment, and hear about it."""
        comment_id = self.host.say(body, author=who, at=at or self.clock.now())
        event = CommentEvent(
            action=action,
            comment_id=comment_id,
            body=body,
            author=who,
            sender=sender or who,
            pull_request=None if on_issue else NAME,
        )
        return await handle_command(event, self.desk)

    @property
    def desk(self) -> CommandDesk:
        """What commands are answered with."""
        return CommandDesk(
            host=self.host,
            discussion=self.host,
            analyser=self.analyser,
            clock=self.clock,
            workspace=lambda _: FakeWorkspace(given=self.host.change, base=self.base),
            built_in=PERSONAS,
            state_key=self.state_key,
            model_configured=True,
            rules=self.rules,
        )

    @property
    def replies(self) -> list[str]:
        """Every comment that was posted, by its text."""
        return [
            str(call.arguments[-1])
            for call in self.host.writes
            if call.operation in {Operation.POST_COMMENT, Operation.REPLY}
        ]

    @property
    def reactions(self) -> list[str]:
        """The reactions that were given, in order."""
        return [reaction.value for _, reaction, _ in self.host.reactions]

    def wait(self, minutes: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(minutes=minutes).total_seconds())


def scene(
    *,
    permissions: Mapping[str, Permission] | None = None,
    pull_request: PullRequest = PULL_REQUEST,
    reply: Reply | None = None,
    state_key: str | None = KEY,
    rules: CommandRules | None = None,
) -> Scene:
    """Build a scene in which bob may write and alice has opened the pull request."""
    host = FakeCodeHost(
        request=pull_request,
        change=CHANGE,
        permissions={"bob": Permission.WRITE} if permissions is None else permissions,
    )
    return Scene(
        host=host,
        analyser=ScriptedAnalyser(reply=reply or Reply(text="It adds a shop.")),
        state_key=state_key,
        rules=rules or CommandRules(),
    )
