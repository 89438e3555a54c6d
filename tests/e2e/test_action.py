"""The documented workflows, letter by letter, run by act against a GitHub on this machine."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from reviewer.testing.fake_github import FakeComment, FakeGitHub, FakePullRequest, FakeRepository
from tests.e2e.act_runner import Act, ActRun
from tests.e2e.model_server import model_server, passing

pytestmark = pytest.mark.loopback

STATE_KEY = "example-state-key-of-32-characters"
BASE = {
    "app.py": "import subprocess\n\n\ndef greet() -> str:\n    return 'hello'\n",
    ".reviewer.toml": "schema = 1\n",
}
FAULTY = (
    "import subprocess\n\n\ndef greet() -> str:\n    return 'hello'\n\n\n"
    "def render(name: str) -> None:\n    subprocess.run(f'render {name}', shell=True, check=True)\n"
)


@dataclass
class Shop:
    """A repository whose workflows are ours.

    Args:
        hub: The GitHub.
        repository: The repository.
        url: Where the GitHub is served.
        act: Runs workflows.
        token: What the job is given.
    """

    hub: FakeGitHub
    repository: FakeRepository
    url: str
    act: Act
    token: str

    def workflow(
        self,
        file: str,
        name: str,
        action: str,
        pull: FakePullRequest,
        *,
        comment: FakeComment | None = None,
        secrets: bool = True,
        variables: dict[str, str] | None = None,
    ) -> ActRun:
        """Let GitHub start a workflow for what happened, and forget what was asked before."""
        self.hub.journal.clear()
        given = {"GITHUB_TOKEN": self.token}
        if secrets:
            given["REVIEWER_STATE_KEY"] = STATE_KEY
        return self.act.run(
            file,
            name,
            self.hub.event(name, action, pull, comment=comment),
            variables={
                "GITHUB_API_URL": self.url,
                "GITHUB_GRAPHQL_URL": f"{self.url}/graphql",
                **(variables or {}),
            },
            secrets=given,
        )

    def review(
        self,
        action: str,
        pull: FakePullRequest,
        *,
        secrets: bool = True,
        variables: dict[str, str] | None = None,
    ) -> ActRun:
        return self.workflow(
            "review.yml", "pull_request", action, pull, secrets=secrets, variables=variables
        )


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a machine on which the Action is installed once."""
    return tmp_path_factory.mktemp("machine")


@pytest.fixture
def shop(
    tmp_path: Path, machine: Path, allowed_program: Callable[[Path | str], None]
) -> Iterator[Shop]:
    hub = FakeGitHub(tmp_path / "hub")
    repository = hub.repository("octo/shop", files=BASE)
    repository.permission("alice", "write")
    act = Act(folder=machine, allow=allowed_program)
    token = hub.token(
        permissions={"contents": "read", "pull_requests": "write", "checks": "write"},
        viewer="github-actions[bot]",
    )
    with hub.serve() as url:
        yield Shop(hub, repository, url, act, token)


def _outputs(run: ActRun) -> dict[str, str]:
    return dict(re.findall(r"::set-output:: ([a-z-]+)=(.*)", run.log))


def test_an_opened_pull_request_gets_one_review_one_summary_and_one_check(shop: Shop) -> None:
    pull = shop.repository.open_pull(
        branch="feature", files={"app.py": FAULTY}, title="Render", body="", author="alice"
    )
    run = shop.review("opened", pull)
    assert run.exit_code == 0, run.log
    (review,) = pull.reviews
    (summary,) = pull.comments
    (check,) = pull.checks
    assert "shell" in pull.threads[0].comments[0].body
    assert "1 to fix" in summary.body
    assert (check.conclusion, check.head_sha) == ("neutral", pull.head_sha)
    assert review.commit_id == pull.head_sha
    assert _outputs(run)["state"] == "completed"
    assert _outputs(run)["to-fix"] == "1"
    assert len(shop.hub.journal) <= 25

    again = shop.review("reopened", pull)
    assert again.exit_code == 0
    assert {write.method for write in shop.hub.writes} <= {"PATCH"}
    assert (len(pull.reviews), len(pull.comments)) == (1, 1)


def test_a_push_is_reviewed_for_what_it_changed(shop: Shop) -> None:
    pull = shop.repository.open_pull(
        branch="feature", files={"app.py": FAULTY}, title="Render", body="", author="alice"
    )
    shop.review("opened", pull)
    mended = FAULTY.replace("f'render {name}', shell=True", "['render', name]")
    pull.push({"app.py": mended}, message="Mend it")
    run = shop.review("synchronize", pull)
    assert run.exit_code == 0, run.log
    assert len(shop.hub.journal) <= 10
    (summary,) = pull.comments
    assert "1 fixed" in summary.body
    assert len(pull.reviews) == 1


