"""Workers in processes of their own on one database, and what they have done together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep, time
from typing import Any

from tests.guards import ROOT
from tests.integration.engine_child import read

_CHILD = Path(__file__).with_name("engine_child.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it all.

    Args:
        lost: Deliveries that were acknowledged and of which no review was posted or told.
        twice: Reviews that were posted more than once.
        repaid: Of every call that was answered more than once, how many seconds before the end
            of its process the answer had come: it was not kept in time.
        restarted: Calls that were begun again because they were in flight.
        answered: Answers in all.
        told: Runs of which it was told that they ended otherwise.
    """

    lost: tuple[str, ...]
    twice: tuple[str, ...]
    repaid: tuple[float, ...]
    restarted: int
    answered: int
    told: tuple[str, ...]


class Fleet:
    """Processes that work on one database.

    Args:
        database: Its address.
        folder: Where they write down what they do.
        environment: What they are started with, besides what Python needs.
        most_deaths: So many of them may die of one run before it is given up.
    """

    def __init__(
        self,
        database: str,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        *,
        most_deaths: int = 5,
    ) -> None:
        self._database = database
        self._most_deaths = most_deaths
        self._folder = folder
        folder.mkdir(exist_ok=True)
        self._environment = {"PYTHONPATH": str(ROOT), **(environment or {})}
        self.workers: list[subprocess.Popen[bytes]] = []
        self._ends: dict[int, float] = {}

    @property
    def effects(self) -> list[dict[str, Any]]:
        """What was done so far, in order."""
        return read(self._folder / "effects")

    def start(self, *, ready: bool = True) -> subprocess.Popen[bytes]:
        """Start a worker, and wait until it works."""
        with (self._folder / "log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, _CHILD, self._database, self._folder, str(self._most_deaths)],
                env={"PATH": os.environ["PATH"], **self._environment},
                stdout=log,
                stderr=log,
            )
        self.workers.append(worker)
        if ready:
            self.wait(lambda: self._works(worker.pid), 30)
        return worker

    def kill(self, worker: subprocess.Popen[bytes], how: signal.Signals = signal.SIGKILL) -> None:
        """End a worker, at once and without a word unless it is told otherwise."""
        self._ends[worker.pid] = time()
        worker.send_signal(how)
        worker.wait(30)
        self.workers.remove(worker)

    def end(self) -> None:
        """End all of them."""
        for worker in list(self.workers):
            self.kill(worker)

    def count(self, what: str, **more: object) -> int:
        """Count what was done."""
        wanted = {"what": what, **more}
        return sum(wanted.items() <= line.items() for line in self.effects)

    def wait(self, true: Callable[[], object], seconds: float) -> None:
        """Wait until something is so.

        Raises:
            TimeoutError: It was not.
        """
        deadline = monotonic() + seconds
        while not true():
            if monotonic() > deadline:
                log = (self._folder / "log").read_text(errors="replace")[-3000:]
                raise TimeoutError(f"it did not happen in {seconds} s; the workers say:\n{log}")
            sleep(0.05)

    def finish(self, delivery_ids: list[str], seconds: float = 60) -> Outcome:
        """Wait until every delivery came to its end, and count."""
        wanted = set(delivery_ids)
        self.wait(lambda: wanted <= self._ended(), seconds)
        return self.outcome(delivery_ids)

    def outcome(self, delivery_ids: list[str]) -> Outcome:
        """Count what was done for these deliveries."""
        lines = self.effects
        posts = Counter(line["cause"] for line in lines if line["what"] == "posted")
        answers = Counter((x["run"], x["call"]) for x in lines if x["what"] == "answered")
        asked = Counter((x["run"], x["call"]) for x in lines if x["what"] == "asked")
        return Outcome(
            lost=tuple(sorted(set(delivery_ids) - self._ended())),
            twice=tuple(sorted(cause for cause, number in posts.items() if number > 1)),
            repaid=self._repaid(lines),
            restarted=sum(number - answers[call] for call, number in asked.items()),
            answered=sum(answers.values()),
            told=tuple(line["cause"] for line in lines if line["what"] == "told"),
        )

    def _repaid(self, lines: list[dict[str, Any]]) -> tuple[float, ...]:
        first: dict[tuple[str, int], dict[str, Any]] = {}
        gaps = []
        for line in lines:
            if line["what"] == "answered":
                before = first.setdefault((line["run"], line["call"]), line)
                if before is not line:
                    gaps.append(self._ends.get(before["by"], before["at"]) - before["at"])
        return tuple(sorted(gaps))

    def _ended(self) -> set[str]:
        return {line["cause"] for line in self.effects if line["what"] in {"posted", "told"}}

    def _works(self, pid: int) -> bool:
        return self.count("works", by=pid) > 0
