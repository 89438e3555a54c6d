"""The sanitiser: what a change, a tool or a model says passes here before it is shown.

What each place needs (security.md S7 and S9):

=================  ============================================================================
`visible`          the ground: secrets redacted, hidden characters named, variation selectors gone
`one_line`         the same on one line, white space folded
`label`            the same for paths and names: a line break inside is named
`plain`            for text that is shown as it is: an annotation, the title of a check
`terminal`         for a terminal or a log: no control character, no workflow command
`prose`            for a Markdown paragraph: code spans and fences live, nothing else does
`phrase`           the same on one line, for a heading or an item of a list
`cell`             for a cell of a Markdown table
`inline_code`      a Markdown code span
`fenced`           a Markdown code block
`html`             for HTML text and attributes
`workflow_…`       GitHub's encoding of the parts of a workflow command
=================  ============================================================================

All but the wrapping ones (`inline_code`, `fenced`, `html`, `workflow_…`) are idempotent, and all
are linear in the length of the text. None of them cuts: `cut` and `cut_words` do, before.

In prose nothing is *live*: no mention, reference, link, image, HTML, footnote, formula, command or
marker. What GitHub would give meaning to becomes a code span, where it stays readable and means
nothing: https://docs.github.com/en/get-started/writing-on-github. A code span and not a zero-width
break, because a reader copies what is shown.
"""

from __future__ import annotations

import html as _html
import re
from collections import defaultdict
from collections.abc import Iterator

from reviewer.domain.redactor import redact

#: Longer texts than these are cut before they are shown, in characters.
HEADLINE_LIMIT = 160
PROSE_LIMIT = 2_000
LABEL_LIMIT = 300

# Variation selectors change how a character looks and carry hidden bytes: they are removed.
_VARIATION = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")

# Controls, soft and zero-width characters, bidirectional marks, blank letters, tag characters and
# lone surrogates: https://www.unicode.org/reports/tr36/ and CVE-2021-42574 ("Trojan Source").
_HIDDEN = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff"
    "]+"
)

_WHITE_SPACE = re.compile(r"\s+")
_BLANKS_AT_LINE_START = re.compile(r"(?m)^[ \t]+")

#: A line that opens or closes a code block: its fence, and what follows.
_FENCE = re.compile(r"\s*(`{3,}|~{3,})(.*)", re.DOTALL)

#: Fence words that GitHub draws, applies or computes instead of showing.
_LIVE_FENCES = frozenset({"suggestion", "mermaid", "math", "geojson", "topojson", "stl"})
_FENCE_WORD = re.compile(r"[a-z0-9+#-]{1,20}")

_BACKTICKS = re.compile(r"`+")
_TOKEN = re.compile(r"\S+|\s+")
_OPENING = "([{\"'\u201c\u2018\xab<"
_CLOSING = ".,;:!?)]}\"'\u201d\u2019\xbb>…"

#: What GitHub would turn into a mention, a reference or a link, inside one word: ``@user``,
#: ``#1``, ``owner/repo#1``, ``GH-1``, addresses of any scheme, e-mail, a commit's id. A word ends
#: where letters of ASCII do: nobody promises that GitHub takes others for letters. Sources:
#: https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
#: https://github.github.com/gfm/#autolinks-extension-
_LIVE_WORD = re.compile(
    r"@\w|#\d|://|(?<![A-Za-z0-9])(?:gh-\d|www\.|(?:javascript|vbscript|data|mailto|xmpp|file):"
    r"|(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,64}(?![A-Za-z0-9]))",
    re.IGNORECASE,
)
#: A comment's command, or a runner's: Markdown is printed to a log as well.
_COMMAND = re.compile(r"/[A-Za-z]|::")
# A runner trims every white space that Unicode knows before it looks.
_COMMAND_IN_BLOCK = re.compile(r"(?m)^([^\S\n]*)(?=/[A-Za-z]|::)")

#: One character of Markdown syntax; what `prose` wrote before comes first and stays as it is.
_SYNTAX = re.compile(
    r"\\[\\`*_\[\]~|$#+.)=-]"
    r"|&(?:amp|lt|gt);"
    r"|[&<>\\`*\[\]~|$]"
    r"|(?<![^\W_])_|_(?![^\W_])"
)
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}

#: What makes a line a heading, a list, a rule or a table, when it comes first.
_LINE_START = re.compile(r"[#=]|[-+](?=[-+=:|]|\Z)|(?P<number>\d{1,9})[.)]\Z")

_COLONS_AT_LINE_START = re.compile(r"(?m)^([^\S\n]*)::")
_COLONS = re.compile(r"(?<!\S)::+(?=\S)")

# A backslash shields a pipe in a table cell, in a code span too; two would shield one another.
_PIPE = re.compile(r"(?<!\\)(\\*)\|")


