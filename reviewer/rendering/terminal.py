"""A review for a terminal: verdict, fails with their code, scorecard, what was left out, ledger.

Silent about everything that passed, unless asked. The same text serves a pipe: no colour, and
nothing that only a colour says.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from reviewer.domain.change import Change
from reviewer.domain.checklist import Verdict
from reviewer.domain.finding import OutcomeKind, PlacedFinding
from reviewer.domain.persona import Persona, Severity
from reviewer.domain.sanitiser import (
    HEADLINE_LIMIT,
    LABEL_LIMIT,
    PROSE_LIMIT,
    code_spans,
    cut,
    label,
    one_line,
    terminal,
)
from reviewer.domain.selection import Choice, ChoiceKind, Selection
from reviewer.rendering.code_frame import CodeFrame
from reviewer.rendering.document import (
    FindingGroup,
    ReviewDocument,
    agreement,
    count,
    place_of,
    places_of,
    short_commit,
)

_SEVERITY_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.MAJOR: "red",
    Severity.MINOR: "yellow",
    Severity.NOTE: "blue",
}
_VERDICT_STYLES = {
    Verdict.FAIL: "red",
    Verdict.PASS: "green",
    Verdict.NOT_ASSESSED: "dim",
    Verdict.NOT_APPLICABLE: "dim",
}

#: How many rows a list has at most, unless asked for all.
_LIST_LIMIT = 20
_BAR_WIDTH = 10
_MINIMUM_WIDTH = 40

# What stands for our own signs where a terminal writes ASCII only; the rest becomes \u escapes.
_ASCII = str.maketrans({"│": "|", "→": "->", "·": "-", "█": "#", "░": ".", "…": "..."})

# The last word against workflow commands: a line of ours may have been wrapped before ``::``.
_COMMAND_LINE = re.compile(r"(?m)^((?:\s|\x1b\[[0-9;]*m)*)::")


def render_terminal(
    document: ReviewDocument,
    *,
    width: int = 100,
    color: bool = False,
    verbose: bool = False,
    unicode: bool = True,
) -> str:
    """Render a review for a terminal or a pipe.

    Args:
        document: The review.
        width: Columns.
        color: Whether the terminal understands colours.
        verbose: Whether to show every answer, every frame and every choice.
        unicode: Whether the terminal can write more than ASCII.
    """
    page = _Page(width=width, color=color)
    _verdict(page, document)
    _findings(page, document, verbose=verbose)
    _scorecard(page, document)
    _left_out(page, document, verbose=verbose)
    if verbose:
        _answers(page, document)
        _choices(page, document.review.selection, document.review.personas)
    ledger = (document.answered, *document.ledger)
    page.blank()
    page.line(" · ".join(one_line(part) for part in ledger if part), style="dim")
    return page.text(unicode=unicode)


def render_selection(
    change: Change,
    personas: Sequence[Persona],
    selection: Selection,
    *,
    width: int = 100,
    color: bool = False,
    verbose: bool = False,
    unicode: bool = True,
) -> str:
    """Render who would review a change, and why.

    Args:
        change: What would be reviewed.
        personas: The catalogue.
        selection: What was decided.
        width: Columns.
        color: Whether the terminal understands colours.
        verbose: Whether to show every signal.
        unicode: Whether the terminal can write more than ASCII.
    """
    page = _Page(width=width, color=color)
    chosen = len(selection.chosen)
    head = _safe_label(short_commit(change.head))
    files = f"{len(change.reviewed)} of {count(len(change.files) + change.unlisted, 'file')}"
    page.line(f"{count(chosen, 'persona')} for {head}, {files}", style="bold")
    _choices(page, selection, personas, signals=3 if not verbose else None)
    return page.text(unicode=unicode)


class _Page:
    """Text that grows line by line, on a console that writes into memory."""

    def __init__(self, *, width: int, color: bool) -> None:
        self._buffer = io.StringIO()
        self._console = Console(
            file=self._buffer,
            width=max(width, _MINIMUM_WIDTH),
            force_terminal=color,
            color_system="standard" if color else None,
            no_color=not color,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
            # A value renders to the same text whatever stands in the environment.
            _environ={},
        )

    def blank(self) -> None:
        self._console.print()

    def line(self, text: str | Text, style: str = "", indent: int = 0) -> None:
        """Write a paragraph; it wraps inside its indent."""
        content = Text(text, style=style) if isinstance(text, str) else text
        self._console.print(Padding(content, (0, 0, 0, indent)) if indent else content)

    def code(self, text: Text) -> None:
        """Write lines that are cropped, not wrapped."""
        self._console.print(text, no_wrap=True, overflow="ellipsis", crop=True)

    def heading(self, text: str) -> None:
        self.blank()
        self.line(text, style="bold")

    def grid(self, rows: Iterable[Sequence[str | Text]], *, flexible: int = -1) -> None:
        """Write rows in columns; one column wraps, the others keep their width."""
        rows = list(rows)
        if not rows:
            return
        table = Table.grid(padding=(0, 2), pad_edge=False)
        last = len(rows[0]) - 1
        for index in range(last + 1):
            wraps = index == (flexible if flexible >= 0 else last)
            table.add_column(no_wrap=not wraps, overflow="fold", ratio=None)
        for row in rows:
            table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
        self._console.print(Padding(table, (0, 0, 0, 2)))

    def text(self, *, unicode: bool) -> str:
        """Return everything, without trailing blanks."""
        lines = (line.rstrip() for line in self._buffer.getvalue().split("\n"))
        text = _COMMAND_LINE.sub(r"\1: :", "\n".join(lines).strip("\n") + "\n")
        if unicode:
            return text
        return text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")


def _safe(text: str, limit: int = PROSE_LIMIT) -> str:
    return terminal(cut(one_line(text), limit))


def _safe_label(text: str) -> str:
    return terminal(cut(label(text), LABEL_LIMIT))


def _words(text: str, style: str = "", limit: int = PROSE_LIMIT) -> Text:
    """Return prose whose code spans stand out; the backticks stay, for who sees no colour."""
    words = Text(style=style)
    for is_code, piece in code_spans(_safe(text, limit)):
        words.append(f"`{piece}`" if is_code else piece, style="cyan" if is_code else "")
    return words


def _verdict(page: _Page, document: ReviewDocument) -> None:
    review = document.review
    good = document.clean and not review.needs_model
    style = "bold green" if good else "bold yellow" if not document.complete else "bold"
    line = Text(_safe(review.headline), style=style)
    if review.answers:
        line.append(f" · score {review.score}", style="not bold")
    line.append(f" · {_safe_label(document.head)}, {document.coverage}", style="not bold")
    page.line(line)
    if document.way_out:
        page.line(document.way_out, indent=2)
    for notice in document.notices:
        page.line(f"! {_safe(notice)}", style="yellow", indent=2)


def _findings(page: _Page, document: ReviewDocument, *, verbose: bool) -> None:
    """Show what earned an inline comment with its code, the rest as one line each."""
    shown = document.review.shown
    framed = [p for p in shown if verbose or p.outcome.kind is not OutcomeKind.SUMMARY]
    listed = [p for p in shown if not verbose and p.outcome.kind is OutcomeKind.SUMMARY]
    for placed in framed:
        _finding(page, document, placed)
    for words, to_fix in (("to fix", True), ("to consider", False)):
        groups = document.grouped([p for p in listed if p.finding.to_fix is to_fix])
        if not groups:
            continue
        more = any(placed.finding.to_fix is to_fix for placed in framed)
        page.heading(f"More {words}" if more else words.capitalize())
        page.grid(_group_row(group) for group in groups[:_LIST_LIMIT])
        _more(page, len(groups), _LIST_LIMIT)


def _group_row(group: FindingGroup) -> tuple[str | Text, ...]:
    finding = group.first
    severity = Text(finding.severity.value, style=_SEVERITY_STYLES[finding.severity])
    place = Text(_safe_label(places_of(group)), overflow="fold")
    return finding.rule_id, severity, place, _safe(finding.headline, HEADLINE_LIMIT)


def _finding(page: _Page, document: ReviewDocument, placed: PlacedFinding) -> None:
    finding = placed.finding
    page.blank()
    page.line(
        Text.assemble(
            (finding.severity.value, _SEVERITY_STYLES[finding.severity]),
            ("  ", ""),
            (_safe(finding.headline, HEADLINE_LIMIT), "bold"),
        )
    )
    who = agreement([_safe(title) for title in document.signers(finding)])
    page.line(
        Text.assemble(
            (_safe_label(place_of(finding)), "cyan"),
            (f" · {finding.rule_id} · {who}", ""),
        ),
        indent=2,
    )
    frame = document.frames.frame(finding.location)
    if frame is not None:
        _frame(page, frame)
    page.line(_words(finding.explanation), indent=2)
    page.line(Text("→ ", style="green").append_text(_words(finding.remedy, "green")), indent=2)
    _suggestion(page, document, placed)
    evidence = ", ".join(_safe(source) for source in finding.sources)
    reason = f" · {_safe(placed.outcome.reason)}" if placed.outcome.reason else ""
    page.line(f"{evidence} · {finding.handle}{reason}", style="dim", indent=2)


def _suggestion(page: _Page, document: ReviewDocument, placed: PlacedFinding) -> None:
    """Show the lines that may be replaced, and what by."""
    new = document.frames.suggestion(placed.finding)
    if not new:
        return
    text = Text()
    old = document.frames.quote(placed.finding)
    for sign, style, lines in (("-", "red", old), ("+", "green", new)):
        for line in lines.split("\n"):
            text.append(f"  {sign} {terminal(line.rstrip())}\n", style=style)
    text.right_crop()
    page.code(text)


def _frame(page: _Page, frame: CodeFrame) -> None:
    digits = len(str(frame.lines[-1].number))
    text = Text()
    for line in frame.lines:
        text.append("  > " if line.quoted else "    ", style="bold red" if line.quoted else "")
        text.append(f"{line.number:>{digits}} │ ", style="dim")
        body = line.text.rstrip()
        start = len(body) - len(body.lstrip())
        text.append(body[:start])
        text.append(f"{body[start:]}\n", style="underline" if line.quoted else "")
    text.right_crop()
    page.code(text)
    if frame.more:
        page.line(f"{' ' * digits} … {count(frame.more, 'more line')}", style="dim", indent=4)


def _scorecard(page: _Page, document: ReviewDocument) -> None:
    rows = document.rows
    if not rows:
        return
    page.heading("Scorecard")
    width = max(cell_len(_safe(row.title)) for row in rows)
    for row in rows:
        title = _safe(row.title)
        line = Text(f"{title}{' ' * (width - cell_len(title))}  ")
        line.append_text(_bar(row.card.score.percent))
        line.append(f"  {row.card.score!s:>5}  ")
        fails = ", ".join(answer.rule_id for answer in row.fails)
        line.append(_safe(fails) or "no fail", style="red" if fails else "dim")
        page.line(line, indent=2)
        page.line(_words(row.why, "dim"), indent=4)


def _bar(percent: float | None) -> Text:
    """Draw a score; an unknown one has no bar, which is not an empty one."""
    if percent is None:
        return Text("-" * _BAR_WIDTH, style="dim")
    full = int(percent * _BAR_WIDTH / 100)
    bar = Text("█" * full, style="green" if percent >= 80 else "yellow" if percent >= 50 else "red")  # noqa: PLR2004
    bar.append("░" * (_BAR_WIDTH - full), style="dim")
    return bar


def _left_out(page: _Page, document: ReviewDocument, *, verbose: bool) -> None:
    limit = None if verbose else _LIST_LIMIT
    files = document.not_reviewed
    if files:
        page.heading("Not reviewed")
        page.grid(
            (Text(_safe_label(file.path), overflow="fold"), _safe(str(file.not_reviewed)))
            for file in files[:limit]
        )
        _more(page, len(files), limit)
    if document.would_also_apply:
        page.heading("Would also apply")
        page.grid((document.title(c.persona), _safe(c.reason)) for c in document.would_also_apply)
    hits = document.review.other_analysers
    if hits:
        page.heading("Other analysers")
        page.grid(
            (
                Text(
                    _safe_label(
                        hit.path if hit.start_line is None else f"{hit.path}:{hit.start_line}"
                    )
                ),
                _safe(f"{hit.tool} {hit.code}"),
                _safe(hit.message, HEADLINE_LIMIT),
            )
            for hit in hits[:limit]
        )
        _more(page, len(hits), limit)


def _more(page: _Page, total: int, limit: int | None) -> None:
    if limit is not None and total > limit:
        page.line(f"… {total - limit} more, shown with -v", indent=2)


def _answers(page: _Page, document: ReviewDocument) -> None:
    for row in document.rows:
        page.heading(f"{_safe(row.title)}: every answer")
        page.grid(
            (
                answer.rule_id,
                Text(answer.verdict.value.replace("_", " "), style=_VERDICT_STYLES[answer.verdict]),
                Text(
                    f"{_safe(document.rule_title(answer.rule_id))} ({_safe(answer.explained)})",
                ),
            )
            for answer in row.card.answers
        )


def _choices(
    page: _Page, selection: Selection, personas: Sequence[Persona], *, signals: int | None = None
) -> None:
    titles = {persona.name: persona.title for persona in personas}
    for kind in ChoiceKind:
        choices = selection.of(kind)
        if not choices:
            continue
        page.heading(kind.value.capitalize())
        for choice in choices:
            title = titles.get(choice.persona, choice.persona.replace("-", " ").title())
            page.line(Text.assemble((_safe(title), "bold"), f": {_safe(choice.reason)}"), indent=2)
            if kind is not ChoiceKind.NOT_CHOSEN:
                _signals(page, choice, signals)


def _signals(page: _Page, choice: Choice, limit: int | None) -> None:
    for signal in choice.signals[:limit]:
        line = "" if signal.line is None else f":{signal.line}"
        text = f"{_safe_label(signal.path)}{line}  {_safe(signal.detail)}"
        page.line(text, style="dim", indent=4)
    if limit is not None and len(choice.signals) > limit:
        page.line(f"… {len(choice.signals) - limit} more, shown with -v", style="dim", indent=4)
