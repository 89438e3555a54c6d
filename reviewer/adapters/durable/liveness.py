"""Who is alive: a row for each worker that it touches, and whoever falls silent is dead.

No clocks are compared: each worker watches the others' counters and measures with its own
monotonic clock how long one has stood still. What it could not watch, it does not judge: after an
error of the database, or a pause of its own, it watches everybody afresh for the whole time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa

_TABLES = sa.MetaData()
_WORKER = sa.Table(
    "reviewer_worker",
    _TABLES,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("beat", sa.BigInteger, nullable=False),
)
#: How many workers died while they ran it.
_DEATH = sa.Table(
    "reviewer_death",
    _TABLES,
    sa.Column("workflow_id", sa.String, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)
#: Any number: the lock under which PostgreSQL lets one process at a time make tables.
_MAKING = 7_201_733_905

#: The counter of a worker that ended as it should: whatever it held may be taken at once.
GONE = -1


class Watch:
    """Tells who has been silent for too long.

    Args:
        silence_seconds: How long.
    """

    def __init__(self, silence_seconds: float) -> None:
        self._silence_seconds = silence_seconds
        self._seen: dict[str, tuple[int | None, float]] = {}

    def see(self, beats: Mapping[str, int | None], now: float) -> frozenset[str]:
        """Look at the counters.

        Args:
            beats: The counter of every worker; None for one that has no row.
            now: Seconds on a clock that never goes back.

        Returns:
            Who is dead.
        """
        before, self._seen = self._seen, {}
        dead = set()
        for worker, beat in beats.items():
            was, since = before.get(worker, (beat, now))
            if was != beat:
                since = now
            self._seen[worker] = (beat, since)
            if beat == GONE or now - since >= self._silence_seconds:
                dead.add(worker)
        return frozenset(dead)

    def forget(self) -> None:
        """Begin to watch everybody afresh."""
        self._seen = {}


class Workers:
    """The rows of the workers; every method may raise an error of SQLAlchemy.

    Args:
        database: Connections of the engine's database.
        worker_id: Who we are.
    """

    def __init__(self, database: sa.Engine, worker_id: str) -> None:
        self._worker_id = worker_id
        # DBOS has its tables in a schema of that name, where there are schemas.
        schema = None if database.dialect.name == "sqlite" else "dbos"
        self._database = database.execution_options(schema_translate_map={None: schema})
        self._schema = schema

    def make_tables(self) -> None:
        """Make what is missing."""
        with self._database.begin() as connection:
            if self._schema is not None:
                lock = sa.text("SELECT pg_advisory_xact_lock(:number)")
                connection.execute(lock, {"number": _MAKING})
                connection.execute(sa.schema.CreateSchema(self._schema, if_not_exists=True))
            _TABLES.create_all(connection)

    def join(self) -> None:
        """Be alive."""
        with self._database.begin() as connection:
            connection.execute(sa.delete(_WORKER).where(_WORKER.c.id == self._worker_id))
            connection.execute(sa.insert(_WORKER).values(id=self._worker_id, beat=1))

    def beat(self) -> bool:
        """Say that we are alive; False where others have taken us for dead meanwhile."""
        with self._database.begin() as connection:
            touched = connection.execute(
                sa.update(_WORKER)
                .where(_WORKER.c.id == self._worker_id)
                .values(beat=_WORKER.c.beat + 1)
            )
            return touched.rowcount > 0

    def leave(self) -> None:
        """Say that we are gone, and what we held may be taken."""
        with self._database.begin() as connection:
            connection.execute(
                sa.update(_WORKER).where(_WORKER.c.id == self._worker_id).values(beat=GONE)
            )

    def probe(self) -> None:
        """Write something, to know whether that can be done."""
        with self._database.begin() as connection:
            connection.execute(sa.delete(_WORKER).where(_WORKER.c.id == "probe"))
            connection.execute(sa.insert(_WORKER).values(id="probe", beat=GONE))
            connection.execute(sa.delete(_WORKER).where(_WORKER.c.id == "probe"))

    def beats(self) -> dict[str, int | None]:
        """Return everybody's counter."""
        with self._database.connect() as connection:
            return {row.id: row.beat for row in connection.execute(sa.select(_WORKER))}

    def bury(self, worker_id: str) -> bool:
        """Take a dead worker's row away; False where somebody else did, who takes the rest over."""
        with self._database.begin() as connection:
            gone = connection.execute(sa.delete(_WORKER).where(_WORKER.c.id == worker_id))
            return gone.rowcount > 0

    def count_deaths(self, workflow_ids: Collection[str]) -> dict[str, int]:
        """Count one more death for each, and return how many there were."""
        counts = {}
        with self._database.begin() as connection:
            for workflow_id in sorted(workflow_ids):
                touched = connection.execute(
                    sa.update(_DEATH)
                    .where(_DEATH.c.workflow_id == workflow_id)
                    .values(count=_DEATH.c.count + 1)
                    .returning(_DEATH.c.count)
                ).scalar()
                if touched is None:
                    connection.execute(sa.insert(_DEATH).values(workflow_id=workflow_id, count=1))
                counts[workflow_id] = touched or 1
        return counts

    def forget_deaths(self, workflow_ids: Collection[str]) -> None:
        """Forget the deaths of workflows that are deleted."""
        with self._database.begin() as connection:
            connection.execute(sa.delete(_DEATH).where(_DEATH.c.workflow_id.in_(workflow_ids)))
