"""FakeGitHub tells what GitHub tells: files, patches, trees, contents, pages, permissions."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from reviewer.testing.fake_github import (
    EXECUTABLE,
    LINK,
    SUBMODULE,
    Entry,
    FakeGitHub,
    FakePullRequest,
)
from tests.integration.fake_github_client import calling

PULL = "/repos/octo/shop/pulls/1"
TEXT = "".join(f"line {number}\n" for number in range(1, 41))


@pytest.fixture
def hub(tmp_path: Path) -> FakeGitHub:
    return FakeGitHub(tmp_path)


def _pull(hub: FakeGitHub, before: dict[str, object], after: dict[str, object]) -> FakePullRequest:
    repository = hub.repository("octo/shop", files=before)  # type: ignore[arg-type]
    return repository.open_pull(files=after, body=None)  # type: ignore[arg-type]


async def test_a_pull_request_says_where_its_head_and_base_are(hub: FakeGitHub) -> None:
    pull = _pull(hub, {"a.txt": "a\n"}, {"a.txt": "b\n"})
    async with calling(hub) as call:
        answer = (await call.get(PULL)).json()
    assert answer["head"]["sha"] == pull.head_sha
    assert answer["base"]["sha"] == pull.base_sha != pull.head_sha
    assert (answer["body"], answer["user"]["login"], answer["changed_files"]) == (None, "alice", 1)


async def test_the_list_of_files_has_hunks_only_and_no_patch_where_github_has_none(
    hub: FakeGitHub,
) -> None:
    moved = "same\n" * 20
    _pull(
        hub,
        {
            "edited.txt": TEXT,
            "gone.txt": "x\n",
            "old.txt": moved,
            "both.txt": TEXT + "end\n",
            "b.bin": b"\0\1",
            "mode.sh": "#!\n",
        },
        {
            "edited.txt": TEXT.replace("line 20\n", "LINE 20\n"),
            "gone.txt": None,
            "old.txt": None,
            "new.txt": moved,
            "both.txt": None,
            "renamed.txt": TEXT + "END\n",
            "b.bin": b"\0\2",
            "mode.sh": Entry(content="#!\n", mode=EXECUTABLE),
            "no newline.txt": "x",
            "empty.txt": "",
            "link": Entry(content="edited.txt", mode=LINK),
            "lib": Entry(content="1" * 40, mode=SUBMODULE),
        },
    )
    async with calling(hub) as call:
        files = {file["filename"]: file for file in (await call.get(f"{PULL}/files")).json()}
    assert files["edited.txt"]["patch"] == (
        "@@ -17,7 +17,7 @@ line 16\n line 17\n line 18\n line 19\n-line 20\n+LINE 20\n"
        " line 21\n line 22\n line 23"
    )
    assert (files["edited.txt"]["additions"], files["edited.txt"]["deletions"]) == (1, 1)
    assert files["gone.txt"]["status"] == "removed"
    assert files["gone.txt"]["patch"] == "@@ -1 +0,0 @@\n-x"
    assert files["new.txt"]["previous_filename"] == "old.txt"
    assert files["new.txt"]["status"] == files["renamed.txt"]["status"] == "renamed"
    assert "patch" not in files["new.txt"]
    assert "-end\n+END" in files["renamed.txt"]["patch"]
    assert files["no newline.txt"]["patch"].endswith("+x\n\\ No newline at end of file")
    for name in ("b.bin", "mode.sh", "empty.txt"):
        assert "patch" not in files[name]
    assert files["link"]["patch"].startswith("@@ -0,0 +1 @@\n+edited.txt")
    assert files["lib"]["sha"] is None
    assert "old.txt" not in files


async def test_odd_files_are_told_one_by_one(hub: FakeGitHub) -> None:
    odd = ["a\nb.py", 'x.py","line":1', "-rf", "ä ö.txt", "src/$(id).py"]
    pull = _pull(
        hub,
        {"type.txt": "x\n", "lib": Entry(content="1" * 40, mode=SUBMODULE), "latin.txt": b"\xe9\n"},
        {
            "type.txt": Entry(content="target", mode=LINK),
            "lib": None,
            "latin.txt": b"\xe9\xe8\n",
            **dict.fromkeys(odd, "diff --git a/x b/x\n@@ -1 +1 @@\n"),
        },
    )
    async with calling(hub) as call:
        files = {file["filename"]: file for file in (await call.get(f"{PULL}/files")).json()}
        name = "ä ö.txt"
        content = await call.get(f"/repos/octo/shop/contents/{name}", ref=pull.head_sha)
    assert set(files) == {"type.txt", "lib", "latin.txt", *odd}
    assert (files["type.txt"]["status"], "patch" in files["type.txt"]) == ("changed", False)
    assert (files["lib"]["status"], files["lib"]["sha"]) == ("removed", None)
    assert files["latin.txt"]["patch"].endswith("+\ufffd\ufffd")
    for name in odd:
        assert files[name]["patch"] == "@@ -0,0 +1,2 @@\n+diff --git a/x b/x\n+@@ -1 +1 @@"
    assert content.json()["path"] == "ä ö.txt"


async def test_a_patch_that_is_too_large_is_missing_and_its_counts_are_not(hub: FakeGitHub) -> None:
    long = "".join(f"{number}\n" for number in range(20_001))
    _pull(hub, {"a.txt": "a\n"}, {"a.txt": "b\n", "long.txt": long})
    async with calling(hub) as call:
        files = {file["filename"]: file for file in (await call.get(f"{PULL}/files")).json()}
    assert "patch" not in files["long.txt"]
    assert files["long.txt"]["additions"] == 20_001
    assert "patch" in files["a.txt"]


async def test_files_are_compared_with_the_merge_base_also_after_the_base_has_moved(
    hub: FakeGitHub,
) -> None:
    pull = _pull(hub, {"a.txt": "a\n"}, {"mine.txt": "m\n"})
    old_base = pull.base_sha
    pull.repository.push({"theirs.txt": "t\n"})
    async with calling(hub) as call:
        files = (await call.get(f"{PULL}/files")).json()
        # GitHub looks at the base's branch again when the head is pushed, not before.
        assert (await call.get(PULL)).json()["base"]["sha"] == old_base
        pull.push({"mine.txt": "mm\n"})
        assert (await call.get(PULL)).json()["base"]["sha"] != old_base
    assert [file["filename"] for file in files] == ["mine.txt"]


async def test_301_files_come_in_pages_with_links_and_the_diff_is_refused(hub: FakeGitHub) -> None:
    _pull(hub, {"a.txt": "a\n"}, {f"f{number:03}.txt": "x\n" for number in range(301)})
    async with calling(hub) as call:
        first = await call.get(f"{PULL}/files")
        full = await call.get(f"{PULL}/files", per_page=100, page=3)
        last = await call.get(f"{PULL}/files", per_page=100, page=4)
        diff = await call.get(PULL, accept="application/vnd.github.diff")
    assert len(first.json()) == 30
    assert 'page=2>; rel="next"' in first.headers["link"]
    assert 'page=11>; rel="last"' in first.headers["link"]
    assert (len(full.json()), len(last.json())) == (100, 1)
    assert 'rel="next"' not in last.headers["link"]
    assert diff.status_code == 406
    assert diff.json()["message"] == (
        "Sorry, the diff exceeded the maximum number of files (300). Consider using 'List pull "
        "requests files' API or locally cloning the repository instead."
    )


async def test_a_diff_of_more_than_20_000_lines_is_refused(hub: FakeGitHub) -> None:
    _pull(hub, {"a.txt": "a\n"}, {"a.txt": "b\n" * 20_001})
    async with calling(hub) as call:
        answer = await call.get(PULL, accept="application/vnd.github.diff")
    assert answer.status_code == 406
    message = "Sorry, the diff exceeded the maximum number of lines (20000)"
    assert answer.json()["message"] == message


async def test_the_diff_media_type_answers_with_the_whole_diff(hub: FakeGitHub) -> None:
    _pull(hub, {"a.txt": "a\n"}, {"a.txt": "b\n"})
    async with calling(hub) as call:
        answer = await call.get(PULL, accept="application/vnd.github.diff")
    assert answer.text.startswith("diff --git a/a.txt b/a.txt\n")


async def test_trees_blobs_and_contents_are_those_of_git(hub: FakeGitHub) -> None:
    pull = _pull(hub, {"src/a.txt": "a\n", "b.txt": "b\n"}, {"src/a.txt": "c\n"})
    repository = "/repos/octo/shop"
    async with calling(hub) as call:
        tree = (await call.get(f"{repository}/git/trees/{pull.head_sha}", recursive=1)).json()
        flat = (await call.get(f"{repository}/git/trees/main")).json()
        blob = next(entry for entry in tree["tree"] if entry["path"] == "src/a.txt")
        raw = (await call.get(f"{repository}/git/blobs/{blob['sha']}")).json()
        content = (await call.get(f"{repository}/contents/src/a.txt", ref=pull.head_sha)).json()
        folder = (await call.get(f"{repository}/contents/src")).json()
        missing = await call.get(f"{repository}/contents/none.txt")
        commit = (await call.get(f"{repository}/commits/{pull.head_sha}")).json()
        compared = (await call.get(f"{repository}/compare/main...{pull.head_sha}")).json()
        branch = (await call.get(f"{repository}/branches/main")).json()
        reference = (await call.get(f"{repository}/git/ref/pull/1/head")).json()
        commits = (await call.get(f"{PULL}/commits")).json()
    assert [entry["path"] for entry in tree["tree"]] == ["b.txt", "src", "src/a.txt"]
    assert [entry["path"] for entry in flat["tree"]] == ["b.txt", "src"]
    assert base64.b64decode(raw["content"]) == base64.b64decode(content["content"]) == b"c\n"
    assert [(item["path"], item["type"]) for item in folder] == [("src/a.txt", "file")]
    assert missing.status_code == 404
    assert commit["files"][0]["filename"] == compared["files"][0]["filename"] == "src/a.txt"
    assert (compared["status"], branch["commit"]["sha"]) == ("ahead", pull.base_sha)
    assert reference["object"]["sha"] == commits[0]["sha"] == pull.head_sha


async def test_a_token_may_do_what_it_was_given_and_nothing_else(hub: FakeGitHub) -> None:
    _pull(hub, {"a.txt": "a\n"}, {"a.txt": "b\n"})
    fork = hub.token(permissions={"contents": "read", "pull_requests": "read"})
    async with calling(hub, fork) as call:
        assert (await call.get(PULL)).status_code == 200
        refused = await call.send("POST", "/repos/octo/shop/issues/1/comments", {"body": "x"})
        user = await call.get("/user")
        check = await call.send(
            "POST", "/repos/octo/shop/check-runs", {"name": "x", "head_sha": "0" * 40}
        )
    assert refused.status_code == user.status_code == check.status_code == 403
    assert refused.json()["message"] == "Resource not accessible by integration"
    assert refused.headers["x-accepted-github-permissions"]
    hub.expire(fork)
    async with calling(hub, fork) as call:
        assert (await call.get(PULL)).json()["message"] == "Bad credentials"
    async with calling(hub, "unknown") as call:
        assert (await call.get(PULL)).status_code == 401
    async with calling(hub, hub.token(viewer="bob", installation=False)) as call:
        assert (await call.get("/user")).json()["login"] == "bob"
        assert (await call.get("/installation/repositories")).status_code == 403
    async with calling(hub) as call:
        assert (await call.get("/installation/repositories")).json()["total_count"] == 1
        assert (await call.get("/rate_limit")).json()["rate"]["limit"] == 5000
        assert (await call.get("/repos/octo/other/pulls/1")).status_code == 404
        assert (await call.get("/repos/octo/shop/pulls/9")).status_code == 404


@pytest.mark.parametrize(
    ("role", "old_word"),
    [("none", "none"), ("triage", "read"), ("maintain", "write"), ("admin", "admin")],
)
async def test_the_role_is_finer_than_the_old_word_for_the_permission(
    hub: FakeGitHub, role: str, old_word: str
) -> None:
    repository = hub.repository("octo/shop")
    repository.permission("bob", role)
    async with calling(hub) as call:
        answer = (await call.get("/repos/octo/shop/collaborators/bob/permission")).json()
        nobody = await call.get("/repos/octo/shop/collaborators/nobody/permission")
    assert (answer["permission"], answer["role_name"]) == (old_word, role)
    assert nobody.status_code == 404


async def test_a_deleted_fork_and_a_deleted_account_leave_nulls_and_a_ghost(
    hub: FakeGitHub,
) -> None:
    repository = hub.repository("octo/shop", files={"a.txt": "a\n"})
    pull = repository.open_pull(files={"a.txt": "b\n"}, author="carol", fork=True)
    pull.comment("dave", "hello")
    async with calling(hub) as call:
        before = (await call.get(PULL)).json()
        pull.delete_fork()
        hub.delete_account("dave")
        after = (await call.get(PULL)).json()
        comments = (await call.get("/repos/octo/shop/issues/1/comments")).json()
        asked = await call.graphql(
            'query { repository(owner: "octo", name: "shop") { pullRequest(number: 1) {'
            " isCrossRepository headRepository { nameWithOwner }"
            " comments(first: 1) { nodes { author { login } } } } } }"
        )
    assert before["head"]["repo"]["full_name"] == "carol/shop"
    assert (after["head"]["repo"], after["head"]["user"]) == (None, None)
    assert comments[0]["user"]["login"] == "ghost"
    told = asked["data"]["repository"]["pullRequest"]
    assert (told["headRepository"], told["isCrossRepository"]) == (None, True)
    assert told["comments"]["nodes"][0]["author"] is None
