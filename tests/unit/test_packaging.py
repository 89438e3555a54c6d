"""The image of the service, and the file that runs it on one machine."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

import pytest

from reviewer.bootstrap import Request, review
from reviewer.domain.checklist import Verdict
from reviewer.server_settings import PREFIX
from tests.guards import ROOT
from tests.unit.packaging_example import (
    COMPOSE,
    DOCKERFILE,
    KUBERNETES,
    RELEASE,
    Document,
    default_seconds,
    read_documents,
    unknown_variables,
)

SCRIPTS = Path(sysconfig.get_path("scripts"))


def _instructions() -> list[tuple[str, str]]:
    """Read the Dockerfile: each instruction's word, and the rest of it on one line."""
    lines = [
        line
        for line in DOCKERFILE.read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    ]
    joined = "\n".join(lines).replace("\\\n", " ")
    words = (line.partition(" ") for line in joined.splitlines() if line)
    return [(word, " ".join(rest.split())) for word, _, rest in words]


def _final() -> list[tuple[str, str]]:
    instructions = _instructions()
    last = max(i for i, (word, _) in enumerate(instructions) if word == "FROM")
    return instructions[last:]


def _of(word: str, instructions: list[tuple[str, str]]) -> list[str]:
    return [rest for name, rest in instructions if name == word]


def _sources() -> list[str]:
    copies = [rest.split() for rest in _of("COPY", _instructions()) if "--from=" not in rest]
    return [source for copy in copies for source in copy[:-1]]


