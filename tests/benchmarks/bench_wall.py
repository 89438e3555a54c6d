"""Measures how long a review with a model takes beside the calls that have to wait for each other.

::

    bench_wall.py                 every persona, both paces, a model that takes 2 s a call
    bench_wall.py --seconds 0.5   a faster model
    bench_wall.py --check         exit 1 when a bar is missed

A chain is what cannot happen at once: an answer, and the second look at what it found. At the pace
``cost`` the others of a batch also wait for the first byte of the first answer. The bar is 1.15
times the slowest chain and half a second. The model is a script; everything else is the product.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import time
from collections import Counter
from datetime import date
from uuid import uuid4

from reviewer import bootstrap
from reviewer.adapters.system_clock import SystemClock
from reviewer.domain.change import Change
from reviewer.domain.completion import CompletionRequest, ModelName
from reviewer.domain.operator_configuration import Pace
from reviewer.llm.cache import MemoryCompletionCache
from reviewer.llm.ceilings import Account
from reviewer.llm.client import LLMClient
from reviewer.llm.journal import JustRun
from reviewer.prompting.prompt_catalogue import shipped_prompts
from reviewer.service.model_setup import ModelSetup
from reviewer.service.prepare_review import Wishes
from reviewer.service.review_change import review_change
from reviewer.testing.builders import build_change, build_file
from reviewer.testing.fake_workspace import FakeWorkspace
from reviewer.testing.memory_ledger import MemoryLedger
from reviewer.testing.scripted_model import ScriptedModel

CALL_SECONDS = 2.0
FIRST_BYTE = 0.5
FACTOR, ALLOWED_SECONDS = 1.15, 0.5
MODEL = ModelName(provider="compatible", model="scripted", base_url="http://127.0.0.1:9/v1")
FILES = 6

_BUG = "    return items[len(items)]"


def _change() -> Change:
    """Return a change of several files, each with a bug."""
    return build_change(
        *(
            build_file(
                f"app/pages_{number}.py",
                after=f"def last_{number}(items: list[int]) -> int:\n{_BUG}\n\n\n"
                + "\n\n".join(
                    f"def size_{number}_{index}(a: int) -> int:\n    return a + {index}\n"
                    for index in range(60)
                ),
            )
            for number in range(FILES)
        )
    )


def _reply(request: CompletionRequest) -> str:
    """Find the bug in the first file that is shown, and hold to it."""
    if request.purpose == "verify":
        handles = re.findall(r"^finding: (\S+)", request.question, re.MULTILINE)
        said = [
            {"finding": handle, "holds": True, "severity": "major", "reason": "it is so"}
            for handle in handles
        ]
        return json.dumps({"verdicts": said})
    shown = re.search(r"^## (\S+) \|.*\n1\+def last_", request.prefix, re.MULTILINE)
    finding = {
        "path": "" if shown is None else shown[1],
        "side": "head",
        "quote": _BUG,
        "headline": "The last item is read one place too far",
        "explanation": "last([1]) → IndexError, because indices end at len(items) - 1.",
        "remedy": "Return items[-1].",
        "severity": "major",
        "suggestion": None,
    }
    return json.dumps(
        {
            "answers": [
                {
                    "rule_id": rule,
                    "verdict": "fail" if rule == "BUG002" and shown else "pass",
                    "reason": "read line by line",
                    "findings": [finding] if rule == "BUG002" and shown else [],
                }
                for rule in request.rules
            ]
        }
    )


def _setup(model: ScriptedModel, pace: Pace) -> ModelSetup:
    client = LLMClient(
        models=lambda _: model,
        ledger=MemoryLedger(),
        journal=JustRun(),
        clock=SystemClock(),
        account=Account(run_id="wall", repository="example"),
        cache=MemoryCompletionCache(),
    )
    return ModelSetup(
        client=client,
        model=MODEL,
        verify_model=MODEL,
        prompts=shipped_prompts(),
        repository="example",
        run_id="wall",
        today=date(2026, 11, 21),
        draw_nonce=lambda: uuid4().hex,
        pace=pace,
    )


def measure(pace: Pace, call_seconds: float) -> bool:
    """Review once and print how long it took.

    Args:
        pace: Whether the others of a batch wait for the first.
        call_seconds: How long the model takes for an answer.

    Returns:
        Whether the bar is held.
    """
    model = ScriptedModel(_reply, clock=SystemClock(), latency=call_seconds, first_byte=FIRST_BYTE)
    personas = bootstrap.built_in_personas()
    change, setup = _change(), _setup(model, pace)
    began = time.perf_counter()
    judged = asyncio.run(
        review_change(
            FakeWorkspace(given=change),
            personas,
            bootstrap.examiners_of(()),
            Wishes(personas=tuple(p.name for p in personas if p.rules), model_configured=True),
            setup=setup,
        )
    )
    wall = time.perf_counter() - began
    purposes = Counter(call.request.purpose for call in model.calls)
    waits = FIRST_BYTE if pace is Pace.COST else 0.0
    chain = call_seconds * (1 + waits + (1 if purposes["verify"] else 0))
    bar = FACTOR * chain + ALLOWED_SECONDS
    asked = {call.request.persona for call in model.calls} - {""}
    held = wall <= bar and bool(judged.review.shown) and bool(purposes["verify"])
    print(
        f"  {pace.value:6} {len(asked):2} personas, {len(model.calls):3} calls, at most"
        f" {model.most_under_way:2} at once: {wall:5.2f} s; chain {chain:.1f} s, bar {bar:.2f} s"
        f"   {'held' if held else 'MISSED'}"
    )
    return held


def main() -> int:
    """Measure both paces.

    Returns:
        1 where a bar is missed and ``--check`` asks, else 0.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="exit with 1 above the bar")
    parser.add_argument("--seconds", type=float, default=CALL_SECONDS, help="how long a call takes")
    options = parser.parse_args()
    print(f"Wall time with a model that takes {options.seconds:g} s a call, {FILES} files")
    held = [measure(pace, options.seconds) for pace in (Pace.COST, Pace.SPEED)]
    return 1 if options.check and not all(held) else 0


if __name__ == "__main__":
    sys.exit(main())
