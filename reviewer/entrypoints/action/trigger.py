"""What started a run, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reviewer.adapters.github.event_reader import PAYLOAD_LIMIT_BYTES, read_event, read_payload
from reviewer.config import ActionSettings
from reviewer.domain.event import CommentEvent, MergeGroupEvent, PullRequestEvent
from reviewer.entrypoints.action.checkout import Head, find_checkout
from reviewer.errors import UserError

#: Events that run with the secrets of the repository on behalf of whoever opened a pull request.
_GUARDED = ("pull_request_target", "workflow_run")


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """Nothing is to be done, and why."""

    reason: str


Trigger = PullRequestEvent | CommentEvent | Idle


def read_trigger(settings: ActionSettings, *, allow_head_checkout: bool) -> Trigger:
    """Tell what is to be done.

    Args:
        settings: What the runner says.
        allow_head_checkout: Whether the workflow knows that it runs beside a stranger's code.

    Raises:
        UserError: This is no runner, or the job is one that we refuse to be part of.
        ReviewerError: The event cannot be read.
    """
    if settings.event_file is None or not settings.event_name:
        raise UserError(
            "there is no event: this is what GitHub's runner starts",
            hint="Elsewhere, use: reviewer review --pr OWNER/REPO#NUMBER",
        )
    payload = _payload(settings.event_file)
    if settings.event_name in _GUARDED and not allow_head_checkout:
        _refuse_checkout(settings, payload)
    name = "pull_request" if settings.event_name == "pull_request_target" else settings.event_name
    event = read_event(name, payload)
    if isinstance(event, PullRequestEvent):
        return event
    if isinstance(event, CommentEvent):
        if event.pull_request is None:
            return Idle(reason="the comment stands on an issue, not on a pull request")
        return event
    if isinstance(event, MergeGroupEvent):
        return Idle(
            reason="a merge queue's commit is made of pull requests that were reviewed already"
        )
    return Idle(
        reason=f"this acts on pull_request, issue_comment and pull_request_review_comment, "
        f"and the event is {settings.event_name}"
    )


def _payload(file: Path) -> Mapping[str, object]:
    """Read the event, no more of it than GitHub sends."""
    try:
        with file.open("rb") as content:
            raw = content.read(PAYLOAD_LIMIT_BYTES + 1)
    except OSError as error:
        raise UserError(f"the event cannot be read: {error.strerror}", path=str(file)) from error
    return read_payload(raw)


def _refuse_checkout(settings: ActionSettings, payload: Mapping[str, object]) -> None:
    """Refuse a job that holds secrets and has checked out the pull request's own code.

    Raises:
        UserError: It is one.
    """
    if settings.workspace is None:
        return
    found = find_checkout(settings.workspace, _head(payload))
    if found is not None:
        raise UserError(
            f"this {settings.event_name} job has checked out the pull request's own code beside "
            "secrets; whatever it builds or tests there can take them",
            hint="Remove the checkout (the review needs none), or use the pull_request event. "
            "Who knows better sets allow-head-checkout: true.",
        )


def _head(payload: Mapping[str, object]) -> Head:
    """Return every name of the code that started the job; the whole event is GitHub's word."""
    pull, run = _table(payload, "pull_request"), _table(payload, "workflow_run")
    commits = (_table(pull, "head").get("sha"), pull.get("merge_commit_sha"), run.get("head_sha"))
    number = pull.get("number")
    return Head(
        commits=frozenset(commit for commit in commits if isinstance(commit, str) and commit),
        number=number if isinstance(number, int) else None,
    )


def _table(value: Mapping[str, object], key: str) -> Mapping[str, object]:
    inner = value.get(key)
    return inner if isinstance(inner, Mapping) else {}
