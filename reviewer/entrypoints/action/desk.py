"""What the Action needs of the wired program: somebody who reviews and somebody who answers."""

from __future__ import annotations

from typing import Protocol

from reviewer.bootstrap.pull_request import Order, Report
from reviewer.domain.event import CommentEvent, PullRequestEvent


class Desk(Protocol):
    """Attends to events; every method may raise `ReviewerError`."""

    def review(self, event: PullRequestEvent, order: Order) -> Report:
        """Review a pull request as the event shows it."""
        ...

    def answer(self, event: CommentEvent, order: Order) -> Report:
        """Do what a comment asks for, where its author may ask."""
        ...