def visible(text: str) -> str:
    """Redact secrets and name every character that hides, reorders or commands.

    Args:
        text: Anything.

    Returns:
        Text whose only control characters are tabs and newlines: a hidden character reads
        ``[U+202E]``, a run of them ``[12 hidden characters]``.
    """
    text = _VARIATION.sub("", text).replace("\r\n", "\n")
    return redact(_HIDDEN.sub(_name_hidden, text))


def _name_hidden(match: re.Match[str]) -> str:
    run = match.group()
    return f"[U+{ord(run):04X}]" if len(run) == 1 else f"[{len(run)} hidden characters]"


def one_line(text: str) -> str:
    """Make text visible, on one line, with every run of white space folded to one space."""
    return _WHITE_SPACE.sub(" ", visible(text)).strip()


def label(text: str) -> str:
    """Make a path or a name visible: a line break or a tab inside it is named."""
    return visible(text).replace("\n", "[U+000A]").replace("\t", "[U+0009]")


def plain(text: str) -> str:
    """Make text safe where it is shown as it is; no marker of ours can begin in it."""
    return _break_marks(visible(text))


def cut(text: str, limit: int) -> str:
    """Cut text to at most so many characters; a cut text ends in ``…``."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def cut_words(text: str, limit: int) -> str:
    """Cut text to at most so many words; a cut text ends in ``…``."""
    words = text.split(maxsplit=limit)
    return text if len(words) <= limit else f"{' '.join(words[:limit]).rstrip('…')}…"


def terminal(text: str) -> str:
    """Make text safe for a terminal or a log of GitHub Actions; lines stay lines.

    A runner obeys ``::`` at the start of a line and ``##[`` anywhere. A wrapped line may begin
    with any word, so every word that begins with ``::`` is broken:
    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
    """
    return _COLONS.sub(_spread, visible(text).expandtabs(4).replace("##[", "## ["))


def _spread(colons: re.Match[str]) -> str:
    return " ".join(colons.group())


def html(text: str) -> str:
    """Make text safe inside an HTML element or a quoted attribute."""
    return _html.escape(visible(text), quote=True)


def workflow_message(text: str) -> str:
    """Encode the message of a workflow command; once, at the edge."""
    return visible(text).replace("%", "%25").replace("\n", "%0A")


def workflow_property(text: str) -> str:
    """Encode a property (file, title) of a workflow command; once, at the edge."""
    return workflow_message(text).replace(":", "%3A").replace(",", "%2C")


def logged_json(json_text: str) -> str:
    """Write a JSON text so that a runner's log obeys nothing in it; it reads as the same value.

    ``##[`` can only stand in a string there, and a line of JSON never begins with ``::``.
    """
    return json_text.replace("##[", "\\u0023#[")


def logged_html(page: str) -> str:
    """Write a page so that a runner's log obeys nothing in it; it shows the same."""
    return _COLONS_AT_LINE_START.sub(r"\1&#58;:", page.replace("##[", "&#35;#["))


def inline_code(text: str) -> str:
    """Write text as one Markdown code span, whatever backticks it holds."""
    return _code_span(_break_marks(label(text)))


def fenced(text: str, language: str = "") -> str:
    """Write text as a Markdown code block with a fence longer than any in it.

    Args:
        text: The code.
        language: A name for highlighting; dropped where GitHub would draw or apply the block.
    """
    word = language if _FENCE_WORD.fullmatch(language) and language not in _LIVE_FENCES else ""
    return _block(visible(text), word)


def prose(text: str) -> str:
    """Make text safe as Markdown paragraphs; its code spans and code blocks stay code.

    Args:
        text: A sentence or several, from whoever.

    Returns:
        Markdown that renders as the same words, where nothing but code has a meaning.
    """
    output: list[str] = []
    lines = iter(visible(text).split("\n"))
    for line in lines:
        opening = _FENCE.match(line)
        if opening is None or (opening[1][0] == "`" and "`" in opening[2]):
            output.append(_line(line))
        else:
            output.append(_block("\n".join(_until_closed(lines, opening[1]))))
    return "\n".join(output).strip("\n")


def phrase(text: str) -> str:
    """Make text safe on one line of Markdown."""
    return _line(one_line(text))


def cell(text: str) -> str:
    """Make text safe in one cell of a Markdown table: one line, no live pipe."""
    return shield_pipes(phrase(text))


def shield_pipes(markdown: str) -> str:
    """Shield the pipes of safe Markdown so that it may stand in a table's cell."""
    return _PIPE.sub(_shield_pipe, markdown)


def _shield_pipe(match: re.Match[str]) -> str:
    backslashes = match[1]
    if backslashes == "\\":
        return match[0]
    # In text every backslash stands doubled, and an odd number shields the pipe already; in a
    # code span they are bare. A space keeps a shield from being shielded itself.
    return (
        f"{backslashes} \\|"
        if backslashes and len(backslashes) % 2 == 0
        else (match[0] if backslashes else "\\|")
    )


