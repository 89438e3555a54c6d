"""Whole runs of the Action with a desk of plain values: what is asked, told, and left behind."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from reviewer.bootstrap.pull_request import Order, Report
from reviewer.config import ActionSettings, GitHubSettings, Settings
from reviewer.domain.checklist import Verdict
from reviewer.domain.conclusion import Conclusion, ConclusionKind
from reviewer.domain.event import CommentEvent, PullRequestEvent
from reviewer.domain.posting import Annotation, AnnotationLevel
from reviewer.domain.status import RunState
from reviewer.entrypoints.action.program import run
from reviewer.entrypoints.action.runner import RunnerLog
from reviewer.entrypoints.cli.session import ExitCode
from reviewer.errors import GitHubError, UserError
from reviewer.testing.builders import (
    build_answer,
    build_persona,
    build_review,
    build_rule,
    build_scorecard,
)

HEAD_SHA, BASE_SHA = "a" * 40, "b" * 40
REPOSITORY = {"id": 1, "full_name": "octo/shop"}
ANNOTATION = Annotation(
    path="app.py",
    start_line=3,
    end_line=3,
    level=AnnotationLevel.WARNING,
    title="User input reaches a shell",
    message="Pass a list.",
)
COMPLETED = Report(
    state=RunState.COMPLETED,
    review=build_review(),
    conclusion=Conclusion(kind=ConclusionKind.NEUTRAL, reason="advisory: no criterion is set"),
    annotations=(ANNOTATION,),
    seconds={"total": 1.25},
)


def _pull_request(*, fork: bool = False, action: str = "opened") -> dict[str, object]:
    home = {"id": 2, "full_name": "mallory/shop"} if fork else REPOSITORY
    return {
        "action": action,
        "repository": REPOSITORY,
        "sender": {"id": 5, "login": "alice", "type": "User"},
        "pull_request": {
            "number": 7,
            "state": "open",
            "title": "Add it\n::error::x",
            "head": {"sha": HEAD_SHA, "ref": "feature", "repo": home},
            "base": {"sha": BASE_SHA, "ref": "main", "repo": REPOSITORY},
        },
    }


def _comment(*, on_pull_request: bool = True) -> dict[str, object]:
    issue: dict[str, object] = {"number": 7}
    if on_pull_request:
        issue["pull_request"] = {}
    return {
        "action": "created",
        "repository": REPOSITORY,
        "sender": {"id": 5, "login": "alice", "type": "User"},
        "issue": issue,
        "comment": {"id": 9, "body": "/review", "user": {"id": 5, "login": "alice"}},
    }


@dataclass
class FakeDesk:
    """Gives the same report to everybody, or raises."""

    report: Report = COMPLETED
    error: BaseException | None = None
    orders: list[tuple[PullRequestEvent | CommentEvent, Order]] = field(default_factory=list)

    def review(self, event: PullRequestEvent, order: Order) -> Report:
        return self._attend(event, order)

    def answer(self, event: CommentEvent, order: Order) -> Report:
        return self._attend(event, order)

    def _attend(self, event: PullRequestEvent | CommentEvent, order: Order) -> Report:
        self.orders.append((event, order))
        if self.error is not None:
            raise self.error
        return self.report


@dataclass
class Run:
    """What one run left behind."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str
    desk: FakeDesk


Runs = Callable[..., Run]


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    def start(
        payload: object,
        name: str = "pull_request",
        *,
        desk: FakeDesk | None = None,
        settings: Settings | None = None,
        inputs: dict[str, str] | None = None,
    ) -> Run:
        event, output, summary = (tmp_path / part for part in ("event", "output", "summary"))
        event.write_text(json.dumps(payload))
        output.write_text("")
        summary.write_text("")
        sink, desk = io.StringIO(), desk or FakeDesk()
        action = ActionSettings(
            event_name=name,
            event_file=event,
            workspace=tmp_path / "workspace",
            output_file=output,
            summary_file=summary,
            inputs=inputs or {},
        )
        code = run(
            settings or Settings(), action, desk, RunnerLog(sink, lambda: "WORD"), lambda: "WORD"
        )
        lines = iter(output.read_text().splitlines())
        outputs = {line.partition("<<")[0]: next(lines) for line in lines if "<<" in line}
        return Run(code, sink.getvalue(), outputs, summary.read_text(), desk)

    return start