def test_hadolint_finds_nothing() -> None:
    done = subprocess.run(
        [SCRIPTS / "hadolint", "--no-color", "--config", "/dev/null", DOCKERFILE],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_our_own_personas_find_nothing_in_what_we_ship(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", tmp_path, *arguments], check=True, capture_output=True)

    git("init", "--quiet")
    git("config", "user.name", "Example")
    git("config", "user.email", "example@example.com")
    git("commit", "--quiet", "--allow-empty", "--message", "Nothing yet")
    shipped = [DOCKERFILE, ROOT / ".dockerignore", RELEASE, COMPOSE, *KUBERNETES.rglob("*.yaml")]
    for path in shipped:
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    git("add", ".")
    git("commit", "--quiet", "--message", "Ship it")

    personas = ("container-architect", "pipeline-engineer", "security-sentinel")
    made = review(Request(repository=tmp_path, revisions="HEAD", personas=personas)).review
    assert made.findings == ()
    [architect] = [card for card in made.scorecards if card.persona == personas[0]]
    assert architect.score.percent == 100
    undecided = {answer.rule_id for answer in architect.answers if answer.verdict != Verdict.PASS}
    # Nothing is copied whole, so that nobody asks for the list of what stays out; whether the image
    # holds more than it needs, and whether each cache is used well, is a model's question.
    assert undecided == {"DK005", "DK006", "DK008"}


def test_the_base_has_a_version_and_one_name_for_both_stages() -> None:
    [argument] = [rest for rest in _of("ARG", _instructions()) if rest.startswith("PYTHON_IMAGE=")]
    assert re.fullmatch(r"PYTHON_IMAGE=python:3\.\d+-slim-[a-z]+", argument)
    assert {rest.split()[0] for rest in _of("FROM", _instructions())} == {"${PYTHON_IMAGE}"}


def test_everything_that_is_copied_is_there_and_reaches_the_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    wanted = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert "*" in ignored, "what nobody named stays out"
    assert set(_sources()) == wanted
    for source in wanted:
        assert (ROOT / source).exists(), source


@pytest.mark.holds("S17")
@pytest.mark.parametrize("name", [".env", ".env.local", "app.pem", "ledger.sqlite3", "a.pyc"])
def test_nothing_secret_or_made_anew_gets_in_even_beside_the_code(name: str) -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line.removeprefix("**/") for line in ignored if line.startswith("**/")]
    assert any(fnmatch(name, pattern) for pattern in patterns)


@pytest.mark.holds("S18")
def test_everything_that_is_installed_has_a_hash_or_was_built_here() -> None:
    installs = [
        command
        for run in _of("RUN", _instructions())
        for command in run.split("&&")
        if re.search(r"\bpip\b.*\b(?:install|wheel)\b", command)
    ]
    assert installs
    for command in installs:
        by_hash = "--require-hashes" in command and "--only-binary :all:" in command
        assert by_hash or ("--no-index" in command and "--no-deps" in command), command


def test_the_image_installs_what_the_service_is_tested_with() -> None:
    assert "requirements-server.lock" in _sources()
    assert any("/opt/reviewer" in run and "requirements-server.lock" in run
               for run in _of("RUN", _instructions()))  # fmt: skip
    assert _of("RUN", _final()) == [], "what runs in the last stage stays in it"


@pytest.mark.holds("S18")
def test_the_program_runs_without_root_and_writes_in_two_places() -> None:
    assert _of("USER", _final()) == ["10001:10001"]
    assert "--chown=10001:10001" in next(rest for rest in _of("COPY", _final()) if "/data" in rest)
    assert _of("VOLUME", _final()) == ['["/data"]']
    assert _of("WORKDIR", _final()) == ["/data"]
    assert _of("STOPSIGNAL", _final()) == ["SIGTERM"]


def test_the_image_sets_what_the_program_knows_and_opens_its_port() -> None:
    variables = dict(word.split("=", 1) for word in " ".join(_of("ENV", _final())).split())
    ours = {name: value for name, value in variables.items() if name.startswith("REVIEWER_")}
    assert unknown_variables(ours) == set()
    assert ours[f"{PREFIX}HOST"] == "0.0.0.0"  # noqa: S104 - whom it is opened to, the engine says
    assert _of("EXPOSE", _final()) == [ours[f"{PREFIX}PORT"]]
    assert ours[f"{PREFIX}DATA_FOLDER"] == variables["HOME"] == "/data"


def test_it_starts_our_command_and_asks_our_own_health_check() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [entry] = _of("ENTRYPOINT", _final())
    assert entry == '["reviewer"]'
    assert "reviewer" in project["scripts"]
    [check] = _of("HEALTHCHECK", _final())
    module = re.search(r'"-m", "([\w.]+)"', check)
    assert module
    assert importlib.util.find_spec(module[1])


def test_the_health_check_needs_no_more_than_python(
    allowed_program: Callable[[Path | str], None],
) -> None:
    allowed_program(sys.executable)
    script = (
        "import sys, reviewer.entrypoints.health;"
        "heavy = {'pydantic', 'click', 'sqlalchemy', 'httpx', 'fastapi', 'dbos'};"
        "sys.exit(bool(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def _services() -> dict[str, Document]:
    [document] = read_documents(COMPOSE)
    services: dict[str, Document] = document["services"]
    return services


def test_compose_is_valid_by_its_schema(allowed_program: Callable[[Path | str], None]) -> None:
    checker = SCRIPTS / "check-jsonschema"
    allowed_program(checker)
    done = subprocess.run(
        [checker, "--builtin-schema", "vendor.compose-spec", COMPOSE],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.holds("S18")
@pytest.mark.parametrize("name", ["reviewer", "database"])
def test_a_service_has_no_rights_and_bounds(name: str) -> None:
    service = _services()[name]
    assert service["read_only"] == "true"
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"cpus", "memory"} <= set(service["deploy"]["resources"]["limits"])
    assert int(service["pids_limit"]) > 0
    assert all("noexec" in mount for mount in service["tmpfs"] if mount.startswith("/tmp"))


def test_compose_waits_for_the_database_and_keeps_it_inside() -> None:
    [document] = read_documents(COMPOSE)
    services = document["services"]
    assert "healthcheck" in services["database"]
    assert services["reviewer"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert services["database"]["networks"] == ["database"]
    assert document["networks"]["database"]["internal"] == "true"
    assert "ports" not in services["database"]
    assert all(port.startswith("127.0.0.1:") for port in services["reviewer"]["ports"])


@pytest.mark.holds("S17")
def test_every_secret_of_compose_is_a_file_that_git_leaves_alone() -> None:
    [document] = read_documents(COMPOSE)
    services = document["services"]
    named = {name for service in services.values() for name in service.get("secrets", [])}
    assert named == set(document["secrets"])
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert all(entry["file"].startswith("secrets/") for entry in document["secrets"].values())
    mounted = {
        value.removeprefix("/run/secrets/")
        for service in services.values()
        for value in service["environment"].values()
        if value.startswith("/run/secrets/")
    }
    assert mounted == named


def test_compose_sets_what_the_program_knows() -> None:
    assert unknown_variables(_services()["reviewer"]["environment"]) == set()


def test_compose_gives_the_service_time_to_hand_over() -> None:
    grace = int(_services()["reviewer"]["stop_grace_period"].removesuffix("s"))
    # The program ends by itself 20 seconds after both, whatever hangs.
    assert grace >= default_seconds("shutdown_seconds") + default_seconds("drain_seconds") + 25