def _until_closed(lines: Iterator[str], fence: str) -> Iterator[str]:
    """Take the lines of a code block, to its closing fence or the end."""
    for line in lines:
        closing = _FENCE.match(line)
        if (
            closing is not None
            and closing[1][0] == fence[0]
            and len(closing[1]) >= len(fence)
            and not closing[2].strip()
        ):
            return
        yield line


def _block(text: str, language: str = "") -> str:
    text = _COMMAND_IN_BLOCK.sub(r"\1·", _break_marks(text))
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _break_marks(text: str) -> str:
    """Break what has a meaning even in code, where it cannot be written as an entity.

    ``<!--`` starts our markers; ``##[`` is a command wherever it stands in a runner's log.
    """
    return text.replace("<!--", "<! --").replace("##[", "## [")


def _code_span(text: str) -> str:
    """Wrap text in backticks that it does not hold, with the padding that CommonMark strips."""
    lengths = {len(run) for run in _BACKTICKS.findall(text)}
    size = 1
    while size in lengths:
        size += 1
    padded = (
        not text.strip(" ")
        or text.startswith("`")
        or text.endswith("`")
        or (text.startswith(" ") and text.endswith(" "))
    )
    text = f" {text} " if padded and text.strip(" ") else text or " "
    return f"{'`' * size}{text}{'`' * size}"


def _line(line: str) -> str:
    """Make one line of prose safe."""
    pieces: list[str] = []
    for is_code, piece in code_spans(line.strip()):
        parts = [_code_span(_break_marks(piece))] if is_code else _words(piece, first=not pieces)
        for part in parts:
            # Two backtick runs that touch would be one run.
            if part.startswith("`") and pieces and pieces[-1].endswith("`"):
                pieces.append(" ")
            pieces.append(part)
    return "".join(pieces)


def code_spans(line: str) -> Iterator[tuple[bool, str]]:
    """Split a line into text and code spans, as CommonMark does.

    Args:
        line: One line.

    Yields:
        Whether the piece is code, and the piece without its backticks.
    """
    runs: dict[int, list[int]] = defaultdict(list)
    for run in _BACKTICKS.finditer(line):
        runs[len(run.group())].append(run.start())
    for starts in runs.values():
        starts.reverse()
    start = position = 0
    while (tick := line.find("`", position)) >= 0:
        if _is_escaped(line, tick, start):
            position = tick + 1
            continue
        size = _run_length(line, tick)
        candidates = runs[size]
        while candidates and candidates[-1] < tick + size:
            candidates.pop()
        if not candidates:
            position = tick + size
            continue
        if tick > start:
            yield False, line[start:tick]
        closing = candidates.pop()
        yield True, _unpad(line[tick + size : closing])
        start = position = closing + size
    if start < len(line):
        yield False, line[start:]


def _run_length(line: str, start: int) -> int:
    run = _BACKTICKS.match(line, start)
    return 0 if run is None else len(run.group())


def _is_escaped(line: str, position: int, floor: int) -> bool:
    """Tell whether an odd number of backslashes stands before the position."""
    count = 0
    while position - count > floor and line[position - count - 1] == "\\":
        count += 1
    return count % 2 == 1


def _unpad(text: str) -> str:
    if text.startswith(" ") and text.endswith(" ") and text.strip(" "):
        return text[1:-1]
    return text


def _words(text: str, *, first: bool) -> Iterator[str]:
    """Make the words of a piece of text safe; ``first`` at the start of a line."""
    if not _LIVE_WORD.search(text):
        # Most text: only the first word of a line can still mean something.
        head = _TOKEN.match(text) if first else None
        if head is not None:
            yield from (
                (head.group(),) if head.group().isspace() else _word(head.group(), first=True)
            )
            text = text[head.end() :]
        yield _escape(text)
        return
    for token in _TOKEN.findall(text):
        if token.isspace():
            yield token
            continue
        yield from _word(token, first=first)
        first = False


def _word(token: str, *, first: bool) -> Iterator[str]:
    core = token.lstrip(_OPENING)
    before = token[: len(token) - len(core)]
    core = core.rstrip(_CLOSING)
    after = token[len(before) + len(core) :]
    command = first and not before and _COMMAND.match(token)
    if command and not core:
        core, after = token, ""
    if command or _LIVE_WORD.search(core):
        if before:
            yield _escape(before)
        yield _code_span(_break_marks(core))
        if after:
            yield _escape(after)
        return
    start = _LINE_START.match(token) if first else None
    if start is None:
        yield _escape(token)
    elif start["number"]:
        yield f"{start['number']}\\{token[start.end('number') :]}"
    else:
        yield f"\\{token[0]}{_escape(token[1:])}"


def _escape(text: str) -> str:
    return _SYNTAX.sub(_escape_one, text)


def _escape_one(match: re.Match[str]) -> str:
    found = match.group()
    if len(found) > 1:
        return found
    return _ENTITIES.get(found) or f"\\{found}"
