"""What the reviewer replies to a command: short, sanitised, and never a command itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reviewer.domain.command import CommandName, Malformed, holds_command
from reviewer.domain.command_usage import USAGES, CommandRules, CommandUsage, needed
from reviewer.domain.evidence import Decides, EvidenceKind
from reviewer.domain.history import History, KnownFinding, KnownState
from reviewer.domain.material import Reply
from reviewer.domain.persona import Persona, Rule
from reviewer.domain.policy import Policy, Setting
from reviewer.domain.sanitiser import PROSE_LIMIT, cut, fenced, prose, visible
from reviewer.domain.selection import ChoiceKind, Selection
from reviewer.rendering.document import count, short_commit, thousands, used
from reviewer.rendering.template import Safe, markdown_environment

#: How long a reply may be, in bytes, its marker included.
REPLY_LIMIT = 60_000

#: A model is told to be short; this is for one that is not.
_ANSWER_LIMIT = 8_000
_SETTINGS_SHOWN = 150
_CHOICES_SHOWN = 30

_TOO_LONG = "… the reply would be too long."
_HELD_BACK = "This reply was held back: one of its lines would have been a command."


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """A command in the table that people see."""

    form: str
    does: str
    who: str


def usage_rows(rules: CommandRules) -> tuple[UsageRow, ...]:
    """Return the table of all commands.

    Args:
        rules: What the operator says about who may use them.
    """
    return tuple(
        UsageRow(form=usage.form, does=usage.does, who=_who(name, usage, rules))
        for name, usage in USAGES.items()
    )


def _who(name: CommandName, usage: CommandUsage, rules: CommandRules) -> str:
    who = f"{needed(name, rules).value} permission"
    if usage.author:
        return f"{who}, or the author"
    if name is CommandName.REVIEW and rules.author_review_minutes is not None:
        return f"{who}; the author once in {count(rules.author_review_minutes, 'minute')}"
    return who


def render_help(rules: CommandRules) -> Safe:
    """List all commands."""
    footer = (
        "PERSONA and NAME as in the list of personas; FINDING is the short name under a finding."
    )
    return _render("help", usage_rows(rules), footer)


def render_refusals(refused: Sequence[Malformed]) -> Safe:
    """Say how commands are written that were written otherwise."""
    return Safe(
        "\n\n".join(_render("refusal", each.problem, USAGES[each.name].form) for each in refused)
    )


def render_problem(problem: str) -> Safe:
    """Say in one sentence why something was not done."""
    return _render("refusal", problem, "")


def render_explanation(known: KnownFinding, persona: Persona, rule: Rule) -> Safe:
    """Explain the rule behind a finding.

    Args:
        known: The finding, as people were told of it.
        persona: Whose rule it is.
        rule: The rule.
    """
    language = rule.applies.languages[0] if rule.applies.languages else ""
    return _render(
        "explanation",
        known,
        rule,
        persona.title,
        _state(known),
        _decided_by(rule),
        *(
            Safe(fenced(text.strip("\n"), language)) if text else ""
            for text in (rule.bad, rule.good)
        ),
    )


def _snippet(text: str, language: str) -> Safe:
    return Safe(fenced(text.strip("\n"), language) if text.strip() else "")


#: Codes of one tool that are named; a rule may have dozens.
_CODES_SHOWN = 6


def _decided_by(rule: Rule) -> str:
    """Name what can show that the rule is broken, each tool once."""
    codes: dict[str, list[str]] = {}
    for evidence in rule.evidence:
        own = evidence.tool if evidence.kind is EvidenceKind.SARIF else evidence.kind.value
        named = () if evidence.kind in _UNNAMED else evidence.codes
        codes.setdefault(own or evidence.kind.value, []).extend(named)
    said = []
    for tool, names in codes.items():
        more = f" and {len(names) - _CODES_SHOWN} more" if len(names) > _CODES_SHOWN else ""
        said.append(f"{tool} {', '.join(names[:_CODES_SHOWN])}{more}".strip())
    decides = any(evidence.decides is Decides.BOTH for evidence in rule.evidence)
    return "; ".join([*said, *(() if decides else ("judgement",))])


#: Their codes are names of our own, which tell people nothing.
_UNNAMED = frozenset({EvidenceKind.PATTERN, EvidenceKind.SECRET})


def _state(known: KnownFinding) -> str:
    if known.state is KnownState.OPEN:
        return ""
    if known.state is KnownState.FIXED:
        return "fixed"
    by = f" by {known.by}" if known.by else ""
    return f"dismissed{by}" + (f": {known.reason}" if known.reason else "")


def render_personas(selection: Selection, catalogue: Sequence[Persona]) -> Safe:
    """Say who reviews a change and why, and who would also apply.

    Args:
        selection: What was decided, as if nobody asked for anyone.
        catalogue: Every persona that could review.
    """
    titles = {persona.name: persona.title for persona in catalogue}
    chosen, also, others = (
        [(titles.get(c.persona, c.persona), c.persona, c.reason) for c in selection.of(kind)]
        for kind in (ChoiceKind.CHOSEN, ChoiceKind.WOULD_ALSO_APPLY, ChoiceKind.NOT_CHOSEN)
    )
    names = [name for _, name, _ in others]
    return _render("personas", chosen, also[:_CHOICES_SHOWN], names[:_CHOICES_SHOWN])


def render_settings(policy: Policy, notices: Sequence[str]) -> Safe:
    """Show every effective value with its origin; there is no secret among them.

    Args:
        policy: What holds.
        notices: What people must know about the files that say so.
    """
    rows = policy.settings()
    shown = rows[:_SETTINGS_SHOWN]
    notices = notices[:_CHOICES_SHOWN]
    while shown and _longest(shown, notices) > REPLY_LIMIT // 2:
        shown = shown[: len(shown) // 2]
    return _render("settings", shown, len(rows) - len(shown), notices)


def _longest(rows: Sequence[Setting], notices: Sequence[str]) -> int:
    """Return about how many bytes these take when everything in them is escaped."""
    words = (*notices, *(word for row in rows for word in (row.key, row.value, row.origin)))
    return sum(2 * len(cut(word, PROSE_LIMIT).encode()) for word in words)


def render_cost(history: History) -> Safe:
    """Say what the reviews of a pull request have cost.

    Args:
        history: What is known; its signature holds.
    """
    return _render(
        "cost",
        count(history.generation, "round"),
        f"${history.spent:.3f}",
        thousands(history.tokens),
        short_commit(history.head_sha),
    )


def render_answer(reply: Reply, head_sha: str) -> Safe:
    """Show what a model says, or why it says nothing.

    Args:
        reply: What came of the question.
        head_sha: The commit that it was asked about.
    """
    text = Safe(prose(cut(visible(reply.text), _ANSWER_LIMIT))) if reply.text.strip() else ""
    said = reply.problem or "The model gave no answer."
    using = () if reply.use is None else used(reply.use)
    return _render("answer", said, "" if reply.problem else text, short_commit(head_sha), using)


def reply_body(sections: Sequence[Safe], marker: str) -> str:
    """Put a reply together.

    Args:
        sections: What it says, rendered here.
        marker: The marker that stands last.
    """
    room = REPLY_LIMIT - len(marker.encode()) - 2
    text = _within(sections, room)
    if holds_command(text):
        # Cannot happen by what is rendered above; if it does, a reply must not act.
        text = _HELD_BACK
    return f"{text}\n\n{marker}"


def _within(sections: Sequence[Safe], room: int) -> str:
    """Put whole sections together while there is room; a cut one might leave a code block open."""
    text = ""
    for section in sections:
        longer = f"{text}\n\n---\n\n{section.strip()}" if text else section.strip()
        if len(longer.encode()) > room - len(_TOO_LONG.encode()):
            return f"{text}\n\n{_TOO_LONG}".strip()
        text = longer
    return text


def _render(macro: str, *values: object) -> Safe:
    module = markdown_environment().get_template("reply.md.j2").module
    return Safe(str(getattr(module, macro)(*values)).strip())
