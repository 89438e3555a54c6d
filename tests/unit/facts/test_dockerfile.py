"""Facts about images, beyond what the snippets of the DK rules show."""

from __future__ import annotations

import pytest

from reviewer.domain.change import Side
from reviewer.domain.facts import FACTS
from reviewer.domain.facts.image import Image
from tests.personas.snippet_harness import file_change
from tests.unit.facts.fact_example import ask, change, lines

SLIM = "FROM python:3.12-slim\n"


@pytest.mark.parametrize(
    ("name", "repository", "tag"),
    [
        ("docker.io/library/python:3.12", "python", "3.12"),
        ("localhost:5000/shop/api", "localhost:5000/shop/api", ""),
        ("ghcr.io/acme/api:1@sha256:ab", "ghcr.io/acme/api", "1"),
        (None, "", ""),
    ],
)
def test_the_name_of_an_image_has_parts(name: str | None, repository: str, tag: str) -> None:
    assert (Image.parse(name).repository, Image.parse(name).tag) == (repository, tag)


def test_a_digest_pins_an_image() -> None:
    assert not Image.parse("redis@sha256:ab").has_moving_tag
    assert Image.parse("redis").has_moving_tag
    assert not Image.parse("scratch").has_moving_tag


def test_a_removed_user_is_shown_where_it_stood() -> None:
    seen = ask(
        "final-stage-runs-as-root", "Dockerfile", f"{SLIM}CMD x\n", base=f"{SLIM}USER 1000\nCMD x\n"
    )

    assert [(hit.side, hit.start_line) for hit in seen.hits] == [(Side.BASE, 2)]


def test_an_entry_point_that_drops_its_rights_is_fine() -> None:
    assert (
        ask("final-stage-runs-as-root", "Dockerfile", f'{SLIM}CMD ["gosu", "app", "x"]\n').hits
        == ()
    )


def test_an_image_that_starts_nothing_has_no_user_to_name() -> None:
    assert ask("final-stage-runs-as-root", "Dockerfile", f"{SLIM}COPY a b\n").inapplicable


def test_a_user_that_only_a_build_argument_knows_is_not_judged() -> None:
    assert (
        ask("final-stage-runs-as-root", "Dockerfile", f"{SLIM}ARG U\nUSER $U\nCMD x\n").hits == ()
    )


def test_a_template_is_not_read() -> None:
    seen = ask("final-stage-runs-as-root", "Dockerfile", "FROM {{ image }}\nCMD x\n")

    assert seen.unexamined == (("Dockerfile", "the Dockerfile is a template"),)


def test_the_last_stage_for_development_is_not_the_shipped_one() -> None:
    text = f"{SLIM}USER 1000\nCMD x\nFROM python:3.12 AS dev-envs\nRUN apt-get install -y git\n"

    assert ask("final-stage-runs-as-root", "Dockerfile", text).hits == ()
    assert ask("final-base-not-small", "Dockerfile", text).hits == ()


def test_a_tool_is_told_on_the_line_that_names_it_and_only_if_that_is_new() -> None:
    base = "FROM debian:12-slim\nRUN apt-get install -y \\\n  gcc \\\n  curl\n"

    assert ask("build-tools-in-final-stage", "Dockerfile", base + "ENV A=1\n", base=base).hits == ()
    added = base.replace("  curl\n", "  make \\\n  curl\n")
    assert lines(ask("build-tools-in-final-stage", "Dockerfile", added, base=base)) == [4]


def test_a_deleted_dockerignore_counts_for_a_dockerfile_of_the_change() -> None:
    dockerfile = file_change(
        "Dockerfile",
        base=f"{SLIM}COPY . .\n",
        head=f"{SLIM}COPY . .\nENV A=1\n",
    )
    gone = file_change(".dockerignore", base=".git\n", head=None)

    assert lines(FACTS["dockerignore-missing"](change(dockerfile, gone))) == [None]


def test_without_the_tree_a_missing_dockerignore_cannot_be_told() -> None:
    assert ask("dockerignore-missing", "Dockerfile", f"{SLIM}COPY . .\n", tree=None).unexamined


@pytest.mark.parametrize("name", ["Dockerfile.md", "Dockerfile.dockerignore", "docs/dockerfile.py"])
def test_other_files_with_the_word_in_their_name_are_none(name: str) -> None:
    assert ask("final-base-not-small", name, "FROM python:3.12\n").inapplicable


@pytest.mark.parametrize(
    "line",
    [
        "ENV API_KEY=$KEY",
        "ARG TOKEN",
        "ENV DB_PASSWORD=changeme",
        "ENV SECRET_KEY_FILE=/run/secrets/key",
    ],
)
def test_a_reference_or_a_placeholder_is_no_secret_in_the_image(line: str) -> None:
    assert ask("secret-set-in-image", "Dockerfile", f"{SLIM}{line}\n").hits == ()


def test_the_old_form_of_env_is_read_too() -> None:
    assert lines(
        ask("secret-set-in-image", "Dockerfile", f"{SLIM}ENV DB_PASSWORD s3cr3tHarbour\n")
    ) == [2]


def test_only_the_first_package_manager_is_told() -> None:
    text = f"{SLIM}RUN pip install a\nRUN pip install b\n"

    assert lines(ask("package-manager-without-cache-mount", "Dockerfile", text)) == [2]
