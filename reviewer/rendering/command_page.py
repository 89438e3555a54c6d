"""The page about slash commands: made from the same table as the help in a comment."""

from __future__ import annotations

from reviewer.domain.command import (
    LONGEST_QUESTION,
    LONGEST_REASON,
    LONGEST_TASK,
    MOST_COMMANDS,
    MOST_PERSONAS,
)
from reviewer.domain.command_usage import USAGES, CommandRules
from reviewer.rendering.command_reply import usage_rows

_INTRODUCTION = """\
# What you can say to the reviewer

A comment on a pull request, or a reply in one of its threads, may hold up to {commands} commands.
Each is the first word of its own line, exactly as written here; at most one of them may ask a
model. Around them you can write what you like.

- Only a **new** comment of a **person** counts. Edited comments, quotations, code and what bots
  write command nothing, and nothing that this reviewer writes does either.
- GitHub is asked what you may do in the repository, each time; where it does not answer, nothing is
  done. `read` permission, or none, is never enough for what costs something or changes something.
- 👀 means heard, 👍 done, 😕 refused. There is a reply where you asked for one, or where a command
  is written wrongly; then nothing of the whole comment is done.
- No comment can set an option or change the configuration: there are none in this grammar.
- A question has at most {question:,} characters, what is to be planned {task:,}, a reason
  {reason}; at most {personas} personas can be named.

| command | what it does | who may |
|---|---|---|
"""

_LIMITS = """
## How often

Within an hour and on one pull request, one person is answered {own} times; {asks} of these may ask
a model, and all people together may do so {all} times. More is refused with 😕. It is counted by
the reviewer's own 👀, so refused comments count for nobody, and a deleted comment no more. What a
pull request may cost is held by the operator's budget, whoever asks.

## Findings

FINDING is the short name that stands under each finding: the first seven digits of its
fingerprint, which stays the same over pushes. Where two findings begin alike, more digits are
needed, and the reply says which.

`/dismiss`, `/undismiss`, `/pause` and `/resume` are remembered in the reviewer's own summary,
signed with the Action's input `state-key`. Without one nothing can be remembered, and a reply says
so; the skip label of `[pull_request]` in `.reviewer.toml` works without.

## In the Action and in the App

| | Action | App |
|---|---|---|
{doors}
The answer appears in the same place in both: in the thread where the comment stands, if this
reviewer began that thread, else under the pull request. 👀, 👍 and 😕 stand on the comment itself.
Nobody can use commands in a repository whose App was uninstalled, and nothing of it is kept.

## Examples

"""


#: What differs between the two doors: in the Action, in the App.
_DOORS = (
    (
        "begins within",
        "the time that a runner takes",
        "a second",
    ),
    (
        "who may",
        "the table above; the inputs `command-permission` and `author-review-minutes` change it",
        (
            "the table above; the operator's settings `command_permission` and "
            "`author_review_minutes` change it"
        ),
    ),
    (
        "how often",
        "the figures above",
        (
            "the figures above, unless the operator sets others "
            "(`commands_per_hour_by_person`, `asks_per_hour_by_person`, `asks_per_hour`)"
        ),
    ),
    (
        "where people are listened to",
        "where the workflow has the events `issue_comment` and `pull_request_review_comment`",
        "everywhere in its repositories; not where its installation is suspended",
    ),
    (
        "what is remembered",
        "in the summary, signed with `state-key`; who deletes the summary deletes it",
        (
            "in the service's database, and signed in the summary; deleting or editing the "
            "summary loses nothing"
        ),
    ),
    (
        "`/review`",
        "is the workflow's job: its steps tell how far it is",
        (
            "waits its turn, then follows at once; it is not kept waiting by later pushes, "
            "and a newer push gives it up"
        ),
    ),
    (
        "`/pause` before the first review",
        "begins a summary that keeps it",
        "the same",
    ),
    (
        "the same comment delivered twice, or a process that dies",
        "a job that runs again answers again only where no reply stands",
        "is answered once",
    ),
    (
        "a check that is asked for again (“Re-run”)",
        "runs the job again",
        (
            "a review as with `/review`: what has not changed is asked of no model, and the "
            "check is posted anew"
        ),
    ),
    (
        "on record",
        "the job's log and summary",
        "the audit trail: who, which commands, allowed or not",
    ),
)


def command_page() -> str:
    """Return the page, for an operator who says nothing else."""
    rules = CommandRules()
    introduction = _INTRODUCTION.format(
        commands=MOST_COMMANDS,
        question=LONGEST_QUESTION,
        task=LONGEST_TASK,
        reason=LONGEST_REASON,
        personas=MOST_PERSONAS,
    )
    rows = "".join(
        f"| {_code_cell(row.form)} | {row.does} | {row.who} |\n" for row in usage_rows(rules)
    )
    limits = _LIMITS.format(
        own=rules.commands_a_person,
        asks=rules.asks_a_person,
        all=rules.asks,
        doors="".join(f"| {' | '.join(row)} |\n" for row in _DOORS),
    )
    examples = "".join(f"- `{usage.example}`\n" for usage in USAGES.values())
    return introduction + rows + limits + examples


def _code_cell(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")
