"""Words that help nobody: advice without a fault, praise, the code told again, the rule told again.

The filter reads English. In another language it lets more through, never less.
"""

from __future__ import annotations

import re

from reviewer.domain.persona import Rule

# Advice: what to do in general, where a finding says what goes wrong.
_ADVICE = re.compile(
    r"(?:please\s+|also,?\s+|(?:it\s+(?:would|might|may|could)\s+be|it's|it\s+is)\s+"
    r"(?:\w+\s+)?(?:good|better|best|helpful|useful|nice|wise|important|recommended|advisable"
    r"|worth|necessary|crucial|essential|beneficial)\b"
    r"|(?:you|we|one|the\s+(?:author|developer|team|code))\s+(?:may|might|could|can|should|must)\s+"
    r"(?:also\s+|want\s+to\s+|need\s+to\s+|wish\s+to\s+)*(?:consider|ensure|make\s+sure|verify"
    r"|check|double-?check|think|review|confirm|be\s+careful|add|include|use)\b"
    r"|(?:developers|authors|reviewers)\s+should\b)|"
    r"(?:please\s+|also,?\s+|always\s+|then\s+)*(?:consider(?:ation)?|ensure|ensuring|make\s+sure"
    r"|be\s+sure|verify|verifying|double-?check|check\s+(?:that|if|whether)|confirm|be\s+careful"
    r"|be\s+(?:mindful|aware|cautious)|remember|keep\s+in\s+mind|think\s+about|review\s+(?:the"
    r"|this|whether|all)|test\s+(?:this|thoroughly)|validate\s+that|note\s+that\s+it\s+is"
    r"|potential(?:ly)?\s+(?:issues?|problems?)|possible\s+(?:issues?|problems?|improvements?)"
    r"|suggestion|nit(?:pick)?\b|might\s+want|may\s+want|could\s+be\s+improved|room\s+for)\b",
    re.IGNORECASE,
)

# An effect so vague that it fits any code.
_VAGUE = re.compile(
    r"\b(?:can|could|may|might|will|would|should|which|to|potentially|possibly)\b.{0,40}?"
    r"\b(?:(?:lead|leads|leading)\s+to|cause|causes|causing|result(?:s|ing)?\s+in|introduce"
    r"|have|create|creates|raise)\s+(?:\w+\s+){0,2}?"
    r"(?:(?:unexpected|undesired|unintended|potential|various|future|other|some|subtle|certain"
    r"|unforeseen|possible)\s+)+"
    r"(?:\w+\s+)?(?:behaviou?rs?|issues?|problems?|errors?|bugs?|consequences|results?|side\s*-?\s*effects?)"
    r"|\b(?:can|could|may|might)\s+(?:lead\s+to|cause|result\s+in)\s+"
    r"(?:issues?|problems?|bugs?|errors?|confusion)\b"
    r"|\b(?:improve|improves|improving|increase|enhance|enhances|enhancing|reduce|reduces|affect"
    r"|affects|hurt|hurts|harder\s+to|difficult\s+to|easier\s+to|better|for)\s+(?:\w+\s+){0,3}?"
    r"(?:readability|maintainability|maintenance|clarity|code\s+quality|robustness|reliability"
    r"|best\s+practices?|consistency|maintain|read|understand)\b"
    r"|\b(?:best|good)\s+practices?\b|\bcould\s+be\s+(?:improved|better|cleaner|simplified)\b",
    re.IGNORECASE | re.DOTALL,
)

_PRAISE = re.compile(
    r"(?:overall,?\s+)?(?:(?:very\s+)?(?:good|great|nice|excellent|well|clean|solid|impressive)\b"
    r"(?!\s*-?\s*(?:known|formed))|lgtm\b|looks?\s+(?:good|fine|correct|great|ok)\b|no\s+(?:issues?"
    r"|problems?|violations?|concerns?|faults?|findings?|action|changes?\s+(?:is|are)?\s*needed)\b"
    r"|nothing\s+(?:to|is|wrong)|(?:this|the|all|these)\b[^.;]{0,60}\b(?:is|are|looks?|seems?"
    r"|appears?)\s+(?:now\s+)?(?:correct(?:ly)?|fine|good|ok(?:ay)?|well|properly|safe|clean"
    r"|appropriate(?:ly)?|adequate(?:ly)?|sufficient(?:ly)?|as\s+expected|an?\s+improvement)\b"
    r"|(?:this|the|all|these)\b[^.;]{0,40}\b(?:correctly|properly|successfully|appropriately"
    r"|complies|adheres|follows)\b)",
    re.IGNORECASE,
)

