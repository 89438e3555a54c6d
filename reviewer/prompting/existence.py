r"""Claims that something is not there, which a model cannot know and often gets wrong.

=========  ======================================  ==============================================
class      says                                    is believed only when
=========  ======================================  ==============================================
symbol     undefined, not imported, does not       the change itself removes a line that defines
           exist                                   the name, and shows no other that does
version    unknown, not released, in the future    never: registries are newer than any model
file       missing, does not exist                 the head's paths are known and hold none of
                                                   that name, or the change deletes it
test       missing, untested                       the rule speaks of tests, and no test file of
                                                   the change names what is quoted
unused     unused, no callers                      the whole file was shown, the name is private
                                                   to it, and stands on no other line
=========  ======================================  ==============================================

What a program finds at run time is something else: "when the key does not exist" passes.
The filter reads English; the evidence is the text that was sent and the change (pains.md P04, P28).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from reviewer.domain.change import Change, FileChange, FileStatus, Side
from reviewer.domain.file_role import is_test
from reviewer.domain.persona import Rule
from reviewer.prompting.quote import Located
from reviewer.prompting.sent import Sent, SentFile


class Absence(StrEnum):
    """What is said not to be there."""

    SYMBOL = "symbol"
    VERSION = "version"
    FILE = "file"
    TEST = "test"
    UNUSED = "unused"


_NOT_THERE = (
    r"(?:(?:do(?:es)?|did)\s*(?:not|n't)\s+(?:actually\s+|yet\s+)?exist|non-?exist\w+|inexistent"
    r"|cannot\s+be\s+(?:found|resolved)|no\s+longer\s+exists?)"
)
_NOT = r"(?:is|are|was|were|has\s+been|have\s+been)(?:\s+not|n't|\s+never)"
_FILES = (
    r"(?:file|director(?:y|ies)|folder|template|script|migration|fixture|changelog|readme"
    r"|lock\s?file|dockerfile|documentation|docs|submodule|page)"
)
#: A character of the same clause; the full stop in ``0.27`` or ``a.py`` does not end it.
_NEAR = r"(?:[^.;,]|[.,](?=\w))"
_RELEASES = (
    r"(?:version|release|tag|model(?:\s+name|\s+id)?|image|digest|action|year|date|snapshot)"
)

#: What makes the noun before it a part of another one: "missing file lock" speaks of no file.
_GOES_ON = (
    r"(?!\s+(?:lock|handle|descriptor|size|limit|mode|permission|type|name|check|validation"
    r"|traversal|injection|docstring|cleanup|rotation|pinning|boundar|level|access|upload|path)\w*)"
)

_SAYS: Mapping[Absence, re.Pattern[str]] = {
    Absence.VERSION: re.compile(
        rf"\b{_RELEASES}s?\b{_NEAR}{{0,60}}?(?:{_NOT_THERE}|(?:{_NOT}|not)\s+(?:yet\s+|been\s+|an?\s+)*"
        r"(?:valid|real|known|released|published|available|official|existing|recogni[sz]ed)"
        r"|\b(?:is|seems|appears|looks)\s+(?:to\s+be\s+)?(?:unknown|unreleased|fictional|fictitious"
        r"|invalid|made[\s-]up|in\s+the\s+future))"
        r"|\b(?:unknown|unreleased|fictional|fictitious|future|non-?existent|no\s+such)\s+"
        rf"(?:\S+\s+){{0,2}}{_RELEASES}\b"
        r"|\bv?\d+(?:\.\d+)+\S*\s+(?:\w+\s+){0,2}?(?:is|was|has|have)(?:\s+not|n't)\s+"
        r"(?:yet\s+)?(?:been\s+)?(?:released|published)\b|\bin\s+the\s+future\b"
        r"|(?:\bv?\d+(?:\.\d+)+\S*|@v\d\S*)\W{0,3}\s+(?:\w+\s+)?" + _NOT_THERE,
        re.IGNORECASE,
    ),
    Absence.TEST: re.compile(
        r"\b(?:missing|no|without|lacks?|lacking|needs?|absence\s+of|lack\s+of|not\s+have|n't\s+have"
        r"|not\s+added|add)\s+(?:(?!with\b|of\b|to\b|from\b|in\b|other\b|between\b|by\b)\S+\s+)"
        r"{0,3}?(?:(?:unit|integration|regression)[\s-])?tests?\b"
        r"(?!\s+(?:data|double|client|runner))|\buntested\b|\btests?\s+(?:is|are)\s+missing\b"
        r"|\b(?:not|n't|never)\s+(?:\w+\s+)?(?:tested|covered\s+by)\b"
        r"|\b(?:no|lacks?|missing|insufficient)\s+(?:\w+\s+)?(?:test\s+)?coverage\b",
        re.IGNORECASE,
    ),
    Absence.FILE: re.compile(
        rf"\b{_FILES}s?\b{_NEAR}{{0,80}}?(?:{_NOT_THERE}|\b(?:is|are)\s+missing|{_NOT}\s+(?:\w+\s+)?"
        r"(?:added|included|committed|present|found|part\s+of|updated|provided|checked\s+in))"
        rf"|\bmissing\s+(?:\S+\s+){{0,2}}?{_FILES}s?\b{_GOES_ON}"
        rf"|\bno\s+(?:such|corresponding|matching)\s+{_FILES}\b{_GOES_ON}"
        rf"|\bno\s+(?:migration|changelog|readme|documentation|docs)\b{_GOES_ON}"
        rf"|(?:\w/[\w.-]+|\b[\w-]+\.(?:py|js|ts|tsx|go|rs|java|kt|rb|php|c|h|cpp|cs|toml|ya?ml|json"
        rf"|md|txt|sql|sh|html|css|cfg|ini|env|lock))\b\W{{0,3}}[^.;,]{{0,30}}?(?:{_NOT_THERE}"
        r"|\bis\s+missing)",
        re.IGNORECASE,
    ),
    Absence.UNUSED: re.compile(
        r"\bunused\b|\bnever\s+(?:used|referenced)\b|\bdead\s+code\b|\bno\s+(?:callers?|usages?)\b"
        r"|\b(?:is|are)(?:\s+not|n't)\s+(?:used|referenced)\s+(?:anywhere|by\s+any|elsewhere)\b"
        r"|\bno\s+longer\s+(?:used|needed|referenced)\b",
        re.IGNORECASE,
    ),
    Absence.SYMBOL: re.compile(
        rf"{_NOT_THERE}"
        rf"|\b(?:{_NOT}|not|never)\s+(?:yet\s+|been\s+|actually\s+)?(?:defined|declared|imported"
        r"|exported|in\s+scope|installed|a\s+(?:valid|known|real)\s+(?:\w+\s+)?(?:function|method"
        r"|attribute|module|package|option|flag|parameter|argument|action|input|class|name|field))\b"
        r"|(?<!returns )(?<!return )(?<!or )(?<!becomes )(?<!as )(?<!be )(?<!with )"
        r"\bundefined\b(?!\s+(?:behaviou?r|order))|\bundeclared\b|\bunresolved\b|\bunimported\b"
        r"|\bmissing\s+(?:the\s+|an?\s+)?(?:\S+\s+){0,2}?(?:imports?|definitions?|declarations?"
        rf"|dependency|dependencies|package|module)\b{_GOES_ON}"
        r"|\bwithout\s+(?:being\s+|an?\s+|the\s+)*(?:import(?:ed|ing)?|defin\w+|declar\w+)\b"
        r"|\bno\s+such\s+\w+"
        r"|\bno\s+(?:function|method|module|package|class|attribute|member|import|definition"
        r"|declaration|variable|symbol)\s+(?:named|called|of|with|for|`)"
        r"|\bhas\s+no\s+(?:attribute|method|function|member|field|property|parameter|argument)\b"
        r"|\bunknown\s+(?:function|method|module|package|class|attribute|symbol|name|option|flag|rule)\b"
        r"|\bhallucinat\w+",
        re.IGNORECASE,
    ),
}

# A condition that opens the clause: what follows is about run time, not about the code base.
_RUN_TIME = re.compile(
    r"\b(?:if|when|whenever|unless|once|while|until|case|even\s+though|for\s+(?:an?|any|every|each)"
    r"|should|may|might|can|could)\b[^,;:()]*\Z",
    re.IGNORECASE,
)

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_SPAN = re.compile(r"`([^`\n]{1,120})`|'([^'\n]{1,80})'|\"([^\"\n]{1,80})\"")
_NAME = re.compile(r"[^\W\d]\w*")
_BARE_NAME = re.compile(r"\b(?:[a-z]+_\w+|[A-Za-z]+[a-z]\w*[A-Z]\w*|_\w+|\w+(?=\(\)))")
_PATH = re.compile(r"(?:[\w.-]+/)+[\w.-]+|\b[\w-]+\.[A-Za-z]{1,6}\b|\bDockerfile\b|\bMakefile\b")
_DEFINED_IN_QUOTE = re.compile(r"\b(?:def|class|function|func|fn|interface|struct|type)\s+(\w+)")
_WORDS = frozenset(
    {"import", "from", "def", "class", "self", "function", "const", "return", "None"}
)

_DEFINITION = (
    r"(?:\b(?:def|class|func|function|fn|import|from|const|let|var|type|struct|interface|enum|use"
    r"|using|require|include|define|module|package|trait|val|ARG|ENV|as)\b.*\b{name}\b"
    r"|\b{name}\b\s*(?::[^=:]+)?(?::=|=(?!=)|:(?!:))|[\"']{name}[\"']\s*:|\bfor\s+.*\b{name}\b.*\bin\b)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a claim is held against.

    Args:
        sent: What the model was shown.
        change: The whole change.
        rule: The rule that is said to be broken.
        file: The file that is quoted.
        located: The quote's place.
    """

    sent: Sent
    change: Change
    rule: Rule
    file: SentFile
    located: Located


