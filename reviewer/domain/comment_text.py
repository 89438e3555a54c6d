"""A comment's lines as a reader of the page sees them: which of them stand plainly by themselves.

A line is plain where GitHub shows it as a line of its own text: https://github.github.com/gfm/.
This is no Markdown parser. It knows for certain what a code block with a fence at the left margin
is, and beyond that it errs to one side: a command that is missed can be written again, one that
was only shown must not run. So these lines are not plain:

- in a fenced code block, or indented by a tab or four spaces,
- in a quotation, and up to the next blank line after it (such lines continue it lazily),
- in an HTML comment, and in what stands between ``<pre>``, ``<code>``, ``<blockquote>`` and
  the like and their end,
- after a line that begins with any other HTML, up to the next blank line,
- in a paragraph after a line that leaves a code span open,
- to the end, once a fence stands where its meaning depends on more (indented, in a list, in
  HTML), and after the rarer kinds of markup.

Text in HTML comments is seen by nobody and is left out (security.md S7).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

#: As CommonMark ends lines; U+2028 and others stay in the line.
_LINE_END = re.compile(r"\r\n|\r|\n")
_BLANK = re.compile(r"[ \t]*")
_FENCE = re.compile(r"(?P<indent> {0,3})(?P<fence>`{3,}|~{3,})(?P<rest>.*)", re.DOTALL)
#: What a line may begin with before its own text: blanks, marks of lists and of quotations.
_CONTAINERS = re.compile(r"(?:[ \t]|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t])|>)*")
_INDENTED = re.compile(r" {0,3}\t| {4}")
_HTML = re.compile(r" {0,3}<[/A-Za-z]")
#: Instructions, declarations and CDATA may run over blank lines.
_OTHER_MARKUP = re.compile(r" {0,3}<(?:\?|![A-Za-z\[])")
_BACKTICKS = re.compile(r"`+")
_MARK = re.compile(
    r"<!--|-->|<(?P<end>/?)(?P<tag>pre|code|samp|kbd|script|style|textarea|blockquote)(?![\w-])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentLine:
    """One line.

    Args:
        text: The line without what HTML comments hide.
        plain: Whether it stands plainly by itself.
    """

    text: str
    plain: bool


def comment_lines(body: str) -> tuple[CommentLine, ...]:
    """Split a comment into its lines.

    Args:
        body: The text, whatever it is.
    """
    scanner = _Scanner()
    return tuple(map(scanner.line, _LINE_END.split(body)))


class _Scanner:
    """Walks down the lines once and remembers what they stand in."""

    def __init__(self) -> None:
        self._fence = ""
        self._unsure = False
        self._hidden = False
        self._tags: Counter[str] = Counter()
        self._until_blank = False
        self._in_html = False

    def line(self, line: str) -> CommentLine:
        """Return the next line."""
        if self._fence:
            if self._closes(line):
                self._fence = ""
            return CommentLine(text=line, plain=False)
        inside = self._hidden or bool(self._tags)
        fence = self._opens(line)
        if fence and not inside and not self._unsure:
            self._fence, self._until_blank = fence, False
            return CommentLine(text=line, plain=False)
        self._look_at_start(line)
        inside = inside or self._until_blank or self._unsure
        text = "".join(self._shown(line))
        self._look_at_spans(line)
        begins_otherwise = _INDENTED.match(line) is not None or line.lstrip().startswith("<")
        return CommentLine(text=text, plain=not (inside or begins_otherwise))

    def _closes(self, line: str) -> bool:
        match = _FENCE.fullmatch(line)
        return (
            match is not None
            and match["fence"].startswith(self._fence)
            and not match["rest"].strip(" \t")
        )

    def _opens(self, line: str) -> str:
        """Return the fence that certainly opens here; any other leaves us unsure for good."""
        start = _CONTAINERS.match(line)
        indent = start.end() if start is not None else 0
        match = _FENCE.match(line, indent)
        if match is None or (match["fence"][0] == "`" and "`" in match["rest"]):
            return ""
        if indent or match["indent"] or self._hidden or self._tags or self._in_html:
            self._unsure = True
            return ""
        return match["fence"]

    def _look_at_start(self, line: str) -> None:
        """Notice what lasts up to the next blank line: a quotation, other HTML."""
        if _BLANK.fullmatch(line):
            self._until_blank = self._in_html = False
            return
        containers = _CONTAINERS.match(line)
        if containers is not None and ">" in containers[0]:
            self._until_blank = True
        if _HTML.match(line) is not None:
            self._until_blank = self._in_html = True
        if _OTHER_MARKUP.match(line) is not None:
            self._unsure = True

    def _shown(self, line: str) -> Iterator[str]:
        """Return what HTML comments do not hide, and remember what stays open."""
        position = 0
        for mark in _MARK.finditer(line):
            if not self._hidden:
                yield line[position : mark.start()]
                position = mark.start()
            if mark[0] == "<!--":
                self._hidden = True
            elif mark[0] == "-->":
                position = mark.end() if self._hidden else position
                self._hidden = False
            elif not self._hidden:
                self._count(mark["tag"].lower(), closes=bool(mark["end"]))
        if not self._hidden:
            yield line[position:]

    def _count(self, tag: str, *, closes: bool) -> None:
        if not closes:
            self._tags[tag] += 1
        elif self._tags[tag] > 1:
            self._tags[tag] -= 1
        else:
            del self._tags[tag]

    def _look_at_spans(self, line: str) -> None:
        """Notice a code span that a later line of the same paragraph may close."""
        runs = Counter(len(run) for run in _BACKTICKS.findall(line))
        if any(count % 2 for count in runs.values()):
            self._until_blank = True
