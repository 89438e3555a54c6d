"""The targets ``sanitiser``, ``command``, ``marker`` and ``redactor``: any text of anybody."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping

from reviewer.domain.command import MOST_COMMANDS, read_commands
from reviewer.domain.comment_text import comment_lines
from reviewer.domain.history import History
from reviewer.domain.history_text import JSON_LIMIT, TEXT_LIMIT, decode, history_text
from reviewer.domain.marker import FindingMark, MarkKind, Signer, Subject, without_marker
from reviewer.domain.redactor import redact
from reviewer.domain.sanitiser import (
    cell,
    fenced,
    html,
    inline_code,
    label,
    one_line,
    phrase,
    plain,
    prose,
    terminal,
    visible,
    workflow_message,
    workflow_property,
)
from tests.fuzz.held import hold
from tests.fuzz.shown import PARAGRAPH, PARAGRAPHS, live_parts

_TWICE_IS_ONCE: tuple[Callable[[str], str], ...] = (
    *(visible, one_line, label, plain, terminal, prose, phrase, cell),
)
_MARKDOWN: Mapping[Callable[[str], str], frozenset[str]] = {
    prose: PARAGRAPHS,
    phrase: PARAGRAPH,
    cell: PARAGRAPH,
    inline_code: PARAGRAPH,
    fenced: PARAGRAPHS,
}
_RUNNER = re.compile(r"(?m)^\s*::\S|##\[")


def text_of_any(data: bytes) -> str:
    """Return any text, halves of characters among them: JSON and paths can hold them."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape")


def write_safely(data: bytes) -> None:
    """Write a text to every place: nothing comes to life anywhere, and twice is once."""
    text = text_of_any(data)
    for function in _TWICE_IS_ONCE:
        once = function(text)
        hold(function(once) == once, f"{function.__name__}: twice is not once")
    for function, allowed in _MARKDOWN.items():
        live = live_parts(function(text), allowed)
        hold(not live, f"{function.__name__}: {', '.join(live)}")
    hold(not _RUNNER.search(terminal(text)), "terminal: a command of a runner")
    hold(not re.search(r"[<>\"']", html(text)), "html: an element or the end of an attribute")
    hold("\n" not in workflow_message(text), "workflow_message: a second line")
    hold(not re.search(r"[\n:,]", workflow_property(text)), "workflow_property: ends early")


def read_comment(data: bytes) -> None:
    """Read a comment for commands: bounded, and never out of a quotation, code or HTML comment."""
    text = text_of_any(data)
    reading = read_commands(text)
    hold(not (reading.commands and reading.refused), "a comment is done and refused")
    hold(len(reading.commands) <= MOST_COMMANDS, "too many commands")
    hold(sum(c.name in {"review", "ask", "plan"} for c in reading.commands) <= 1, "two ask")
    for command in reading.commands:
        hold(len(command.text) <= 8_000, "a text without a bound")
        hold(re.fullmatch(r"|[0-9a-f]{7,40}", command.finding) is not None, "a finding of no form")
        for name in (*command.personas, *([command.panel] if command.panel else ())):
            hold(re.fullmatch(r"[a-z][a-z0-9-]{0,39}", name) is not None, "a name of no form")
        written = re.compile(rf"(?m)(?:^|[\r\n>]) {{0,3}}/{command.name.value}(?:[ \t\r\n]|\Z)")
        hold(written.search(_uncommented(text)) is not None, "a command that nobody wrote")
    lines = re.split(r"\r\n|\r|\n", text)
    hold(len(comment_lines(text)) == len(lines), "a line was lost")
    for before in ("> ", "    ", "\t"):
        quoted = "\n".join(before + line for line in lines)
        hold(not read_commands(quoted).speaks_to_us, f"a command behind {before!r}")
    if "```" not in text:
        hold(not read_commands(f"```\n{text}\n```").speaks_to_us, "a command in a code block")
    if "-->" not in text:
        hold(not read_commands(f"<!--\n{text}\n-->").speaks_to_us, "a command that nobody sees")
    written_back = prose(text)
    hold(not read_commands(written_back).speaks_to_us, "what we write commands us")


def _uncommented(text: str) -> str:
    """Return the text without the ends of HTML comments, behind which a line may go on."""
    return re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)


_KEY = "a key for fuzzing, which signs nothing else"
_SIGNER = Signer(subject=Subject(bot="7", repository_id=8, number=9), key=_KEY)
_UNSIGNED = Signer(subject=_SIGNER.subject)
_MARK = FindingMark(fingerprint="a" * 40, head_sha="b" * 40, rule_id="SEC001", persona="p")
_WRITTEN = _SIGNER.write(_MARK)


def read_marker(data: bytes) -> None:
    """Read a comment for a marker: only our own, whole and last, is believed."""
    text = text_of_any(data)
    for kind in MarkKind:
        known = _SIGNER.read(text, kind)
        hold(known is None or known.mark == _MARK, "a marker that we did not sign")
        hold(known is None or text.rstrip().endswith(_WRITTEN), "a marker out of nowhere")
        hint = _UNSIGNED.read(text, kind)
        hold(hint is None or not hint.trusted, "a hint that is believed")
    before = _SIGNER.read(f"{text}\n{_WRITTEN}", MarkKind.FINDING)
    hold(before is not None and before.mark == _MARK, "our marker is lost behind a text")
    if text.strip() and not text.rstrip().endswith(_WRITTEN):
        after = _SIGNER.read(f"{_WRITTEN}\n{text}", MarkKind.FINDING)
        hold(after is None, "a marker that is not the last line")
    hold("<!-- persona-reviewer:" not in prose(text), "a marker through the sanitiser")
    hold(without_marker(f"{text}\n{_WRITTEN}").rstrip() == _bare(text), "the text beside a marker")
    _read_history(data, text)


def _bare(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip()


def _read_history(data: bytes, text: str) -> None:
    """Read a history out of any text, and out of any JSON that was packed as ours is."""
    import zlib

    packed = base64.b64encode(zlib.compress(data[:JSON_LIMIT])).decode()
    for candidate in (text, packed):
        history = decode(candidate)
        if history is None:
            continue
        hold(not history.trusted, "a history that believes itself")
        hold(len(candidate) <= TEXT_LIMIT, "a history without a bound")
        again = decode(history_text(history))
        hold(isinstance(again, History), "a history that cannot be written again")


#: Put together here, so that no scanner takes it for one of somebody's.
SECRET = "zQ7w" + "Xk2P9vB4" + "tR6yN8mC1"
_LONGEST_PART = 11


def hide_secrets(data: bytes) -> None:
    """Redact a secret of ours amid any text: no part of it that is long enough stays."""
    text = text_of_any(data)
    raw = SECRET.encode()
    encoded = base64.b64encode(raw).decode()
    forms = (SECRET, SECRET[::-1], raw.hex(), raw.hex().upper(), encoded[: len(raw) * 8 // 6])
    for form in forms:
        for whole in (f"{text}{form}{text}", form[: len(form) // 2] + text + form, form + form[3:]):
            shown = redact(whole, (SECRET,))
            parts = (form[i : i + _LONGEST_PART + 1] for i in range(len(form) - _LONGEST_PART))
            hold(not any(part in shown for part in parts), "a part of a secret stayed")
            hold(redact(shown, (SECRET,)) == shown, "redacting twice is not once")
            hold(shown.count("\n") == whole.count("\n"), "redacting lost a line")
