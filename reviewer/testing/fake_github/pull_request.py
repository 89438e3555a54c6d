"""A pull request of a FakeGitHub: its commits, and everything that can happen to its head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewer.testing.fake_github.account import FakeAccount
from reviewer.testing.fake_github.difference import FileDifference, within
from reviewer.testing.fake_github.discussion import Discussion
from reviewer.testing.fake_github.git_store import Files
from reviewer.testing.fake_github.standing import (
    FakeCheck,
    FakeComment,
    FakeReview,
    FakeReviewComment,
    FakeThread,
)

if TYPE_CHECKING:
    from reviewer.testing.fake_github.repository import FakeRepository


class FakePullRequest:
    """A pull request.

    Args:
        repository: Where it was opened.
        number: Its number.
        author: Who opened it.
        title: The title.
        body: The description.
        head_repository: Where its head lives.
        branch: The head's branch.
        base_ref: The base's branch.
        draft: Whether it is a draft.
    """

    def __init__(  # noqa: PLR0913 - what a pull request is made of
        self,
        repository: FakeRepository,
        number: int,
        *,
        author: FakeAccount,
        title: str,
        body: str | None,
        head_repository: FakeRepository,
        branch: str,
        base_ref: str,
        draft: bool,
    ) -> None:
        hub = repository.hub
        self.repository = repository
        self.number = number
        self.id = hub.next_id()
        self.author = author
        self.title = title
        self.body = body
        self.head_repository: FakeRepository | None = head_repository
        self.branch = branch
        self.base_ref = base_ref
        self.draft = draft
        self.open = True
        self.merged = False
        self.locked = False
        self.labels: list[str] = []
        self.created_at = self.updated_at = hub.now()
        self.closed_at: str | None = None
        head = head_repository.branch(branch)
        base = repository.branch(base_ref)
        if head is None or base is None:
            raise ValueError(f"there is no branch {branch!r} or {base_ref!r}")
        #: The head; ``before_sha`` is the one before it.
        self.head_sha = self.before_sha = head
        #: The base branch's tip when the head was last pushed: GitHub does not follow the branch.
        self.base_sha = base
        self.discussion = Discussion(self)
        repository.store.point([self.ref], head)

    @property
    def name(self) -> str:
        """``owner/name#7``."""
        return f"{self.repository.full_name}#{self.number}"

    @property
    def ref(self) -> str:
        """The ref that GitHub keeps for the head."""
        return f"refs/pull/{self.number}/head"

    @property
    def merge_base(self) -> str:
        """The commit that the change is compared with."""
        return self.repository.store.merge_base(self.base_sha, self.head_sha) or self.base_sha

    @property
    def changed_files(self) -> list[FileDifference]:
        """What it changes, whole."""
        return self.repository.compare(self.merge_base, self.head_sha)

    @property
    def files(self) -> list[FileDifference]:
        """What GitHub shows of it."""
        return within(self.changed_files, self.repository.hub.limits)

    @property
    def comments(self) -> list[FakeComment]:
        """The comments under it."""
        return self.discussion.comments

    @property
    def threads(self) -> list[FakeThread]:
        """The review threads."""
        return self.discussion.threads

    @property
    def reviews(self) -> list[FakeReview]:
        """The reviews, pending ones too."""
        return self.discussion.reviews

    @property
    def checks(self) -> list[FakeCheck]:
        """The check runs on its head as it is now."""
        return [check for check in self.repository.checks if check.head_sha == self.head_sha]

    # --- the head moves ------------------------------------------------------------------------
    def push(self, files: Files, *, message: str = "Change", author: str = "Test Author") -> str:
        """Add a commit; return it."""
        return self._commit([self.head_sha], files=files, message=message, author=author)

    def rename(self, old: str, new: str, *, text: str | None = None) -> str:
        """Add a commit that renames a file, edited where a text is given."""
        store = self.repository.store
        found = store.objects([f"{self.head_sha}:{old}"])[0]
        if found is None:
            raise ValueError(f"there is no file {old!r} at the head")
        return self.push({old: None, new: found[2] if text is None else text}, message="Rename")

    def amend(self, files: Files, *, message: str = "Amended") -> str:
        """Put another commit in place of the last one, with these changes on top of it."""
        store = self.repository.store
        with self.repository.hub.lock:
            scratch = store.commit(["refs/scratch"], [self.head_sha], files=files)
            return self._commit(
                store.parents(self.head_sha),
                tree=store.tree_of(scratch),
                message=message,
                forced=True,
            )

    def force_push(self, to: Files | str, *, message: str = "Force-pushed") -> str:
        """Move the head to any commit, or to one new commit on the merge base.

        Args:
            to: A commit (an old head, say), or what the new commit changes.
            message: The new commit's message.
        """
        if isinstance(to, str):
            self.move_head(to, forced=True)
            return to
        return self._commit([self.merge_base], files=to, message=message, forced=True)

    def rebase(self, onto: str | None = None) -> str:
        """Replay every commit on the base branch as it is now, or on another commit.

        Raises:
            GitStoreError: A commit conflicts.
        """
        store = self.repository.store
        with self.repository.hub.lock:
            tip = onto or self.repository.branch(self.base_ref) or self.base_sha
            for commit in store.commits(self.merge_base, self.head_sha):
                parents = store.parents(commit)
                if len(parents) != 1:
                    continue  # a merge of the base: its commits are there already
                # A commit of the new tip's tree on the old parent makes git merge with that one
                # as the base, which is what replaying a commit means.
                scratch = store.commit(["refs/scratch"], parents, tree=store.tree_of(tip))
                tree = store.merged_tree(scratch, commit)
                message = store.message(commit)
                tip = store.commit(["refs/scratch"], [tip], tree=tree, message=message)
            self.move_head(tip, forced=True)
            return tip

    def merge_base_in(self) -> str:
        """Merge the base branch into the head, as the button "Update branch" does."""
        store = self.repository.store
        with self.repository.hub.lock:
            base = self.repository.branch(self.base_ref) or self.base_sha
            tree = store.merged_tree(self.head_sha, base)
            message = f"Merge branch '{self.base_ref}' into {self.branch}"
            return self._commit([self.head_sha, base], tree=tree, message=message)

    def squash(self, *, message: str = "Squashed") -> str:
        """Make one commit of all."""
        tree = self.repository.store.tree_of(self.head_sha)
        return self._commit([self.merge_base], tree=tree, message=message, forced=True)

    def revert(self, commit: str | None = None) -> str:
        """Add a commit that takes another one back; the last where none is named."""
        store = self.repository.store
        with self.repository.hub.lock:
            wrong = commit or self.head_sha
            parent = store.parents(wrong)[0]
            # Merged with the wrong commit as the base, the tree before it takes it back.
            scratch = store.commit(["refs/scratch"], [wrong], tree=store.tree_of(parent))
            tree = store.merged_tree(self.head_sha, scratch)
            message = f'Revert "{store.message(wrong)}"'
            return self._commit([self.head_sha], tree=tree, message=message)

    def retarget(self, base_ref: str) -> None:
        """Choose another branch to be merged into."""
        with self.repository.hub.lock:
            base = self.repository.branch(base_ref)
            if base is None:
                raise ValueError(f"there is no branch {base_ref!r}")
            self.base_ref, self.base_sha = base_ref, base
            self.updated_at = self.repository.hub.now()
            self.discussion.follow_head(forced=False)

    def delete_fork(self) -> None:
        """The author deletes the fork: nobody can push any more, and its name is gone."""
        if self.head_repository in {None, self.repository}:
            raise ValueError("the head lives in no fork")
        if self.head_repository is not None:
            self.head_repository.deleted = True
        self.head_repository = None

    def _commit(
        self,
        parents: list[str],
        *,
        files: Files | None = None,
        tree: str = "",
        message: str,
        author: str = "Test Author",
        forced: bool = False,
    ) -> str:
        with self.repository.hub.lock:
            store = self.repository.store
            sha = store.commit(
                [self._head_ref], parents, files=files, tree=tree, message=message, author=author
            )
            self.move_head(sha, forced=forced)
            return sha

    @property
    def _head_ref(self) -> str:
        if self.head_repository is None:
            raise ValueError("the fork was deleted: nobody can push to it")
        return self.head_repository.ref(self.branch)

    def move_head(self, sha: str, *, forced: bool) -> None:
        """Let the head be another commit, as a push does."""
        with self.repository.hub.lock:
            self.repository.store.point([self._head_ref, self.ref], sha)
            self.before_sha, self.head_sha = self.head_sha, sha
            self.base_sha = self.repository.branch(self.base_ref) or self.base_sha
            self.updated_at = self.repository.hub.now()
            self.discussion.follow_head(forced=forced)

    # --- what people do ------------------------------------------------------------------------
    def comment(self, author: str, body: str) -> FakeComment:
        """Somebody comments under the pull request."""
        with self.repository.hub.lock:
            return self.discussion.add_comment(self.repository.hub.account(author), body)

    def review_comment(
        self, author: str, path: str, line: int | None, body: str, *, side: str = "RIGHT"
    ) -> FakeThread:
        """Somebody comments on a line; on the file where no line is given."""
        wanted: dict[str, object] = {"path": path, "line": line, "side": side, "body": body}
        if line is None:
            wanted["subject_type"] = "file"
        with self.repository.hub.lock:
            return self.discussion.start_thread(self.repository.hub.account(author), wanted)

    def reply(self, thread: FakeThread, author: str, body: str) -> FakeReviewComment:
        """Somebody replies in a thread."""
        with self.repository.hub.lock:
            return self.discussion.reply(thread, self.repository.hub.account(author), body)

    def resolve(self, thread: FakeThread, author: str) -> None:
        """Somebody resolves a thread."""
        thread.resolved, thread.resolved_by = True, self.repository.hub.account(author)

    def unresolve(self, thread: FakeThread) -> None:
        """Somebody opens a thread again."""
        thread.resolved, thread.resolved_by = False, None

    def edit(self, comment: FakeComment, body: str) -> None:
        """Somebody edits a comment."""
        comment.body, comment.updated_at = body, self.repository.hub.now()

    def delete(self, comment: FakeComment) -> None:
        """Somebody deletes a comment; a thread without comments is gone."""
        with self.repository.hub.lock:
            self.discussion.delete(comment)

    def react(self, comment: FakeComment, author: str, content: str) -> None:
        """Somebody reacts to a comment, with ``+1`` or ``eyes`` or another of GitHub's words."""
        with self.repository.hub.lock:
            self.discussion.react(comment, self.repository.hub.account(author), content)

    def begin_review(self, author: str, path: str, line: int, body: str) -> FakeReview:
        """Somebody begins a review and does not submit it."""
        return self._review(author, None, "", [{"path": path, "line": line, "body": body}])

    def approve(self, author: str) -> FakeReview:
        """Somebody approves."""
        return self._review(author, "APPROVE", "", [])

    def _review(
        self, author: str, event: str | None, body: str, comments: list[dict[str, object]]
    ) -> FakeReview:
        with self.repository.hub.lock:
            return self.discussion.add_review(
                self.repository.hub.account(author),
                event=event,
                body=body,
                commit_id=self.head_sha,
                comments=comments,
            )

    # --- its state -----------------------------------------------------------------------------
    def close(self) -> None:
        """Somebody closes it."""
        self.open, self.closed_at = False, self.repository.hub.now()

    def reopen(self) -> None:
        """Somebody opens it again."""
        self.open, self.closed_at = True, None

    def merge(self) -> str:
        """Somebody merges it; return the base branch's new tip."""
        store = self.repository.store
        with self.repository.hub.lock:
            base = self.repository.branch(self.base_ref) or self.base_sha
            tree = store.merged_tree(base, self.head_sha)
            message = f"Merge pull request #{self.number}"
            ref = self.repository.ref(self.base_ref)
            tip = store.commit([ref], [base, self.head_sha], tree=tree, message=message)
            self.close()
            self.merged = True
            return tip

    def add_label(self, name: str) -> None:
        """Somebody puts a label on it."""
        self.repository.labels.setdefault(name, self.repository.hub.next_id())
        if name not in self.labels:
            self.labels.append(name)
