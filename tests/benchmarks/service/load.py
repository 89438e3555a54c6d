"""Deliveries through the whole door: HTTP, signatures, engine, store and reviews, on loopback.

``reviewer serve`` is one process, the GitHub another, the generator a third. The reviews are real
and mechanical: linters and patterns, no model. What takes processor time beside the door is what
takes it away in earnest.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.benchmarks.service.figures import Figure, percentile
from tests.benchmarks.service.processes import (
    Serve,
    TownProcess,
    cost_of,
    generate,
    serve,
    town_process,
)

#: What issue 5 asks for.
MOST_MILLISECONDS = 250
MOST_MEGABYTES = 300
BURST = 200
RATE = 20
STORM = 100
INSTALLATIONS = 10
#: Of the reviews that end, the nine single ones are among the first so many: two of four places
#: are the flood's, so that nine others and nine of the flood end first; and some to spare.
MOST_PLACE = 22

DEBOUNCE_SECONDS = 2
#: A newer order takes the place of one that waits: that is an end, too.
_ENDED = frozenset({"completed", "partial", "superseded"})
_DRAIN_SECONDS = 900.0
#: Pull requests whose reviews a signal to end falls among.
_REOPENED = 6
#: What `/health` says may be two seconds old.
_CALM_SECONDS = 2.5
#: A pull request's pushes and comments in the steady scene come within so many seconds.
_BUSY_SECONDS = 10.0
_SETTINGS = {
    "DEBOUNCE_SECONDS": str(DEBOUNCE_SECONDS),
    "REVIEWS_PER_HOUR_BY_INSTALLATION": "100000",
    "REQUESTS_PER_SECOND_BY_ADDRESS": "1000",
    "REQUEST_BURST_BY_ADDRESS": "1000",
}


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the scenes are.

    Args:
        each: Pull requests of each installation in the burst.
        flood: Pull requests of the installation that floods.
        seconds: How long the steady scene takes.
        steady: Pull requests of each installation in it.
    """

    each: int = 20
    flood: int = 40
    seconds: int = 60
    steady: int = 6


QUICK = Size(each=1, flood=12, seconds=5, steady=1)

Wanted = dict[str, Any]


