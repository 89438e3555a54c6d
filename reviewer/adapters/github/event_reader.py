"""Reads an event of GitHub: bytes that were verified already, then JSON, then what happened.

The payloads and what may be null in them: https://docs.github.com/en/webhooks/webhook-events-and-payloads
A payload is nobody's word on what to do: an event that is not known is an `OtherEvent`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NoReturn

from reviewer.adapters.github.pull_request_reader import (
    FreeText,
    Sha,
    Wire,
    WireAccount,
    WireRepository,
    account_of,
    pull_request_of,
    read_wire,
)
from reviewer.domain.event import (
    UNKNOWN_ACCOUNT,
    CheckEvent,
    CommentEvent,
    Event,
    InstallationEvent,
    MergeGroupEvent,
    OtherEvent,
    PullRequestEvent,
    ThreadEvent,
)
from reviewer.domain.pull_request import Account, PullRequestName
from reviewer.errors import GitHubError, ResourceError

#: GitHub sends none that is larger:
#: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
PAYLOAD_LIMIT_BYTES = 25_000_000


class _Number(Wire):
    """A pull request of which only the number counts."""

    number: int


class _Named(_Number):
    """A pull request of which the words count as well."""

    title: FreeText | None = None
    body: FreeText | None = None


class _Issue(_Named):
    """What an issue comment stands on; ``pull_request`` is what makes it a pull request."""

    pull_request: Mapping[str, object] | None = None


class _Comment(Wire):
    """A comment under a pull request or in a review thread."""

    id: int
    body: FreeText | None = None
    user: WireAccount | None = None
    in_reply_to_id: int | None = None


class _Thread(Wire):
    """A review thread."""

    node_id: str


class _Identified(Wire):
    """Something of which only the host's number counts."""

    id: int | None = None


class _Suite(Wire):
    """A check suite, or what a check run tells of its own."""

    head_sha: Sha
    app: _Identified | None = None
    pull_requests: tuple[_Number, ...] | None = None


class _MergeGroup(Wire):
    """A commit that a merge queue made."""

    head_sha: Sha
    head_ref: FreeText


class _Installation(Wire):
    """An installation of an application."""

    id: int
    account: WireAccount | None = None


class _Change(Wire):
    """Which parts an ``edited`` pull request had changed."""

    base: Mapping[str, object] | None = None


class _Frame(Wire):
    """What nearly every event has; all of it may be missing."""

    action: str | None = None
    repository: WireRepository | None = None
    sender: WireAccount | None = None

    @property
    def who(self) -> Account:
        """Who did it."""
        return account_of(self.sender) or UNKNOWN_ACCOUNT

    @property
    def home(self) -> WireRepository:
        """Where it happened.

        Raises:
            GitHubError: The event names no repository.
        """
        if self.repository is None:
            raise GitHubError("the event cannot be read: repository: it names none")
        return self.repository

    def name_of(self, number: int) -> PullRequestName:
        """Return a pull request of the event's own repository."""
        return PullRequestName(repository=self.home.repository(), number=number)


class _PullRequestFrame(_Frame):
    pull_request: Mapping[str, object]
    changes: _Change | None = None


class _IssueCommentFrame(_Frame):
    issue: _Issue
    comment: _Comment


class _ReviewCommentFrame(_Frame):
    pull_request: _Named
    comment: _Comment


class _ThreadFrame(_Frame):
    pull_request: _Number
    thread: _Thread


class _CheckRunFrame(_Frame):
    check_run: _Suite


class _CheckSuiteFrame(_Frame):
    check_suite: _Suite


class _MergeGroupFrame(_Frame):
    merge_group: _MergeGroup


class _InstallationFrame(_Frame):
    installation: _Installation
    repositories: tuple[_Identified, ...] | None = None
    repositories_added: tuple[_Identified, ...] | None = None
    repositories_removed: tuple[_Identified, ...] | None = None


def read_payload(raw: bytes) -> Mapping[str, object]:
    """Parse the body of an event, whose signature was looked at before.

    Args:
        raw: The bytes.

    Raises:
        ResourceError: It is larger than anything that GitHub sends; nothing was parsed.
        GitHubError: It is no JSON object, or says one thing twice.
    """
    if len(raw) > PAYLOAD_LIMIT_BYTES:
        raise ResourceError(
            f"the event has {len(raw):,} bytes; GitHub sends at most {PAYLOAD_LIMIT_BYTES:,}"
        )
    try:
        value: object = _DECODER.decode(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        # A UnicodeDecodeError and a number of too many digits are ValueErrors as well.
        reason = str(error) if isinstance(error, _TwiceError) else "it is no JSON that we can read"
        raise GitHubError(f"the event cannot be read: {reason}") from None
    if not isinstance(value, dict):
        raise GitHubError("the event cannot be read: it is no JSON object")
    return value


class _TwiceError(ValueError):
    """An object has the same key twice, so that two readers may read two things."""


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    r"""Build an object; ``action`` and ``\u0061ction`` are the same key."""
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _TwiceError("an object has the same key twice")
    return value


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError


#: Made once: `json.loads` makes one for each text.
_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_refuse_constant)


