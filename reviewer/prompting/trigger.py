"""A bug has a trigger: this input or this order of events leads to that wrong result.

The Bug Hunter's findings need both (pains.md P01). The check is one of form: an arrow, or a
condition (a word that opens one, or a value in a code span) and a word of what then happens.
It reads English; an arrow serves in every language, and the prompt asks for one.
"""

from __future__ import annotations

import re

_ARROW = re.compile(r"\S\s*(?:→|⇒|->|=>)\s*\S")
_CONDITION = re.compile(
    r"\b(?:when|whenever|if|for|with|without|given|after|before|once|while|during|on|as soon as"
    r"|unless|until|two|both|second|concurrent\w*|every|any|each|empty|passing|calling|called"
    r"|from|each|\d+)\b|`[^`]+`",
    re.IGNORECASE,
)
_RESULT = re.compile(
    r"\b(?:rais\w+|throw\w*|crash\w*|panic\w*|fail\w*|abort\w*|wrong\w*|incorrect\w*|error\w*|\w+Error"
    r"|\w+Exception|return\w*|yield\w*|los[est]\w*|lost|leak\w*|overwrit\w+|overflow\w*|underflow\w*"
    r"|delet\w+|truncat\w+|corrupt\w*|duplicat\w*|twice|double\w*|skip\w*|miss(?:es|ed|ing)?|never"
    r"|hang\w*|block\w*|deadlock\w*|rac(?:e|es|ing)|time\w*\s?out|stale|swallow\w*|ignor\w+|drop\w*"
    r"|divi\w+ by zero|out of (?:range|bounds|memory)|null|none|nan|infinite\w*|endless\w*"
    r"|exhaust\w*|unclosed|open|stop\w*|dies|die|kill\w*|reject\w*|accept\w*|bypass\w*|expos\w+"
    r"|quadratic|slow\w*|grow\w*|too (?:long|many|few|late|early|short|large|small)|instead of"
    r"|not (?:be )?\w+ed|is not|are not|no longer|cannot|can't|break\w*|inconsistent|partial\w*"
    r"|half|runs|executes|gives|shows|prints|writes|sends|leaves|keeps|stays|becomes|sees"
    r"|shared|per (?:row|call|request|item|user)|no effect|anyone)\b",
    re.IGNORECASE,
)


def has_trigger(headline: str, explanation: str) -> bool:
    """Tell whether a claim names what sets the fault off and what then goes wrong.

    Args:
        headline: What is wrong.
        explanation: How it happens.
    """
    if _ARROW.search(explanation):
        return True
    both = f"{headline}. {explanation}"
    return _CONDITION.search(explanation) is not None and _RESULT.search(both) is not None
