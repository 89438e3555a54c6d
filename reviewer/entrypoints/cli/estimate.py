"""``reviewer review --estimate``: what a model would be asked, its price, and what is left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from reviewer.entrypoints.cli.change_options import chosen_by_itself
from reviewer.entrypoints.cli.output import write_standard_output

if TYPE_CHECKING:
    from decimal import Decimal

    from reviewer.bootstrap import Request
    from reviewer.domain.completion import Usage
    from reviewer.service.estimate_review import EstimatedReview


def tell_estimate(request: Request) -> None:
    """Print the estimate of a review.

    Args:
        request: What would be reviewed, and by which model.
    """
    from reviewer.bootstrap.estimate import estimate
    from reviewer.domain.sanitiser import terminal

    result = estimate(request)
    said = chosen_by_itself(request, result.change)
    if said is not None:
        click.echo(terminal(said), err=True)
    write_standard_output(terminal("\n".join(_lines(result))) + "\n")


def _lines(result: EstimatedReview) -> Iterator[str]:
    if result.reason:
        yield f"Nothing would be asked: {result.reason}."
        return
    estimate = result.plan.estimate
    if not estimate.calls and result.plan.left_out:
        yield "Nothing would be asked: everything that rules speak about is left out."
        yield _ceiling(result)
    elif not estimate.calls:
        yield "Nothing would be asked: tools answer every rule that speaks about this change."
    else:
        batches = len(result.plan.batches)
        yield (
            f"{result.model} would be asked {_count(estimate.calls, 'call')} about"
            f" {_count(batches, 'batch', 'batches')} of the change."
        )
        yield ""
        rows = [
            ("review", estimate.review, estimate.dollars),
            (
                f"verify, at most {_count(batches, 'call')}",
                estimate.verify,
                estimate.verify_dollars,
            ),
            ("repair, if every answer is broken", estimate.repair, estimate.repair_dollars),
        ]
        width = max(len(name) for name, _, _ in rows)
        yield f"{'':{width}}  {'fresh':>9} {'cached':>9} {'to cache':>9} {'output':>9}  price"
        yield from (_row(name, width, usage, price) for name, usage, price in rows)
        yield ""
        yield _ceiling(result)
    yield from _left_out(result)


def _row(name: str, width: int, usage: Usage, price: Decimal | None) -> str:
    buckets = (usage.fresh_input, usage.cache_read, usage.cache_write, usage.output)
    tokens = " ".join(f"{tokens:>9,}" for tokens in buckets)
    return f"{name:{width}}  {tokens}  {_price(price)}"


def _price(price: Decimal | None) -> str:
    return "price unknown" if price is None else f"about ${price:.4f}"


def _ceiling(result: EstimatedReview) -> str:
    said = []
    for ceiling in result.ceilings:
        bounds = [] if ceiling.dollars is None else [f"${ceiling.dollars:.2f}"]
        bounds += [] if ceiling.tokens is None else [f"{ceiling.tokens:,} tokens"]
        said.append(f"{' and '.join(bounds)} per {ceiling.scope.value}")
    if not said:
        return "No ceiling is set: --max-cost DOLLARS sets one."
    return f"At most {'; '.join(said)}."


def _left_out(result: EstimatedReview) -> Iterator[str]:
    from reviewer.domain.sanitiser import label, one_line

    entries = (*result.plan.left_out, *result.cut)
    if entries:
        yield "\nNot sent, although rules speak about it"
    for entry in entries:
        part = "" if entry.part is None else f" (part {entry.part})"
        yield f"  {label(entry.path)}{part}: {one_line(entry.reason)}"
    if result.plan.not_asked and result.plan.estimate.calls:
        yield "\nNot sent, since no rule that is asked speaks about it"
        yield from (f"  {label(path)}" for path in result.plan.not_asked)
    not_reviewed = [(f.path, f.not_reviewed) for f in result.change.files if f.not_reviewed]
    if not_reviewed:
        yield "\nNot reviewed"
        yield from (f"  {label(path)}: {one_line(str(why))}" for path, why in not_reviewed)


def _count(number: int, noun: str, nouns: str = "") -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {nouns or noun + 's'}"
