"""Reviews every change of a file of real patches and holds the results to their invariants.

Usage: ``python tests/benchmarks/bench_review.py --data FILE.jsonl[.gz] [--findings]``; each line of
the file is an object with an ``id`` and a ``diff``. Exits with 1 where an invariant breaks:
no crash, every file reviewed or listed, every location commentable, one outcome a finding,
one answer a rule, and the same JSON for the same input.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from reviewer.bootstrap import Request, ReviewResult, review
from reviewer.errors import UserError
from reviewer.rendering.document import ReviewDocument
from reviewer.rendering.json_document import render_json


def changes(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the id and the patch of every change."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        for line in lines:
            record = json.loads(line)
            yield record["id"], record["diff"]


def broken(result: ReviewResult, patch: str) -> Iterator[str]:
    """Yield every invariant that a review breaks."""
    made = result.review
    change = made.change
    if len(change.reviewed) + len(change.not_reviewed) != len(change.files):
        yield "a file is neither reviewed nor listed"
    headers = sum(line.startswith("diff --git ") for line in patch.split("\n"))
    if len(change.files) != headers:
        yield f"{headers} files in the patch, {len(change.files)} in the change"
    for placed in made.findings:
        location = placed.finding.location
        if location is not None and not change.is_commentable(location):
            yield f"{location} is not commentable"
    names = [placed.finding.fingerprint for placed in made.findings]
    if len(names) != len(set(zip(names, (p.finding.persona for p in made.findings), strict=True))):
        yield "two findings share a fingerprint"
    for persona, card in zip(made.personas, made.scorecards, strict=True):
        if [answer.rule_id for answer in card.answers] != [rule.id for rule in persona.rules]:
            yield f"{persona.name} did not answer every rule once"


def main() -> int:
    """Review all changes; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="JSON lines, may be gzipped")
    parser.add_argument("--limit", type=int, default=None, help="only the first N changes")
    parser.add_argument("--findings", action="store_true", help="print every finding")
    arguments = parser.parse_args()
    faults: list[str] = []
    rules: Counter[str] = Counter()
    states: Counter[str] = Counter()
    seconds: list[float] = []
    with TemporaryDirectory() as folder:
        for index, (name, patch) in enumerate(changes(arguments.data)):
            if index == arguments.limit:
                break
            request = Request(repository=Path(folder), patch=patch.encode("utf-8", "surrogatepass"))
            began = time.perf_counter()
            try:
                result = review(request)
                again = review(request) if index % 10 == 0 else result
            except UserError as error:
                faults.append(f"{name}: refused: {error}")
                continue
            seconds.append(time.perf_counter() - began)
            faults += [f"{name}: {fault}" for fault in broken(result, patch)]
            texts = {
                render_json(ReviewDocument(review=r.review, seconds={})) for r in (result, again)
            }
            if len(texts) != 1:
                faults.append(f"{name}: not the same JSON twice")
            states[result.review.state.value] += 1
            for placed in result.review.shown:
                finding = placed.finding
                rules[finding.rule_id] += 1
                if arguments.findings:
                    place = finding.location or finding.path
                    print(
                        f"{name}\t{finding.rule_id}\t{placed.outcome.kind}\t{place}\t{finding.headline}"
                    )
    seconds.sort()
    print(f"{len(seconds)} changes: {dict(states)}")
    print("findings by rule:", ", ".join(f"{rule} {n}" for rule, n in rules.most_common()))
    print("\n".join(faults) or "every invariant holds")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
