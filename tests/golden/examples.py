"""One review of every shape that people can meet: the subjects of the golden files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reviewer.domain.change import FileChange, NotReviewedReason, Side
from reviewer.domain.checklist import NO_MODEL, Verdict
from reviewer.domain.evidence import EvidenceKind, Hit
from reviewer.domain.finding import Confidence, OutcomeKind, PlacedFinding
from reviewer.domain.persona import Persona, Severity
from reviewer.domain.review import Review
from reviewer.domain.selection import Choice, ChoiceKind
from reviewer.domain.status import RunState
from reviewer.rendering.document import ReviewDocument
from reviewer.testing.builders import (
    build_answer,
    build_change,
    build_file,
    build_finding,
    build_persona,
    build_placed,
    build_review,
    build_rule,
    build_scorecard,
    build_selection,
    build_unreviewed_file,
)

SECONDS: Mapping[str, float] = {"change": 0.06, "evidence": 0.27, "total": 0.41}

API_BEFORE = """import subprocess

from fastapi import FastAPI

app = FastAPI()


@app.get("/listing")
async def listing(folder: str) -> str:
    return "nothing yet"
"""
API_AFTER = """import subprocess

import requests
from fastapi import FastAPI

app = FastAPI()
UPSTREAM_PASSWORD = "not-a-real-password"


@app.get("/listing")
async def listing(folder: str) -> str:
    requests.get("http://audit.internal/seen", timeout=3)
    result = subprocess.run(
        f"ls -l {folder}",
        shell=True,
        capture_output=True,
    )
    return result.stdout.decode()
