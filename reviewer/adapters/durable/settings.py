"""What an operator sets of the engine, with defaults that serve a team on one machine."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """At most so many starts within a rolling window."""

    starts: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often a step is tried, each wait twice as long as the one before."""

    attempts: int = 9
    first_wait_seconds: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """The engine's settings.

    Args:
        database: ``sqlite:///FILE`` or ``postgresql://…``; a database of the engine's own, or
            the schema ``dbos`` of a shared PostgreSQL.
        debounce_seconds: How long a pull request must be quiet before an automatic review.
        debounce_most_seconds: After so long it is reviewed although somebody keeps pushing.
        runs_at_once: Runs at once, over all workers.
        runs_at_once_each: Runs at once of one installation.
        runs_rate: Starts of runs, over all workers; None for no bound.
        runs_rate_each: Starts of runs of one installation; None for no bound.
        deliveries_at_once: Deliveries that one worker handles at once.
        talks_at_once_each: Comments of one installation that are answered at once.
        retries: Of steps whose outside world does not answer.
        most_deaths: So many workers may die of a run before it is given up.
        poll_seconds: How often a queue is looked at.
        look_seconds: How often a run that waits for its turn is looked at: so long the next one
            on the same pull request waits at most.
        beat_seconds: How often a worker says that it is alive.
        silence_seconds: After so long without a sign a worker is taken for dead.
        answer_seconds: How long the door waits for the database.
        keep_days: How long the engine remembers what has ended; a delivery that is sent again
            later than this counts as new.
        oblivion_seconds: How long after an uninstallation the engine forgets what it remembers
            of it: whatever was under way has ended by then.
        sweep_schedule: When missed deliveries are looked for; a cron line, in UTC.
        forget_schedule: When old data is deleted.
        mend_schedule: When what failed for good is looked at again.
    """

    database: str = field(repr=False)  # may hold a password
    debounce_seconds: float = 30.0
    debounce_most_seconds: float = 300.0
    runs_at_once: int = 8
    runs_at_once_each: int = 2
    runs_rate: RateLimit | None = None
    runs_rate_each: RateLimit | None = None
    deliveries_at_once: int = 16
    talks_at_once_each: int = 4
    retries: Retries = field(default_factory=Retries)
    most_deaths: int = 5
    poll_seconds: float = 0.5
    look_seconds: float = 2.0
    beat_seconds: float = 3.0
    silence_seconds: float = 15.0
    answer_seconds: float = 5.0
    keep_days: int = 14
    oblivion_seconds: float = 120.0
    sweep_schedule: str = "*/10 * * * *"
    forget_schedule: str = "17 3 * * *"
    mend_schedule: str = "*/5 * * * *"
