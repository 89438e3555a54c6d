"""GitHubCodeHost: one pull request on GitHub, read and written through `GitHubClient`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from typing_extensions import override

from reviewer.adapters.github.addresses import path_of
from reviewer.adapters.github.client import GitHubClient
from reviewer.adapters.github.conversation_reader import ConversationPage
from reviewer.adapters.github.documents import (
    RESOLVE,
    conversation_document,
    conversation_variables,
)
from reviewer.adapters.github.json_value import items, mapping, number, text
from reviewer.adapters.github.opening import Opening
from reviewer.adapters.github.pull_request_reader import pull_request_of
from reviewer.domain.change import Side
from reviewer.domain.conversation import AcceptedComment, Comment, Conversation, Thread
from reviewer.domain.posting import (
    ANNOTATIONS_A_REQUEST,
    Annotation,
    Check,
    FileComment,
    InlineComment,
    is_marked,
)
from reviewer.domain.pull_request import PullRequest, PullRequestName
from reviewer.domain.sanitiser import cut
from reviewer.errors import GitHubError
from reviewer.ports.code_host import CodeHostError, Refusal

CHECK_NAME = "Persona Reviewer"

#: GitHub's words for the sides of a change.
_SIDES: Mapping[Side, str] = {Side.BASE: "LEFT", Side.HEAD: "RIGHT"}
#: https://docs.github.com/en/rest/checks/runs#create-a-check-run
_LONGEST_OUTPUT = 65_535
_LONGEST_TITLE = 255
#: GitHub takes 2,500 comments; who shows more pages than this never ends.
_MOST_PAGES = 50
_SHORT_SHA = 7


class GitHubCodeHost:
    """Implements `ports.code_host.CodeHost`.

    Args:
        client: Speaks to GitHub.
        name: Which pull request; nothing else can be read or written.
        opening: The first question of a run, which the workspace shares; None for none.
    """

    def __init__(
        self, client: GitHubClient, name: PullRequestName, *, opening: Opening | None = None
    ) -> None:
        self._client = client
        self._name = name
        self._opening = opening
        #: What whoever writes was told of the head: a write rests on it.
        self._told_head = ""
        self._repository = path_of("repos", name.repository.owner, name.repository.name)
        self._pull = f"{self._repository}{path_of('pulls', name.number)}"
        self._issue = f"{self._repository}{path_of('issues', name.number)}"

    @override
    def __repr__(self) -> str:
        """Name the pull request."""
        return f"GitHubCodeHost({self._name})"

    async def pull_request(self) -> PullRequest:
        """Read the pull request."""
        pull_request = await self._read()
        self._told_head = pull_request.head_sha
        return pull_request

    async def head_sha(self) -> str:
        """Read the head as it is now."""
        return (await self.pull_request()).head_sha

    async def conversation(self) -> Conversation:
        """Read who we are, our comments and all threads: one query, and one for each page more."""
        comments: list[Comment] = []
        threads: list[Thread] = []
        accepted: list[AcceptedComment] = []
        page = await self._page(None, None)
        for _ in range(_MOST_PAGES):
            comments += (comment for comment in page.comments if comment.ours)
            threads += page.threads
            accepted += page.accepted
            if page.more_comments is None and page.more_threads is None:
                self._told_head = page.head_sha
                return Conversation(
                    viewer=page.viewer,
                    head_sha=page.head_sha,
                    comments=tuple(comments),
                    threads=tuple(threads),
                    accepted=tuple(accepted),
                )
            page = await self._page(page.more_comments, page.more_threads)
        message = f"more than {100 * _MOST_PAGES:,} comments or threads stand on {self._name}"
        raise CodeHostError(Refusal.TOO_LARGE, message)

    async def post_review(self, comments: Sequence[InlineComment], *, head_sha: str) -> None:
        """Post one review with all comments; it comments and never judges (security.md S4)."""
        body = {
            # Required, and taken empty where there are comments.
            "body": "",
            "commit_id": head_sha,
            "event": "COMMENT",
            "comments": [_inline(comment) for comment in comments],
        }
        await self._client.send("POST", f"{self._pull}/reviews", body, still=self._same_head)

    async def delete_pending_reviews(self) -> int:
        """Delete reviews of ours that were never submitted; GitHub shows them to us alone."""
        reviews = items(await self._client.pages(f"{self._pull}/reviews"))
        pending = [
            review_id
            for review in reviews
            if text(review.get("state")) == "PENDING"
            and (review_id := number(review.get("id"))) is not None
        ]
        for review_id in pending:
            await self._client.send("DELETE", f"{self._pull}/reviews{path_of(review_id)}")
        return len(pending)

    async def post_file_comment(self, comment: FileComment, *, head_sha: str) -> None:
        """Post a comment on a file; inside a review GitHub takes none."""
        body = {
            "body": comment.body,
            "commit_id": head_sha,
            "path": comment.path,
            "subject_type": "file",
        }
        await self._client.send("POST", f"{self._pull}/comments", body, still=self._same_head)

    async def post_comment(self, body: str) -> int:
        """Post a comment under the pull request; return its id."""
        path = f"{self._issue}/comments"
        return _id_of(await self._client.send("POST", path, {"body": body}, still=self._same_head))

    async def edit_comment(self, comment_id: int, body: str) -> None:
        """Put another text into a comment under the pull request."""
        path = f"{self._repository}{path_of('issues', 'comments', comment_id)}"
        await self._client.send("PATCH", path, {"body": body}, still=self._same_head)

    async def reply(self, comment_id: int, body: str) -> None:
        """Reply in the thread that begins with this review comment."""
        path = f"{self._pull}{path_of('comments', comment_id, 'replies')}"
        await self._client.send("POST", path, {"body": body}, still=self._same_head)

    async def resolve(self, thread_id: str) -> None:
        """Resolve a thread."""
        data = await self._client.mutate(RESOLVE, {"thread": thread_id}, still=self._same_head)
        # A refusal may come as a null without an error; nothing was done then.
        if mapping(data, "resolveReviewThread", "thread").get("isResolved") is not True:
            raise CodeHostError(Refusal.FORBIDDEN, "GitHub did not resolve the thread")

    async def post_check(self, check: Check) -> None:
        """Post a check run that has ended; it is whole with its first annotations already."""
        portions = [
            check.annotations[start : start + ANNOTATIONS_A_REQUEST]
            for start in range(0, len(check.annotations), ANNOTATIONS_A_REQUEST)
        ]
        first, *others = portions or [()]
        body = {
            "name": CHECK_NAME,
            "head_sha": check.head_sha,
            "status": "completed",
            "conclusion": check.conclusion.value,
            "external_id": check.mark,
            "output": _output(check, first),
        }
        path = f"{self._repository}{path_of('check-runs')}"
        posted = await self._client.send("POST", path, body, still=self._same_head)
        for portion in others:
            ended = {
                "status": "completed",
                "conclusion": check.conclusion.value,
                "output": _output(check, portion),
            }
            try:
                await self._client.send("PATCH", f"{path}{path_of(_id_of(posted))}", ended)
            except CodeHostError as error:
                # The check stands, with fewer annotations: a second one would not mend it.
                error.uncertain = True
                raise

    async def has_check(self, head_sha: str, mark: str) -> bool:
        """Look for our check among those of its name, of which GitHub shows the newest."""
        path = f"{self._repository}{path_of('commits', head_sha, 'check-runs')}"
        found = await self._client.get(path, {"check_name": CHECK_NAME})
        runs = items(mapping(found).get("check_runs"))
        return any(is_marked(text(run.get("external_id")), mark) for run in runs)

    async def _read(self) -> PullRequest:
        document = await self._client.get(self._pull)
        try:
            return pull_request_of(document)
        except GitHubError as error:
            raise CodeHostError(Refusal.UNAVAILABLE, str(error)) from None

    async def _same_head(self) -> None:
        """Be sure, after a wait, that the head is still the one that whoever writes was told of.

        Raises:
            CodeHostError: It is not, and nothing was written; or the host does not tell.
        """
        if not self._told_head:
            return
        now = (await self._read()).head_sha
        if now != self._told_head:
            message = f"the head moved to {now[:_SHORT_SHA]} while GitHub was waited for"
            raise CodeHostError(Refusal.UNAVAILABLE, message)

    async def _page(
        self, comments_after: str | None, threads_after: str | None
    ) -> ConversationPage:
        data = None
        if self._opening is not None and comments_after is None and threads_after is None:
            data = await self._opening.conversation()
        if data is None:
            variables = conversation_variables(self._name, comments_after, threads_after)
            data = await self._client.query(conversation_document(), variables)
        if mapping(data, "repository").get("pullRequest") is None:
            raise CodeHostError(Refusal.NOT_FOUND, f"GitHub does not show {self._name}")
        try:
            return ConversationPage(data)
        except GitHubError as error:
            raise CodeHostError(Refusal.UNAVAILABLE, str(error)) from None


def _inline(comment: InlineComment) -> Mapping[str, object]:
    """Write a comment as GitHub takes it; a start on the same line as the end is refused."""
    location = comment.location
    side = _SIDES[location.side]
    place: dict[str, object] = {"path": location.path, "side": side, "line": location.end_line}
    if location.start_line != location.end_line:
        place |= {"start_line": location.start_line, "start_side": side}
    return {**place, "body": comment.body}


def _output(check: Check, annotations: Sequence[Annotation]) -> Mapping[str, object]:
    output: dict[str, object] = {
        "title": cut(check.title, _LONGEST_TITLE),
        "summary": cut(check.summary, _LONGEST_OUTPUT),
        "annotations": [
            {
                "path": annotation.path,
                "start_line": annotation.start_line,
                "end_line": annotation.end_line,
                "annotation_level": annotation.level.value,
                "title": cut(annotation.title, _LONGEST_TITLE),
                "message": annotation.message,
            }
            for annotation in annotations
        ],
    }
    if check.text:
        output["text"] = cut(check.text, _LONGEST_OUTPUT)
    return output


def _id_of(document: object) -> int:
    """Read the id of what was written; without one nobody knows what stands there."""
    found = number(mapping(document).get("id"))
    if found is None:
        message = "GitHub's answer does not name what was written"
        raise CodeHostError(Refusal.UNAVAILABLE, message, uncertain=True)
    return found