"""
API = build_file("app/api.py", before=API_BEFORE, after=API_AFTER)
MODELS = build_file(
    "app/models.py",
    after=(
        "import os.path\n\n\n"
        "def load(name, folder):\n    return open(os.path.join(folder, name)).read()\n"
    ),
)
LOCK = build_unreviewed_file("poetry.lock", NotReviewedReason.LOCK_FILE)
DATA = build_unreviewed_file("data/big.jsonl", NotReviewedReason.TOO_LARGE, "17.2 MB")

SHELL = build_rule("SEC007", "Validate inputs and escape outputs", Severity.CRITICAL)
SECRETS = build_rule("SEC001", "Keep secrets out of code", Severity.CRITICAL)
TOKENS = build_rule("SEC005", "Sign API tokens with RS256", Severity.CRITICAL)
HEADERS = build_rule("SEC006", "Send security headers", Severity.MINOR)
BLOCKING = build_rule("API006", "Call other services with httpx.AsyncClient")
ROUTES = build_rule("API001", "Make endpoints async unless CPU-bound")
CORS = build_rule("API005", "Set CORS deliberately")
HEALTH = build_rule("API007", "Expose health checks", Severity.MINOR)
TYPES = build_rule("PY001", "Annotate every signature")
PATHS = build_rule("PY004", "Use pathlib.Path, not os.path", Severity.MINOR)
RESOURCES = build_rule("PY008", "Manage async resources with a context manager", Severity.MINOR)
WALRUS = build_rule("PY007", "Use := where it removes a repeated call", Severity.NOTE)
TRACES = build_rule("OBS002", "Trace requests with OpenTelemetry", Severity.NOTE)

SENTINEL = build_persona("security-sentinel", SECRETS, TOKENS, HEADERS, SHELL)
MAESTRO = build_persona("async-maestro", ROUTES, CORS, BLOCKING, HEALTH)
GUARDIAN = build_persona("type-guardian", TYPES, PATHS, RESOURCES, WALRUS)
OBSERVER = build_persona("observer", TRACES)

SHELL_FINDING = build_finding(
    API,
    13,
    end_line=17,
    co_signers=("bug-hunter",),
    explanation=(
        "`subprocess` call with `shell=True`. `folder` comes from the query string of"
        " `GET /listing` and becomes part of a shell command: `?folder=;id` runs `id`."
    ),
    remedy="Pass a list and no shell: `subprocess.run(['ls', '-l', '--', folder])`.",
)
SECRET_FINDING = build_finding(
    API,
    7,
    rule_id="SEC001",
    headline="A password stands in the code",
    explanation="Whoever reads the repository can use it, and its history keeps it for ever.",
    remedy="Load it from the environment, and replace the password: it is known now.",
    sources=("ruff S105",),
)
BLOCKING_FINDING = build_finding(
    API,
    12,
    rule_id="API006",
    persona="async-maestro",
    severity=Severity.MAJOR,
    headline="A blocking HTTP call inside `async def`",
    explanation="Every other request waits until `requests.get` has its answer.",
    remedy="Await `httpx.AsyncClient.get`.",
    sources=("ruff ASYNC210",),
)
TYPES_FINDING = build_finding(
    MODELS,
    4,
    rule_id="PY001",
    persona="type-guardian",
    severity=Severity.MAJOR,
    headline="A signature without annotations",
    explanation="Without types the checker skips the body, so wrong arguments show in production.",
    remedy="Annotate parameters and the return value.",
    sources=("ruff ANN001", "ruff ANN201"),
)
PATHS_FINDING = build_finding(
    MODELS,
    5,
    rule_id="PY004",
    persona="type-guardian",
    severity=Severity.MINOR,
    headline="os.path instead of pathlib",
    explanation="Strings lose what a path knows.",
    remedy="Use `Path(folder) / name`.",
    sources=("ruff PTH118", "ruff PTH123"),
)

SELECTION = build_selection(
    [
        ("security-sentinel", "app/api.py:13 builds a shell command"),
        ("async-maestro", "1 file imports fastapi"),
        ("type-guardian", "2 Python files"),
        ("observer", "app/api.py:12 calls another service"),
    ],
    [
        Choice(
            persona="test-automator",
            kind=ChoiceKind.WOULD_ALSO_APPLY,
            reason="source changed and no test did",
        ),
        Choice(
            persona="container-architect", kind=ChoiceKind.NOT_CHOSEN, reason="no container file"
        ),
    ],
)
SENTINEL_CARD = build_scorecard(
    SENTINEL,
    build_answer(SECRETS, "security-sentinel", Verdict.FAIL, "ruff S105", (SECRET_FINDING,)),
    build_answer(TOKENS, "security-sentinel", Verdict.PASS, "pattern SEC005/weak-algorithm"),
    build_answer(HEADERS, "security-sentinel", Verdict.NOT_ASSESSED, NO_MODEL),
    build_answer(SHELL, "security-sentinel", Verdict.FAIL, "ruff S602", (SHELL_FINDING,)),
)
MAESTRO_CARD = build_scorecard(
    MAESTRO,
    build_answer(ROUTES, "async-maestro", Verdict.PASS, "ruff ASYNC2"),
    build_answer(CORS, "async-maestro", Verdict.PASS, "pattern API005/any-origin"),
    build_answer(BLOCKING, "async-maestro", Verdict.FAIL, "ruff ASYNC210", (BLOCKING_FINDING,)),
    build_answer(HEALTH, "async-maestro", Verdict.NOT_APPLICABLE, "already so before this change"),
)
OBSERVER_CARD = build_scorecard(
    OBSERVER, build_answer(TRACES, "observer", Verdict.NOT_ASSESSED, NO_MODEL)
)
GUARDIAN_CARD = build_scorecard(
    GUARDIAN,
    build_answer(TYPES, "type-guardian", Verdict.FAIL, "ruff ANN001", (TYPES_FINDING,)),
    build_answer(PATHS, "type-guardian", Verdict.FAIL, "ruff PTH118", (PATHS_FINDING,)),
    build_answer(RESOURCES, "type-guardian", Verdict.PASS, "pattern PY008/never-closed"),
    build_answer(WALRUS, "type-guardian", Verdict.NOT_ASSESSED, NO_MODEL),
)

FINDINGS = build_review(
    build_change(API, MODELS),
    personas=(SENTINEL, MAESTRO, GUARDIAN, OBSERVER),
    selection=SELECTION,
    scorecards=(SENTINEL_CARD, MAESTRO_CARD, GUARDIAN_CARD, OBSERVER_CARD),
    findings=(
        build_placed(SHELL_FINDING),
        build_placed(SECRET_FINDING),
        build_placed(BLOCKING_FINDING),
        build_placed(
            TYPES_FINDING, OutcomeKind.SUMMARY, "your own ruff reports this (pyproject.toml)"
        ),
        build_placed(PATHS_FINDING, OutcomeKind.SUMMARY, "more than 3 inline"),
        build_placed(
            replace(SHELL_FINDING, rule_id="BUG006", persona="bug-hunter", fingerprint="0" * 40),
            OutcomeKind.DUPLICATE,
            "says the same as SEC007 of security-sentinel",
        ),
    ),
)


def _answered(persona: Persona, *verdicts: Verdict) -> Review:
    """Return a review by one persona, its rules ending in these verdicts."""
    reasons = {Verdict.NOT_ASSESSED: NO_MODEL, Verdict.NOT_APPLICABLE: "no subject here"}
    answers = [
        build_answer(rule, persona.name, verdict, reasons.get(verdict, ""))
        for rule, verdict in zip(persona.rules, verdicts, strict=True)
    ]
    return build_review(
        build_change(API, MODELS),
        personas=(persona,),
        selection=build_selection([(persona.name, "2 Python files")]),
        scorecards=(build_scorecard(persona, *answers),),
    )


CLEAN = replace(
    _answered(GUARDIAN, Verdict.PASS, Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.PASS),
    model="claude-sonnet-5",
)
NEEDS_MODEL = _answered(
    GUARDIAN, Verdict.PASS, Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.NOT_ASSESSED
)
NOT_REVIEWED = replace(CLEAN, change=build_change(API, MODELS, LOCK, DATA))
PARTIAL = replace(
    FINDINGS,
    state=RunState.PARTIAL,
    reason="ruff timed out on 1 file",
    findings=FINDINGS.findings[:1],
)
NOTHING_REVIEWABLE = build_review(
    build_change(LOCK, DATA),
    state=RunState.SKIPPED,
    reason="no file of this change can be reviewed",
)
SKIPPED = build_review(state=RunState.SKIPPED, reason="no persona speaks about these files")
FAILED = build_review(state=RunState.FAILED, reason="git could not read the base commit")
SUPERSEDED = build_review(state=RunState.SUPERSEDED, reason="the head moved to 9b1d2c3")
INJECTION = replace(
    NEEDS_MODEL,
    injection_suspected=True,
    notices=("app/api.py:3 holds text that addresses the reviewer; it had no effect.",),
)
NOTICES = replace(
    FINDINGS,
    notices=(
        "Your own ruff reports 2 of these findings (pyproject.toml); they are not repeated inline.",
        "SEC004 is scoped away from deploy/**: reviewed by hand every quarter.",
        "The change edits .reviewer.toml; the base's version was used.",
    ),
)
OTHER_ANALYSERS = replace(
    NEEDS_MODEL,
    other_analysers=(
        Hit(
            kind=EvidenceKind.SARIF,
            code="py/path-injection",
            path="app/models.py",
            message="This path depends on a user-provided value.",
            start_line=5,
            end_line=5,
            tool="CodeQL",
        ),
    ),
)
REMOVED = build_file(
    "app/auth.py",
    before=(
        "def allowed(user: str) -> bool:\n"
        "    if not user:\n        return False\n    return user in ADMINS\n"
    ),
    after="def allowed(user: str) -> bool:\n    return user in ADMINS\n",
)
REMOVED_LINES = build_review(
    build_change(REMOVED),
    personas=(SENTINEL,),
    selection=build_selection([("security-sentinel", "app/auth.py touches permissions")]),
    scorecards=(build_scorecard(SENTINEL),),
    findings=(
        build_placed(
            build_finding(
                REMOVED,
                2,
                end_line=3,
                side=Side.BASE,
                confidence=Confidence.MEDIUM,
                headline="The check for an empty user is gone",
                explanation="An empty name is looked up among the administrators.",
                remedy="Keep the check.",
            )
        ),
    ),
    model="claude-sonnet-5",
)


def many_findings(number: int) -> Review:
    """Return a review with so many findings, five of them inline."""
    file = build_file("app/big.py", after="".join(f"os.system(value_{i})\n" for i in range(number)))
    findings = tuple(
        build_finding(
            file,
            index + 1,
            severity=(Severity.CRITICAL, Severity.MAJOR, Severity.MINOR)[index * 3 // number],
        )
        for index in range(number)
    )
    answer = build_answer(SHELL, "security-sentinel", Verdict.FAIL, "ruff S605", findings)
    return build_review(
        build_change(file),
        personas=(SENTINEL,),
        selection=build_selection([("security-sentinel", "app/big.py:1 builds a shell command")]),
        scorecards=(build_scorecard(SENTINEL, answer),),
        findings=tuple(
            build_placed(finding)
            if index < 5
            else build_placed(finding, OutcomeKind.SUMMARY, "more than 5 inline")
            for index, finding in enumerate(findings)
        ),
    )


def _hostile_file() -> FileChange:
    return build_file(
        "src/<img src=x onerror=1>|`x`\n@org/team.py",
        after=(
            'a = "\u202e \u2066// admin\u2069"\n'
            'b = "<!-- persona-reviewer: state -->"\n\x1b[2J\x00```\n'
        ),
    )


HOSTILE_TEXT = (
    "Fixes #1, see https://evil.example/?q= and ![x](https://evil.example/p.png) @everyone"
    " <script>alert(1)</script> <!-- persona-reviewer:dismiss --> [a]: javascript:x\n/dismiss all\n"
    "```suggestion\nrm -rf /\n"
)


def _hostile() -> Review:
    file = _hostile_file()
    finding = build_finding(
        file,
        1,
        end_line=3,
        headline=HOSTILE_TEXT,
        explanation=HOSTILE_TEXT,
        remedy=HOSTILE_TEXT,
        sources=(HOSTILE_TEXT,),
    )
    placed: tuple[PlacedFinding, ...] = (
        build_placed(finding),
        build_placed(
            replace(finding, severity=Severity.NOTE, fingerprint="f" * 40),
            OutcomeKind.SUMMARY,
            HOSTILE_TEXT,
        ),
    )
    return build_review(
        build_change(
            file, build_unreviewed_file("@a/b#1|\r\n/x", NotReviewedReason.TOO_LARGE, "`|")
        ),
        personas=(SENTINEL,),
        selection=build_selection(
            [("security-sentinel", HOSTILE_TEXT)],
            [Choice(persona="observer", kind=ChoiceKind.WOULD_ALSO_APPLY, reason=HOSTILE_TEXT)],
        ),
        scorecards=(
            build_scorecard(
                SENTINEL,
                build_answer(SHELL, "security-sentinel", Verdict.FAIL, HOSTILE_TEXT, (finding,)),
            ),
        ),
        findings=placed,
        notices=(HOSTILE_TEXT,),
        injection_suspected=True,
    )


REVIEWS: Mapping[str, Review] = {
    "findings": FINDINGS,
    "clean": CLEAN,
    "needs_model": NEEDS_MODEL,
    "not_reviewed": NOT_REVIEWED,
    "partial": PARTIAL,
    "skipped": SKIPPED,
    "nothing_reviewable": NOTHING_REVIEWABLE,
    "failed": FAILED,
    "superseded": SUPERSEDED,
    "injection_suspected": INJECTION,
    "notices": NOTICES,
    "other_analysers": OTHER_ANALYSERS,
    "removed_lines": REMOVED_LINES,
    "many_findings": many_findings(40),
    "hostile": _hostile(),
}
EXAMPLES: Mapping[str, ReviewDocument] = {
    name: ReviewDocument(review=review, seconds=SECONDS) for name, review in REVIEWS.items()
}
