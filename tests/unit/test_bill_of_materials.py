"""The bill of materials: every package of the lock, once, and the same bytes each time."""

from __future__ import annotations

import json
from importlib.metadata import distributions

import pytest
from packaging.utils import canonicalize_name

from deploy.sbom import bill_of_materials, read_lock
from reviewer import __version__
from tests.guards import ROOT

LOCK = (ROOT / "requirements-server.lock").read_text(encoding="utf-8")
HASH = "a" * 64


@pytest.mark.holds("S18")
def test_every_package_of_the_lock_is_named_once_with_its_hashes() -> None:
    document = bill_of_materials(read_lock(LOCK))
    components = document["components"]
    assert isinstance(components, list)
    named = [component["name"] for component in components]
    assert len(named) == len(set(named)) == LOCK.count("==")
    hashes = [entry["value"] for component in components for entry in component["properties"]]
    assert len(hashes) == LOCK.count("--hash=sha256:")
    assert {"dbos", "fastapi", "pyjwt", "psycopg-binary"} <= set(named)


def test_it_is_the_same_each_time_and_speaks_of_this_version() -> None:
    first, second = (json.dumps(bill_of_materials(read_lock(LOCK))) for _ in range(2))
    assert first == second
    assert f'"pkg:pypi/persona-reviewer@{__version__}"' in first


@pytest.mark.holds("S18")
def test_every_package_that_is_installed_here_has_the_licence_that_it_states() -> None:
    components = bill_of_materials(read_lock(LOCK))["components"]
    assert isinstance(components, list)
    without = {each["name"] for each in components if not each.get("licenses")}
    here = {canonicalize_name(each.name) for each in distributions()}
    assert without & here == set()
    said = {each["name"]: each["licenses"] for each in components if each.get("licenses")}
    assert said["fastapi"] == [{"expression": "MIT"}]
    assert said["dbos"] == [{"license": {"name": "MIT"}}]


def test_who_needs_whom_is_told_extras_included() -> None:
    dependencies = bill_of_materials(read_lock(LOCK))["dependencies"]
    assert isinstance(dependencies, list)
    needs = {
        edge["ref"].rpartition("/")[2].partition("@")[0]: edge["dependsOn"] for edge in dependencies
    }
    assert any(name.startswith("pkg:pypi/starlette@") for name in needs["fastapi"])
    assert any(name.startswith("pkg:pypi/psycopg-binary@") for name in needs["psycopg"])
    references = {edge["ref"] for edge in dependencies}
    assert all(set(edge["dependsOn"]) <= references for edge in dependencies)


def test_debian_s_packages_are_named_with_their_architecture() -> None:
    lines = ["libc6:amd64\t2.41-12+deb13u2\n", "adduser\t3.152\n"]
    components = bill_of_materials((), lines)["components"]
    assert isinstance(components, list)
    assert [component["purl"] for component in components] == [
        "pkg:deb/debian/libc6@2.41-12%2Bdeb13u2?arch=amd64",
        "pkg:deb/debian/adduser@3.152",
    ]


@pytest.mark.holds("S18")
@pytest.mark.parametrize(
    "text",
    [
        "click\n",
        f"click>=8 --hash=sha256:{HASH}\n",
        "click==8.1.8\n",
        f"-e .\nclick==8 --hash=sha256:{HASH}\n",
    ],
)
def test_a_lock_that_pins_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no pinned package with hashes"):
        read_lock(text)


def test_comments_and_continued_lines_of_a_lock_are_read() -> None:
    hashes = f"--hash=sha256:{HASH} \\\n    --hash=sha256:{'b' * 64}"
    text = f"# why\n\nZope.Interface==7.2 \\\n    {hashes}\n"
    [package] = read_lock(text)
    assert package.reference == "pkg:pypi/zope-interface@7.2"
    assert package.hashes == (HASH, "b" * 64)


def test_a_line_that_dpkg_never_wrote_is_refused() -> None:
    with pytest.raises(ValueError, match="no line of dpkg-query"):
        bill_of_materials((), ["Reading package lists...\n"])
