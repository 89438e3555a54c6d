"""What a service remembers, for tests of whatever keeps it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from reviewer.domain.audit import AuditEntry
from reviewer.domain.checklist import Verdict
from reviewer.domain.delivery import Delivery
from reviewer.domain.dismissal_record import DismissalRecord
from reviewer.domain.event import OtherEvent
from reviewer.domain.finding import Outcome, OutcomeKind, PlacedFinding
from reviewer.domain.history import History, KnownFinding, KnownState
from reviewer.domain.history_record import HistoryRecord
from reviewer.domain.installation import Installation, InstalledRepository
from reviewer.domain.persona import Severity
from reviewer.domain.pull_request import Account, AccountKind, PullRequestName, Repository
from reviewer.domain.run import RuleVerdict, RunRecord
from reviewer.ports.store import Store
from reviewer.testing.builders import build_file, build_finding
from tests.ledger_example import NOON

SHOP = Repository(owner="Example", name="Shop")
ACCOUNT = Account(id=71, login="Example", kind=AccountKind.ORGANIZATION)
INSTALLATION = Installation(id=11, account=ACCOUNT)

#: Larger than 32 bits, as the host's numbers will be.
LARGE = 5_000_000_000


def a_run(identity: str = "run-1", **fields: Any) -> RunRecord:  # noqa: ANN401 - of any type
    """Return a run of a usual kind.

    Args:
        identity: Its id.
        fields: What differs from the usual.
    """
    run = RunRecord(
        id=identity,
        installation_id=11,
        repository_id=101,
        pull_request=PullRequestName(repository=SHOP, number=7),
        head_sha="3f9c2ab47bce5a76b9719d911017c592deadbeef",
        trigger="opened",
        delivery_id="delivery-1",
        title="Sell more",
        queued_at=NOON,
    )
    return replace(run, **fields)


def a_delivery(identity: str = "delivery-1", **fields: Any) -> Delivery:  # noqa: ANN401 - of any type
    """Return a delivery of a usual kind.

    Args:
        identity: Its id.
        fields: What differs from the usual.
    """
    delivery = Delivery(
        id=identity,
        name="pull_request",
        action="opened",
        received_at=NOON,
        installation_id=11,
        repository_id=101,
        event=OtherEvent(name="pull_request", action="opened"),
    )
    return replace(delivery, **fields)


def a_repository(number: int = 101, name: str = "Shop", **fields: Any) -> InstalledRepository:  # noqa: ANN401 - of any type
    """Return a repository of a usual kind.

    Args:
        number: Its number.
        name: Its name.
        fields: What differs from the usual.
    """
    repository = InstalledRepository(
        id=number, name=Repository(owner="Example", name=name), installation_id=11
    )
    return replace(repository, **fields)


def a_finding(headline: str = "A query built from text", **fields: Any) -> PlacedFinding:  # noqa: ANN401 - of any type
    """Return a finding that stands inline.

    Args:
        headline: What is wrong.
        fields: What differs from the usual, of the finding.
    """
    file = build_file("src/shop.py", before="a\n", after='a\nrun(f"{b}")\n')
    finding = build_finding(file, 2, headline=headline, sources=("ruff S608",))
    return PlacedFinding(
        finding=replace(finding, **fields), outcome=Outcome(kind=OutcomeKind.INLINE)
    )


def a_verdict(rule_id: str = "SEC001", **fields: Any) -> RuleVerdict:  # noqa: ANN401 - of any type
    """Return what a rule was answered.

    Args:
        rule_id: The rule.
        fields: What differs from the usual.
    """
    verdict = RuleVerdict(
        persona="security-sentinel",
        persona_version=2,
        rule_id=rule_id,
        severity=Severity.CRITICAL,
        verdict=Verdict.FAIL,
        reason="1 hit of ruff S608",
        asked=True,
    )
    return replace(verdict, **fields)


def a_dismissal(fingerprint: str = "ab" * 20, **fields: Any) -> DismissalRecord:  # noqa: ANN401 - of any type
    """Return a dismissal of a usual kind.

    Args:
        fingerprint: Which finding.
        fields: What differs from the usual.
    """
    dismissal = DismissalRecord(
        installation_id=11,
        repository_id=101,
        pull_request=PullRequestName(repository=SHOP, number=7),
        fingerprint=fingerprint,
        by=Account(id=5, login="mona", kind=AccountKind.USER),
        reason="The table is ours",
        at=NOON,
    )
    return replace(dismissal, **fields)


def a_history(text: str = "The table is ours", **fields: Any) -> HistoryRecord:  # noqa: ANN401 - of any type
    """Return what reviews of a pull request remember: a finding that somebody dismissed.

    Args:
        text: The reason.
        fields: What differs from the usual, of the record.
    """
    finding = KnownFinding(
        fingerprint="ab" * 20,
        rule_id="SEC001",
        persona="security-sentinel",
        severity=Severity.MAJOR,
        path="src/shop.py",
        headline="A query built from text",
        state=KnownState.DISMISSED,
        by="mona",
        reason=text,
        authorised=True,
    )
    record = HistoryRecord(
        installation_id=11,
        repository_id=101,
        pull_request=PullRequestName(repository=SHOP, number=7),
        history=History(
            generation=4, known=(finding,), spent=Decimal("0.0123"), rounds=(5, 6), trusted=True
        ),
        at=NOON,
    )
    return replace(record, **fields)


def an_entry(action: str = "command /dismiss", **fields: Any) -> AuditEntry:  # noqa: ANN401 - of any type
    """Return an audit entry of a usual kind.

    Args:
        action: What was done.
        fields: What differs from the usual.
    """
    entry = AuditEntry(
        at=NOON,
        actor="mona",
        actor_id=5,
        action=action,
        detail="ab12cd3",
        installation_id=11,
        repository_id=101,
        number=7,
        delivery_id="delivery-1",
        run_id="run-1",
    )
    return replace(entry, **fields)


async def fill(store: Store, installation_id: int, *, text: str) -> None:
    """Let an installation have something of everything, with one text wherever texts go.

    Args:
        store: Where.
        installation_id: Whose; its repository is this number times ten.
        text: The text.
    """
    repository_id = installation_id * 10
    name = Repository(owner=f"owner-{text}", name=f"name-{text}")
    place: dict[str, Any] = {"installation_id": installation_id, "repository_id": repository_id}
    pull_request = PullRequestName(repository=name, number=installation_id)
    async with store.begin() as work:
        account = Account(id=installation_id, login=f"owner-{text}")
        await work.installations.put(Installation(id=installation_id, account=account))
        await work.installations.put_repositories(
            [InstalledRepository(id=repository_id, name=name, installation_id=installation_id)]
        )
        await work.deliveries.add(a_delivery(f"delivery-{text}", **place))
        run = a_run(f"run-{text}", pull_request=pull_request, title=text, reason=text, **place)
        await work.runs.add(run)
        await work.runs.keep_verdicts(run.id, [a_verdict(reason=text)])
        finding = a_finding(
            text, explanation=text, remedy=text, quote=text, suggestion=text, path=f"{text}.py"
        )
        await work.findings.keep(run.id, [finding])
        await work.dismissals.add(a_dismissal(reason=text, pull_request=pull_request, **place))
        await work.histories.put(a_history(text, pull_request=pull_request, **place))
        await work.audit.add(
            an_entry(detail=text, actor=f"actor-{text}", run_id=run.id, delivery_id="", **place)
        )


LATER = NOON + timedelta(hours=1)
