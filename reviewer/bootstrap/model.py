"""Wires models: from settings, the operator's file and a door's wishes to a metered client."""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from reviewer import __version__
from reviewer.bootstrap.cassette import configuration_of, read_run
from reviewer.config import KEY_VARIABLES, Settings
from reviewer.errors import UserError
from reviewer.ports.onlooker import NoOnlooker, Onlooker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from reviewer.adapters.http import HttpClient
    from reviewer.bootstrap.cassette import RecordedRun
    from reviewer.domain.completion import ModelName
    from reviewer.domain.operator_configuration import LimitTable, OperatorConfiguration
    from reviewer.llm.ceilings import Account, Limit, Limits
    from reviewer.llm.pricing import Pricing
    from reviewer.ports.clock import Clock
    from reviewer.ports.completion_cache import CompletionCache
    from reviewer.ports.journal import Journal
    from reviewer.ports.ledger import Ledger
    from reviewer.ports.model import Model
    from reviewer.ports.telemetry import Telemetry
    from reviewer.prompting.prompt_catalogue import PromptWishes
    from reviewer.service.model_setup import ModelSetup

#: What the extra ``model`` brings; without it no model can be asked.
_EXTRA = ("httpx", "tenacity", "genai_prices", "sqlalchemy", "alembic", "aiosqlite")

