"""FakeGitHub: a GitHub on one's own machine, over real git, as unkind as the real one.

::

    hub = FakeGitHub(folder)                       # git repositories are made below the folder
    repository = hub.repository("octo/shop", files={"app.py": "…"})      # one commit on main
    pull = repository.open_pull(branch="feature", files={…}, title="…", body="…", author="alice",
                                fork=False, draft=False, labels=[])
    token = hub.token(permissions={"pull_requests": "write"}, viewer="persona-reviewer[bot]")
    with hub.serve() as url:                       # REST; GraphQL at url + "/graphql"
        …
    hub.journal; hub.writes                        # every exchange; those that write
    hub.fault("POST", r".*/reviews", status=502, after_apply=True, times=1)
    pull.push({path: text, gone: None}); pull.amend({…}); pull.force_push(sha_or_files)
    pull.rename(old, new); pull.head_sha, pull.base_sha, pull.number, pull.name
    pull.comments, pull.threads, pull.reviews, pull.checks               # what stands there
    pull.comment("bob", "…"); pull.review_comment("bob", path, line, "…")
    pull.reply(thread, "bob", "…"); pull.resolve(thread, "bob")
    repository.permission("bob", "write"); repository.push({…})          # the base moves
    event = hub.event("pull_request", "opened", pull)
    headers, raw = hub.signed(event, secret)

Needs ``persona-reviewer[testing]``.
"""

from reviewer.testing.fake_github.account import FakeAccount, FakeToken
from reviewer.testing.fake_github.difference import Limits
from reviewer.testing.fake_github.event import FakeEvent
from reviewer.testing.fake_github.fault import Fault
from reviewer.testing.fake_github.git_store import EXECUTABLE, LINK, SUBMODULE, Entry
from reviewer.testing.fake_github.hub import FakeGitHub
from reviewer.testing.fake_github.journal import Exchange
from reviewer.testing.fake_github.pull_request import FakePullRequest
from reviewer.testing.fake_github.repository import FakeRepository
from reviewer.testing.fake_github.standing import (
    FakeCheck,
    FakeComment,
    FakeReaction,
    FakeReview,
    FakeReviewComment,
    FakeThread,
)

__all__ = [
    "EXECUTABLE",
    "LINK",
    "SUBMODULE",
    "Entry",
    "Exchange",
    "FakeAccount",
    "FakeCheck",
    "FakeComment",
    "FakeEvent",
    "FakeGitHub",
    "FakePullRequest",
    "FakeReaction",
    "FakeRepository",
    "FakeReview",
    "FakeReviewComment",
    "FakeThread",
    "FakeToken",
    "Fault",
    "Limits",
]
