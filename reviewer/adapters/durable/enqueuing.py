"""Enqueues many workflows in one transaction, on each database as fast as it can.

DBOS's client enqueues one at a time, and of two hundred deliveries that come at once each would
wait for all of those. PostgreSQL has a function of DBOS's for callers in SQL
(https://docs.dbos.dev/explanations/system-tables#dbosenqueue_workflow), which one statement calls
for all of them. SQLite has none: there, two statements do what that function does, and only with
the release of DBOS whose tables they were held against.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa
from dbos import DBOSClient, EnqueueOptions
from dbos import error as dbos_error


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A workflow that is to be enqueued.

    Args:
        options: Which, where, under which id; an id that was used before is no error.
        texts: What it is given.
    """

    options: EnqueueOptions
    texts: Sequence[str]

    @property
    def workflow_id(self) -> str:
        """The id, which every workflow of ours has before it is enqueued."""
        return self.options["workflow_id"]


class Enqueuing(Protocol):
    """Enqueues."""

    def enqueue(self, wanted: Sequence[Wanted]) -> list[bool]:
        """Enqueue all or none.

        Args:
            wanted: In the order in which they are to be written; no id twice.

        Returns:
            For each whether it is new.
        """
        ...


def enqueuing_on(
    database: sa.Engine, client: DBOSClient, application: str, *, release: str
) -> Enqueuing:
    """Return the way that is best on a database.

    Args:
        database: Connections of the engine's database.
        client: DBOS's, for where nothing else is known to be right.
        application: Whose the workflows are.
        release: The release of DBOS that is installed.
    """
    if database.dialect.name != "sqlite":
        return AllOnPostgres(database, application)
    if release in HELD_AGAINST:
        return AllOnSqlite(database, application)
    return OneByOne(database, client)


class OneByOne:
    """Asks DBOS's client, on any database; implements `Enqueuing`.

    Args:
        database: Connections of the engine's database.
        client: Enqueues.
    """

    def __init__(self, database: sa.Engine, client: DBOSClient) -> None:
        self._database = database
        self._client = client

    def enqueue(self, wanted: Sequence[Wanted]) -> list[bool]:
        """Enqueue all or none."""
        with self._database.begin() as connection:
            return [self._enqueue_one(connection, one) for one in wanted]

    def _enqueue_one(self, connection: sa.Connection, wanted: Wanted) -> bool:
        try:
            self._client.enqueue_in_transaction(connection, wanted.options, *wanted.texts)
        except dbos_error.DBOSWorkflowIDInUseError:
            return False
        return True


#: What a function does is seen by none of the rows beside it: an id may stand here once. Two
#: processes may both find an id new that they are told at the same instant. It is one workflow
#: then as well, and both may say that they have taken it.
_CALLED_FOR_ALL = sa.text("""
    SELECT dbos.enqueue_workflow(
        workflow_name => wanted.name,
        queue_name => wanted.queue,
        positional_args => ARRAY(SELECT json_array_elements(CAST(wanted.texts AS json))),
        workflow_id => wanted.id,
        app_version => wanted.version,
        queue_partition_key => wanted.partition,
        authenticated_user => wanted.whose,
        delay_until_epoch_ms => wanted.begins_ms,
        application_name => :application
    )
    FROM json_to_recordset(CAST(:wanted AS json)) AS wanted (
        id text, name text, queue text, texts text, version text,
        partition text, whose text, begins_ms bigint
    )
    WHERE NOT EXISTS (
        SELECT FROM dbos.workflow_status AS known WHERE known.workflow_uuid = wanted.id
    )
""")


class AllOnPostgres:
    """Asks PostgreSQL, in one statement; implements `Enqueuing`.

    Args:
        database: Connections of the engine's database.
        application: Whose the workflows are.
    """

    def __init__(self, database: sa.Engine, application: str) -> None:
        # One statement is a transaction by itself, without two more round trips around it.
        self._database = database.execution_options(isolation_level="AUTOCOMMIT")
        self._application = application

    def enqueue(self, wanted: Sequence[Wanted]) -> list[bool]:
        """Enqueue all or none."""
        values = {"application": self._application, "wanted": _rows(wanted)}
        with self._database.connect() as connection:
            new = set(connection.execute(_CALLED_FOR_ALL, values).scalars())
        return [one.workflow_id in new for one in wanted]


#: Releases of DBOS into whose tables on SQLite these two write what its client writes:
#: `tests/integration/test_enqueuing.py` compares the rows, and fails for a release that is new.
HELD_AGAINST = frozenset({"3.4.0"})

_STATUSES = sa.text("""
    INSERT INTO workflow_status (
        workflow_uuid, status, name, queue_name, queue_partition_key, application_version,
        authenticated_user, delay_until_epoch_ms, recovery_attempts, priority, serialization,
        attributes, application_name, creator_xid
    )
    SELECT
        json_extract(value, '$.id'),
        iif(json_extract(value, '$.begins_ms') IS NULL, 'ENQUEUED', 'DELAYED'),
        json_extract(value, '$.name'),
        json_extract(value, '$.queue'),
        json_extract(value, '$.partition'),
        json_extract(value, '$.version'),
        json_extract(value, '$.whose'),
        json_extract(value, '$.begins_ms'),
        0, 0, 'portable_json',
        'null', :application, lower(hex(randomblob(16)))
    FROM json_each(:wanted)
    WHERE true
    ON CONFLICT (workflow_uuid) DO NOTHING
    RETURNING workflow_uuid
""")
_INPUTS = sa.text("""
    INSERT INTO workflow_input (workflow_uuid, inputs)
    SELECT
        json_extract(value, '$.id'),
        '{"namedArgs":{},"positionalArgs":' || json_extract(value, '$.texts') || '}'
    FROM json_each(:wanted)
    WHERE json_extract(value, '$.id') IN (SELECT value FROM json_each(:new))
    ON CONFLICT (workflow_uuid) DO NOTHING
""")


class AllOnSqlite:
    """Writes into DBOS's tables, in two statements; implements `Enqueuing`.

    Args:
        database: Connections of the engine's database.
        application: Whose the workflows are.
    """

    def __init__(self, database: sa.Engine, application: str) -> None:
        self._database = database
        self._application = application

    def enqueue(self, wanted: Sequence[Wanted]) -> list[bool]:
        """Enqueue all or none."""
        values = {"application": self._application, "wanted": _rows(wanted)}
        with self._database.begin() as connection:
            new = set(connection.execute(_STATUSES, values).scalars())
            told = {"wanted": values["wanted"], "new": json.dumps(list(new))}
            connection.execute(_INPUTS, told)
        return [one.workflow_id in new for one in wanted]


def _rows(wanted: Sequence[Wanted]) -> str:
    return json.dumps(list(map(_row, wanted)))


def _row(wanted: Wanted) -> Mapping[str, str | int | None]:
    options = wanted.options
    delay_seconds = options.get("delay_seconds")
    begins = None if delay_seconds is None else time.time() + delay_seconds
    return {
        "id": wanted.workflow_id,
        "name": options["workflow_name"],
        "queue": options["queue_name"],
        # JSON in JSON: what a database's texts cannot hold stays written as ASCII.
        "texts": json.dumps(list(wanted.texts), separators=(",", ":")),
        "version": options.get("app_version"),
        "partition": options.get("queue_partition_key"),
        "whose": options.get("authenticated_user"),
        "begins_ms": None if begins is None else int(begins * 1000),
    }
