"""Code hosts whose every call is a span and a figure: which operation, how it ended, how long."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace

from reviewer.domain.base_files import FilesAtBase
from reviewer.domain.change import Change
from reviewer.domain.conversation import Conversation
from reviewer.domain.posting import Check, FileComment, InlineComment, Permission, Reaction
from reviewer.domain.pull_request import PullRequest, PullRequestName
from reviewer.ports.clock import Clock
from reviewer.ports.code_host import CodeHost, CodeHostError, Discussion
from reviewer.ports.installed_hosts import Hosted, InstalledHosts
from reviewer.ports.telemetry import Telemetry
from reviewer.ports.workspace import MovedOnError, Workspace

ANSWERED = "answered"

#: Is told the operation, how it ended (``answered``, or a refusal's value) and the seconds.
CallCounter = Callable[[str, str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWatch:
    """Watches calls of the code host.

    Args:
        telemetry: Opens spans.
        clock: Measures.
        counted: Is told of every call.
    """

    telemetry: Telemetry
    clock: Clock
    counted: CallCounter | None = None

    @contextmanager
    def call(self, operation: str) -> Iterator[None]:
        """Watch one call.

        Args:
            operation: Its name; ours, so that there are few.
        """
        begun, ended = self.clock.monotonic(), "failed"
        attributes = {"peer.service": "github", "reviewer.operation": operation}
        try:
            with self.telemetry.span(f"github {operation}", attributes) as span:
                try:
                    yield
                except MovedOnError:
                    # It answered: there is another head.
                    ended = ANSWERED
                    raise
                except CodeHostError as error:
                    ended = error.refusal.value
                    span.describe({"reviewer.refusal": ended})
                    if error.status is not None:
                        span.describe({"http.response.status_code": error.status})
                    raise
            ended = ANSWERED
        finally:
            if self.counted is not None:
                self.counted(operation, ended, self.clock.monotonic() - begun)


class WatchedCodeHost:
    """A code host that is watched; implements `ports.code_host.CodeHost`.

    Args:
        host: Does the work.
        watch: Watches it.
    """

    def __init__(self, host: CodeHost, watch: CallWatch) -> None:
        self._host = host
        self._watch = watch

    async def pull_request(self) -> PullRequest:
        """Read the pull request."""
        with self._watch.call("pull_request"):
            return await self._host.pull_request()

    async def head_sha(self) -> str:
        """Read the head as it is now."""
        with self._watch.call("head_sha"):
            return await self._host.head_sha()

    async def conversation(self) -> Conversation:
        """Read what stands there."""
        with self._watch.call("conversation"):
            return await self._host.conversation()

    async def post_review(self, comments: Sequence[InlineComment], *, head_sha: str) -> None:
        """Post one review with all comments."""
        with self._watch.call("post_review"):
            await self._host.post_review(comments, head_sha=head_sha)

    async def delete_pending_reviews(self) -> int:
        """Delete reviews of ours that were begun and never submitted; return how many."""
        with self._watch.call("delete_pending_reviews"):
            return await self._host.delete_pending_reviews()

    async def post_file_comment(self, comment: FileComment, *, head_sha: str) -> None:
        """Post a comment on a file."""
        with self._watch.call("post_file_comment"):
            await self._host.post_file_comment(comment, head_sha=head_sha)

    async def post_comment(self, body: str) -> int:
        """Post a comment under the pull request; return its id."""
        with self._watch.call("post_comment"):
            return await self._host.post_comment(body)

    async def edit_comment(self, comment_id: int, body: str) -> None:
        """Put another text into a comment of ours."""
        with self._watch.call("edit_comment"):
            await self._host.edit_comment(comment_id, body)

    async def reply(self, comment_id: int, body: str) -> None:
        """Reply in the thread that begins with this review comment."""
        with self._watch.call("reply"):
            await self._host.reply(comment_id, body)

    async def resolve(self, thread_id: str) -> None:
        """Resolve a thread of ours."""
        with self._watch.call("resolve"):
            await self._host.resolve(thread_id)

    async def post_check(self, check: Check) -> None:
        """Post a check run that has ended."""
        with self._watch.call("post_check"):
            await self._host.post_check(check)

    async def has_check(self, head_sha: str, mark: str) -> bool:
        """Tell whether the check of this mark is the newest of its name on a commit."""
        with self._watch.call("has_check"):
            return await self._host.has_check(head_sha, mark)


class WatchedDiscussion:
    """A discussion that is watched; implements `ports.code_host.Discussion`.

    Args:
        discussion: Does the work.
        watch: Watches it.
    """

    def __init__(self, discussion: Discussion, watch: CallWatch) -> None:
        self._discussion = discussion
        self._watch = watch

    async def permission(self, login: str) -> Permission:
        """Return what somebody may do in this repository."""
        with self._watch.call("permission"):
            return await self._discussion.permission(login)

    async def react(self, comment_id: int, reaction: Reaction, *, inline: bool) -> None:
        """React to a comment."""
        with self._watch.call("react"):
            await self._discussion.react(comment_id, reaction, inline=inline)


class WatchedWorkspace:
    """A workspace that is watched; implements `ports.workspace.Workspace`.

    Args:
        workspace: Does the work.
        watch: Watches it.
    """

    def __init__(self, workspace: Workspace, watch: CallWatch) -> None:
        self._workspace = workspace
        self._watch = watch

    async def change(self, *, excluded: Sequence[str] = ()) -> Change:
        """Read the change."""
        with self._watch.call("change"):
            return await self._workspace.change(excluded=excluded)

    async def base_files(self, patterns: Sequence[str]) -> FilesAtBase:
        """Read files of the base."""
        with self._watch.call("base_files"):
            return await self._workspace.base_files(patterns)


class WatchedHosts:
    """Hosts of installations that are watched; implements `ports.installed_hosts.InstalledHosts`.

    Args:
        hosts: Open pull requests.
        watch: Watches what is done on them.
    """

    def __init__(self, hosts: InstalledHosts, watch: CallWatch) -> None:
        self._hosts = hosts
        self._watch = watch

    @asynccontextmanager
    async def on(
        self, installation_id: int, repository_id: int, name: PullRequestName
    ) -> AsyncIterator[Hosted]:
        """Open one pull request."""
        async with self._hosts.on(installation_id, repository_id, name) as hosted:
            yield replace(
                hosted,
                host=WatchedCodeHost(hosted.host, self._watch),
                discussion=WatchedDiscussion(hosted.discussion, self._watch),
                workspace=lambda request: WatchedWorkspace(hosted.workspace(request), self._watch),
            )
