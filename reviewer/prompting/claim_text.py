"""The words of a claim, made fit to be shown: clean, short, without secrets.

A model's text is bounded here and made harmless for each output by `domain.sanitiser` when it is
rendered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reviewer.domain.persona import Rule
from reviewer.domain.redactor import redact
from reviewer.domain.sanitiser import HEADLINE_LIMIT, PROSE_LIMIT, cut, cut_words, one_line
from reviewer.prompting.answer import ClaimedFinding
from reviewer.prompting.truism import is_advice

#: A comment has at most so many words (design of the comment: read in ten seconds).
MOST_WORDS = 80
_HEADLINE_WORDS = 16
_REMEDY_WORDS = 28
_REASON_WORDS = 30

_RULE_ID = re.compile(r"\A\W*[A-Z]{2,6}-?\d{2,4}\b[\s:.\u2013\u2014-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimText:
    """What is wrong, how it happens, the way out: at most `MOST_WORDS` words together."""

    headline: str
    explanation: str
    remedy: str


def claim_text(claimed: ClaimedFinding, rule: Rule, secrets: Sequence[str] = ()) -> ClaimText:
    """Clean and cut the words of a claim.

    Args:
        claimed: What the model wrote.
        rule: The rule; its words stand in where the model's are empty or mere advice.
        secrets: Secrets of our own, which no output may hold.
    """
    headline = _RULE_ID.sub("", clean(claimed.headline, secrets)).rstrip(".") or rule.problem
    headline = cut(cut_words(headline, _HEADLINE_WORDS), HEADLINE_LIMIT)
    remedy = clean(claimed.remedy, secrets)
    if not remedy or is_advice(remedy):
        remedy = rule.remedy
    remedy = cut_words(remedy, _REMEDY_WORDS)
    left = MOST_WORDS - len(headline.split()) - len(remedy.split())
    explanation = cut_words(clean(claimed.explanation, secrets), left)
    return ClaimText(headline=headline, explanation=explanation, remedy=remedy)


def reason_text(text: str, secrets: Sequence[str] = ()) -> str:
    """Clean and cut the reason of a verdict."""
    return cut_words(clean(text, secrets), _REASON_WORDS)


def clean(text: str, secrets: Sequence[str] = ()) -> str:
    """Put text on one line, without secrets and hidden characters, and bound its length."""
    return cut(one_line(redact(text, secrets)), PROSE_LIMIT)
