"""Measures what a review with a model sends: tokens a change, in units of the change's own diff.

::

    bench_tokens.py --data diffs.jsonl.gz                      patches, without the texts around
    bench_tokens.py --repository DIR --ranges A..B HEAD~3 …    real ranges of a git repository
    bench_tokens.py … --evidence                               tools examine patches, too (slow)
    bench_tokens.py … --check                                  exit 1 when a bar is missed

Nothing is sent: tokens are estimated. *raw* is every input token of every persona's call; *billed*
weighs them as a provider with a cache does: written to it 1.25, read from it 0.1, fresh 1.
Verifying and repairing are listed apart. The data has one JSON object a line with "id" and "diff".
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from reviewer import bootstrap
from reviewer.domain.change import Change, Side
from reviewer.domain.checklist import Answer, Scorecard, answer_mechanically
from reviewer.domain.completion import Usage
from reviewer.domain.diff import parse_patch
from reviewer.domain.evidence import EvidenceKind, Examination, Unexamined
from reviewer.domain.persona import Persona
from reviewer.domain.plan import Limits, Plan, is_open
from reviewer.domain.selection import select
from reviewer.prompting.batch import BatchText
from reviewer.prompting.draft import draft_plan
from reviewer.prompting.estimate import Estimator
from reviewer.prompting.laid_out import LaidOut
from reviewer.prompting.prompt_catalogue import PromptCatalogue, read_prompts
from reviewer.prompting.question_values import Asked, checklist_text
from reviewer.prompting.request_text import Composition, Framing, SharedText, prompt_name
from reviewer.resources import prompt_files, prompt_lock

#: What the bars allow for each call beside the batch: system text, schema, persona, checklist.
ALLOWED_A_CALL = 1_500
RAW_BAR = 1.6
BILLED_BAR = 2.2
NONCE = "q7zk3xw9ptn2lmvb"
CONTEXT_TOKENS = 200_000
OUTPUT_TOKENS = 8_000
CACHE_WRITE, CACHE_READ = 1.25, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A change, who reviews it, and what tools answered."""

    name: str
    diff: str
    change: Change
    personas: tuple[Persona, ...]
    cards: tuple[Scorecard, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one review sends."""

    name: str
    diff_tokens: int
    calls: int
    raw: int
    billed: float
    batch_tokens: int
    around_tokens: int
    question_tokens: int
    estimate: Plan
    verify: float
    repair: float
    uncovered: int
    left_out: int
    milliseconds: float

    @property
    def raw_share(self) -> float:
        """Raw tokens over what the bar allows."""
        return self.raw / (self.calls * (RAW_BAR * self.diff_tokens + ALLOWED_A_CALL))

    @property
    def billed_share(self) -> float:
        """Billed tokens over what the bar allows."""
        return self.billed / (BILLED_BAR * self.diff_tokens + ALLOWED_A_CALL * self.calls)


def main() -> int:
    """Measure what the command line names; return 1 where a bar is missed and that counts."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, help="JSON lines with id and diff, maybe .gz")
    parser.add_argument("--limit", type=int, help="only the first N of them")
    parser.add_argument("--evidence", action="store_true", help="let tools examine patches")
    parser.add_argument("--repository", type=Path, help="a git repository")
    parser.add_argument("--ranges", nargs="*", default=[], help="ranges or commits of it")
    parser.add_argument("--model", default="", help="whose tokens are counted; any by default")
    parser.add_argument("--verbose", action="store_true", help="a line a change")
    parser.add_argument("--check", action="store_true", help="exit 1 when a bar is missed")
    arguments = parser.parse_args()
    estimator = Estimator.of(arguments.model)
    missed = 0
    if arguments.data is not None:
        cases = patches(arguments.data, arguments.limit, evidence=arguments.evidence)
        missed += report("patches", cases, estimator, verbose=arguments.verbose)
    if arguments.ranges:
        cases = ranges(arguments.repository or Path(), arguments.ranges)
        missed += report("ranges", cases, estimator, verbose=True)
    return 1 if missed and arguments.check else 0


def patches(path: Path, limit: int | None, *, evidence: bool) -> Iterator[Case]:
    """Yield the changes of a file; without tools every rule is open, which costs most."""
    built_in = bootstrap.built_in_personas()
    with (
        TemporaryDirectory() as folder,
        gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines,
    ):
        for index, line in enumerate(lines):
            if index == limit:
                return
            record = json.loads(line)
            diff = record["diff"]
            change = Change(base="patch", head="patch", files=parse_patch(diff))
            names = select(change, built_in, model_configured=True).chosen
            personas = tuple(p for name in names for p in built_in if p.name == name)
            if evidence and names:
                request = bootstrap.Request(
                    repository=Path(folder),
                    patch=diff.encode("utf-8", "surrogatepass"),
                    personas=names,
                )
                yield examined(record["id"], diff, request)
            else:
                cards = tuple(answer_mechanically(p, change, BLIND) for p in personas)
                yield Case(
                    name=record["id"], diff=diff, change=change, personas=personas, cards=cards
                )


#: No tool has looked.
BLIND = Examination(
    unexamined=tuple(Unexamined(kind=kind, reason="not examined") for kind in EvidenceKind)
)


def ranges(repository: Path, revisions: Sequence[str]) -> Iterator[Case]:
    """Yield real ranges, with the evidence of real tools."""
    for revision in revisions:
        request = bootstrap.Request(repository=repository, revisions=revision)
        change = bootstrap.select(request).change
        names = select(change, bootstrap.built_in_personas(), model_configured=True).chosen
        if not names:
            print(f"  {revision}: nobody reviews this")
            continue
        between = [change.base, change.head]
        command = ["git", "-C", str(repository), "diff", "-M", *between]
        diff = subprocess.run(command, capture_output=True, check=True).stdout.decode(
            "utf-8", "replace"
        )
        yield examined(
            revision,
            diff,
            bootstrap.Request(repository=repository, revisions=revision, personas=names),
        )


def examined(name: str, diff: str, request: bootstrap.Request) -> Case:
    """Return a change after tools have examined it."""
    review = bootstrap.review(request).review
    return Case(
        name=name,
        diff=diff,
        change=review.change,
        personas=review.personas,
        cards=review.scorecards,
    )


def report(name: str, cases: Iterator[Case], estimator: Estimator, *, verbose: bool) -> int:
    """Print the figures of a set against the bars; return how many are missed."""
    catalogue, wrong = read_prompts(prompt_files(), prompt_lock())
    if catalogue is None:
        print("\n".join(map(str, wrong)))
        return 1
    results: list[Measured] = []
    idle = 0
    for case in cases:
        measured = measure(case, catalogue, estimator) if case.personas else None
        if measured is None:
            idle += 1
            continue
        results.append(measured)
        if verbose:
            print(
                f"  {measured.name[:40]:<40} {measured.calls:>2} calls"
                f"  diff {measured.diff_tokens:>6}"
                f"  batch x{measured.batch_tokens / measured.diff_tokens:5.2f}"
                f"  raw {measured.raw:>7} ({measured.raw_share:4.2f})"
                f"  billed {measured.billed:>7.0f} ({measured.billed_share:4.2f})"
                f"  {measured.milliseconds:5.0f} ms"
            )
    print(f"\n{name}: {len(results)} changes, {idle} without any question to a model")
    if not results:
        return 0
    return summary(results)


def summary(results: Sequence[Measured]) -> int:
    """Print the figures of a set; return how many bars are missed."""
    rows: tuple[tuple[str, Callable[[Measured], float]], ...] = (
        ("tokens of the diff", lambda r: r.diff_tokens),
        ("calls", lambda r: r.calls),
        ("batches, all of a run, in diffs", lambda r: r.batch_tokens / r.diff_tokens),
        ("system text and schema a call", lambda r: r.around_tokens / r.calls),
        ("question a call", lambda r: r.question_tokens / r.calls),
        ("raw over its bar", lambda r: r.raw_share),
        ("billed over its bar", lambda r: r.billed_share),
        ("raw tokens", lambda r: r.raw),
        ("billed tokens", lambda r: r.billed),
        ("verify, billed", lambda r: r.verify),
        ("repair if all need it, billed", lambda r: r.repair),
        (
            "estimate of the plan over raw",
            lambda r: r.estimate.estimate.review.input / r.raw,
        ),
        ("milliseconds", lambda r: r.milliseconds),
    )
    print(f"  {'':<34} {'10 %':>9} {'median':>9} {'90 %':>9} {'most':>9}")
    medians = {}
    for label, value in rows:
        values = sorted(map(value, results))
        medians[label] = statistics.median(values)
        low, high = values[len(values) // 10], values[len(values) * 9 // 10]
        figures = (low, medians[label], high, values[-1])
        form = ".0f" if values[-1] > 100 else ".2f"
        print(f"  {label:<34} " + " ".join(f"{figure:>9{form}}" for figure in figures))
    bars = {
        "raw, median over its bar": medians["raw over its bar"],
        "billed, median over its bar": medians["billed over its bar"],
    }
    missed = sum(share > 1 for share in bars.values())
    for label, share in bars.items():
        print(f"  {label:<34} {share:9.2f}   at most 1   {'' if share <= 1 else 'MISSED'}")
    uncovered = sum(r.uncovered for r in results)
    print(f"  changed lines shown nowhere        {uncovered:9}   none        ", end="")
    print("MISSED" if uncovered else "")
    print(f"  files left out                     {sum(r.left_out for r in results):9}")
    over = sum(r.raw_share > 1 for r in results), sum(r.billed_share > 1 for r in results)
    print(f"  changes over the bar: raw {over[0]}, billed {over[1]}")
    return missed + bool(uncovered)


def measure(case: Case, catalogue: PromptCatalogue, estimator: Estimator) -> Measured | None:
    """Plan a review, render every call of it, and count; None where nothing is asked."""
    began = time.perf_counter()
    draft = draft_plan(
        case.change,
        [
            (persona, card, composition(catalogue, prompt_name(persona)))
            for persona, card in zip(case.personas, case.cards, strict=True)
            if persona.rules
        ],
        Limits(context_tokens=CONTEXT_TOKENS, output_tokens=OUTPUT_TOKENS),
        estimator.tokens,
    )
    laid_out, plan = draft.laid_out, draft.plan
    if not plan.batches:
        return None
    milliseconds = 1_000 * (time.perf_counter() - began)
    return counted(case, catalogue, estimator, laid_out, plan, milliseconds)


def counted(  # noqa: PLR0917 - a benchmark's own plumbing
    case: Case,
    catalogue: PromptCatalogue,
    estimator: Estimator,
    laid_out: LaidOut,
    plan: Plan,
    milliseconds: float,
) -> Measured:
    """Render every call and count its tokens."""
    count = estimator.tokens
    people = {persona.name: persona for persona in case.personas}
    cards = {card.persona: card for card in case.cards}
    calls = raw = batch_tokens = around = asked_tokens = 0
    billed = 0.0
    texts: list[BatchText] = []
    for batch in plan.batches:
        text = laid_out.text(plan, batch)
        texts.append(text)
        prefix = text.render(NONCE)
        shared = SharedText(text=prefix, content_key=text.key, paths=text.paths)
        batch_tokens += count(prefix)
        for index, ask in enumerate(batch.asks):
            persona = people[ask.persona]
            rules = [rule for rule in persona.rules if rule.id in ask.rules]
            asked = Asked(
                persona=persona, rules=rules, settled=settled(persona, cards[ask.persona])
            )
            call = checklist_text(composition(catalogue, ask.purpose.value), asked, shared)
            around_here = count(call.system) + count(json.dumps(call.schema, separators=(",", ":")))
            question = count(call.question)
            calls += 1
            raw += around_here + count(prefix) + question
            around += around_here
            asked_tokens += question
            weight = 1.0
            if around_here + count(prefix) >= 1_024:
                weight = CACHE_READ if index else CACHE_WRITE
            billed += weight * (around_here + count(prefix)) + question
    return Measured(
        name=case.name,
        diff_tokens=max(1, count(case.diff)),
        calls=calls,
        raw=raw,
        billed=billed,
        batch_tokens=batch_tokens,
        around_tokens=around,
        question_tokens=asked_tokens,
        estimate=plan,
        verify=weighed(plan.estimate.verify),
        repair=weighed(plan.estimate.repair),
        uncovered=uncovered(case.change, plan, texts),
        left_out=len(plan.left_out),
        milliseconds=milliseconds,
    )


def composition(catalogue: PromptCatalogue, name: str) -> Composition:
    """Return the newest version of a prompt, ready to be filled in."""
    prompt = catalogue.get(name)
    framing = Framing(today=date(2026, 11, 21), nonce=NONCE)
    return Composition(prompt=prompt, contract=catalogue.contract_of(prompt), framing=framing)


def settled(persona: Persona, card: Scorecard) -> tuple[Answer, ...]:
    """Return what tools have decided."""
    return tuple(
        answer
        for rule, answer in zip(persona.rules, card.answers, strict=True)
        if not is_open(rule, answer) and answer.verdict.value in {"pass", "fail"}
    )


def weighed(usage: Usage) -> float:
    """Return input tokens as they are billed."""
    return usage.fresh_input + CACHE_WRITE * usage.cache_write + CACHE_READ * usage.cache_read


def uncovered(change: Change, plan: Plan, texts: Sequence[BatchText]) -> int:
    """Count the changed lines that are neither shown nor listed."""
    listed = {entry.path for entry in plan.left_out} | set(plan.not_asked)
    shown: dict[tuple[str, Side], set[int]] = {}
    for text in texts:
        for sent in text.sent.files:
            for side in Side:
                shown.setdefault((sent.file.path, side), set()).update(sent.lines(side))
    return sum(
        number not in shown.get((file.path, side), set())
        for file in change.reviewed
        if file.path not in listed
        for side in Side
        for number in file.changed(side)
    )


if __name__ == "__main__":
    sys.exit(main())
