"""Attends to what started a run: decides what may be posted and who may be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reviewer.bootstrap.model import ModelRequest
from reviewer.bootstrap.pull_request import Order, Report
from reviewer.config import KEY_VARIABLES, Settings
from reviewer.domain.event import PullRequestEvent
from reviewer.domain.model_name import parse_model_name
from reviewer.domain.pull_request import PullRequestName
from reviewer.entrypoints.action.desk import Desk
from reviewer.entrypoints.action.inputs import Inputs
from reviewer.entrypoints.action.trigger import Idle, Trigger

#: Needs no key: a server of the operator's own.
_KEYLESS = "compatible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attended:
    """What was done.

    Args:
        report: How it went.
        published: Whether it was meant to be written to the pull request.
        withheld: The pull request of a fork that nothing could be posted to; None where it could.
        notes: What people must know of how it was gone about.
    """

    report: Report
    published: bool
    withheld: PullRequestName | None = None
    notes: tuple[str, ...] = ()


def attend(
    trigger: Trigger, inputs: Inputs, settings: Settings, desk: Desk, *, event_name: str
) -> Attended:
    """Do what is to be done.

    Args:
        trigger: What started the run.
        inputs: What the workflow asks for.
        settings: What the environment says.
        desk: Who reviews and answers.
        event_name: GitHub's name of what started the run.

    Raises:
        ReviewerError: It could not be done.
    """
    if isinstance(trigger, Idle):
        return Attended(report=Report(state=None, reason=trigger.reason), published=False)
    if isinstance(trigger, PullRequestEvent) and _is_withheld(trigger, settings, event_name):
        order = _order(inputs, replace(settings, model=""), notes=[])
        order = replace(order, publish=False, model=replace(order.model, without=True))
        name = trigger.pull_request.name
        return Attended(report=desk.review(trigger, order), published=False, withheld=name)
    notes: list[str] = []
    order = _order(inputs, settings, notes)
    report = (
        desk.review(trigger, order)
        if isinstance(trigger, PullRequestEvent)
        else desk.answer(trigger, order)
    )
    return Attended(report=report, published=order.publish, notes=tuple(notes))


def _is_withheld(event: PullRequestEvent, settings: Settings, event_name: str) -> bool:
    """Tell whether GitHub gives this run a token that can only read, and no secrets.

    That is so for ``pull_request`` of a fork, unless a private repository says otherwise; then a
    secret of ours arrives:
    https://docs.github.com/en/actions/reference/security/securely-using-pull_request_target
    """
    arrived = bool(settings.github.state_key or settings.keys)
    return event_name == "pull_request" and event.pull_request.from_fork and not arrived


def _order(inputs: Inputs, settings: Settings, notes: list[str]) -> Order:
    lacking = _lacking_key(settings.model, settings.keys)
    if lacking:
        notes.append(
            f"No key for {lacking} arrived ({KEY_VARIABLES[lacking]} is empty), so no model was "
            "asked. Runs of Dependabot and of forks get no secrets."
        )
    return Order(
        model=ModelRequest(
            without=bool(lacking), most_dollars=inputs.most_dollars, language=inputs.language
        ),
        personas=inputs.personas,
        panel=inputs.panel,
        layer=inputs.layer,
        rules=inputs.rules,
        publish=not inputs.dry_run,
    )


def _lacking_key(model: str, keys: Mapping[str, str]) -> str:
    """Return the provider whose key is missing; empty where none is.

    Raises:
        UserError: The model's name has another form.
    """
    if not model:
        return ""
    provider = parse_model_name(model).provider
    return "" if provider == _KEYLESS or provider in keys else provider