def absence(text: str) -> Absence | None:
    """Return what a text says is not there, None where it says nothing of the kind."""
    for sentence in _SENTENCE.split(text):
        for kind, expression in _SAYS.items():
            for match in expression.finditer(sentence):
                if kind is Absence.TEST or not _RUN_TIME.search(_clause(sentence, match)):
                    return kind
    return None


def _clause(sentence: str, match: re.Match[str]) -> str:
    """Return what stands before the words that say so: in English a condition comes first."""
    words = match.group()
    last = words.rsplit(None, 3)[0] if len(words.split()) > 3 else ""  # noqa: PLR2004
    return sentence[: match.start()] + last


def unfounded(headline: str, explanation: str, context: Context) -> str | None:
    """Tell why a claim that something is not there is not believed.

    Args:
        headline: What is claimed.
        explanation: How it is said to happen.
        context: What the claim is held against.

    Returns:
        The reason, or None where the claim is of another kind or shown by what was sent.
    """
    text = f"{headline}\n{explanation}".replace("\u2019", "'")
    kind = absence(text)
    if kind is None or _EVIDENCE[kind](text, context):
        return None
    return f"it says that something is not there ({kind.value}), and nothing that was sent shows it"


def _names(text: str) -> tuple[str, ...]:
    """Return the names that a claim speaks of: those in code spans, else those that look so."""
    spans = [next(group for group in match.groups() if group) for match in _SPAN.finditer(text)]
    names = [name for span in spans for name in _NAME.findall(span)]
    if not names:
        names = _BARE_NAME.findall(text)
    return tuple(dict.fromkeys(name for name in names if name not in _WORDS))


