"""The guards of the suite bite: each of these would otherwise pass unseen."""

from __future__ import annotations

import asyncio
import base64
import ctypes
import importlib
import netrc
import os
import pickle
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.guards import (
    CANARIES,
    KEY_FILES,
    ROOT,
    ForbiddenActionError,
    Guard,
    files_with_canaries,
    find_canary,
)


@pytest.mark.holds("S14")
def test_no_test_reaches_the_network(guard: Guard) -> None:
    with guard.refuses("over the network"):
        socket.create_connection(("192.0.2.1", 443), timeout=1)
    with guard.refuses("over the network"), socket.socket(type=socket.SOCK_DGRAM) as datagram:
        datagram.sendto(b"x", ("192.0.2.1", 53))


def test_loopback_is_the_network_too_unless_a_test_is_marked(guard: Guard) -> None:
    with guard.refuses("127.0.0.1"), socket.socket() as server:
        server.bind(("127.0.0.1", 0))


@pytest.mark.holds("S14")
@pytest.mark.loopback
def test_a_marked_test_may_use_loopback_and_nothing_else(guard: Guard) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        with socket.create_connection(server.getsockname(), timeout=1):
            pass
    with guard.refuses("192.0.2.1"):
        socket.create_connection(("192.0.2.1", 443), timeout=1)


@pytest.mark.holds("S13")
@pytest.mark.parametrize("program", ["sh", "/bin/sh", sys.executable, "curl"])
def test_no_program_is_started_that_nobody_named(guard: Guard, program: str) -> None:
    with guard.refuses("allowed_program"):
        subprocess.run([program, "--version"], check=False)


@pytest.mark.holds("S13")
async def test_no_program_is_started_from_the_event_loop_either(guard: Guard) -> None:
    with guard.refuses("allowed_program"):
        await asyncio.create_subprocess_exec("sh", "-c", "true")


@pytest.mark.holds("S13")
def test_no_shell_is_started(guard: Guard) -> None:
    with guard.refuses("os.system"):
        os.system("true")  # noqa: S605 - refused before it runs
    with guard.refuses("allowed_program"):
        subprocess.run("git status", shell=True, check=False)  # noqa: S602 - as above


@pytest.mark.holds("S13")
def test_a_git_of_somebody_else_is_not_git(guard: Guard, tmp_path: Path) -> None:
    impostor = tmp_path / "git"
    impostor.write_text("#!/bin/sh\n")
    impostor.chmod(0o700)
    with guard.refuses("allowed_program"):
        subprocess.run(["git"], env={"PATH": str(tmp_path)}, check=False)


def test_a_test_may_start_git() -> None:
    assert subprocess.check_output(["git", "--version"]).startswith(b"git version")


def test_a_test_may_start_what_it_registers(
    tmp_path: Path, allowed_program: Callable[[Path | str], None]
) -> None:
    fake = tmp_path / "fake-linter"
    fake.write_text("#!/bin/sh\necho fake\n")
    fake.chmod(0o700)
    allowed_program(fake)
    assert subprocess.check_output([fake]) == b"fake\n"


@pytest.mark.holds("S2", "S17")
def test_product_code_hands_no_environment_on(guard: Guard) -> None:
    run = _as_the_product(
        "import subprocess\ndef run(**more): subprocess.run(['git', 'version'], **more)"
    )
    with guard.refuses("whole environment"):
        run()
    with guard.refuses("hands a secret"):
        run(env=dict(os.environ))
    run(env={"PATH": os.environ["PATH"]}, stdout=subprocess.DEVNULL)


@pytest.mark.holds("S13")
def test_the_threads_of_product_code_are_watched_as_well(guard: Guard) -> None:
    call = _as_the_product(
        "import asyncio, subprocess\n"
        "async def work(): await asyncio.to_thread(subprocess.run, ['git', 'version'])\n"
        "def run(): asyncio.run(work())"
    )
    with guard.refuses("whole environment"):
        call()


def _as_the_product(source: str) -> Callable[..., None]:
    """Compile code as if it stood in a module of ours."""
    names: dict[str, Callable[..., None]] = {}
    exec(compile(source, f"{ROOT}/reviewer/adapters/example.py", "exec"), names)  # noqa: S102 - ours
    return names["run"]


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        ("import subprocess; subprocess.run(['sh', '-c', 'true'])", "starts sh"),
        ("import subprocess; subprocess.run(['git', 'version'])", "with the whole environment"),
        ("import os; os.system('true')", "calls os.system"),
        ("import socket; socket.create_connection(('192.0.2.1', 80))", "over the network"),
        (f"open('{ROOT}/left-behind', 'w')", "outside the temporary folder"),
    ],
)
def test_the_guards_follow_into_a_command_that_a_test_starts(
    guard: Guard,
    tmp_path: Path,
    allowed_program: Callable[[Path | str], None],
    code: str,
    refused: str,
) -> None:
    allowed_program(sys.executable)
    log = tmp_path / "log"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **guard.child_environment(log)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert refused in log.read_text()


