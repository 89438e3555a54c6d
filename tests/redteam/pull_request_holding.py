"""What must hold of every run on a pull request, whatever it holds and whatever a model says.

Of what stands on the pull request, of everything that GitHub was asked, of the runner's log, the
outputs and the job summary. What must hold of the review itself stands in `holding`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from reviewer.domain.command import read_commands
from reviewer.domain.marker import PREFIX, MarkKind, Signer, Subject
from reviewer.testing.fake_github import Exchange, FakeCheck, FakePullRequest
from tests.redteam.action_stage import BOT, STATE_KEY, ActionStage, Ran
from tests.redteam.github_place import Place
from tests.redteam.holding import (
    assert_markdown_is_dead,
    assert_no_secret,
    assert_nothing_hidden,
)

OUTPUTS = frozenset({"state", "conclusion", "reason", "score", "to-fix", "to-consider", "head-sha"})
_COMMIT = re.compile(r"[0-9a-f]{40}")
_LONGEST_BODY = 65_536
_MOST_INLINE = 5


def assert_all_holds(
    stage: ActionStage, pull: FakePullRequest, ran: Ran, *, told: Collection[str] = ()
) -> None:
    """Assert everything of one run.

    Args:
        stage: Where it ran.
        pull: What it was about.
        ran: What it left behind.
        told: Paths that GitHub told of it, where they are not its own.
    """
    assert_standing(stage, pull, told=told)
    assert_asked_here_only(pull, ran.exchanges)
    assert_runner_obeys_nothing(stage, pull, ran)


def our_link(stage: Place, pull: FakePullRequest) -> re.Pattern[str]:
    """Return what every link of ours looks like: a file, a commit's or this pull request's."""
    home = re.escape(f"{stage.url}/{pull.repository.full_name}")
    return re.compile(rf"{home}/(?:blob/[0-9a-f]{{40}}/[^\s\"<>]*|pull/{pull.number}[^\s\"<>]*)")


def assert_standing(stage: Place, pull: FakePullRequest, *, told: Collection[str] = ()) -> None:
    """Assert what stands on a pull request under our name.

    Args:
        stage: Where.
        pull: The pull request.
        told: Paths that GitHub told of it, where they are not its own.
    """
    signer = _signer(stage, pull)
    link = our_link(stage, pull)
    summaries = 0
    for comment in pull.comments:
        if comment.author is None or comment.author.login != BOT:
            continue
        kinds = [kind for kind in MarkKind if signer.read(comment.body, kind) is not None]
        assert len(kinds) == 1, "a comment of ours has exactly one marker of ours"
        summaries += kinds == [MarkKind.SUMMARY]
        _assert_body("comment", comment.body, link)
    assert summaries <= 1
    for thread in pull.threads:
        for index, comment in enumerate(thread.comments):
            if comment.author is not None and comment.author.login == BOT:
                kind = MarkKind.REPLY if index else MarkKind.FINDING
                assert signer.read(comment.body, kind) is not None
                _assert_body("inline", comment.body, link)
    fingerprints = [
        reading.mark.fingerprint  # type: ignore[union-attr]
        for thread in pull.threads
        if (first := thread.comments[0].author) is not None
        and first.login == BOT
        and (reading := signer.read(thread.body, MarkKind.FINDING)) is not None
    ]
    assert len(fingerprints) == len(set(fingerprints)), "a finding stands twice"
    paths = {*told, *(file.filename for file in pull.changed_files)}
    for review in pull.reviews:
        if review.author is not None and review.author.login == BOT:
            assert (review.state, review.body) == ("COMMENTED", "")
    for check in pull.repository.checks:
        _assert_check(check, paths, link)


def _signer(stage: Place, pull: FakePullRequest) -> Signer:
    viewer = stage.hub.account(BOT)
    subject = Subject(bot=str(viewer.id), repository_id=pull.repository.id, number=pull.number)
    return Signer(subject=subject, key=STATE_KEY)


def _assert_body(name: str, body: str, link: re.Pattern[str]) -> None:
    """Assert that a posted text is dead, and has one marker, which is its last line."""
    assert len(body) <= _LONGEST_BODY
    visible, _, marker = body.rpartition("\n")
    assert marker.startswith(PREFIX)
    assert marker.endswith(" -->")
    assert marker.count("-->") == 1
    assert PREFIX not in visible
    assert_markdown_is_dead(name, visible, link)
    assert_nothing_hidden(name, body)
    assert_no_secret(name, body)
    assert not read_commands(body).speaks_to_us, f"{name} commands ourselves"
    # A mail client or a bot of others may not know Markdown: no line begins with a command.
    assert not re.search(r"(?m)^\s{0,3}/[a-z]+", body), name


def _assert_check(check: FakeCheck, paths: set[str], link: re.Pattern[str]) -> None:
    texts = {"title": check.title or "", "summary": check.summary or "", "text": check.text or ""}
    for annotation in check.annotations:
        assert annotation["path"] in paths
        texts[f"annotation {len(texts)}"] = f"{annotation['title']}\n{annotation['message']}"
    for name, text in texts.items():
        assert_nothing_hidden(name, text)
        assert_no_secret(name, text)
        assert PREFIX not in text, name
    assert "\n" not in texts["title"]
    assert_markdown_is_dead("check", texts["summary"], link)
    assert_markdown_is_dead("record", texts["text"], link)
    assert check.conclusion in {"success", "neutral", "failure"}


def assert_asked_here_only(pull: FakePullRequest, exchanges: list[Exchange]) -> None:
    """Assert that nothing was asked of another repository or pull request, nor with a secret."""
    repository = pull.repository
    home = f"/repos/{repository.full_name}"
    comments = {comment.id for comment in pull.comments} | {
        comment.id for thread in pull.threads for comment in thread.comments
    }
    for exchange in exchanges:
        where = f"{exchange.method} {exchange.path}"
        for secret in (STATE_KEY,):
            assert secret.encode() not in exchange.request_body, where
        if exchange.path == "/graphql":
            assert_graphql_is_ours(pull, exchange)
            continue
        if re.fullmatch(r"/app/installations/[1-9]\d*/access_tokens", exchange.path):
            assert_token_is_narrow(repository.id, exchange)
            continue
        assert exchange.path.startswith(f"{home}/"), where
        rest = exchange.path.removeprefix(home)
        assert re.fullmatch(r"/(?:[A-Za-z0-9/_.-]+|collaborators/[^/]+/permission)", rest), where
        if not exchange.writes:
            continue
        allowed = re.fullmatch(
            rf"/(?:pulls|issues)/{pull.number}/\w+(?:/(?P<reply>\d+)(?:/replies)?)?"
            r"|/(?:issues|pulls)/comments/(?P<id>\d+)(?:/reactions)?|/check-runs(?:/\d+)?",
            rest,
        )
        assert allowed is not None, where
        assert allowed["id"] is None or int(allowed["id"]) in comments, where
        body = exchange.request if isinstance(exchange.request, dict) else {}
        for name in ("head_sha", "commit_id"):
            assert name not in body or _COMMIT.fullmatch(str(body[name])), where
        assert not {"APPROVE", "REQUEST_CHANGES"} & set(map(str, body.values())), where


def assert_token_is_narrow(repository_id: int, exchange: Exchange) -> None:
    """Assert that a token was asked for this repository alone, and for what reviews need."""
    asked = exchange.request
    assert isinstance(asked, dict)
    assert asked["repository_ids"] == [repository_id]
    assert set(asked["permissions"]) <= {"checks", "contents", "metadata", "pull_requests"}
    assert asked["permissions"].get("contents", "read") == "read"


def assert_graphql_is_ours(pull: FakePullRequest, exchange: Exchange) -> None:
    """Assert that a question to GraphQL names this repository, and only values of ours inline."""
    request = exchange.request
    assert isinstance(request, dict)
    variables = request.get("variables") or {}
    assert isinstance(variables, Mapping)
    owner, name = pull.repository.full_name.split("/")
    named = (variables.get("owner", owner), variables.get("name", name))
    assert named == (owner, name)
    assert variables.get("number", pull.number) == pull.number
    literals = re.findall(r'"((?:[^"\\]|\\.)*)"', exchange.document)
    assert all(re.fullmatch(r"[A-Za-z0-9:./_-]*", literal) for literal in literals), literals
    if exchange.writes:
        threads = {thread.id for thread in pull.threads}
        assert set(map(str, variables.values())) <= threads


def assert_runner_obeys_nothing(stage: ActionStage, pull: FakePullRequest, ran: Ran) -> None:
    """Assert that a runner finds in the log, outputs and summary only what we meant."""
    for name, text in (("log", ran.log), ("outputs", ran.output), ("summary", ran.summary)):
        assert_nothing_hidden(name, text)
        assert_no_secret(name, text)
        assert STATE_KEY not in text
        assert stage.token not in text
    for command in obeyed(ran.log):
        assert re.match(r"::(?:notice|warning|error) (?:file=[^:]*,)?[^:]*title=[^:]*::", command)
    assert ran.outputs.keys() == OUTPUTS
    assert all("\n" not in value for value in ran.outputs.values())
    # Whatever name an attacker thinks of, it must not be found when the file is read line by line.
    marks = re.findall(r"(?m)^[\w-]+<<(end-[0-9a-f]{32})$", ran.output)
    assert len(marks) == len(set(marks)) == len(OUTPUTS)
    assert_markdown_is_dead("job summary", ran.summary, our_link(stage, pull))


def obeyed(log: str) -> Iterator[str]:
    """Return what a runner obeys in a log: commands while they are not stopped.

    https://github.com/actions/runner/blob/main/src/Runner.Worker/ActionCommandManager.cs
    """
    stopped = ""
    for line in log.splitlines():
        text = line.lstrip()
        if stopped:
            if text == f"::{stopped}::":
                stopped = ""
        elif text.startswith("::stop-commands::"):
            stopped = text.removeprefix("::stop-commands::")
            assert re.fullmatch(r"[0-9a-f]{32}", stopped)
        elif text.startswith("::") or "##[" in text:
            yield text
