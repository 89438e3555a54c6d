"""What GitHub would make of Markdown: an oracle of its own, that shares nothing with the sanitiser.

Markdown is rendered by markdown-it in its dialect of GitHub, with HTML let through; then the page
is read as GitHub's filters read it: every element, and all text that does not stand in code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from typing_extensions import override

#: Where GitHub's filters do not look.
_CODE = frozenset({"code", "pre"})

#: What GitHub gives a meaning to in text, by what it would become. Sources:
#: https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
#: https://github.github.com/gfm/#autolinks-extension-
_LIVE = {
    "a mention": re.compile(r"@[A-Za-z0-9]"),
    "a reference": re.compile(r"#\d|(?<![A-Za-z0-9])gh-\d", re.IGNORECASE),
    "an address": re.compile(r"[a-z]://|(?<![A-Za-z0-9])www\.\w", re.IGNORECASE),
    "a scheme": re.compile(
        r"(?<![A-Za-z0-9])(?:mailto|xmpp|javascript|vbscript|data):[A-Za-z0-9/]", re.IGNORECASE
    ),
    "a commit": re.compile(
        r"(?<![A-Za-z0-9])(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,40}(?![A-Za-z0-9])", re.IGNORECASE
    ),
}
#: In the source itself, in code too: a runner prints Markdown to its log, and mail shows it bare.
_SOURCE = {
    "a comment or marker": re.compile(r"<!--"),
    "a command of a runner": re.compile(r"(?m)^[^\S\n]*::|##\["),
    "a slash command": re.compile(r"(?m)^[^\S\n]*/[A-Za-z]"),
    "a hidden character": re.compile(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-"
        "\ufe0f\ufeff\ud800-\udfff\U000e0000-\U000e0fff]"
    ),
}


@dataclass
class _Page(HTMLParser):
    """A rendered page: its elements and its text apart from code."""

    elements: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    text: str = ""
    everything: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._inside = 0

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self._inside += tag in _CODE
        self.text += "\n" if tag in {"p", "br", "pre"} else " "

    @override
    def handle_endtag(self, tag: str) -> None:
        self.elements.add(tag)
        self._inside -= tag in _CODE
        self.text += " "

    @override
    def handle_data(self, data: str) -> None:
        self.everything += data
        if not self._inside:
            self.text += data


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("gfm-like", {"html": True, "linkify": False})


def _read(rendered: str) -> _Page:
    page = _Page()
    page.feed(rendered)
    page.close()
    return page


def shown_text(markdown: str) -> str:
    """Return all that a reader sees of a text, code as well."""
    return _read(_markdown().render(markdown)).everything


def live_parts(markdown: str, allowed: frozenset[str]) -> tuple[str, ...]:
    """Tell what would come to life in a text.

    Args:
        markdown: What was written.
        allowed: The elements that may come of it.

    Returns:
        What is live, in words; empty where nothing is.
    """
    rendered = _markdown().render(markdown)
    page = _read(rendered)
    found = ["a declaration"] if re.search(r"<[!?]", rendered) else []
    found += [f"the element {name}" for name in sorted(page.elements - allowed)]
    found += [f"the attribute {name}" for name in sorted(page.attributes - {"class"})]
    found += [what for what, pattern in _LIVE.items() if pattern.search(page.text)]
    found += [what for what, pattern in _SOURCE.items() if pattern.search(markdown)]
    return tuple(found)


#: What a paragraph of ours may become, and one with code blocks.
PARAGRAPH = frozenset({"p", "br", "code"})
PARAGRAPHS = PARAGRAPH | {"pre"}
