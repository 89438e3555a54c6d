"""The workflow of a release: which job may do what, and in which order it happens."""

from __future__ import annotations

import pytest

from tests.guards import ROOT
from tests.unit.packaging_example import RELEASE, Document, read_documents


def _jobs() -> dict[str, Document]:
    [document] = read_documents(RELEASE)
    jobs: dict[str, Document] = document["jobs"]
    return jobs


def _script(job: Document) -> str:
    return "\n".join(step.get("run", "") for step in job["steps"])


@pytest.mark.holds("S18")
def test_each_job_of_a_release_may_do_what_it_has_to() -> None:
    granted = {name: job["permissions"] for name, job in _jobs().items()}
    publishing = {
        "contents": "read",
        "packages": "write",
        "id-token": "write",
        "attestations": "write",
    }
    assert granted == {
        "check": {"contents": "read"},
        "image": publishing,
        "publish": publishing,
        "announce": {"contents": "write"},
    }


@pytest.mark.holds("S18")
def test_what_may_write_waits_for_a_person_and_runs_no_tests() -> None:
    jobs = _jobs()
    assert "bash .ci/run" in _script(jobs.pop("check"))
    for job in jobs.values():
        assert job["environment"] == "release"
        assert ".ci/run" not in _script(job)
        assert "requirements-dev.lock" not in _script(job)
        assert "make " not in _script(job), "its first word installs what the tests need"
    assert "git fetch" not in _script(jobs["announce"])


def test_a_release_follows_its_order() -> None:
    jobs = _jobs()
    assert [job.get("needs") for job in jobs.values()] == [None, "check", "image", "publish"]
    steps = [step["name"] for step in jobs["image"]["steps"]]
    order = ["Build", "Scan", "Try it as it is deployed", "Push", "Attest what is in it"]
    assert [name for name in steps if name in order] == order
    assert "uv" in jobs["publish"]["steps"][-1]["run"], "what cannot be taken back comes last"


@pytest.mark.holds("S18")
def test_a_release_is_of_a_tag_builds_on_a_digest_and_uses_one_action() -> None:
    [document] = read_documents(RELEASE)
    assert set(document["on"]) == {"push"}
    assert set(document["on"]["push"]) == {"tags"}
    assert "imagetools inspect" in _script(document["jobs"]["check"])
    build = next(step for step in document["jobs"]["image"]["steps"] if step["name"] == "Build")
    assert build["env"]["BASE"] == "${{ needs.check.outputs.base }}"
    assert '--build-arg "PYTHON_IMAGE=$BASE"' in build["run"]
    used = {
        step["uses"].partition("@")[0]
        for job in document["jobs"].values()
        for step in job["steps"]
        if "uses" in step
    }
    assert used == {"actions/attest"}


def test_the_changelog_is_looked_into_in_the_form_that_it_has() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "\n## [" in changelog
    assert '"## [$version]" CHANGELOG.md' in _script(_jobs()["check"])


@pytest.mark.holds("S18")
def test_everything_that_is_published_was_attested_before_and_its_contents_too() -> None:
    jobs = _jobs()
    attested = {
        name: [step["with"] for step in job["steps"] if "actions/attest@" in step.get("uses", "")]
        for name, job in jobs.items()
    }
    assert attested == {
        "check": [],
        "image": [
            {
                "subject-name": "${{ env.IMAGE }}",
                "subject-digest": "${{ steps.push.outputs.digest }}",
                "sbom-path": "${{ runner.temp }}/sbom.json",
            }
        ],
        "publish": [
            {
                "subject-name": "${{ env.IMAGE }}",
                "subject-digest": "${{ steps.index.outputs.digest }}",
            },
            {"subject-path": "dist/*"},
            {"subject-path": "dist/*.whl", "sbom-path": "${{ runner.temp }}/sbom.json"},
        ],
        "announce": [],
    }
    for name in ("image", "publish"):
        assert 'python" -m deploy.sbom requirements-server.lock' in _script(jobs[name])
        assert {"id-token", "attestations"} <= set(jobs[name]["permissions"])
    assert "publish --no-attestations" in jobs["publish"]["steps"][-1]["run"], "ours are GitHub's"
