"""Reads and changes installations and what they may work on; the transaction around it commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select, update

from reviewer.adapters.database.insertion import insert_if_absent, insert_or_change
from reviewer.adapters.database.parts import in_parts
from reviewer.adapters.database.presence import is_present
from reviewer.adapters.database.service_tables import InstallationRow, RepositoryRow
from reviewer.adapters.database.session import Session
from reviewer.domain.installation import Installation, InstalledRepository
from reviewer.domain.pull_request import Account, AccountKind, Repository


class InstallationRepository:
    """Installations inside one transaction; implements `ports.store.Installations`.

    Args:
        session: The transaction's.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    async def put(self, installation: Installation) -> None:
        """Add an installation, or change it."""
        if not await is_present(self._session, installation.id):
            return
        await insert_or_change(
            self._session,
            InstallationRow,
            key=("id",),
            id=installation.id,
            account_id=installation.account.id,
            account_login=installation.account.login,
            account_kind=installation.account.kind.value,
            suspended=installation.suspended,
        )

    async def uninstalled(self, installation_id: int) -> bool:
        """Tell whether an installation is gone for good."""
        return not await is_present(self._session, installation_id)

    async def get(self, installation_id: int) -> Installation | None:
        """Return an installation; None for one that nobody told of."""
        row = await self._session.scalar(
            select(InstallationRow).where(InstallationRow.id == installation_id)
        )
        return None if row is None else _installation_of(row)

    async def all(self) -> Sequence[Installation]:
        """Return all of them, by number."""
        rows = await self._session.scalars(select(InstallationRow).order_by(InstallationRow.id))
        return [_installation_of(row) for row in rows]

    async def put_repositories(self, repositories: Sequence[InstalledRepository]) -> None:
        """Add repositories to installations, or change them."""
        # In one order, so that two transactions never wait for each other.
        for repository in sorted(repositories, key=lambda each: each.id):
            if not await is_present(self._session, repository.installation_id):
                continue
            await self.ensure(repository.installation_id, repository.name.owner)
            await insert_or_change(
                self._session,
                RepositoryRow,
                key=("id",),
                id=repository.id,
                installation_id=repository.installation_id,
                owner=repository.name.owner,
                name=repository.name.name,
                name_key=name_key(repository.name),
                private=repository.private,
                installed=True,
            )

    async def ensure(self, installation_id: int, owner: str) -> None:
        """Add an installation that nobody told of; what is known of one stays.

        Args:
            installation_id: The host's number.
            owner: Whose repository it works on, by login.
        """
        await insert_if_absent(
            self._session,
            InstallationRow,
            id=installation_id,
            account_id=0,
            account_login=owner,
            account_kind=AccountKind.UNKNOWN.value,
            suspended=False,
        )

    async def take_repositories(
        self, installation_id: int, repository_ids: Collection[int]
    ) -> None:
        """Take repositories away from an installation; their runs stay until retention."""
        for some in in_parts(sorted(repository_ids)):
            await self._session.execute(
                update(RepositoryRow)
                .where(RepositoryRow.installation_id == installation_id, RepositoryRow.id.in_(some))
                .values(installed=False)
            )

    async def repositories(self, installation_id: int) -> Sequence[InstalledRepository]:
        """Return what an installation may work on, by number."""
        rows = await self._session.scalars(
            select(RepositoryRow)
            .where(RepositoryRow.installation_id == installation_id, RepositoryRow.installed)
            .order_by(RepositoryRow.id)
        )
        return [_repository_of(row) for row in rows]

    async def repository(self, repository_id: int) -> InstalledRepository | None:
        """Return the repository with a number; None where no installation has it."""
        row = await self._session.scalar(
            select(RepositoryRow).where(RepositoryRow.id == repository_id, RepositoryRow.installed)
        )
        return None if row is None else _repository_of(row)

    async def named(self, name: Repository) -> InstalledRepository | None:
        """Return the repository of a name, in any spelling; None where no installation has it."""
        row = await self._session.scalar(
            select(RepositoryRow)
            .where(RepositoryRow.name_key == name_key(name), RepositoryRow.installed)
            # A name that was given up and taken by another repository: the newer number has it.
            .order_by(RepositoryRow.id.desc())
            .limit(1)
        )
        return None if row is None else _repository_of(row)


def name_key(name: Repository) -> str:
    """Return a repository's name as it is looked up."""
    return str(name).lower()


def _installation_of(row: InstallationRow) -> Installation:
    return Installation(
        id=row.id,
        account=Account(
            id=row.account_id, login=row.account_login, kind=AccountKind(row.account_kind)
        ),
        suspended=row.suspended,
    )


def _repository_of(row: RepositoryRow) -> InstalledRepository:
    return InstalledRepository(
        id=row.id,
        name=Repository(owner=row.owner, name=row.name),
        installation_id=row.installation_id,
        private=row.private,
    )
