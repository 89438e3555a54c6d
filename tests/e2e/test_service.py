"""``reviewer serve`` as people run it: three settings, one process, SQLite, a local GitHub."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path

import pytest

pytest.importorskip("fastapi")

from reviewer.testing.fake_github import FakePullRequest
from tests.conftest import ReviewerCommand
from tests.e2e.service_scene import (
    BOT,
    DEBOUNCE_SECONDS,
    FAULTY,
    MENDED,
    SECRET,
    Town,
    interpreter,
    town,
    wait_for,
)
from tests.guards import Guard

pytestmark = pytest.mark.loopback

#: Kubernetes kills after 30 seconds; what is longer is lost work.
_END_SECONDS = 25


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town(tmp_path_factory.mktemp("town")) as made:
        yield made


@pytest.fixture
def place(built: Town, guard: Guard, allowed_program: Callable[[Path | str], None]) -> Town:
    """The town with its service running; it is started once and serves all tests."""
    allowed_program(interpreter())
    if not built.service.running:
        built.service.start(guard)
    return built


def _opened(place: Town) -> FakePullRequest:
    pull = place.open_pull()
    place.deliver("pull_request", "opened", pull)
    place.reviewed(pull)
    return pull


def test_a_signed_delivery_becomes_one_review_one_summary_and_one_check(place: Town) -> None:
    pull = _opened(place)
    (review,), (summary,), (check,) = pull.reviews, pull.comments, pull.checks
    assert review.commit_id == check.head_sha == pull.head_sha
    assert "shell" in pull.threads[0].comments[0].body
    assert "1 to fix" in summary.body
    assert check.conclusion == "failure"


@pytest.mark.holds("R21", "P22")
def test_what_happens_is_told_in_lines(place: Town) -> None:
    pull = place.open_pull()
    delivery = place.deliver("pull_request", "opened", pull)
    place.reviewed(pull)
    (handled,) = [
        line
        for line in place.service.lines
        if line["event"] == "delivery handled" and line["delivery_id"] == delivery
    ]
    assert handled["outcome"] == "a review was ordered"
    assert handled["repository"] == pull.repository.full_name
    told = [
        line["event"]
        for line in place.service.lines
        if "sequence" in line and line["delivery_id"] == delivery
    ]
    assert (told[0], told[-1]) == ("review.started", "review.completed")
    assert told.count("persona.started") == told.count("persona.completed") > 0


def test_a_delivery_with_another_signature_is_refused_and_starts_nothing(place: Town) -> None:
    pull = place.open_pull()
    event = place.hub.event("pull_request", "opened", pull, installation=place.installation)
    headers, body = place.hub.signed(event, "not the secret of this service")
    assert place.service.send(headers, body) == HTTPStatus.UNAUTHORIZED
    headers, body = place.hub.signed(event, SECRET)
    assert place.service.send(headers, body + b" ") == HTTPStatus.UNAUTHORIZED
    assert not place.ran(pull)


@pytest.mark.holds("R21", "P22")
@pytest.mark.exhaustive
def test_the_same_delivery_twenty_times_is_one_review(place: Town) -> None:
    pull = place.open_pull()
    event = place.hub.event("pull_request", "opened", pull, installation=place.installation)
    headers, body = place.hub.signed(event, SECRET)
    with ThreadPoolExecutor(10) as storm:
        answers = list(storm.map(lambda _: place.service.send(headers, body), range(20)))
    assert set(answers) <= {HTTPStatus.OK, HTTPStatus.ACCEPTED}
    place.reviewed(pull)
    assert place.service.send(headers, body) in {HTTPStatus.OK, HTTPStatus.ACCEPTED}
    time.sleep(2 * DEBOUNCE_SECONDS)
    assert place.ran(pull) == 1
    assert (len(pull.reviews), len(pull.comments), len(pull.checks)) == (1, 1, 1)


@pytest.mark.holds("P10")
def test_pushes_that_follow_each_other_are_one_review_of_the_last(place: Town) -> None:
    pull = place.open_pull()
    place.deliver("pull_request", "opened", pull)
    for number in range(2):
        pull.push({"other.py": f"NUMBER = {number}\n"})
        place.deliver("pull_request", "synchronize", pull)
    place.reviewed(pull)
    assert [review.commit_id for review in pull.reviews] == [pull.head_sha]
    assert len(pull.repository.checks) == 1
    assert place.ran(pull) == 1


def test_a_command_is_answered_once(place: Town) -> None:
    pull = place.open_pull()
    comment = pull.comment("alice", "/help")
    event = place.hub.event(
        "issue_comment", "created", pull, comment=comment, installation=place.installation
    )
    headers, body = place.hub.signed(event, SECRET)
    for _ in range(3):
        place.service.send(headers, body)
    place.outcome(headers["X-GitHub-Delivery"])
    (answer,) = [written for written in pull.comments if written is not comment]
    assert answer.login == BOT
    assert "/dismiss" in answer.body


@pytest.mark.exhaustive
def test_what_was_dismissed_stays_dismissed(place: Town) -> None:
    pull = _opened(place)
    (thread,) = pull.threads
    (handle,) = re.findall(r"`/dismiss ([0-9a-f]{7}) ", thread.comments[0].body)
    reply = pull.reply(thread, "alice", f"/dismiss {handle} the name is a constant of ours")
    place.outcome(place.deliver("pull_request_review_comment", "created", pull, comment=reply))
    pull.push({"other.py": "NUMBER = 1\n"})
    place.deliver("pull_request", "synchronize", pull)
    wait_for(lambda: [check.conclusion for check in pull.checks], lambda: place.service.log[-3000:])
    assert len(pull.threads) == 1
    assert [check.conclusion for check in pull.checks] == ["success"]


@pytest.mark.holds("R18", "P12")
def test_a_command_of_somebody_who_may_only_read_is_refused(place: Town) -> None:
    pull = place.open_pull()
    comment = pull.comment("mallory", "/review")
    delivery = place.deliver("issue_comment", "created", pull, comment=comment)
    assert "read permission" in place.outcome(delivery)
    assert {reaction.content for reaction in comment.reactions} <= {"confused"}
    assert not place.ran(pull)


@pytest.mark.holds("P23")
@pytest.mark.exhaustive
def test_a_merge_queue_is_given_the_stored_conclusion(place: Town) -> None:
    pull = _opened(place)
    repository = pull.repository
    branch = f"gh-readonly-queue/main/pr-{pull.number}-{pull.base_sha}"
    sha = repository.push({"app.py": FAULTY}, branch=branch)
    payload = {
        "action": "checks_requested",
        "merge_group": {
            "head_sha": sha,
            "head_ref": f"refs/heads/{branch}",
            "base_sha": pull.base_sha,
            "base_ref": "refs/heads/main",
        },
        **place.surroundings(pull),
    }
    place.outcome(place.deliver_payload("merge_group", payload))
    (mirrored,) = [check for check in repository.checks if check.head_sha == sha]
    assert mirrored.conclusion == pull.checks[0].conclusion == "failure"
    assert place.ran(pull) == 1


@pytest.mark.exhaustive
def test_a_check_that_is_asked_for_again_is_a_review_again(place: Town) -> None:
    pull = _opened(place)
    (check,) = pull.checks
    again = place.deliver("check_run", "rerequested", pull, check=check, sender="alice")
    assert place.outcome(again) == "a review was ordered"
    place.reviewed(pull, times=2)
    assert (len(pull.reviews), len(pull.comments), len(pull.checks)) == (1, 1, 2)
    assert {each.conclusion for each in pull.checks} == {check.conclusion}


@pytest.mark.exhaustive
def test_what_was_dismissed_stays_dismissed_although_the_summary_is_deleted(place: Town) -> None:
    pull = _opened(place)
    (handle,) = re.findall(r"`/dismiss ([0-9a-f]{7}) ", pull.threads[0].comments[0].body)
    said = pull.comment("alice", f"/dismiss {handle} ours")
    place.outcome(place.deliver("issue_comment", "created", pull, comment=said))
    wait_for(lambda: [check.conclusion for check in pull.checks][1:], lambda: place.service.log)
    pull.comments.remove(pull.comments[0])
    pull.push({"other.py": "NUMBER = 1\n"})
    place.deliver("pull_request", "synchronize", pull)
    wait_for(
        lambda: [check for check in pull.checks if check.head_sha == pull.head_sha],
        lambda: place.service.log[-3000:],
    )
    assert pull.checks[-1].conclusion == "success"
    assert len(pull.threads) == 1


def test_a_recorded_delivery_is_replayed_by_a_command(
    place: Town, guard: Guard, tmp_path: Path
) -> None:
    pull = place.open_pull()
    recorded = tmp_path / "opened.json"
    event = place.hub.event("pull_request", "opened", pull, installation=place.installation)
    recorded.write_text(json.dumps(event))
    done = place.service.command(
        guard, "replay-delivery", str(recorded), "--event", "pull_request",
        "--url", place.service.url,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.match(r"202 pull_request [0-9a-f-]{36}: ", done.stdout)
    place.reviewed(pull)
    assert len(pull.reviews) == 1


@pytest.mark.holds("S20")
def test_uninstalling_deletes_everything_of_the_installation(place: Town) -> None:
    installation = place.hub.install("leaver")
    pull = place.open_pull(owner="leaver")
    place.deliver("pull_request", "opened", pull, installation=installation)
    place.reviewed(pull)
    assert place.service.rows_of(installation) > 0
    payload = {
        "action": "deleted",
        **place.surroundings(pull, installation=installation),
        "repositories": [],
    }
    place.deliver_payload("installation", payload)
    wait_for(lambda: place.service.rows_of(installation) == 0)


def _cut_off(place: Town, guard: Guard, sent: signal.Signals, asked: str) -> FakePullRequest:
    """Open a pull request, end the service while it is asked for something, and start it again."""
    pull = place.open_pull()
    reached: list[str] = []
    path = f"/repos/{pull.repository.full_name}/{asked}"
    place.hub.fault("*", path, act=lambda: reached.append(path))
    place.deliver("pull_request", "opened", pull)
    wait_for(lambda: reached)
    began = time.monotonic()
    assert place.service.end(sent) in {0, -signal.SIGKILL}
    assert time.monotonic() - began < _END_SECONDS
    place.service.start(guard)
    place.reviewed(pull)
    assert [review.commit_id for review in pull.reviews] == [pull.head_sha]
    assert (len(pull.comments), len(pull.checks)) == (1, 1)
    return pull


@pytest.mark.exhaustive
def test_a_run_that_a_shutdown_meets_is_posted_once_and_known_after_the_next_start(
    place: Town, guard: Guard
) -> None:
    pull = _cut_off(place, guard, signal.SIGTERM, "pulls/1/files")
    pull.push({"app.py": MENDED})
    place.deliver("pull_request", "synchronize", pull)
    wait_for(lambda: "1 fixed" in pull.comments[0].body, lambda: place.service.log[-3000:])
    assert len(pull.reviews) == 1


@pytest.mark.holds("P02")
@pytest.mark.exhaustive
def test_a_run_that_is_killed_while_it_publishes_is_finished_by_the_next_start_and_posted_once(
    place: Town, guard: Guard
) -> None:
    _cut_off(place, guard, signal.SIGKILL, "pulls/1/reviews")


@pytest.mark.holds("S17", "S22")
def test_its_log_is_one_object_a_line_and_shows_no_secret(place: Town) -> None:
    log = place.service.log
    assert not place.service.secrets_in(log, place.hub)
    assert "Traceback" not in log
    plain = [line for line in log.splitlines() if not line.startswith("{")]
    assert all(line.startswith("Listening on http://127.0.0.1:") for line in plain), plain
    assert any(place.service.lines)


def test_a_setup_without_an_address_says_what_to_write(
    reviewer_command: ReviewerCommand, tmp_path: Path
) -> None:
    done = reviewer_command("serve", "--setup", cwd=tmp_path)
    assert done.returncode == 2
    assert "reviewer serve --setup --url https://" in done.stderr


def test_a_setup_keeps_the_app_that_is_there(
    reviewer_command: ReviewerCommand, tmp_path: Path
) -> None:
    (tmp_path / "app.toml").touch()
    done = reviewer_command(
        "serve", "--setup", "--url", "https://reviewer.example.com", "--folder", ".", cwd=tmp_path
    )
    assert done.returncode == 2
    assert "app.toml is there already" in done.stderr


def test_a_replay_to_nobody_says_so(place: Town, guard: Guard, tmp_path: Path) -> None:
    recorded = tmp_path / "ping.json"
    recorded.write_text('{"zen": "Keep it simple."}')
    done = place.service.command(
        guard, "replay-delivery", str(recorded), "--url", "http://127.0.0.1:1"
    )
    assert done.returncode == 3
    assert "nobody listens at http://127.0.0.1:1" in done.stderr
