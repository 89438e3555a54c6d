"""One change, one persona and what was sent of it, for the tests of claims."""

from __future__ import annotations

from dataclasses import replace

from reviewer.domain.change import Change, Side
from reviewer.domain.checklist import Verdict
from reviewer.domain.persona import Applies, Match, Severity, Wakes
from reviewer.prompting.answer import ClaimedAnswer, ClaimedFinding
from reviewer.prompting.claim import Question
from reviewer.prompting.sent import Sent, SentFile
from reviewer.testing.builders import build_change, build_file, build_persona, build_rule

_TOP = """\
from datetime import UTC, datetime


def untouched_before() -> None:
    pass


def untouched_after() -> None:
    pass


def one_more() -> None:
    pass


"""
BEFORE = f"""{_TOP}class Desk(Base):
    def open(self) -> None:
        self.ready = True


def place(order):
    check_owner(order)
    total = eval(order.total)
    return total
"""
AFTER = f"""{_TOP}MODEL = "claude-sonnet-5-5"
SINCE = "2026-11-20"
TEMPLATE = "templates/order.html"
SCHEMA = "schema/order.sql"


class Desk(Base):
    def open(self) -> None:
        self.ready = True
        self.journal.write(order)


def place(order: Order) -> int:
    started = datetime.now(UTC)
    client = Client(http2=True)
    total = sum_of(order)
    os.system("print " + order.name)
    log(started)
    return total


def _spare() -> None:
    return None
"""

ORDERS = build_file("app/orders.py", before=BEFORE, after=AFTER)
WORKFLOW = build_file(
    ".github/workflows/ci.yml",
    before="jobs:\n  test:\n    steps:\n",
    after="jobs:\n  test:\n    steps:\n      - uses: actions/checkout@v7\n",
    language="yaml",
)
PROJECT = build_file(
    "pyproject.toml",
    before="[project]\n",
    after='[project]\ndependencies = ["httpx==0.99.1"]\n',
    language="toml",
)
TESTS = build_file(
    "tests/test_orders.py",
    after="from app.orders import place\n\n\ndef test_place() -> None:\n    assert place(ORDER)\n",
)
TEMPLATE = build_file("templates/order.html", after="<h1>Order</h1>\n", language="html")
BILLING = build_file("app/billing.py", before="", after="charge(card)\n")

CHANGE = replace(
    build_change(ORDERS, WORKFLOW, PROJECT, TESTS, TEMPLATE, BILLING),
    head_paths=frozenset(
        {
            "app/orders.py",
            "app/billing.py",
            "schema/order.sql",
            "templates/order.html",
            "tests/test_orders.py",
            "pyproject.toml",
            ".github/workflows/ci.yml",
        }
    ),
)

PYTHON = Applies(languages=("python",))
ANYWHERE = build_rule("TST101", "Keep what others rely on")
CODE = replace(build_rule("TST102", "Let no input run as code"), applies=PYTHON)
TESTED = replace(
    build_rule("TST103", "Cover new behaviour with a test", Severity.MINOR), applies=PYTHON
)
ELSEWHERE = replace(build_rule("TST104", "Pin images"), applies=Applies(languages=("dockerfile",)))
PERSONA = build_persona("order-keeper", ANYWHERE, CODE, TESTED, ELSEWHERE)
HUNTER = replace(PERSONA, match=Match(wakes=Wakes.WITH_MODEL))
ASKED = ("TST101", "TST102", "TST103", "TST104")


def sent_of(change: Change, *left_out: str) -> Sent:
    """Show the whole head of every file, and the base of its hunks."""
    files = []
    for file in change.files:
        if file.path in left_out or file.head_text is None:
            continue
        head = dict(enumerate(file.head_text.splitlines(), start=1))
        files.append(SentFile(file=file, head=head, base=SentFile.of_hunks(file).base))
    return Sent(files=tuple(files))


SENT = sent_of(CHANGE, "app/billing.py", "tests/test_orders.py", "templates/order.html")
QUESTION = Question(persona=PERSONA, asked=ASKED, sent=SENT, change=CHANGE)

#: A claim that is right.
REAL = ClaimedFinding(
    path="app/orders.py",
    quote='    os.system("print " + order.name)',
    headline="An order's name reaches a shell",
    explanation="`order.name` comes from the request: a name of `;id` runs `id` on the server.",
    remedy="Pass a list to `subprocess.run`.",
    severity=Severity.MAJOR,
)


def failing(*findings: ClaimedFinding, rule_id: str = "TST102", reason: str = "") -> ClaimedAnswer:
    """Answer a rule with fail."""
    return ClaimedAnswer(
        rule_id=rule_id, verdict=Verdict.FAIL, reason=reason, findings=tuple(findings)
    )


def saying(verdict: Verdict, *findings: ClaimedFinding, rule_id: str = "TST102") -> ClaimedAnswer:
    """Answer a rule with any verdict."""
    return ClaimedAnswer(rule_id=rule_id, verdict=verdict, reason="", findings=tuple(findings))


def claim(headline: str, explanation: str, quote: str = REAL.quote) -> ClaimedFinding:
    """Claim something of a changed line."""
    return replace(REAL, headline=headline, explanation=explanation, quote=quote)


def of_base(claimed: ClaimedFinding, quote: str) -> ClaimedFinding:
    """Claim the same of removed code."""
    return replace(claimed, side=Side.BASE, quote=quote)
