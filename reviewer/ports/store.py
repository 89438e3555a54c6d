"""What the service remembers: small sets of rows, in transactions that services begin and end.

::

    async with store.begin() as work:          # committed where the block ends, undone by an error
        await work.runs.advance(run)
        await work.audit.add(entry)

No set commits by itself, and inside a block nothing outside is waited for: on SQLite one
transaction writes at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from reviewer.domain.audit import AuditEntry
from reviewer.domain.delivery import Delivery, DeliveryRecord
from reviewer.domain.dismissal_record import DismissalRecord
from reviewer.domain.finding import PlacedFinding
from reviewer.domain.history import History, KnownState
from reviewer.domain.history_record import HistoryRecord
from reviewer.domain.installation import Installation, InstalledRepository
from reviewer.domain.pull_request import Repository
from reviewer.domain.run import FindingRecord, RuleVerdict, RunQuery, RunRecord
from reviewer.domain.spending import DayCost, SpendingLimit


class Deliveries(Protocol):
    """What the host told us, without its texts."""

    async def add(self, delivery: Delivery) -> bool:
        """Write a delivery down; False where it stands there already."""
        ...

    async def handled(self, delivery_id: str, outcome: str, at: datetime) -> None:
        """Say what became of a delivery, in a few words; the first word stays."""
        ...

    async def get(self, delivery_id: str) -> DeliveryRecord | None:
        """Return what is kept of a delivery."""
        ...

    async def known(self, delivery_ids: Collection[str]) -> frozenset[str]:
        """Return those of the deliveries that stand there."""
        ...


class Installations(Protocol):
    """Where the App is installed."""

    async def put(self, installation: Installation) -> None:
        """Add an installation, or change it."""
        ...

    async def uninstalled(self, installation_id: int) -> bool:
        """Tell whether an installation is gone for good."""
        ...

    async def get(self, installation_id: int) -> Installation | None:
        """Return an installation; None for one that nobody told of."""
        ...

    async def all(self) -> Sequence[Installation]:
        """Return all of them, by number."""
        ...

    async def put_repositories(self, repositories: Sequence[InstalledRepository]) -> None:
        """Add repositories to installations, or change them."""
        ...

    async def take_repositories(
        self, installation_id: int, repository_ids: Collection[int]
    ) -> None:
        """Take repositories away from an installation; their runs stay until retention."""
        ...

    async def repositories(self, installation_id: int) -> Sequence[InstalledRepository]:
        """Return what an installation may work on, by number."""
        ...

    async def repository(self, repository_id: int) -> InstalledRepository | None:
        """Return the repository with a number; None where no installation has it."""
        ...

    async def named(self, name: Repository) -> InstalledRepository | None:
        """Return the repository of a name, in any spelling; None where no installation has it."""
        ...


class Runs(Protocol):
    """Every run, where it stands, and what its rules were answered."""

    async def add(self, run: RunRecord) -> bool:
        """Add a run; False where its id stands there already, which changes nothing.

        Installation, repository and pull request are added with it where they are missing; the
        pull request takes the newest title, the repository the newest name.
        """
        ...

    async def advance(self, run: RunRecord) -> bool:
        """Change a run, where the table of `domain.status` allows the step from where it stands.

        A run that waits or runs may be written again in its state, as it goes on. False where
        the step is not allowed (it ended meanwhile) or the run is not there: nothing changed.
        """
        ...

    async def get(self, run_id: str) -> RunRecord | None:
        """Return a run."""
        ...

    async def find(self, query: RunQuery) -> Sequence[RunRecord]:
        """Return runs, newest first."""
        ...

    async def keep_verdicts(self, run_id: str, verdicts: Sequence[RuleVerdict]) -> None:
        """Keep what the rules of a run were answered, in place of what was kept before.

        A run that was forgotten meanwhile keeps nothing.
        """
        ...

    async def verdicts(self, run_id: str) -> Sequence[RuleVerdict]:
        """Return what the rules of a run were answered, in their order."""
        ...


class Findings(Protocol):
    """Every finding of every run, with its outcome and where it stands."""

    async def keep(self, run_id: str, findings: Sequence[PlacedFinding]) -> None:
        """Keep the findings of a run, in place of what was kept before.

        They begin as open, or dismissed where they are. A run that was forgotten meanwhile keeps
        nothing.
        """
        ...

    async def of_run(self, run_id: str) -> Sequence[FindingRecord]:
        """Return the findings of a run, in their order."""
        ...

    async def mark(self, repository_id: int, number: int, states: Mapping[str, KnownState]) -> None:
        """Say where findings of a pull request stand now, by fingerprint, in all its runs."""
        ...


class Dismissals(Protocol):
    """What people took off, and put back."""

    async def add(self, dismissal: DismissalRecord) -> None:
        """Write a dismissal down."""
        ...

    async def withdraw(
        self, repository_id: int, number: int, fingerprint: str, *, by: str, at: datetime
    ) -> None:
        """Take every dismissal of a finding back that holds."""
        ...

    async def of(self, repository_id: int, number: int) -> Sequence[DismissalRecord]:
        """Return every dismissal on a pull request, oldest first, those taken back too."""
        ...


class Histories(Protocol):
    """What reviews of a pull request remember, as one value for each."""

    async def put(self, record: HistoryRecord) -> None:
        """Keep what is remembered now, in place of what was before.

        Installation, repository and pull request are added with it where they are missing. Of an
        installation that is gone nothing is kept.
        """
        ...

    async def of(self, repository_id: int, number: int) -> History | None:
        """Return what is remembered, which is trusted; None for nothing."""
        ...

    async def held(self, installation_id: int, repository_id: int, number: int) -> History | None:
        """Return what is remembered, and let nobody else change it until the transaction ends."""
        ...


class Budgets(Protocol):
    """Ceilings that operators set while the service runs."""

    async def put(self, limit: SpendingLimit) -> None:
        """Set a ceiling, in place of the one for the same scope."""
        ...

    async def remove(self, limit: SpendingLimit) -> None:
        """Take the ceiling of this installation, repository and scope away."""
        ...

    async def of(
        self, installation_id: int, repository_id: int | None = None
    ) -> Sequence[SpendingLimit]:
        """Return the ceilings that hold: a repository's own in place of the installation's."""
        ...


class AuditTrail(Protocol):
    """Every command and every write; nothing in it is ever changed."""

    async def add(self, entry: AuditEntry) -> None:
        """Write an entry down."""
        ...

    async def find(
        self, *, installation_id: int | None = None, since: datetime | None = None, limit: int = 100
    ) -> Sequence[AuditEntry]:
        """Return entries, newest first."""
        ...


class Costs(Protocol):
    """What the ledger says about money."""

    async def by_day(
        self,
        *,
        since: datetime,
        until: datetime,
        installation_id: int | None = None,
        repository: str | None = None,
    ) -> Sequence[DayCost]:
        """Sum calls from ``since`` up to before ``until``, by day and repository, oldest first."""
        ...


class Retention(Protocol):
    """Forgetting, for good."""

    async def forget_before(
        self, moment: datetime, *, accounts_before: datetime | None = None
    ) -> Mapping[str, int]:
        """Delete what ended before a moment: deliveries, runs and all of theirs, kept answers.

        A run that waits or runs stays, whatever its age.

        Args:
            moment: What is older goes.
            accounts_before: Calls of the ledger and audit entries older than this go too; None
                keeps them: ceilings sum over a month, and an audit is asked for later.

        Returns:
            How many rows of each kind went.
        """
        ...

    async def forget_installation(
        self, installation_id: int, *, uninstalled_at: datetime | None = None
    ) -> Mapping[str, int]:
        """Delete everything that is an installation's: rows, texts, calls, audit entries.

        Args:
            installation_id: Which.
            uninstalled_at: When it was uninstalled: from then on nothing of it is written, and
                only its number is kept, for as long as `forget_before` keeps runs. None where it
                goes on.

        Returns:
            How many rows of each kind went.
        """
        ...


class UnitOfWork(Protocol):
    """One transaction over every set of rows."""

    @property
    def deliveries(self) -> Deliveries:
        """What the host told us."""
        ...

    @property
    def installations(self) -> Installations:
        """Where the App is installed."""
        ...

    @property
    def runs(self) -> Runs:
        """Every run."""
        ...

    @property
    def findings(self) -> Findings:
        """Every finding."""
        ...

    @property
    def dismissals(self) -> Dismissals:
        """What people took off."""
        ...

    @property
    def histories(self) -> Histories:
        """What reviews remember."""
        ...

    @property
    def budgets(self) -> Budgets:
        """Ceilings of operators."""
        ...

    @property
    def audit(self) -> AuditTrail:
        """Who did what."""
        ...

    @property
    def costs(self) -> Costs:
        """What was spent."""
        ...

    @property
    def retention(self) -> Retention:
        """Forgetting."""
        ...


class Store(Protocol):
    """Begins transactions."""

    def begin(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Begin a transaction that is committed at the end of its block, or undone by an error.

        Raises:
            CommunicationError: The database did not do it; trying again later may help.
            ResourceError: There is no room, or no turn, for it.
        """
        ...

    def look(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Begin a transaction that only reads, and keeps nobody from writing.

        Raises:
            CommunicationError: The database did not do it; trying again later may help.
            ResourceError: There is no room, or no turn, for it.
        """
        ...

    async def check(self) -> None:
        """Ask the database for a sign of life that includes being able to write.

        Raises:
            CommunicationError: It gives none.
            ResourceError: It cannot write.
        """
        ...
