"""What each command does, how it is written, and who may use it: help is made from this table.

Three kinds of use. What *spends* or *changes* needs write permission, or triage where the operator
says so. What only *tells* needs triage; the author of the pull request may ask for that as well,
except for costs and settings, which are the team's. Who has no permission on a public repository
is a stranger there, whatever GitHub shows as association.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from reviewer.domain.command import Command, CommandName
from reviewer.domain.posting import Permission


class Effect(StrEnum):
    """What a command does to the world."""

    SPENDS = "spends"
    CHANGES = "changes"
    TELLS = "tells"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandUsage:
    """One command, for people.

    Args:
        form: How it is written.
        does: What it does, one sentence.
        example: One that works.
        effect: What it does to the world.
        author: Whether the author of the pull request may use it without any permission.
    """

    form: str
    does: str
    example: str
    effect: Effect
    author: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRules:
    """What the operator says about commands; no repository and no comment can.

    Args:
        least: What somebody needs for commands that spend or change: write, or triage.
        author_review_minutes: The author of a pull request may ask for a review once in so many
            minutes; None where write permission is needed for that.
        asks_a_person: Commands that may ask a model, of one person on one pull request an hour.
        asks: The same, of all people together.
        commands_a_person: All commands of one person on one pull request an hour.
    """

    least: Permission = Permission.WRITE
    author_review_minutes: int | None = None
    asks_a_person: int = 10
    asks: int = 20
    commands_a_person: int = 30


USAGES: Mapping[CommandName, CommandUsage] = MappingProxyType(
    {
        CommandName.REVIEW: CommandUsage(
            form="/review [full] [as PERSONA,… | panel NAME]",
            does="Reviews the change now; “full” looks at everything again, “as” and “panel” "
            "say who reviews.",
            example="/review full as security-sentinel,architect",
            effect=Effect.SPENDS,
        ),
        CommandName.ASK: CommandUsage(
            form="/ask TEXT",
            does="Asks a model about this change; it answers from the change alone.",
            example="/ask Which callers does the new default reach?",
            effect=Effect.SPENDS,
        ),
        CommandName.PLAN: CommandUsage(
            form="/plan [TEXT]",
            does="Lets a model plan: the next steps for this change, or for what the text says.",
            example="/plan Split this into two pull requests.",
            effect=Effect.SPENDS,
        ),
        CommandName.EXPLAIN: CommandUsage(
            form="/explain FINDING",
            does="Explains the rule behind a finding, with a bad and a good example.",
            example="/explain f7c3a91",
            effect=Effect.TELLS,
            author=True,
        ),
        CommandName.DISMISS: CommandUsage(
            form="/dismiss FINDING [REASON]",
            does="Dismisses a finding: it is not told again and counts no more.",
            example="/dismiss f7c3a91 the caller validates this",
            effect=Effect.CHANGES,
        ),
        CommandName.UNDISMISS: CommandUsage(
            form="/undismiss FINDING",
            does="Takes a dismissal back.",
            example="/undismiss f7c3a91",
            effect=Effect.CHANGES,
        ),
        CommandName.PAUSE: CommandUsage(
            form="/pause",
            does="Stops reviews of pushes on this pull request.",
            example="/pause",
            effect=Effect.CHANGES,
        ),
        CommandName.RESUME: CommandUsage(
            form="/resume",
            does="Lets pushes be reviewed again.",
            example="/resume",
            effect=Effect.CHANGES,
        ),
        CommandName.PERSONAS: CommandUsage(
            form="/personas",
            does="Shows who reviews this change and why, and who would also apply.",
            example="/personas",
            effect=Effect.TELLS,
            author=True,
        ),
        CommandName.CONFIG: CommandUsage(
            form="/config",
            does="Shows every setting that holds here, and who set it.",
            example="/config",
            effect=Effect.TELLS,
        ),
        CommandName.COST: CommandUsage(
            form="/cost",
            does="Shows what the reviews of this pull request have cost.",
            example="/cost",
            effect=Effect.TELLS,
        ),
        CommandName.HELP: CommandUsage(
            form="/help",
            does="Shows this list.",
            example="/help",
            effect=Effect.TELLS,
            author=True,
        ),
    }
)


def needed(name: CommandName, rules: CommandRules) -> Permission:
    """Return what somebody needs to use a command; never less than triage.

    Args:
        name: The command.
        rules: What the operator says.
    """
    if USAGES[name].effect is Effect.TELLS or not rules.least.at_least(Permission.TRIAGE):
        return Permission.TRIAGE
    return rules.least


def may_use(command: Command, permission: Permission, rules: CommandRules, *, author: bool) -> bool:
    """Tell whether somebody may use a command, apart from how often.

    Args:
        command: The command.
        permission: What the host says that this person may do in the repository.
        rules: What the operator says.
        author: Whether this person opened the pull request.
    """
    if permission.at_least(needed(command.name, rules)):
        return True
    return author and (USAGES[command.name].author or _plain_review(command, rules))


def _plain_review(command: Command, rules: CommandRules) -> bool:
    """Let authors ask for what a push would begin by itself, where the operator allows that."""
    bare = command == Command(name=CommandName.REVIEW)
    return bare and rules.author_review_minutes is not None