def read_event(name: str, payload: Mapping[str, object]) -> Event:
    """Tell what happened.

    Args:
        name: GitHub's name of the event, from ``X-GitHub-Event`` or ``GITHUB_EVENT_NAME``.
        payload: The parsed body.

    Returns:
        The event; an `OtherEvent` for every name that this program does not act on, and
        ``pull_request_target`` is one of them.

    Raises:
        GitHubError: Something that GitHub promises of this event is not there.
    """
    reader = _READERS.get(name)
    if reader is not None:
        return reader(payload)
    action = payload.get("action")
    return OtherEvent(name=name, action=action if isinstance(action, str) else "")


def _read_pull_request(payload: Mapping[str, object]) -> Event:
    frame = read_wire(_PullRequestFrame, payload, what="the event")
    return PullRequestEvent(
        action=frame.action or "",
        pull_request=pull_request_of(frame.pull_request, repository=frame.repository),
        sender=frame.who,
        base_changed=frame.changes is not None and frame.changes.base is not None,
    )


def _read_issue_comment(payload: Mapping[str, object]) -> Event:
    frame = read_wire(_IssueCommentFrame, payload, what="the event")
    on_pull_request = frame.issue.pull_request is not None
    return CommentEvent(
        action=frame.action or "",
        comment_id=frame.comment.id,
        body=frame.comment.body or "",
        author=account_of(frame.comment.user),
        sender=frame.who,
        pull_request=frame.name_of(frame.issue.number) if on_pull_request else None,
        title=frame.issue.title,
        description=frame.issue.body,
    )


def _read_review_comment(payload: Mapping[str, object]) -> Event:
    frame = read_wire(_ReviewCommentFrame, payload, what="the event")
    comment = frame.comment
    return CommentEvent(
        action=frame.action or "",
        comment_id=comment.id,
        body=comment.body or "",
        author=account_of(comment.user),
        sender=frame.who,
        pull_request=frame.name_of(frame.pull_request.number),
        inline=True,
        thread_comment_id=comment.in_reply_to_id or comment.id,
        title=frame.pull_request.title,
        description=frame.pull_request.body,
    )


def _read_thread(payload: Mapping[str, object]) -> Event:
    frame = read_wire(_ThreadFrame, payload, what="the event")
    return ThreadEvent(
        action=frame.action or "",
        thread_id=frame.thread.node_id,
        pull_request=frame.name_of(frame.pull_request.number),
        sender=frame.who,
    )


def _read_check_run(payload: Mapping[str, object]) -> Event:
    frame = read_wire(_CheckRunFrame, payload, what="the event")
    return _check_event(frame, frame.check_run)


def _read_check_suite(payload: Mapping[str, object]) -> Event:
    frame = read_wire(_CheckSuiteFrame, payload, what="the event")
    return _check_event(frame, frame.check_suite)


def _check_event(frame: _Frame, suite: _Suite) -> CheckEvent:
    return CheckEvent(
        action=frame.action or "",
        repository=frame.home.repository(),
        head_sha=suite.head_sha,
        app_id=None if suite.app is None else suite.app.id,
        numbers=tuple(pull_request.number for pull_request in suite.pull_requests or ()),
        sender=frame.who,
    )


def _read_merge_group(payload: Mapping[str, object]) -> Event:
    frame = read_wire(_MergeGroupFrame, payload, what="the event")
    return MergeGroupEvent(
        action=frame.action or "",
        repository=frame.home.repository(),
        head_sha=frame.merge_group.head_sha,
        head_ref=frame.merge_group.head_ref,
    )


def _read_installation(payload: Mapping[str, object]) -> Event:
    frame = read_wire(_InstallationFrame, payload, what="the event")
    added = (*(frame.repositories or ()), *(frame.repositories_added or ()))
    removed = frame.repositories_removed or ()
    if frame.action == "deleted":
        added, removed = (), (*added, *removed)
    return InstallationEvent(
        action=frame.action or "",
        installation_id=frame.installation.id,
        account=account_of(frame.installation.account),
        added=tuple(repository.id for repository in added if repository.id is not None),
        removed=tuple(repository.id for repository in removed if repository.id is not None),
    )


_READERS: Mapping[str, Callable[[Mapping[str, object]], Event]] = MappingProxyType(
    {
        "pull_request": _read_pull_request,
        "issue_comment": _read_issue_comment,
        "pull_request_review_comment": _read_review_comment,
        "pull_request_review_thread": _read_thread,
        "check_run": _read_check_run,
        "check_suite": _read_check_suite,
        "merge_group": _read_merge_group,
        "installation": _read_installation,
        "installation_repositories": _read_installation,
    }
)