@pytest.mark.holds("R38")
def test_nothing_is_written_outside_the_temporary_folder(guard: Guard, tmp_path: Path) -> None:
    outside = ROOT / "left-behind.txt"
    link = tmp_path / "link"
    link.symlink_to(ROOT)
    (tmp_path / "license").symlink_to(ROOT / "LICENSE")
    with guard.refuses("outside the temporary folder"):
        outside.write_text("x")
    with guard.refuses("outside the temporary folder"):
        (link / "left-behind.txt").write_text("x")
    with guard.refuses("outside the temporary folder"):
        (tmp_path / "license").open("a").close()
    with guard.refuses("outside the temporary folder"):
        (ROOT / "left-behind").mkdir()
    with guard.refuses("outside the temporary folder"):
        (ROOT / "README.md").unlink()
    with guard.refuses("outside the temporary folder"):
        (tmp_path / "link").rename(ROOT / "left-behind")
    assert not outside.exists()


def test_temporary_files_are_allowed(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a").mkdir()
    with tempfile.TemporaryFile() as file:
        file.write(b"x")
    Path(os.devnull).write_text("x")


@pytest.mark.holds("S13")
def test_a_swallowed_refusal_is_remembered(guard: Guard) -> None:
    with guard.refuses("os.system"), suppress(ForbiddenActionError):
        os.system("true")  # noqa: S605 - refused before it runs


@pytest.mark.holds("P31")
@pytest.mark.parametrize("secret", CANARIES.values())
def test_a_canary_is_found_in_every_form(secret: str) -> None:
    raw = secret.encode()
    assert find_canary(f"token={secret}!")
    assert find_canary(secret[::-1])
    assert find_canary(raw.hex())
    assert all(find_canary(base64.b64encode(b"x" * before + raw + b"yz")) for before in range(5))
    assert not find_canary(secret[: len(secret) // 2])


@pytest.mark.holds("P31")
def test_a_written_canary_is_found(tmp_path: Path) -> None:
    leak = tmp_path / "deep" / "log.txt"
    leak.parent.mkdir()
    leak.write_text(f"Authorization: {CANARIES['GITHUB_TOKEN']}")
    assert files_with_canaries(tmp_path) == [leak]
    leak.unlink()


def test_the_canaries_stand_in_the_environment() -> None:
    assert all(os.environ[name] == value for name, value in CANARIES.items())


def test_no_setting_of_the_developer_is_seen(tmp_path: Path) -> None:
    found = [path for path in Path.home().rglob("*") if path.is_file()]
    assert {str(path.relative_to(Path.home())) for path in found} == set(KEY_FILES)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    listed = subprocess.check_output(
        ["git", "-C", str(tmp_path), "config", "--list", "--show-origin"], text=True
    )
    assert all("file:.git/config" in line for line in listed.splitlines())


def test_a_database_is_a_file_that_is_written(guard: Guard, tmp_path: Path) -> None:
    with guard.refuses("outside the temporary folder"):
        sqlite3.connect(ROOT / "left-behind.sqlite3")
    with guard.refuses("outside the temporary folder"):
        sqlite3.connect(f"file:{ROOT}/left-behind.sqlite3?mode=rwc", uri=True)
    sqlite3.connect(tmp_path / "a.sqlite3").close()
    sqlite3.connect(":memory:").close()


def test_a_c_library_is_no_way_round(guard: Guard) -> None:
    library = ctypes.CDLL(None)
    with guard.refuses("takes system out of a C library"):
        library.system(b"true")
    with guard.refuses("takes connect out of a C library"):
        _ = library.connect
    assert library.getpid() == os.getpid()


def test_no_process_is_forked_by_a_module_of_python(guard: Guard) -> None:
    sys.modules.pop("multiprocessing.popen_spawn_posix", None)
    with guard.refuses("multiprocessing"):
        importlib.import_module("multiprocessing.popen_spawn_posix")


def test_no_socket_is_opened_below_ip(guard: Guard) -> None:
    with guard.refuses("below IP"):
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)


def test_an_address_is_given_no_name_over_the_network(guard: Guard) -> None:
    with guard.refuses("192.0.2.1"):
        socket.getnameinfo(("192.0.2.1", 80), 0)


def test_times_owners_and_notes_of_files_are_written_too(guard: Guard) -> None:
    acts: tuple[Callable[[], None], ...] = (
        lambda: os.utime(ROOT / "README.md"),
        lambda: os.chown(ROOT / "README.md", -1, -1),
        lambda: os.setxattr(ROOT / "README.md", "user.x", b"x"),
    )
    for act in acts:
        with guard.refuses("outside the temporary folder"):
            act()


def test_product_code_unpickles_nothing(guard: Guard) -> None:
    text = pickle.dumps(Path("x"))
    load = _as_the_product("import pickle\ndef run(text): pickle.loads(text)")
    with guard.refuses("unpickles pathlib"):
        load(text)
    assert pickle.loads(text) == Path("x")  # noqa: S301 - our own, and what the test is about


def test_keys_that_lie_about_are_known_by_sight() -> None:
    for name, content in KEY_FILES.items():
        file = Path.home() / name
        assert file.read_text() == content
        assert find_canary(content)
    assert files_with_canaries(Path.home()) == []


def test_a_client_that_reads_key_files_is_found_out(tmp_path: Path) -> None:
    """What `.netrc` adds to a request by itself is seen wherever it is written down."""
    known = netrc.netrc(Path.home() / ".netrc").hosts["default"]
    login, password = known[0], known[2]
    sent = tmp_path / "sent"
    sent.write_bytes(base64.b64encode(f"{login}:{password}".encode()))
    assert files_with_canaries(tmp_path) == [sent]
    sent.unlink()
