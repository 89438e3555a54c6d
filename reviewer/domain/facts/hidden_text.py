"""Facts about text that is meant to mislead: invisible characters, orders to the reviewer.

Sources: https://trojansource.codes and https://www.unicode.org/reports/tr36/ for the characters.
A name of a fact here also sets ``injection_suspected`` of the review (security.md, S7).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from reviewer.domain.change import Change, FileChange
from reviewer.domain.facts.observation import Observation, Sighting
from reviewer.domain.file_role import is_prose, is_translation

#: A longer line is generated; what stands behind this is listed as not looked at by others.
_LIMIT_CHARACTERS = 20_000

# Embeddings, overrides and isolates turn the order of what is shown; tags spell ASCII unseen.
_REORDERS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_TAGS = re.compile("[\U000e0000-\U000e007f]{2,}")
_UNSEEN = re.compile("[\u200b\u2060-\u2064\ufeff\u00ad\u180e\u3164\uffa0\u200e\u200f]")
_JOINER_IN_A_WORD = re.compile("[A-Za-z0-9_][\u200c\u200d][A-Za-z0-9_]")
_WRITTEN_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
# Flags of Scotland, Wales and England are tags behind a black flag.
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007f]+")
_SELECTORS = re.compile("[\ufe00-\ufe0e\U000e0100-\U000e01ef]{3,}")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060-\u2064\ufeff\u00ad\u202a-\u202e\u2066-\u2069]")

_WHO = (
    r"(?:(?:the\s+)?(?:ai|llm|gpt|chatgpt|claude|gemini|copilot|automated|automatic|bot)"
    r"(?:[\s-]+(?:code[\s-]*)?(?:review(?:er|ing|s)?(?:\s+(?:bot|tool|agent|system)s?)?|reviewers"
    r"|agents?|assistants?|models?|bots?|tools?))?)"
)
#: Every order has one of these in it: a quick look that spares most lines the slow ones.
_MAY_BE_ORDER = re.compile(
    r"review|instruct|prompt|approv|finding|vulnerab|security issue|score|rules|audited|apply"
    r"|direction|guideline|command|everything|\b(?:ai|llm|gpt|chatgpt|claude|gemini|copilot|bot)s?\b",
    re.IGNORECASE,
)
_ORDERS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        (
            r"\b(?:ignore|disregard|forget|override)\s+(?:(?:all|any|every|the|your|of)\s+){0,3}"
            r"(?:previous|prior|preceding|earlier|above|foregoing|system|reviewer'?s?)\s+"
            r"(?:\w+\s+)?(?:instructions?|prompts?|rules|directions|guidelines|commands)\b"
        ),
        (
            r"\b(?:note|message|attention|notice|instructions?|memo)\s*(?:to|for|:)\s*(?:all\s+)?"
            rf"{_WHO}s?\s*[:,.!-]"
        ),
        (
            rf"\b{_WHO}\s*:\s*.{{0,80}}\b(?:approve|ignore|skip|pre-?approved|do\s+not|don't"
            r"|no\s+findings|pass)\b"
        ),
        (
            r"\b(?:ai|llm|automated)[\s-]+(?:code[\s-]+)?review(?:ers?|ing)?\b.{0,60}\b(?:"
            r"(?:must|should|please|shall)\s+(?:\w+\s+)?(?:approve|ignore|skip|pass"
            r"|not\s+(?:report|flag|mention|comment))|pre-?approved|report\s+(?:zero|no)\b"
            r"|not\s+needed\b)"
        ),
        r"\bpre-?approved\s+by\s+(?:the\s+)?(?:security|ciso|compliance|maintainers?|lead)\b",
        (
            r"\b(?:report|return|output|list)\s+(?:zero|no|an?\s+empty\s+list\s+of)\s+"
            r"(?:findings|vulnerabilities)\b"
        ),
        (
            r"\b(?:do\s+not|don't|never)\s+(?:report|flag|raise|mention)\s+"
            r"(?:(?:any|the|these|this|a)\s+)*"
            r"(?:(?:security\s+)?findings?|vulnerabilit(?:y|ies)|security\s+issues?)\b"
        ),
        (
            r"\b(?:SEC|BUG|DK|ARCH)\d{3}\b.{0,40}\b(?:do(?:es)?\s+not\s+apply|already\s+audited"
            r"|not\s+applicable)\b"
        ),
        (
            r"\b(?:give|set|assign|rate)\s+(?:this|it|the\s+(?:pr|change|code|pull\s+request))\s+"
            r"(?:a\s+)?(?:perfect\s+)?score\s+(?:of\s+)?(?:100|10/10)\b"
        ),
        r"\brate\s+everything\s+(?:as\s+)?(?:a\s+)?pass\b",
        r"\"findings\"\s*:\s*\[\s*\].{0,40}\bscore\b",
    )
)


def hidden_text(change: Change) -> Observation:
    """An added line holds characters that nobody sees and that change what it says."""
    return _each_line(change, _hidden)


def reviewer_directed_text(change: Change) -> Observation:
    """An added line tells whoever reviews it what to find or to leave out."""
    return _each_line(change, _order)


def _each_line(change: Change, see: Callable[[FileChange, str], str]) -> Observation:
    """Ask every added line; the hunks are enough, so that a bare patch is looked at too."""
    files = [file for file in change.reviewed if file.added]
    if not files:
        return Observation(inapplicable="the change adds no line")
    hits: list[Sighting] = []
    for file in files:
        for number, text in file.added.items():
            message = see(file, text[:_LIMIT_CHARACTERS])
            if message:
                hits.append(
                    Sighting(path=file.path, message=message, start_line=number, end_line=number)
                )
    # The rule asks about more than this: a look without a hit decides nothing of it.
    return Observation(hits=tuple(hits), inapplicable=None if hits else "no such text")


def _hidden(file: FileChange, text: str) -> str:
    if text.isascii():
        return ""
    without_flags = _FLAG.sub("", text)
    if _TAGS.search(without_flags):
        return "Unicode tags spell text that no editor shows"
    for_people = is_prose(file) or is_translation(file.path)
    foreign = _WRITTEN_RIGHT_TO_LEFT.search(text) is not None
    if _REORDERS.search(text) and not (foreign and for_people):
        return "Characters turn the order in which the line is shown"
    if _SELECTORS.search(text):
        return "A run of variation selectors can spell text that no editor shows"
    if for_people or foreign:
        return ""
    body = text.removeprefix("\ufeff")
    if _UNSEEN.search(body) or _JOINER_IN_A_WORD.search(body):
        return "The line holds characters without width"
    return ""


def _order(_file: FileChange, text: str) -> str:
    return "The text addresses whoever reviews the change" if addresses_reviewer(text) else ""


def addresses_reviewer(line: str) -> bool:
    """Tell whether a line tells whoever reviews it what to find or to leave out."""
    line = line[:_LIMIT_CHARACTERS]
    plain = line if line.isascii() else _INVISIBLE.sub("", line)
    if not _MAY_BE_ORDER.search(plain):
        return False
    return any(pattern.search(plain) for pattern in _ORDERS)
