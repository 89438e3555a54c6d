"""``reviewer cost``: what models cost, by persona, rule, model, prompt, repository or day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from reviewer.entrypoints.cli.output import write_standard_output
from reviewer.entrypoints.cli.session import debug_option, session_of
from reviewer.entrypoints.cli.suggestion import Word

if TYPE_CHECKING:
    from reviewer.service.report_cost import CostLine, CostReport

#: The values of `service.report_cost.CostKey`, which --help does not import.
COST_KEYS = ("persona", "rule", "model", "prompt", "repo", "day")

_FIGURES = (
    "attempts",
    "tokens in",
    "of them cached",
    "tokens out",
    "dollars",
    "unpriced",  # left out where every price is known
)
_LEAST_SHOWN = Decimal("0.0001")
_MOST_DAYS = 36_500
_EXAMPLES = """\b
Examples:
  reviewer cost
  reviewer cost --by day --since 30
  reviewer cost --by rule --json | jq '.lines[0]'"""


@click.command(epilog=_EXAMPLES, short_help="Say what models cost.")
@click.option(
    "--by",
    metavar="KEY",
    type=Word(COST_KEYS),
    default=COST_KEYS[0],
    show_default=True,
    help="Sum by persona, rule, model, prompt, repo or day (of UTC).",
)
@click.option(
    "--since",
    "since_days",
    metavar="DAYS",
    type=click.IntRange(1, _MOST_DAYS),
    help="Only the last DAYS days (default: everything).",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@debug_option
@click.pass_context
def cost(context: click.Context, by: str, since_days: int | None, *, as_json: bool) -> None:
    """Say what models cost, from the ledger in your state folder.

    Every attempt of a call is counted. One whose price nobody knows is counted apart, and never
    as free. Several rules are asked in one call: each of them stands for an even share of it.
    """
    from reviewer.bootstrap.cost import cost as read_cost
    from reviewer.service.report_cost import CostKey

    settings = session_of(context).settings
    report = read_cost(settings, by=CostKey(by), since_days=since_days)
    if as_json:
        write_standard_output(_json(report, since_days))
        return
    from reviewer.domain.sanitiser import terminal

    write_standard_output(terminal("\n".join(_text(report, since_days))) + "\n")


def _text(report: CostReport, since_days: int | None) -> Iterator[str]:
    if not report.lines:
        when = "" if since_days is None else f" in the last {_count(since_days, 'day')}"
        yield f"No model was asked{when}."
        return
    head = (report.by.value, *_FIGURES)
    rows = [head, *(_row(line, _name(line)) for line in report.lines), _row(report.total, "all")]
    if not report.total.unpriced:
        rows = [row[:-1] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *cells in rows:
        figures = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        yield "  ".join((name.ljust(widths[0]), *figures))
    yield from _remarks(report)


def _row(line: CostLine, name: str) -> tuple[str, ...]:
    usage = line.usage
    return (
        name,
        f"{line.attempts:,}",
        f"{usage.input:,}",
        f"{usage.cache_read:,}",
        f"{usage.output:,}",
        _dollars(line),
        f"{line.unpriced:,}",
    )


def _dollars(line: CostLine) -> str:
    """Write money so that neither an unknown nor a tiny price looks like none."""
    if line.unpriced and not line.dollars:
        return "unknown"
    if 0 < line.dollars < _LEAST_SHOWN:
        return f"<{_LEAST_SHOWN}"
    return f"{line.dollars:,.4f}"


def _name(line: CostLine) -> str:
    from reviewer.domain.sanitiser import LABEL_LIMIT, cut, label

    return cut(label(line.name), LABEL_LIMIT) or "(none)"


def _remarks(report: CostReport) -> Iterator[str]:
    """Say what the figures leave out or assume."""
    total = report.total
    remarks = []
    if total.unpriced:
        remarks.append(
            f"Unpriced: {_count(total.unpriced, 'attempt')} of unknown price, in no sum of dollars."
        )
    if total.reserved:
        remarks.append(
            f"Usage never told: {_count(total.reserved, 'attempt')}, counted as reserved."
        )
    if total.failed:
        remarks.append(f"Failed: {_count(total.failed, 'attempt')}.")
    if total.kept:
        remarks.append(f"Answered from kept answers, at no cost: {_count(total.kept, 'attempt')}.")
    if report.shared:
        remarks.append(
            f"{_count(report.shared, 'attempt')} asked several rules at once: each rule stands for"
            " an even share, so the attempts of rules add up to more than all."
        )
    if remarks:
        yield ""
        yield from remarks


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _json(report: CostReport, since_days: int | None) -> str:
    """Write the report; ASCII alone, so that no character of a name is live anywhere."""
    content = {
        "schema": 1,
        "by": report.by.value,
        "since_days": since_days,
        "lines": [{"name": line.name, **_figures(line)} for line in report.lines],
        "total": _figures(report.total),
        "attempts_shared_evenly_by_rules": report.shared,
    }
    return json.dumps(content, indent=2) + "\n"


def _figures(line: CostLine) -> dict[str, object]:
    usage = line.usage
    priced = line.dollars or not line.unpriced
    return {
        "attempts": line.attempts,
        "failed_attempts": line.failed,
        "kept_answers": line.kept,
        "fresh_input_tokens": usage.fresh_input,
        "cache_read_tokens": usage.cache_read,
        "cache_write_tokens": usage.cache_write,
        "output_tokens": usage.output,
        "reasoning_tokens": usage.reasoning,
        # Text: a JSON number is a binary fraction to most readers.
        "known_dollars": f"{line.dollars:f}" if priced else None,
        "attempts_of_unknown_price": line.unpriced,
        "attempts_of_reserved_usage": line.reserved,
    }