class Load:
    """The scenes on one database.

    Args:
        database: Its name.
        folder: Where the processes put their files.
        url: The address of a PostgreSQL; empty for SQLite.
        size: How large the scenes are.
    """

    def __init__(self, database: str, folder: Path, url: str, size: Size) -> None:
        self._database = database
        self._folder = folder
        self._url = url
        self._size = size
        self._figures: list[Figure] = []

    def measure(self) -> list[Figure]:
        """Play every scene and return what was measured."""
        size = self._size
        counts = [
            *[size.each] * INSTALLATIONS,
            size.flood,
            *[1] * (INSTALLATIONS - 1),
            *[size.steady] * INSTALLATIONS,
            1,
        ]
        numbers = iter(range(sum(counts)))
        pulls = [[next(numbers) for _ in range(count)] for count in counts]
        burst, fair = pulls[:INSTALLATIONS], pulls[INSTALLATIONS : 2 * INSTALLATIONS]
        steady, lone = pulls[2 * INSTALLATIONS : -1], pulls[-1]
        with (
            town_process(self._folder / "github", counts) as town,
            serve(self._folder / "service", town, _SETTINGS, self._url) as service,
        ):
            stage = _Stage(town, service, self._folder / "deliveries")
            self._add("start and end", "exec to /ready, a new database", service.ready_seconds, "s")
            self._burst(stage, burst)
            self._storm(stage, lone[0])
            self._fairness(stage, fair)
            self._steady(stage, steady)
            self._ending(stage)
        return self._figures

    # --- scenes --------------------------------------------------------------------------------
    def _burst(self, stage: _Stage, pulls: Sequence[Sequence[int]]) -> None:
        """Two hundred at once; where there are fewer pull requests, some are pushed to as well."""
        places = [pull for turn in zip(*pulls, strict=True) for pull in turn]
        wanted = [
            _wanted(places[number % len(places)], "opened" if number < len(places) else "")
            for number in range(BURST)
        ]
        scene = f"{BURST} deliveries at once"
        sent = stage.send(wanted)
        self._acknowledged(scene, sent)
        self._drained(scene, stage, places)

    def _storm(self, stage: _Stage, pull: int) -> None:
        delivery = str(uuid4())
        sent = stage.send([{**_wanted(pull), "delivery": delivery} for _ in range(STORM)])
        scene = f"one delivery {STORM} times at once"
        self._acknowledged(scene, sent)
        self._add(scene, "taken for new", sent.statuses[HTTPStatus.ACCEPTED], most=1)
        seconds = stage.drain()
        runs = [run for run in stage.service.runs() if run["delivery"] == delivery]
        self._add(scene, "runs", len(runs), most=1)
        self._add(scene, "until nothing waits", seconds, "s")

    def _fairness(self, stage: _Stage, pulls: Sequence[Sequence[int]]) -> None:
        flood, others = pulls[0], [pull for each in pulls[1:] for pull in each]
        first = stage.first_of(flood[0])
        stage.send([_wanted(pull) for pull in [*flood, *others]])
        scene = f"one installation floods with {len(flood)} pull requests, nine have one each"
        stage.drain()
        installations = {stage.installation(pull) for pull in [*flood, *others]}
        ended = sorted(
            (run for run in stage.service.runs() if run["installation"] in installations),
            key=lambda run: _moment(run["ended_at"]),
        )
        places = [place for place, run in enumerate(ended, 1) if run["installation"] != first]
        self._add(scene, "reviews", len(ended))
        self._add(scene, "the last of the nine ends as number", max(places), most=MOST_PLACE)

    def _steady(self, stage: _Stage, pulls: Sequence[Sequence[int]]) -> None:
        size = self._size
        places = [pull for turn in zip(*pulls, strict=True) for pull in turn]
        together = max(1, round(len(places) * min(1.0, _BUSY_SECONDS / size.seconds)))
        wanted: list[Wanted] = []
        opened: set[int] = set()
        count = RATE * size.seconds
        for number in range(count):
            # A window of pull requests that are worked on moves over all of them.
            begin = (len(places) - together) * number // count
            pull = places[begin + number % together]
            kind = "issue_comment" if number // together % 2 else "pull_request"
            action = "" if pull in opened else "opened"
            opened.add(pull)
            wanted.append({**_wanted(pull, action, kind), "at": number / RATE})
        scene = f"{RATE} deliveries a second for {size.seconds} s, among reviews"
        sent = stage.send(wanted)
        self._acknowledged(scene, sent)
        self._drained(scene, stage, sorted(opened))

    def _ending(self, stage: _Stage) -> None:
        """End the service in the middle of reviews, and start it again on what it has."""
        scene = "start and end"
        service = stage.service
        cost = cost_of(service.process.pid)
        self._add(
            "memory", "most of the service's process", cost.peak_bytes / 1e6, "MB", MOST_MEGABYTES
        )
        told = stage.town.tell()
        self._add("memory", "processor time of the service, all scenes", cost.cpu_seconds, "s")
        town_seconds = told["cpu_seconds"] + told["children_seconds"]
        self._add("memory", "processor time of FakeGitHub, all scenes", town_seconds, "s")
        stage.send([_wanted(pull, "reopened") for pull in range(_REOPENED)])
        time.sleep(DEBOUNCE_SECONDS + 1.0)
        self._add(scene, "SIGTERM to the end, among reviews", service.end(), "s", 30.0)
        service.start()
        self._add(scene, "exec to /ready, the same database", service.ready_seconds, "s")
        stage.drain()
        self._add(scene, "SIGTERM to the end, idle", service.end(), "s", 5.0)
        service.start()
        unended = sum(run["state"] not in _ENDED for run in service.runs())
        self._add(scene, "runs that did not end well", unended, most=0)
        service.end()

    # --- figures -------------------------------------------------------------------------------
    def _add(
        self,
        scene: str,
        name: str,
        value: float,
        unit: str = "",
        most: float | None = None,
    ) -> None:
        self._figures.append(
            Figure(
                scene=scene,
                name=name,
                database=self._database,
                value=value,
                unit=unit,
                most=most,
                timed=unit in {"ms", "s"},
            )
        )

    def _acknowledged(self, scene: str, sent: _Sent) -> None:
        self._add(scene, "not acknowledged", sent.refused, most=0)
        for percent in (50, 95):
            self._add(scene, f"acknowledged in, p{percent}", sent.milliseconds(percent), "ms")
        self._add(scene, "acknowledged in, p99", sent.milliseconds(99), "ms", MOST_MILLISECONDS)
        self._add(scene, "generator: sent too late by at most", sent.late * 1000, "ms")
        self._add(scene, "generator: processor time", sent.cpu_seconds, "s")

    def _drained(self, scene: str, stage: _Stage, pulls: Iterable[int]) -> None:
        self._add(scene, "until nothing waits", stage.drain(), "s")
        told = stage.town.tell()["pulls"]
        chosen = [told[pull] for pull in pulls]
        places = {(pull["repository"], pull["number"]) for pull in chosen}
        states = Counter(
            run["state"]
            for run in stage.service.runs()
            if (run["repository"], run["number"]) in places
        )
        self._add(scene, "pull requests", len(chosen))
        without = sum(not pull["reviews"] or not pull["checks"] for pull in chosen)
        self._add(scene, "pull requests without a review", without, most=0)
        for state, number in sorted(states.items()):
            most = None if state in _ENDED else 0
            self._add(scene, f"runs {state}", number, most=most)


