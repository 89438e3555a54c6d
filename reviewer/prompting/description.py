"""What people write about a change (title, description, comments), without what nobody sees in it.

Whoever writes a description can hide text in it that a reader of the page never sees and a model
would read: comments, attributes, alternative texts, link titles, characters without width
(security.md S7, R03, R04). Such text is taken out and reported; it never stops a review. The text
of files is another matter: there everything is evidence, and nothing of it is touched.

Every step is linear, and the text is cut before the first of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from reviewer.domain.facts.hidden_text import addresses_reviewer
from reviewer.domain.sanitiser import cut, one_line

#: Longer ones are cut, in characters; GitHub takes 256 of a title and 65,536 of a description.
TITLE_LIMIT = 256
BODY_LIMIT = 8_000
_READ_LIMIT = 80_000
_EXCERPT = 200

_ESCAPE_CODES = re.compile(r"\x1b(?:\[[0-9;?]{0,40}[ -/]?[@-~]|[@-_])")
#: Characters that show nothing, turn the order of reading or spell text unseen; the same as the
#: sanitiser's, but for line ends and tabs: https://www.unicode.org/reports/tr36/.
_UNSEEN = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff"
    "]+"
)
#: What ordinary text has of these: the end of a line as Windows writes it, the joiner and the
#: selector inside an emoji.
_USUAL_UNSEEN = re.compile("[\r\u200d\ufe0e\ufe0f]+")

# A comment that is not closed hides everything behind it, on GitHub's pages as here.
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(
    r"""</?[A-Za-z][A-Za-z0-9-]{0,40}(?P<attributes>(?=[\s/>])"""
    r"""(?:[^<>"']++|"[^"]{0,2000}+"|'[^']{0,2000}+'){0,60}+)>"""
)
# Of links the text that can hide is the title; a target is no text.
_DEFINITION = re.compile(r"(?m)^[ ]{0,3}\[[^\[\]\n]{1,300}\]:[ \t]*\S*(?P<text>[^\n]{0,2000})$")
_IMAGE = re.compile(
    r"!\[(?P<text>[^\[\]\n]{0,1000})\](?:\([^()\n]{0,2000}\)|\[[^\[\]\n]{0,300}\])?"
)
_LINK = re.compile(r"\[(?P<shown>[^\[\]\n]{0,1000})\]\([^\s()]*(?P<text>[^()\n]{0,2000})\)")
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")

#: Hidden text that wants something of a reviewer; looser than for text that everybody sees.
_WISH = re.compile(
    r"\b(?:ignore|disregard|override|approve|pre-?approved|skip)\b[^\n]{0,80}"
    r"\b(?:rules?|instructions?|checks?|findings?|reviews?|approve|security|prompts?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenText:
    """Something that stood in a description and that no reader sees.

    Args:
        where: ``title`` or ``body``.
        what: What hid it: ``HTML comment``.
        text: The beginning of it; untrusted.
    """

    where: str
    what: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What people wrote about a change, cleaned; still untrusted.

    Args:
        title: One line.
        body: Paragraphs.
        hidden: What was taken out.
        suspected: Whether seen or hidden text speaks to the reviewer, or hides where no honest
            text does: the review must not call itself clean (``injection_suspected``).
        cut: Whether something was left out for its length.
    """

    title: str
    body: str
    hidden: tuple[HiddenText, ...] = ()
    suspected: bool = False
    cut: bool = False


def clean_title_and_body(title: str, body: str) -> Description:
    """Clean what people wrote about a change.

    Args:
        title: The title; also good for a branch or a commit's first line.
        body: The description, a comment or a commit message.
    """
    hidden: list[HiddenText] = []
    clean_title = one_line(_without_hidden(title[:_READ_LIMIT], "title", hidden))
    clean_body = _without_hidden(body[:_READ_LIMIT], "body", hidden)
    clean_body = _BLANK_LINES.sub("\n\n", clean_body).strip()
    suspected = any(
        found.what == _CHARACTERS or addresses_reviewer(found.text) or _WISH.search(found.text)
        for found in hidden
    )
    seen = [clean_title, *clean_body.split("\n")]
    return Description(
        title=cut(clean_title, TITLE_LIMIT),
        body=cut(clean_body, BODY_LIMIT),
        hidden=tuple(hidden),
        suspected=suspected or any(addresses_reviewer(line) for line in seen),
        cut=len(clean_title) > TITLE_LIMIT
        or len(clean_body) > BODY_LIMIT
        or max(len(title), len(body)) > _READ_LIMIT,
    )


_CHARACTERS = "hidden characters"


def _without_hidden(text: str, where: str, hidden: list[HiddenText]) -> str:
    """Take out what nobody sees, and note it."""

    def note(what: str, found: str) -> None:
        if found.strip():
            excerpt = cut(one_line(found), _EXCERPT)
            hidden.append(HiddenText(where=where, what=what, text=excerpt))

    text = _ESCAPE_CODES.sub("", unicodedata.normalize("NFC", text))
    odd = "".join(_UNSEEN.findall(_USUAL_UNSEEN.sub("", text)))
    if odd:
        note(_CHARACTERS, " ".join(f"U+{ord(character):04X}" for character in odd[:20]))
    text = _UNSEEN.sub("", text)
    for pattern, what, group, instead in _STEPS:
        text = pattern.sub(_taking(what, group, instead, note), text)
    return text


def _taking(
    what: str, group: str | int, instead: str, note: Callable[[str, str], None]
) -> Callable[[re.Match[str]], str]:
    """Return what replaces a match: its shown part, and a note of the hidden one."""

    def take(match: re.Match[str]) -> str:
        note(what, match[group] or "")
        return match["shown"] if instead == _SHOWN else instead

    return take


_SHOWN = "shown"
#: In this order: a comment can hold anything, an image stands inside a link.
_STEPS: tuple[tuple[re.Pattern[str], str, str | int, str], ...] = (
    (_COMMENT, "HTML comment", 0, ""),
    (_TAG, "HTML attributes", "attributes", ""),
    (_DEFINITION, "link definition", "text", ""),
    (_IMAGE, "text of an image", "text", "[image]"),
    (_LINK, "target of a link", "text", _SHOWN),
)