def _removed_here(text: str, context: Context) -> bool:
    return any(_is_removed(name, context.sent) for name in _names(text))


def _is_removed(name: str, sent: Sent) -> bool:
    definition = re.compile(_DEFINITION.replace("{name}", re.escape(name)))
    removed = any(
        definition.search(text)
        for file in sent.files
        for number, text in file.lines(Side.BASE).items()
        if number in file.file.removed
    )
    return removed and not any(
        definition.search(text) for file in sent.files for text in file.lines(Side.HEAD).values()
    )


def _never(_text: str, _context: Context) -> bool:
    return False


def _not_in_tree(text: str, context: Context) -> bool:
    paths = {path.strip("./") for path in _PATH.findall(text)}
    return bool(paths) and all(_is_absent(path, context.change) for path in paths)


def _is_absent(path: str, change: Change) -> bool:
    named = [file for file in change.files if f"/{file.path}".endswith(f"/{path}")]
    if named:
        return all(file.status is FileStatus.DELETED for file in named)
    tree = change.head_paths
    return tree is not None and not any(f"/{known}".endswith(f"/{path}") for known in tree)


def _no_test_names_it(text: str, context: Context) -> bool:
    rule = context.rule
    if not re.search(r"\btest", f"{rule.title} {rule.check} {rule.problem}", re.IGNORECASE):
        return False
    tests = [
        file
        for file in context.change.files
        if is_test(file.path) and file.status is not FileStatus.DELETED
    ]
    names = {*_names(text), *_DEFINED_IN_QUOTE.findall(context.located.text)}
    known = "\n".join(line for file in tests for line in _known_lines(file))
    return not tests or (
        bool(names) and not any(re.search(rf"\b{re.escape(name)}\b", known) for name in names)
    )


def _known_lines(file: FileChange) -> Iterator[str]:
    if file.head_text is not None:
        yield file.head_text
    else:
        yield from file.added.values()


def _private_and_alone(text: str, context: Context) -> bool:
    if not context.file.whole or context.located.quoted.side is not Side.HEAD:
        return False
    place = context.located.quoted
    for name in _names(text):
        word = re.compile(rf"\b{re.escape(name)}\b")
        if not word.search(context.located.text):
            continue
        elsewhere = any(
            word.search(line)
            for number, line in context.file.head.items()
            if not place.start_line <= number <= place.end_line
        )
        private = name.startswith("_") or context.located.text[:1].isspace()
        return private and not elsewhere
    return False


_EVIDENCE = {
    Absence.SYMBOL: _removed_here,
    Absence.VERSION: _never,
    Absence.FILE: _not_in_tree,
    Absence.TEST: _no_test_names_it,
    Absence.UNUSED: _private_and_alone,
}