@dataclass(frozen=True, kw_only=True)
class _Sent:
    """What the generator has measured."""

    seconds: Sequence[float]
    statuses: Counter[int]
    late: float
    cpu_seconds: float

    @property
    def refused(self) -> int:
        good = self.statuses[HTTPStatus.ACCEPTED] + self.statuses[HTTPStatus.OK]
        return sum(self.statuses.values()) - good

    def milliseconds(self, percent: float) -> float:
        return percentile(self.seconds, percent) * 1000


class _Stage:
    """The GitHub and the service of the scenes."""

    def __init__(self, town: TownProcess, service: Serve, file: Path) -> None:
        self.town = town
        self.service = service
        self._file = file
        self._told: list[dict[str, Any]] = town.tell()["pulls"]

    def installation(self, pull: int) -> int:
        """Return the installation of a pull request."""
        number: int = self._told[pull]["installation"]
        return number

    def first_of(self, pull: int) -> int:
        return self.installation(pull)

    def send(self, wanted: Sequence[Wanted]) -> _Sent:
        """Send deliveries and wait for their answers."""
        self.town.sign(list(wanted), self._file)
        told = generate(self.service.port, self._file)
        return _Sent(
            seconds=[seconds or 30.0 for seconds in told["seconds"]],
            statuses=Counter(told["statuses"]),
            late=max(told["late"]),
            cpu_seconds=told["cpu_seconds"],
        )

    def drain(self) -> float:
        """Wait until nothing waits and nothing is under way; return how long it took."""
        began = time.monotonic()
        calm_since: float | None = None
        while True:
            now = time.monotonic()
            if now - began > _DRAIN_SECONDS:
                raise RuntimeError("the queue does not drain")
            if not self.service.drained():
                calm_since = None
            elif calm_since is None:
                calm_since = now
            elif now - calm_since > _CALM_SECONDS:
                return calm_since - began
            time.sleep(0.3)


def _wanted(pull: int, action: str = "opened", name: str = "pull_request") -> Wanted:
    kinds: dict[str, Callable[[str], str]] = {
        "pull_request": lambda said: said or "synchronize",
        "issue_comment": lambda _: "created",
    }
    return {"at": 0.0, "pull": pull, "name": name, "action": kinds[name](action)}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