@pytest.mark.holds("P12")
def test_a_command_is_answered_for_those_who_may_give_it(shop: Shop) -> None:
    pull = shop.repository.open_pull(
        branch="feature", files={"app.py": FAULTY}, title="Render", body="", author="alice"
    )
    comment = pull.comment("alice", "/review")
    run = shop.workflow("commands.yml", "issue_comment", "created", pull, comment=comment)
    assert run.exit_code == 0, run.log
    assert "eyes" in {reaction.content for reaction in comment.reactions}
    assert len(pull.reviews) == 1

    stranger = pull.comment("mallory", "/dismiss all")
    shop.workflow("commands.yml", "issue_comment", "created", pull, comment=stranger)
    assert {reaction.content for reaction in stranger.reactions} <= {"confused"}
    assert all("reactions" in write.path for write in shop.hub.writes)


@pytest.mark.parametrize("body", ["a plain word", "> /review"])
def test_a_comment_that_is_no_command_starts_nothing(shop: Shop, body: str) -> None:
    pull = shop.repository.open_pull(
        branch="feature", files={"app.py": FAULTY}, title="Render", body="", author="alice"
    )
    comment = pull.comment("alice", body)
    shop.workflow("commands.yml", "issue_comment", "created", pull, comment=comment)
    assert shop.hub.journal == []


@pytest.mark.holds("P11")
def test_a_fork_without_secrets_is_green_and_writes_nothing(shop: Shop) -> None:
    pull = shop.repository.open_pull(
        branch="theirs", files={"app.py": FAULTY}, title="x", body="", author="mallory", fork=True
    )
    shop.token = shop.hub.token(
        permissions={"contents": "read", "pull_requests": "read"}, viewer="github-actions[bot]"
    )
    run = shop.review("opened", pull, secrets=False)
    assert run.exit_code == 0, run.log
    assert shop.hub.writes == []
    assert re.search(r"::error file=app.py,line=9,endLine=9,title=[^:]*shell", run.log)


def test_a_policy_that_fails_makes_the_job_red(shop: Shop) -> None:
    shop.repository.push({".reviewer.toml": 'schema = 1\n[policy]\nfail_on = "major"\n'})
    pull = shop.repository.open_pull(
        branch="feature", files={"app.py": FAULTY}, title="Render", body="", author="alice"
    )
    run = shop.review("opened", pull)
    assert run.exit_code == 1
    assert "The policy fails: 1 finding is major or worse." in run.log
    assert pull.checks[0].conclusion == "failure"


@pytest.mark.holds("P03")
def test_an_outage_of_github_is_green_with_a_warning(shop: Shop) -> None:
    pull = shop.repository.open_pull(
        branch="feature", files={"app.py": FAULTY}, title="Render", body="", author="alice"
    )
    shop.hub.fault("POST", r".*/graphql", status=401, body={"message": "Bad credentials"}, times=99)
    run = shop.review("opened", pull)
    assert run.exit_code == 0, run.log
    assert "::warning title=Persona Reviewer::The change could not be reviewed" in run.log
    assert _outputs(run)["state"] == "failed"


@pytest.mark.holds("R13", "R45")
def test_a_hostile_title_and_file_name_command_nobody(shop: Shop) -> None:
    name = "x::error::y ##[add-path]z.py"
    pull = shop.repository.open_pull(
        branch="feature",
        files={name: FAULTY, "app.py": FAULTY},
        title="::set-output name=state::mine\n::stop-commands::x",
        body="::add-mask::a",
        author="alice",
    )
    run = shop.review("opened", pull)
    assert run.exit_code == 0, run.log
    assert _outputs(run)["state"] == "completed"
    assert "mine" not in json.dumps(_outputs(run))


@pytest.mark.holds("S2")
def test_a_model_is_asked_by_a_process_that_has_no_token(shop: Shop) -> None:
    pull = shop.repository.open_pull(
        branch="feature", files={"app.py": FAULTY}, title="Render", body="", author="alice"
    )
    with model_server(passing) as server:
        run = shop.review("opened", pull, variables={"REVIEWER_MODEL": server.model})
    assert run.exit_code == 0, run.log
    assert server.bodies
    assert shop.token not in json.dumps(server.bodies)
    assert "example" in pull.comments[0].body
