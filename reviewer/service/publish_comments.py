"""Posts findings as comments: one review, and file by file what it does not take; nothing twice.

A host takes a review whole or not at all, and does not say which comment is wrong: a refused one
is halved until the wrong one stands alone, which goes to its file, and from there to the summary.
A write of which nobody knows whether it was done is looked for before it is sent again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from reviewer.domain.posting import FileComment, InlineComment
from reviewer.domain.recall import our_threads
from reviewer.ports.code_host import CodeHostError, Refusal
from reviewer.service.publish_setup import HeadGuard, PublishSetup

#: How often reviews are sent at most in one run, and comments on files; the summary tells the rest.
MOST_ATTEMPTS = 16

#: A write of which nobody knows whether it was done is sent so often in all.
_MOST_DOUBTS = 2

Send = Callable[[frozenset[str]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What became of a write.

    Args:
        done: Fingerprints that stand now.
        refusal: Why the host took nothing, in its words; None where it did, or where it is not to
            be asked any more.
    """

    done: frozenset[str] = frozenset()
    refusal: str | None = None


class CommentPoster:
    """Posts the comments of one run.

    Args:
        setup: What publishing works with.
        guard: Stands before every write.

    Attributes:
        inline: Fingerprints that this run has put on their lines.
        file_level: Those that it has put on their file.
        demoted: Why others do not stand where they should.
        refused: Whether the host refused a comment that should have been right.
        trouble: Why nothing more is posted; empty while all is well.
    """

    def __init__(self, setup: PublishSetup, guard: HeadGuard) -> None:
        self._host = setup.host
        self._signer = setup.signer
        self._guard = guard
        self._left = MOST_ATTEMPTS
        self._pending_deleted = False
        self.inline: list[str] = []
        self.file_level: list[str] = []
        self.demoted: dict[str, str] = {}
        self.refused = False
        self.trouble = ""

    @property
    def new(self) -> tuple[str, ...]:
        """Everything that this run has posted."""
        return (*self.inline, *self.file_level)

    async def post_review(self, comments: Sequence[InlineComment], *, head_sha: str) -> list[str]:
        """Post comments on lines in one review.

        Args:
            comments: The comments.
            head_sha: The commit that they speak of.

        Returns:
            Fingerprints of those that the host refuses; why stands in ``demoted``.

        Raises:
            SupersededError: The head moved.
            CodeHostError: The host lets us write nothing at all.
        """
        by_fingerprint = {comment.fingerprint: comment for comment in comments}

        async def send(missing: frozenset[str]) -> None:
            some = [c for fingerprint, c in by_fingerprint.items() if fingerprint in missing]
            await self._host.post_review(some, head_sha=head_sha)

        return await self._isolate(tuple(by_fingerprint), send) if by_fingerprint else []

    async def post_files(self, comments: Iterable[FileComment], *, head_sha: str) -> None:
        """Post comments on files, one by one.

        Args:
            comments: The comments.
            head_sha: The commit that they speak of.

        Raises:
            SupersededError: The head moved.
            CodeHostError: The host lets us write nothing at all.
        """
        self._left = MOST_ATTEMPTS
        for comment in comments:

            async def send(_: frozenset[str], comment: FileComment = comment) -> None:
                await self._host.post_file_comment(comment, head_sha=head_sha)

            answer = await self._deliver(frozenset({comment.fingerprint}), send)
            self.file_level += answer.done
            if answer.refusal is not None:
                self._refuse(comment.fingerprint, answer.refusal)

    async def _isolate(
        self, wanted: tuple[str, ...], send: Send, *, bad: bool = False
    ) -> list[str]:
        """Post comments by halves; return those that the host refuses.

        Args:
            wanted: Fingerprints of the comments, at least one.
            send: Posts some of them.
            bad: Whether a wrong one is known to be among them, so that all need not be tried.
        """
        alone = len(wanted) == 1
        if alone or not bad:
            answer = await self._deliver(frozenset(wanted), send)
            self.inline += (fingerprint for fingerprint in wanted if fingerprint in answer.done)
            if answer.refusal is None:
                return []
            if alone:
                self._refuse(wanted[0], answer.refusal)
                return [wanted[0]]
            wanted = await self._not_standing(wanted)
        half = (len(wanted) + 1) // 2
        refused = await self._isolate(wanted[:half], send) if wanted else []
        if wanted[half:]:
            refused += await self._isolate(wanted[half:], send, bad=not refused)
        return refused

    async def _not_standing(self, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """Look, after a refusal, which comments stand all the same; and whether the head moved."""
        standing = await self._standing(settled=True)
        self.inline += (fingerprint for fingerprint in wanted if fingerprint in standing)
        return tuple(fingerprint for fingerprint in wanted if fingerprint not in standing)

    async def _standing(self, *, settled: bool) -> frozenset[str]:
        """Return what stands now; where a write may still settle, after a little while."""
        conversation = await (self._guard.look() if settled else self._guard.look_again())
        return frozenset(ours.mark.fingerprint for ours in our_threads(conversation, self._signer))

    async def _deliver(self, wanted: frozenset[str], send: Send) -> _Answer:
        """Send until what is wanted stands, or the host says no; at most once after a doubt."""
        missing, doubts = wanted, 0
        while missing and not self.trouble:
            if self._left == 0:
                self._stop(missing, f"not taken in {MOST_ATTEMPTS} attempts")
                break
            self._left -= 1
            try:
                await self._guard.require_head()
                await send(missing)
            except CodeHostError as error:
                if error.uncertain:
                    doubts += 1
                    missing = wanted - await self._standing(settled=False)
                    if doubts == _MOST_DOUBTS:
                        self._stop(missing, _told(error))
                elif error.pending_review and not self._pending_deleted:
                    await self._delete_pending(missing)
                elif error.refusal is Refusal.UNPROCESSABLE:
                    return _Answer(done=wanted - missing, refusal=error.message)
                else:
                    self._stop(missing, _told(error))
            else:
                return _Answer(done=wanted)
        if self.trouble:
            self._stop(missing, self.trouble)
            return _Answer(done=wanted - missing)
        return _Answer(done=wanted)

    async def _delete_pending(self, missing: frozenset[str]) -> None:
        """Delete what a run that broke off has left: it would block every review to come."""
        self._pending_deleted = True
        try:
            await self._guard.require_head()
            await self._host.delete_pending_reviews()
        except CodeHostError as error:
            self._stop(missing, _told(error))

    def _refuse(self, fingerprint: str, message: str) -> None:
        self.refused = True
        self.demoted[fingerprint] = f"refused: {message}"

    def _stop(self, missing: Collection[str], trouble: str) -> None:
        """Post nothing more; what is missing is told in the summary."""
        if not missing:
            return
        self.trouble = self.trouble or trouble
        for fingerprint in missing:
            self.demoted[fingerprint] = "could not be posted"


def _told(error: CodeHostError) -> str:
    """Name an error that ends the posting; where nothing may be written at all, that ends the run.

    Raises:
        CodeHostError: The host does not accept our token.
    """
    if error.refusal is Refusal.UNAUTHORIZED:
        raise error
    return f"{error.refusal.value}: {error.message}"