def test_a_pull_request_is_reviewed_and_posted(runs: Runs) -> None:
    done = runs(_pull_request(), inputs={"personas": "bug-hunter", "max-cost": "0.1"})
    ((event, order),) = done.desk.orders
    assert isinstance(event, PullRequestEvent)
    assert event.pull_request.head_sha == HEAD_SHA
    assert order.publish
    assert not order.model.without
    assert order.personas == ("bug-hunter",)
    assert str(order.model.most_dollars) == "0.1"
    assert done.code == ExitCode.CLEAN
    assert done.outputs == {
        "state": "completed",
        "conclusion": "neutral",
        "reason": "advisory: no criterion is set",
        "score": "",
        "to-fix": "0",
        "to-consider": "0",
        "head-sha": COMPLETED.review.change.head if COMPLETED.review else "",
    }
    assert done.summary.startswith("**")
    # The check has the annotations; a second set would only be noise.
    assert "::warning" not in done.log


@pytest.mark.holds("R45")
def test_the_log_obeys_nothing_until_the_end(runs: Runs) -> None:
    done = runs(_pull_request())
    lines = done.log.splitlines()
    assert (lines[0], lines[-1]) == ("::stop-commands::WORD", "::WORD::")
    assert " · 1.2 s" in done.log


@pytest.mark.holds("P11")
def test_a_fork_without_secrets_gets_a_mechanical_review_that_is_posted_nowhere(
    runs: Runs,
) -> None:
    settings = Settings(model="anthropic:claude-sonnet-5-5", github=GitHubSettings(token="t"))
    done = runs(_pull_request(fork=True), settings=settings)
    ((_, order),) = done.desk.orders
    assert (order.publish, order.model.without) == (False, True)
    assert done.code == ExitCode.CLEAN
    assert "::warning file=app.py,line=3,endLine=3,title=User input reaches a shell::" in done.log
    assert done.summary.startswith("**Nothing was posted on the pull request.**")
    assert "`reviewer review --pr octo/shop#7`" in done.summary
    assert "`/review`" in done.summary


def test_a_fork_that_is_given_secrets_is_posted_to(runs: Runs) -> None:
    settings = Settings(github=GitHubSettings(token="t", state_key="k"))
    done = runs(_pull_request(fork=True), settings=settings)
    assert done.desk.orders[0][1].publish
    assert "Nothing was posted" not in done.summary


def test_a_dry_run_posts_nothing_and_annotates(runs: Runs) -> None:
    done = runs(_pull_request(), inputs={"dry-run": "true"})
    assert not done.desk.orders[0][1].publish
    assert "::warning file=app.py" in done.log
    assert "fork" not in done.summary


def test_more_findings_than_github_shows_are_counted(runs: Runs) -> None:
    desk = FakeDesk(report=replace(COMPLETED, annotations=(ANNOTATION,) * 12))
    done = runs(_pull_request(), desk=desk, inputs={"dry-run": "true"})
    assert done.log.count("::warning file=") == 10
    assert "- 2 more findings have no annotation" in done.summary


def test_a_token_without_a_permission_is_told_with_the_way_out(runs: Runs) -> None:
    problem = "the check could not be written: 403: Resource not accessible by integration"
    done = runs(_pull_request(), desk=FakeDesk(report=replace(COMPLETED, notes=(problem,))))
    assert f"::warning title=Persona Reviewer::{problem}" in done.log
    assert "checks: write" in done.summary
    # Where no check stands, the findings stand on the lines all the same.
    assert "::warning file=app.py" in done.log


def test_the_score_is_the_one_that_people_see(runs: Runs) -> None:
    rules = [build_rule(f"EX00{number}", "Say it") for number in range(3)]
    persona = build_persona("example", *rules)
    verdicts = (Verdict.PASS, Verdict.PASS, Verdict.FAIL)
    answers = [
        build_answer(rule, "example", verdict)
        for rule, verdict in zip(rules, verdicts, strict=True)
    ]
    review = build_review(personas=(persona,), scorecards=(build_scorecard(persona, *answers),))
    done = runs(_pull_request(), desk=FakeDesk(report=replace(COMPLETED, review=review)))
    assert f"{done.outputs['score']} %" == str(review.score) == "66 %"
    assert "score 66 %" in done.log