# The code told again: this line does that, and nothing follows from it.
_TELLING = re.compile(
    r"(?:here,?\s+)?(?:this|the|these|it)\b(?:\s+(?:new|added|changed|above|following"
    r"|given|updated|modified|pull|first|second|last|`[^`]*`|[\w.()'\"-]+)){0,5}?\s+"
    r"(?:is|are|was|were|has\s+been|have\s+been|now|simply|just)?\s*(?:now\s+)?"
    r"(?:add(?:s|ed)?|define[sd]?|import(?:s|ed)?|return(?:s|ed)?|call(?:s|ed)?|sets?|creates?|created"
    r"|remove[sd]?|change[sd]?|update[sd]?|rename[sd]?|introduce[sd]?|declare[sd]?|assign(?:s|ed)?"
    r"|uses?|used|initiali[sz]e[sd]?|contains?|adding|changing|refactor(?:s|ed)?|moved?|moves"
    r"|modif(?:y|ies|ied)|implements?|implemented|reads?|prints?|logs?|checks?|loops?|iterates?)\b",
    re.IGNORECASE,
)
_CONSEQUENCE = re.compile(
    r"\b(?:so|because|but|which|hence|therefore|thus|without|although|though|while|when|whenever|if"
    r"|unless|until|even|instead|before|after|twice|never|always|cannot|can't|not|no|nothing"
    r"|none|null|nil|fails?|failing|raises?|throws?|crash(?:es)?|wrong|los[et]s?|lost|leaks?"
    r"|overwrit\w+|races?|deadlocks?|hangs?|blocks?|exposes?|allows?|lets?|anyone|attacker|inject\w*"
    r"|unsafe|unescaped|unbounded|plain\s?text|hard-?coded|any|every|all|only|too|more|less|than"
    r"|per|each|again|ignor\w+|skip\w*|swallow\w*|still|yet|missing|lacks?|instead|root|secret"
    r"|user(?:\s+input)?|request|shell|query|outside|beyond|past|other|\d+)\b|[→⇒]|->|=>",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_WORD = re.compile(r"[^\W\d_]{4,}")
_CODE = re.compile(r"`[^`]+`")
_RULE_ID = re.compile(r"^\W*[A-Z]{2,6}-?\d{2,4}\W+")


def truism(headline: str, explanation: str, rule: Rule | None = None) -> str | None:
    """Tell why a claim says nothing about this code.

    Args:
        headline: What is claimed.
        explanation: How it is said to happen.
        rule: The rule, whose own words are no explanation.

    Returns:
        The reason, or None where it says something.
    """
    headline = _RULE_ID.sub("", headline.strip()).replace("\u2019", "'")
    explanation = explanation.replace("\u2019", "'")
    sentences = [part.strip() for part in _SENTENCE.split(explanation) if part.strip()]
    if not sentences:
        return "it does not say what happens"
    if _ADVICE.match(headline):
        return "advice without a fault"
    if _PRAISE.match(headline):
        return "praise"
    if all(_PRAISE.match(sentence) for sentence in sentences):
        return "praise"
    if all(_ADVICE.match(sentence) or _VAGUE.search(sentence) for sentence in sentences):
        return "advice without a fault"
    if rule is not None and _repeats(explanation, rule):
        return "it repeats the rule"
    if all(_TELLING.match(s) and not _CONSEQUENCE.search(_CODE.sub("", s)) for s in sentences):
        return "it tells the code again"
    return None


def is_advice(text: str) -> bool:
    """Tell whether a sentence begins as advice does: ``Consider …``, ``Make sure …``."""
    return _ADVICE.match(text.strip()) is not None


def _repeats(explanation: str, rule: Rule) -> bool:
    """Tell whether every longer word of an explanation stands in the rule's own sentences."""
    if _CODE.search(explanation):
        return False
    own = {
        word.lower()
        for text in (rule.title, rule.check, rule.why, rule.problem, rule.remedy)
        for word in _WORD.findall(text)
    }
    said = {word.lower() for word in _WORD.findall(explanation)}
    return said <= own