#: Random bytes of the word that marks data in a run.
NONCE_BYTES = 8
#: A local server needs no key; what its provider's own setting holds is sent if there is any.
_KEYLESS = frozenset({"compatible"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """What a door asks for of models.

    Args:
        name: Which model; None for what settings and the operator's file say.
        without: Ask none, whatever is configured.
        most_dollars: The most that this run may cost; None for the operator's word.
        language: Tag of the language of findings; None for the operator's word.
        fast: Let nobody wait for another's cache; None for the operator's word.
        suggestions: Let findings propose new lines; None for the operator's word.
        record: Where a cassette of the run is written; None for none.
        replay: The cassette that answers instead of a model; None for none.
    """

    name: str | None = None
    without: bool = False
    most_dollars: Decimal | None = None
    language: str | None = None
    fast: bool | None = None
    suggestions: bool | None = None
    record: Path | None = None
    replay: Path | None = None


def names_model(request: ModelRequest, settings: Settings) -> bool:
    """Tell whether a model is configured, without wiring one.

    Raises:
        UserError: The operator's file is wrong.
    """
    return model_text(request, settings) is not None


def read_operator_file(settings: Settings) -> OperatorConfiguration:
    """Read the operator's file; without one the defaults hold.

    Raises:
        UserError: Somebody named a file that cannot be read, or the file is wrong.
    """
    from reviewer.domain.operator_configuration import parse_operator_configuration

    path = settings.operator_file
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        if settings.operator_file_named:
            raise UserError("there is no such file", path=str(path)) from error
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot be read: {error}", path=str(path)) from error
    return parse_operator_configuration(text, str(path))


def model_text(request: ModelRequest, settings: Settings) -> str | None:
    """Return which model answers: the door's word, then the environment's, then the file's.

    A cassette says itself which model answered; the door's word alone goes before it.

    Raises:
        UserError: The operator's file or the cassette is wrong.
    """
    if request.without:
        return None
    if request.replay is not None:
        return request.name or read_run(request.replay).answers.model_name
    named = request.name or settings.model
    if named:
        return named
    if not settings.operator_file_named and not settings.operator_file.exists():
        return None
    return read_operator_file(settings).model.name


@asynccontextmanager
async def model_setup(
    request: ModelRequest,
    settings: Settings,
    repository: Path,
    account: Account | None = None,
    *,
    books: Books | None = None,
) -> AsyncIterator[ModelSetup | None]:
    """Wire the models of one run; None where no model is configured.

    Args:
        request: What the door asks for.
        settings: What the environment says.
        repository: The folder that is reviewed; its name is what spending is summed by.
        account: Who is charged instead: a pull request.
        books: Where the run is written down instead of the user's own ledger.

    Raises:
        UserError: A name, key, bound or file is wrong, or the extra ``model`` is not installed.
    """
    text = model_text(request, settings)
    if text is None:
        yield None
        return
    missing = [name for name in _EXTRA if find_spec(name) is None]
    if missing:
        raise UserError(
            f"a model is configured, and {missing[0]} is not installed",
            hint="Install it: pip install 'persona-reviewer[model]'",
        )
    from reviewer.llm.ceilings import Account

    account = account or Account(run_id=uuid4().hex, repository=repository_name(repository))
    async with _wired(text, request, settings, account, books) as setup:
        yield setup


@asynccontextmanager
async def _wired(
    text: str,
    request: ModelRequest,
    settings: Settings,
    account: Account,
    given: Books | None,
) -> AsyncIterator[ModelSetup]:
    from reviewer.adapters.http import HttpClient
    from reviewer.adapters.patterns.parses import parses
    from reviewer.adapters.providers.factory import base_url_of
    from reviewer.domain.model_name import parse_model_name
    from reviewer.llm.ceilings import load_ceilings
    from reviewer.llm.client import LLMClient
    from reviewer.llm.journal import JustRun
    from reviewer.prompting.prompt_catalogue import shipped_prompts
    from reviewer.service.model_setup import ModelSetup

    replayed = None if request.replay is None else read_run(request.replay)
    operator = read_operator_file(settings) if replayed is None else replayed.operator
    operator = _as_asked(operator, request, text)
    model = parse_model_name(text)
    verify = parse_model_name(operator.model.verify) if operator.model.verify else model
    personas = {name: parse_model_name(value) for name, value in operator.model.personas.items()}
    allowed = {parse_model_name(value) for value in operator.model.allowed}
    if replayed is not None:
        account = replace(account, repository=replayed.repository)
    reached = {model, verify, *personas.values(), *allowed}
    async with (
        HttpClient(allowed=[base_url_of(each) for each in reached]) as http,
        _books(settings, replayed, given, keeps_answers=request.record is None) as books,
        _answering(request, settings, http, (operator, account, books, replayed)) as models,
    ):
        yield ModelSetup(
            client=LLMClient(
                models=models,
                ledger=books.ledger,
                journal=books.journal or JustRun(),
                clock=books.clock,
                account=account,
                ceilings=await load_ceilings(
                    _limits(operator), account, books.ledger, books.clock.now()
                ),
                pricing=_pricing(operator),
                cache=books.cache,
                telemetry=_telemetry(settings),
                onlooker=books.onlooker,
                secrets=tuple(settings.keys.values()),
            ),
            model=model,
            verify_model=verify,
            persona_models=personas,
            allowed_models=frozenset(map(str, allowed)),
            prompts=shipped_prompts(),
            wishes=prompt_wishes(operator),
            repository=account.repository,
            run_id=account.run_id,
            today=books.clock.now().date(),
            draw_nonce=lambda: secrets.token_hex(NONCE_BYTES),
            language=operator.model.language,
            pace=operator.model.pace,
            effort=operator.model.effort,
            suggestions=operator.model.suggestions,
            parses=parses,
            context_tokens=operator.model.context_tokens,
            output_tokens=operator.model.output_tokens,
            secrets=tuple(settings.keys.values()),
        )


def _pricing(operator: OperatorConfiguration) -> Pricing:
    """Return the prices that are known, with those that the operator states before all others."""
    from reviewer.llm.pricing import Pricing, StatedPrice

    def exact(value: float | None) -> Decimal | None:
        return None if value is None else Decimal(str(value))

    return Pricing(
        stated={
            name: StatedPrice(
                input=Decimal(str(price.input)),
                output=Decimal(str(price.output)),
                cache_read=exact(price.cache_read),
                cache_write=exact(price.cache_write),
            )
            for name, price in operator.prices.items()
        }
    )


def _as_asked(
    operator: OperatorConfiguration, request: ModelRequest, text: str
) -> OperatorConfiguration:
    """Put the door's word over the operator's; of a ceiling the lower one holds."""
    from reviewer.domain.operator_configuration import Pace

    said: dict[str, object] = {"name": text}
    if request.language is not None:
        said["language"] = request.language
    if request.suggestions is not None:
        said["suggestions"] = request.suggestions
    if request.fast is not None:
        said["pace"] = Pace.SPEED if request.fast else Pace.COST
    changed: dict[str, object] = {"model": operator.model.model_copy(update=said)}
    if request.most_dollars is not None:
        most = float(request.most_dollars)
        run = operator.budget.run
        dollars = most if run.dollars is None else min(run.dollars, most)
        run = run.model_copy(update={"dollars": dollars})
        changed["budget"] = operator.budget.model_copy(update={"run": run})
    return operator.model_copy(update=changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Where a run is written down, and by which clock.

    Args:
        ledger: Keeps every attempt.
        cache: Keeps answers by content; None for nobody.
        clock: Tells the time.
        journal: Keeps what a run did, for a run that is begun again; None where none is.
        onlooker: Is told what happens meanwhile, and keeps nothing.
    """

    ledger: Ledger
    cache: CompletionCache | None
    clock: Clock
    journal: Journal | None = None
    onlooker: Onlooker = field(default_factory=NoOnlooker)


@asynccontextmanager
async def _books(
    settings: Settings,
    replayed: RecordedRun | None,
    given: Books | None,
    *,
    keeps_answers: bool,
) -> AsyncIterator[Books]:
    """Open the ledger; a replay is written down nowhere and lives in the time of its recording."""
    if given is not None:
        yield given
        return
    if replayed is not None:
        from reviewer.adapters.cassette.replay import ReplayClock, ReplayLedger

        clock = ReplayClock(replayed.answers.started_at)
        yield Books(ledger=ReplayLedger(replayed.spent), cache=None, clock=clock)
        return
    from reviewer.adapters.database.store import open_store
    from reviewer.adapters.system_clock import SystemClock

    async with open_store(settings.state_folder) as store:
        cache = store.completions if keeps_answers else None
        yield Books(ledger=store.ledger, cache=cache, clock=SystemClock())


def repository_name(repository: Path) -> str:
    """Return what spending is summed by: the folder's name."""
    return repository.resolve().name


@asynccontextmanager
async def _answering(
    request: ModelRequest,
    settings: Settings,
    http: HttpClient,
    run: tuple[OperatorConfiguration, Account, Books, RecordedRun | None],
) -> AsyncIterator[Callable[[ModelName], Model]]:
    """Make what answers: providers, a cassette instead, or providers and a cassette beside."""
    from reviewer.adapters.providers.factory import provider_for
    from reviewer.llm.profiles import profile_of

    def provider(model: ModelName) -> Model:
        key = settings.keys.get(model.provider)
        if key is None and model.provider not in _KEYLESS:
            raise UserError(
                f"there is no key for {model.provider}",
                hint=f"Set {KEY_VARIABLES[model.provider]}, or leave the model out.",
            )
        explicit = profile_of(model).explicit_cache
        return provider_for(model, key, http=http, explicit_cache=explicit)

    operator, account, books, replayed = run
    if replayed is not None:
        yield lambda _: replayed.answers
    elif request.record is not None:
        from reviewer.adapters.cassette.record import recording

        now = books.clock.now()
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        spent = await books.ledger.spent(since=day, repository=account.repository)
        with recording(
            request.record,
            model=str(operator.model.name),
            started_at=now,
            generator=f"persona-reviewer {__version__}",
            language=operator.model.language,
            configuration=configuration_of(operator, account.repository, spent),
            secrets=tuple(settings.keys.values()),
        ) as record:
            yield lambda model: record(provider(model))
    else:
        yield provider


def _telemetry(settings: Settings) -> Telemetry:
    """Return who watches: OpenTelemetry where it is installed, else nobody."""
    if find_spec("opentelemetry") is None:
        from reviewer.ports.telemetry import NoTelemetry

        return NoTelemetry()
    from reviewer.adapters.telemetry.opentelemetry_spans import OpenTelemetrySpans

    return OpenTelemetrySpans(secrets=tuple(settings.keys.values()))


def _limits(operator: OperatorConfiguration) -> Limits:
    """Turn the operator's table into limits."""
    from reviewer.llm.ceilings import Limits

    table = operator.budget
    return Limits(
        call=_limit(table.call),
        run=_limit(table.run),
        pull_request=_limit(table.pull_request),
        repository_day=_limit(table.repository_day),
        installation_month=_limit(table.installation_month),
    )


def _limit(table: LimitTable) -> Limit | None:
    from reviewer.llm.ceilings import Limit

    if table.dollars is None and table.tokens is None:
        return None
    dollars = None if table.dollars is None else Decimal(str(table.dollars))
    return Limit(tokens=table.tokens, dollars=dollars)


def prompt_wishes(operator: OperatorConfiguration) -> PromptWishes:
    """Return which versions of prompts the operator settles."""
    from reviewer.prompting.prompt_catalogue import PromptWishes, Rollout

    rollouts: Mapping[str, Rollout] = {
        name: Rollout(version=entry.version, share_percent=100 * entry.share)
        for name, entry in operator.prompts.rollout.items()
    }
    return PromptWishes(operator=operator.prompts.pin, rollouts=rollouts)