def test_a_model_whose_key_did_not_arrive_is_left_out_aloud(runs: Runs) -> None:
    done = runs(_pull_request(), settings=Settings(model="anthropic:claude-sonnet-5-5"))
    assert done.desk.orders[0][1].model.without
    assert done.code == ExitCode.CLEAN
    assert "::warning title=Persona Reviewer::No key for anthropic arrived" in done.log
    assert "No key for anthropic arrived" in done.summary


@pytest.mark.parametrize(
    ("model", "keys"),
    [
        ("anthropic:claude-sonnet-5-5", {"anthropic": "k"}),
        ("compatible:http://127.0.0.1:8080/v1#small", {}),
    ],
)
def test_a_model_that_has_what_it_needs_is_asked(
    runs: Runs, model: str, keys: dict[str, str]
) -> None:
    done = runs(_pull_request(), settings=Settings(model=model, keys=keys))
    assert not done.desk.orders[0][1].model.without
    assert "No key" not in done.log


@pytest.mark.parametrize("name", ["issue_comment", "pull_request_review_comment"])
def test_a_comment_goes_to_whoever_answers(runs: Runs, name: str) -> None:
    payload = _comment()
    if name == "pull_request_review_comment":
        payload["pull_request"] = _pull_request()["pull_request"]
    done = runs(payload, name, desk=FakeDesk(report=Report(state=None, reason="no command")))
    ((event, _),) = done.desk.orders
    assert isinstance(event, CommentEvent)
    assert (done.code, done.summary) == (ExitCode.CLEAN, "")
    assert "no command" in done.log


@pytest.mark.parametrize(
    ("name", "payload", "words"),
    [
        ("issue_comment", _comment(on_pull_request=False), "not on a pull request"),
        ("push", {"ref": "refs/heads/main"}, "and the event is push"),
        ("workflow_run", {"action": "completed"}, "and the event is workflow_run"),
        (
            "merge_group",
            {
                "action": "checks_requested",
                "repository": REPOSITORY,
                "merge_group": {"head_sha": HEAD_SHA, "head_ref": "refs/heads/queue"},
            },
            "reviewed already",
        ),
    ],
)
def test_anything_else_is_said_and_green(
    runs: Runs, name: str, payload: object, words: str
) -> None:
    done = runs(payload, name)
    assert done.desk.orders == []
    assert done.code == ExitCode.CLEAN
    assert words in done.log
    assert done.outputs["state"] == ""


@pytest.mark.holds("P11")
@pytest.mark.parametrize("name", ["pull_request_target", "workflow_run"])
def test_a_job_with_secrets_beside_a_stranger_s_code_is_refused(
    runs: Runs, tmp_path: Path, name: str
) -> None:
    git = tmp_path / "workspace" / ".git"
    git.mkdir(parents=True)
    (git / "HEAD").write_text(f"{HEAD_SHA}\n")
    payload = _pull_request(fork=True)
    if name == "workflow_run":
        payload = {"action": "completed", "workflow_run": {"head_sha": HEAD_SHA}}
    done = runs(payload, name)
    assert done.desk.orders == []
    assert done.code == ExitCode.USAGE
    assert f"::error title=Persona Reviewer::this {name} job has checked out" in done.log
    assert "allow-head-checkout: true" in done.summary
    known = runs(payload, name, inputs={"allow-head-checkout": "true"})
    assert known.code == ExitCode.CLEAN


def test_pull_request_target_without_a_checkout_is_reviewed(runs: Runs) -> None:
    done = runs(_pull_request(fork=True), "pull_request_target")
    assert done.desk.orders[0][1].publish
    assert done.code == ExitCode.CLEAN


