"""The importer of agent definitions: Markdown with YAML front matter becomes a persona.

::

    ---
    name: api-guardian                 # else the file's name
    description: Looks after our API.
    temperature: 0.3                   # honoured up to our bound
    model: some-model                  # recorded; used only where the operator allows it
    tools: Read, Bash                  # ignored: a persona never has tools
    ---
    You look after our public API.     # the body is the persona's brief

    - API900 (major): Never remove a field from a response.
    <rule id="API901" severity="note">Name fields in snake case.</rule>

Sources of the form: https://docs.claude.com/en/docs/claude-code/sub-agents,
https://opencode.ai/docs/agents, https://docs.github.com/en/copilot/reference/custom-agents-configuration.
YAML is only scanned into nodes: no anchor, alias or tag, bounded size and depth, and no object is
ever made of it (security.md S13, R34).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from reviewer.domain.file_schema import PERSONA_NAME, RULE_ID
from reviewer.domain.persona import Match, ModelSettings, Origin, Persona, Rule, Severity, Wakes
from reviewer.domain.persona_schema import MAXIMUM_TEMPERATURE
from reviewer.domain.toml_document import MAXIMUM_BYTES, odd_character, one_of, shorten
from reviewer.errors import ConfigurationError

if TYPE_CHECKING:
    import yaml

AGENT_DEFINITION_GLOBS = (
    "/.claude/agents/*.md",
    "/.opencode/agent/*.md",
    "/.github/agents/*.md",
)

_MAXIMUM_FRONT_MATTER = 16 * 1024
_MAXIMUM_BRIEF = 24_000
_MAXIMUM_DEPTH = 16
_MAXIMUM_RULES = 100
_MAXIMUM_NAME = 40
_TITLE_LENGTH = 80
_PROBLEM_LENGTH = 60
_SUMMARY_LENGTH = 200
#: What people give providers at most; beyond it a number is a slip.
_HIGHEST_TEMPERATURE = 2.0

_HONOURED = ("name", "description", "temperature", "model")
#: opencode's word for how an agent runs, one letter from one of ours.
_FOREIGN = frozenset({"mode"})
_SLIP = 0.75
_SEVERITIES = [severity.value for severity in Severity]

_LIST_ITEM = re.compile(r"(?:[-*+]|\d{1,3}[.)]) +(?P<text>\S.*)")
_RULE_ITEM = re.compile(
    r"[*_`]{0,3}(?P<id>[A-Za-z]{1,12}[-_]?\d{1,5})[*_`]{0,3}"
    r" {0,2}(?:[(\[](?P<severity>[a-z]{1,12})[)\]])? {0,2}[*_`]{0,3}:[*_`]{0,3} +(?P<text>\S.*)"
)
_PLAIN_DESCRIPTION = re.compile(r"""(?m)^description: (?P<text>[^\s"'|>&*!\[{].*)$""")
_ATTRIBUTE = re.compile(r"""([a-z]{1,20}) {0,3}= {0,3}["']([^"'<>]{0,100})["']""")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """A rule as the body has it."""

    id: str
    severity: str | None
    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """The file that is read, for errors."""

    path: str

    def error(self, message: str, line: int, hint: str | None = None) -> ConfigurationError:
        return ConfigurationError(message, path=self.path, line=line, hint=hint)


def parse_agent_definition(text: str, path: str) -> Persona:
    """Read an agent definition.

    Args:
        text: The file's text.
        path: The file, as people know it.

    Returns:
        A persona that reviews when it is asked for.

    Raises:
        ConfigurationError: The file is wrong; tells everything that is, with the lines.
    """
    source = _Source(path=path)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if len(text) > MAXIMUM_BYTES:
        raise ConfigurationError(f"the file is larger than {MAXIMUM_BYTES // 1024} kB", path=path)
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        odd = odd_character(line)
        if odd is not None:
            raise source.error(f"the text holds {odd}", number)
    end = _end_of_front_matter(lines, source)
    fields = _front_matter("\n".join(lines[1:end]) + "\n", source)
    body = "\n".join(lines[end + 1 :]).strip("\n")
    if not body.strip():
        raise source.error("the body is empty; it is the persona's brief", end + 1)
    if len(body) > _MAXIMUM_BRIEF:
        raise source.error(f"the body is longer than {_MAXIMUM_BRIEF:,} characters", end + 2)
    rules, wrong = _rules(lines, end + 1, source)
    wrong += _field_errors(fields, source)
    if wrong:
        raise ConfigurationError.of(sorted(wrong, key=lambda error: error.line or 0))
    return _persona(fields, body, rules, path)


# --- the front matter -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """A value of the front matter: its text, whether it is a number, and its line."""

    text: str | None
    is_text: bool
    line: int


def _end_of_front_matter(lines: list[str], source: _Source) -> int:
    """Return the index of the closing line."""
    if lines[0].rstrip() != "---":
        hint = "Begin the file with ---, name: …, description: …, ---"
        raise source.error("there is no front matter", 1, hint)
    for index, line in enumerate(lines[1:], 1):
        if line.rstrip() == "---":
            return index
    raise source.error("the front matter is not closed by a line ---", 1)


def _front_matter(text: str, source: _Source) -> dict[str, _Field]:
    import yaml  # noqa: PLC0415 - only repositories with agent definitions need it

    if len(text) > _MAXIMUM_FRONT_MATTER:
        raise source.error("the front matter is too long", 1)
    try:
        try:
            node = _composed(text, source)
        except yaml.MarkedYAMLError:
            quoted = _PLAIN_DESCRIPTION.sub(_in_quotes, text, count=1)
            if quoted == text:
                raise
            node = _composed(quoted, source)
    except yaml.MarkedYAMLError as error:
        line = 1 if error.problem_mark is None else error.problem_mark.line + 2
        hint = "Put text that has a colon, a hash or a bracket into quotes."
        raise source.error(f"this is no YAML: {error.problem}", line, hint) from None
    except yaml.YAMLError as error:
        raise source.error(f"this is no YAML: {shorten(str(error), 80)}", 1) from None
    except (ValueError, OverflowError):
        # PyYAML makes "\UFFFFFFFF" a character before it asks whether there is one.
        raise source.error("this is no YAML: a character that does not exist", 1) from None
    if not isinstance(node, yaml.MappingNode):
        raise source.error("the front matter must be keys and values", 2)
    return _fields(node, source)


def _in_quotes(match: re.Match[str]) -> str:
    """Put a description into quotes that its writer left out.

    Claude Code takes ``description: Use it when: …``, which YAML does not, and people have many.
    """
    return f"description: {json.dumps(match['text'], ensure_ascii=False)}"


def _composed(text: str, source: _Source) -> yaml.Node | None:
    import yaml  # noqa: PLC0415

    _refuse_hostile_yaml(text, source)
    node: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    return node


def _refuse_hostile_yaml(text: str, source: _Source) -> None:
    """Refuse what makes YAML dangerous, while scanning, before anything is built of it."""
    import yaml  # noqa: PLC0415

    depth = 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        line = token.start_mark.line + 2
        if isinstance(token, yaml.AnchorToken | yaml.AliasToken):
            raise source.error("anchors and aliases (& and *) cannot be used", line)
        if isinstance(token, yaml.TagToken | yaml.DirectiveToken):
            raise source.error("tags and directives (! and %) cannot be used", line)
        if isinstance(
            token,
            yaml.BlockMappingStartToken
            | yaml.BlockSequenceStartToken
            | yaml.FlowMappingStartToken
            | yaml.FlowSequenceStartToken,
        ):
            depth += 1
        elif isinstance(
            token, yaml.BlockEndToken | yaml.FlowMappingEndToken | yaml.FlowSequenceEndToken
        ):
            depth -= 1
        if depth > _MAXIMUM_DEPTH:
            raise source.error("the values are nested too deeply", line)


def _fields(mapping: yaml.MappingNode, source: _Source) -> dict[str, _Field]:
    import yaml  # noqa: PLC0415

    fields: dict[str, _Field] = {}
    for key, value in mapping.value:
        line = key.start_mark.line + 2
        if not isinstance(key, yaml.ScalarNode):
            raise source.error("a key must be a word", line)
        if key.value in fields:
            raise source.error(f'"{shorten(key.value)}" is set twice', line)
        scalar = isinstance(value, yaml.ScalarNode)
        fields[key.value] = _Field(
            text=value.value if scalar else None,
            is_text=scalar and value.tag == "tag:yaml.org,2002:str",
            line=line,
        )
    return fields


def _field_errors(fields: dict[str, _Field], source: _Source) -> list[ConfigurationError]:
    wrong: list[ConfigurationError] = []
    for key in ("name", "description", "model"):
        field = fields.get(key)
        if field is not None and not (field.is_text and field.text and field.text.strip()):
            message = f"{key} must be text"
            wrong.append(source.error(message, field.line, f'Put it into quotes: {key}: "…"'))
    if "description" not in fields:
        wrong.append(source.error("description is missing", 1))
    absent = [name for name in _HONOURED if name not in fields]
    for key, field in fields.items():
        # Other tools' keys are none of our business; only a slip in one of ours is told.
        close = get_close_matches(key.lower(), absent, n=1, cutoff=_SLIP)
        if close and key not in _FOREIGN:
            message = f'unknown key "{shorten(key)}"'
            wrong.append(source.error(message, field.line, f"Did you mean {close[0]!r}?"))
    temperature = fields.get("temperature")
    if temperature is not None and _temperature(temperature) is None:
        message = f"temperature must be a number from 0 to {_HIGHEST_TEMPERATURE:g}"
        wrong.append(source.error(message, temperature.line))
    return wrong


def _temperature(field: _Field) -> float | None:
    """Return the temperature within our bounds; None where it is no temperature."""
    try:
        value = float(field.text or "")
    except ValueError:
        return None
    if not math.isfinite(value) or not 0 <= value <= _HIGHEST_TEMPERATURE:
        return None
    return min(value, MAXIMUM_TEMPERATURE)


# --- the body ---------------------------------------------------------------------------------


def _rules(
    lines: list[str], start: int, source: _Source
) -> tuple[tuple[Rule, ...], list[ConfigurationError]]:
    """Read the rules of the body, and tell what is wrong with them."""
    try:
        items = [*_elements(lines, start, source), *_list_items(lines, start)]
    except ConfigurationError as error:
        return (), [error]
    items.sort(key=lambda item: item.line)
    if not any(re.fullmatch(RULE_ID, item.id) for item in items):
        # A list of "HTTP2: …" alone is prose; beside real rules it is a slip.
        items = [item for item in items if item.severity is not None]
    wrong: list[ConfigurationError] = []
    seen: dict[str, int] = {}
    for item in items:
        if re.fullmatch(RULE_ID, item.id) is None:
            message = f'rule id "{shorten(item.id)}" is not of the form of "SEC007"'
            wrong.append(source.error(message, item.line))
        elif item.id in seen:
            message = f"rule {item.id} exists already, at line {seen[item.id]}"
            wrong.append(source.error(message, item.line))
        elif not item.text:
            wrong.append(source.error(f"rule {item.id} says nothing", item.line))
        if item.severity is not None and item.severity not in _SEVERITIES:
            message = f'"{shorten(item.severity)}" is none of {", ".join(_SEVERITIES)}'
            wrong.append(source.error(message, item.line, one_of(item.severity, _SEVERITIES)))
        seen.setdefault(item.id, item.line)
    if len(items) > _MAXIMUM_RULES:
        wrong.append(source.error(f"more than {_MAXIMUM_RULES} rules", items[0].line))
    if wrong:
        return (), wrong
    return tuple(_rule(item, source.path) for item in items), []


def _elements(lines: list[str], start: int, source: _Source) -> Iterator[_Item]:
    """Read ``<rule id="X" severity="…">text</rule>``, on one line or several."""
    text = "\n".join(lines[start:])
    position = 0
    while (begin := text.find("<rule", position)) >= 0:
        line = start + 1 + text.count("\n", 0, begin)
        opened = text.find(">", begin)
        closed = text.find("</rule>", begin)
        if text[begin + 5 : begin + 6] not in {" ", "\n", ">"}:
            position = begin + 5
            continue
        if opened < 0 or closed < opened or text.find("<rule ", begin + 5, closed) >= 0:
            raise source.error("<rule …> is not closed by </rule>", line)
        attributes = dict(_ATTRIBUTE.findall(text[begin:opened][:400]))
        if "id" not in attributes:
            raise source.error('<rule> needs an id: <rule id="ABC001">…</rule>', line)
        yield _Item(
            id=attributes["id"],
            severity=attributes.get("severity"),
            text=" ".join(text[opened + 1 : closed].split()),
            line=line,
        )
        position = closed + len("</rule>")


def _list_items(lines: list[str], start: int) -> Iterator[_Item]:
    """Read ``- ID: text``, with indented lines that follow, outside code fences."""
    fence = ""
    index = start
    while index < len(lines):
        stripped = lines[index].strip()
        number = index + 1
        index += 1
        if stripped.startswith(("```", "~~~")) and (not fence or stripped.startswith(fence)):
            fence = "" if fence else stripped[:3]
        item = None if fence else _LIST_ITEM.match(stripped)
        rule = None if item is None else _RULE_ITEM.match(item["text"])
        if rule is None:
            continue
        words = [rule["text"]]
        while index < len(lines) and _continues(lines[index]):
            words.append(lines[index].strip())
            index += 1
        yield _Item(
            id=rule["id"], severity=rule["severity"], text=" ".join(words).strip(), line=number
        )


def _continues(line: str) -> bool:
    stripped = line.strip()
    return (
        line[:2] == "  "
        and bool(stripped)
        and _LIST_ITEM.match(stripped) is None
        and not stripped.startswith(("```", "~~~", "<rule"))
    )


def _rule(item: _Item, path: str) -> Rule:
    sentence = re.split(r"(?<=[.!?]) ", item.text, maxsplit=1)[0].rstrip(".")
    return Rule(
        id=item.id,
        title=shorten(sentence, _TITLE_LENGTH),
        severity=Severity.MINOR if item.severity is None else Severity(item.severity),
        check=item.text,
        why=f"The repository asks for it in {path}.",
        problem=shorten(f"Not followed: {sentence}", _PROBLEM_LENGTH),
        remedy=item.text,
    )


def _persona(fields: dict[str, _Field], body: str, rules: tuple[Rule, ...], path: str) -> Persona:
    stem = path.rpartition("/")[2].removesuffix(".md").removesuffix(".agent")
    title = " ".join(_text(fields, "name", stem).split())
    temperature = fields.get("temperature")
    return Persona(
        name=_slug(title) or _slug(stem) or "imported-agent",
        title=shorten(title, _TITLE_LENGTH),
        version=1,
        summary=shorten(" ".join(_text(fields, "description", "").split()), _SUMMARY_LENGTH),
        charter=body,
        match=Match(wakes=Wakes.WHEN_ASKED),
        rules=rules,
        model=ModelSettings(
            temperature=None if temperature is None else _temperature(temperature),
            model=_text(fields, "model", "") or None,
        ),
        origin=Origin.IMPORTED,
        path=path,
    )


def _text(fields: dict[str, _Field], key: str, otherwise: str) -> str:
    field = fields.get(key)
    return otherwise if field is None else field.text or otherwise


def _slug(words: str) -> str:
    """Return the words as a name in commands."""
    slug = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-").lstrip("0123456789-")
    slug = slug[:_MAXIMUM_NAME].strip("-")
    return slug if re.fullmatch(PERSONA_NAME, slug) else ""
