"""Wires the service: the door, the engine and its duties, the store, and the App's way to GitHub.

What thinks and what writes are two objects with credentials of their own (security.md S2): an
analyser has the models' keys and gets values; hosts have tokens of one repository each and get
values back.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol, TextIO

from reviewer.adapters.system_clock import SystemClock
from reviewer.bootstrap import built_in_personas
from reviewer.bootstrap.analyser import account_of, analyser_here
from reviewer.bootstrap.door import Services, require_extra, tokens_of, webhooks_of
from reviewer.bootstrap.model import Books, ModelRequest, names_model, read_operator_file
from reviewer.bootstrap.operations import (
    Telling,
    Watching,
    budget_watched,
    queue_watched,
    telling,
    watched_duties,
    watched_hosts,
    watching,
)
from reviewer.config import Settings
from reviewer.ports.clock import Clock
from reviewer.ports.engine import Engine
from reviewer.ports.onlooker import NoOnlooker, Onlooker
from reviewer.server_settings import PREFIX, ServerRole, ServerSettings

if TYPE_CHECKING:
    from reviewer.adapters.database.service_store import DatabaseStore
    from reviewer.adapters.durable.settings import EngineSettings
    from reviewer.adapters.durable.wire import Wire
    from reviewer.adapters.github.addresses import GitHubAddresses
    from reviewer.adapters.github.installation_tokens import InstallationTokens
    from reviewer.domain.delivery import Delivery
    from reviewer.domain.material import Material
    from reviewer.domain.run import RunRecord
    from reviewer.llm.ceilings import Account
    from reviewer.ports.analyser import Analyser
    from reviewer.ports.engine import Duties
    from reviewer.ports.installed_hosts import Hosted, InstalledHosts
    from reviewer.ports.journal import Journal
    from reviewer.service.carry_out_command import CommandDesk
    from reviewer.service.handle_delivery import DeliveryDesk
    from reviewer.service.run_review import RunDesk

_LOGGER = logging.getLogger("reviewer.server")
_DERIVED = (
    "no state_key is set, so one follows from the App's private key: after a change of that key"
    " comments of before are not known as ours. Set REVIEWER_SERVER_STATE_KEY before it changes"
)
_MODEL = ModelRequest()
_HOUR_MINUTES = 60
_MOST_HOURS = 23


class WorkingEngine(Engine, Protocol):
    """An engine that is opened, works, and is closed with the service."""

    async def open(self) -> None:
        """Be ready to take deliveries."""
        ...

    async def work(self, duties: Duties) -> None:
        """Carry out what was accepted."""
        ...

    async def close(self, *, grace_seconds: float) -> None:
        """Take nothing more, and end what can be ended in time."""
        ...


@asynccontextmanager
async def open_services(
    settings: ServerSettings,
    shared: Settings,
    *,
    engine: WorkingEngine | None = None,
    clock: Clock | None = None,
    stream: TextIO | None = None,
) -> AsyncIterator[Services]:
    """Open everything behind the door, and close it in the opposite order.

    Args:
        settings: What the operator set of the service.
        shared: What the service has in common with the command line: models and their keys.
        engine: What works instead of the durable engine: in tests one that works at once.
        clock: Tells and passes the time; None for the system's.
        stream: Where lines of the log go; None for the standard error stream.

    Raises:
        UserError: A setting is wrong, or something is not installed.
        CommunicationError: The database does not answer.
    """
    require_extra()
    from reviewer.adapters.database.service_store import open_service_store

    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        watch = stack.enter_context(
            watching(
                settings,
                clock,
                keys=tuple(shared.keys.values()),
                by_repository=settings.metrics_by_repository,
                stream=stream,
            )
        )
        keys = tuple(key.get_secret_value() for key in settings.encryption_keys)
        database = await stack.enter_async_context(
            open_service_store(settings.database.get_secret_value(), keys=keys)
        )
        # Left after the engine: what ends in its grace tells so.
        told = await stack.enter_async_context(
            telling(watch, store=database, ledger=database.ledger, clock=clock, settings=settings)
        )
        engine = engine or _durable_engine(settings, keys)
        await engine.open()
        stack.push_async_callback(engine.close, grace_seconds=settings.shutdown_seconds)
        await stack.enter_async_context(queue_watched(watch, engine, clock))
        if settings.role is not ServerRole.WEB:
            if settings.state_key is None:
                _LOGGER.warning(_DERIVED)
            worker = _Worker(
                settings=settings,
                shared=shared,
                clock=clock,
                database=database,
                watch=watch,
                told=told,
            )
            await stack.enter_async_context(
                budget_watched(watch, told.store, clock, lambda: read_operator_file(shared))
            )
            await engine.work(watched_duties(worker.duties(), watch))
        yield Services(
            settings=settings,
            clock=clock,
            engine=engine,
            store=told.store,
            events=told.events,
            webhooks=webhooks_of(settings),
            tokens=tokens_of(settings),
            metrics=watch.figures.exposition,
            watch=watch.door,
        )


@dataclass(frozen=True, kw_only=True)
class _Worker:
    """Whoever carries out what was accepted."""

    settings: ServerSettings
    shared: Settings
    clock: Clock
    database: DatabaseStore
    watch: Watching
    told: Telling

    def duties(self) -> Duties:
        """Return what the engine calls, each with its desk."""
        from reviewer.adapters.github.app_deliveries import GitHubAppDeliveries
        from reviewer.ports.engine import Duties
        from reviewer.service.handle_delivery import give_delivery_up, handle_delivery
        from reviewer.service.run_review import end_run, queue_run, run_review
        from reviewer.service.sweep_deliveries import sweep_deliveries

        tokens = self._tokens()
        hosts = self._hosts(tokens)
        runs, deliveries = self._runs(hosts), self._deliveries(hosts, tokens)
        sent = GitHubAppDeliveries(tokens)

        async def sweep() -> None:
            await sweep_deliveries(sent, self.told.store, self.clock)

        return Duties(
            handle=lambda delivery: handle_delivery(deliveries, delivery),
            undone=lambda delivery, why: give_delivery_up(deliveries, delivery, why),
            queued=lambda order, run_id: queue_run(runs, order, run_id),
            review=lambda order, run_id: run_review(runs, order, run_id),
            end=lambda order, run_id, end: end_run(runs, order, run_id, end),
            sweep=sweep,
            forget=self._forget,
        )

    def _tokens(self) -> InstallationTokens:
        from reviewer.adapters.github.app_credentials import AppCredentials
        from reviewer.adapters.github.installation_tokens import (
            RESOLVING,
            REVIEWING,
            InstallationTokens,
        )

        key = self.settings.private_key.get_secret_value()
        return InstallationTokens(
            AppCredentials(app_id=self.settings.app_id, private_key=key),
            _addresses(self.settings),
            clock=self.clock,
            permissions=RESOLVING if self.settings.resolve_threads else REVIEWING,
        )

    def _hosts(self, tokens: InstallationTokens) -> InstalledHosts:
        from reviewer.adapters.github.installed_hosts import GitHubInstalledHosts

        hosts = GitHubInstalledHosts(
            tokens,
            _addresses(self.settings),
            clock=self.clock,
            secrets=tuple(self.shared.keys.values()),
        )
        return watched_hosts(hosts, self.watch, self.clock)

    def _runs(self, hosts: InstalledHosts) -> RunDesk:
        from reviewer.service.run_review import RunDesk

        return RunDesk(
            store=self.told.store,
            hosts=hosts,
            events=self.told.events,
            clock=self.clock,
            analyser=self._analyser_of_run,
            progress=self.told.progress,
            state_key=_state_key(self.settings),
            telemetry=self.watch.work,
        )

    def _deliveries(self, hosts: InstalledHosts, tokens: InstallationTokens) -> DeliveryDesk:
        from reviewer.service.handle_delivery import DeliveryDesk

        return DeliveryDesk(
            store=self.told.store,
            hosts=hosts,
            clock=self.clock,
            commands=self._commands,
            journal=lambda delivery: self._journal(delivery.id, delivery.installation_id),
            app_id=tokens.app_id,
        )

    def _commands(self, hosted: Hosted, delivery: Delivery) -> CommandDesk:
        from reviewer.service.carry_out_command import CommandDesk

        return CommandDesk(
            host=hosted.host,
            discussion=hosted.discussion,
            analyser=self._analyser(delivery.id, delivery.installation_id),
            clock=self.clock,
            workspace=hosted.workspace,
            built_in=built_in_personas(),
            state_key=_state_key(self.settings),
            model_configured=names_model(_MODEL, self.shared),
            rules=self.settings.command_rules,
        )

    def _analyser_of_run(self, run: RunRecord) -> Analyser:
        onlooker = self.told.onlooker(run.id)
        return self._analyser(run.id, run.installation_id, onlooker)

    def _analyser(
        self, work_id: str, installation_id: int | None, onlooker: Onlooker | None = None
    ) -> Analyser:
        """Return who thinks, with the journal and the account of one piece of work."""

        def charge(material: Material) -> Account:
            return replace(account_of(material), run_id=work_id, installation=installation_id)

        books = Books(
            ledger=self.told.ledger,
            cache=self.database.completions(installation_id),
            clock=self.clock,
            journal=self._journal(work_id, installation_id),
            onlooker=onlooker or NoOnlooker(),
        )
        return analyser_here(_MODEL, self.shared, charge=charge, books=books)

    def _journal(self, work_id: str, installation_id: int | None) -> Journal:
        return self.database.journal(work_id, installation_id)

    async def _forget(self) -> None:
        """Delete what is older than the operator wants it kept."""
        now = self.clock.now()
        async with self.told.store.begin() as work:
            await work.retention.forget_before(
                now - timedelta(days=self.settings.retention_days),
                accounts_before=now - timedelta(days=self.settings.accounts_retention_days),
            )


def _addresses(settings: ServerSettings) -> GitHubAddresses:
    from reviewer.adapters.github.addresses import GitHubAddresses

    return GitHubAddresses.of(
        api_url=settings.github_api_url,
        graphql_url=settings.github_graphql_url,
        server_url=settings.github_server_url,
        prefix=PREFIX,
    )


def _state_key(settings: ServerSettings) -> str:
    """Return what signs markers: the operator's key, or one that follows from the App's own.

    The App's private key is as secret and lives longer than anything else that one machine has;
    nothing of it can be learnt from what follows from it.
    """
    if settings.state_key is not None:
        return settings.state_key.get_secret_value()
    private_key = settings.private_key.get_secret_value().encode()
    return hmac.new(private_key, b"persona-reviewer: what reviews remember", "sha256").hexdigest()


def _durable_engine(settings: ServerSettings, keys: Sequence[str]) -> WorkingEngine:
    from reviewer.adapters.durable.engine import DbosEngine

    return DbosEngine(_engine_settings(settings), _wire(keys))


def _engine_settings(settings: ServerSettings) -> EngineSettings:
    from reviewer.adapters.durable.settings import EngineSettings, RateLimit

    starts = settings.reviews_per_hour_by_installation
    return EngineSettings(
        database=settings.engine.get_secret_value(),
        debounce_seconds=settings.debounce_seconds,
        runs_at_once=settings.concurrent_reviews,
        runs_at_once_each=settings.concurrent_reviews_by_installation,
        runs_rate_each=RateLimit(starts=starts, seconds=3600.0),
        silence_seconds=settings.takeover_seconds,
        beat_seconds=max(1.0, settings.takeover_seconds / 5),
        sweep_schedule=_every(settings.sweep_minutes),
    )


def _every(minutes: int) -> str:
    """Write a period as a cron line; a longer one than an hour is rounded down to hours."""
    if minutes < _HOUR_MINUTES:
        return f"*/{minutes} * * * *"
    return f"0 */{min(minutes // _HOUR_MINUTES, _MOST_HOURS)} * * *"


def _wire(keys: Sequence[str]) -> Wire:
    """Return what writes the engine's records: sealed as our own texts are."""
    from reviewer.adapters.database.sealing import Sealer
    from reviewer.adapters.durable.wire import Wire

    if not keys:
        return Wire()
    sealer = Sealer(keys)
    return Wire(seal=sealer.seal, unseal=sealer.unseal)