def test_a_policy_that_fails_makes_the_job_red_and_says_why(runs: Runs) -> None:
    conclusion = Conclusion(kind=ConclusionKind.FAILURE, reason="2 findings are major or worse")
    done = runs(_pull_request(), desk=FakeDesk(report=replace(COMPLETED, conclusion=conclusion)))
    assert done.code == ExitCode.POLICY_FAILED
    assert "::error title=Persona Reviewer::The policy fails: 2 findings" in done.log


OUTAGES = [
    FakeDesk(error=GitHubError("502: the server is down")),
    FakeDesk(error=ValueError("a defect")),
    FakeDesk(report=Report(state=RunState.FAILED, reason="the provider is down")),
]


@pytest.mark.holds("P03")
@pytest.mark.parametrize("desk", OUTAGES, ids=["error", "defect", "state"])
def test_an_outage_is_a_warning_unless_the_workflow_asks_for_red(
    runs: Runs, desk: FakeDesk
) -> None:
    done = runs(_pull_request(), desk=desk)
    assert done.code == ExitCode.CLEAN
    assert "::warning title=Persona Reviewer::The change could not be reviewed" in done.log
    assert done.summary.startswith("**Failed: ")
    assert (done.outputs["state"], done.outputs["conclusion"]) == ("failed", "")
    red = runs(_pull_request(), desk=desk, inputs={"fail-on-error": "true"})
    assert red.code == ExitCode.COULD_NOT_REVIEW
    assert "::error title=Persona Reviewer::The change could not be reviewed" in red.log


def test_a_defect_shows_its_text_only_when_asked(runs: Runs) -> None:
    desk = FakeDesk(error=ValueError("quotes the change"))
    assert "quotes the change" not in runs(_pull_request(), desk=desk).log
    loud = runs(_pull_request(), desk=desk, settings=Settings(debug=True))
    assert "quotes the change" in loud.log
    assert "quotes the change" not in loud.summary


@pytest.mark.parametrize(
    ("inputs", "error", "words"),
    [
        ({"fail-on": "mjor"}, None, "Did you mean major?"),
        ({}, UserError("no persona is called x", hint="Known are a, b."), "Known are a, b."),
    ],
)
def test_a_mistake_of_a_person_is_red_with_the_way_out(
    runs: Runs, inputs: dict[str, str], error: UserError | None, words: str
) -> None:
    done = runs(_pull_request(), desk=FakeDesk(error=error), inputs=inputs)
    assert done.code == ExitCode.USAGE
    assert words in done.log
    assert done.outputs["state"] == "failed"


def test_a_cancelled_job_says_so(runs: Runs) -> None:
    done = runs(_pull_request(), desk=FakeDesk(error=KeyboardInterrupt()))
    assert done.code == ExitCode.INTERRUPTED
    assert "no check is left open" in done.summary


@pytest.mark.holds("P03")
@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'{"a":1,"a":2}', b"\xff"])
def test_an_event_that_cannot_be_read_is_no_success(tmp_path: Path, raw: bytes) -> None:
    event = tmp_path / "event"
    event.write_bytes(raw)
    sink = io.StringIO()
    action = ActionSettings(
        event_name="pull_request", event_file=event, inputs={"fail-on-error": "true"}
    )
    assert run(Settings(), action, FakeDesk(), RunnerLog(sink)) == ExitCode.COULD_NOT_REVIEW
    assert "the event cannot be read" in sink.getvalue()


def test_without_an_event_the_person_is_told_where_they_are() -> None:
    sink = io.StringIO()
    assert run(Settings(), ActionSettings(), FakeDesk(), RunnerLog(sink)) == ExitCode.USAGE
    assert "reviewer review --pr" in sink.getvalue()


@pytest.mark.holds("R45")
def test_a_hostile_title_in_a_reason_reaches_log_outputs_and_summary_as_text(runs: Runs) -> None:
    hostile = "x\n::set-output name=state::completed\n##[add-path]/x <!-- persona-reviewer:x -->"
    desk = FakeDesk(report=Report(state=RunState.SKIPPED, reason=hostile))
    done = runs(_pull_request(), desk=desk)
    commands = [line for line in done.log.splitlines() if line.startswith("::")]
    assert commands == ["::stop-commands::WORD", "::WORD::"]
    assert "##[" not in done.log
    assert "\n" not in done.outputs["reason"]
    assert "<!--" not in done.summary
