"""``make demo``: the service in one terminal, from a signed delivery to a review that is posted.

A GitHub of our own is served on the loopback interface, over real git; a pull request of it is the
change in `tests/samples/orders_service`. ``reviewer serve`` is started as an operator starts it,
with three settings and the address of that GitHub, and ``reviewer replay-delivery`` sends it the
recorded event. Nothing leaves the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from reviewer.testing.fake_github import FakeGitHub, FakePullRequest
from tests.sample_repository import SAMPLES

_PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 0.05
_COMMAND = Path(sys.executable).with_name("reviewer")
_SECRET = "only-for-this-demonstration"


def demonstrate(*, keep: bool) -> int:
    """Show it.

    Args:
        keep: Whether the service goes on until it is interrupted.

    Returns:
        The exit code: 0 where a review stands on the pull request.
    """
    with tempfile.TemporaryDirectory(prefix="reviewer-demo-") as name:
        folder = Path(name)
        hub = FakeGitHub(folder / "github")
        pull, payload = _pull_request(hub, folder)
        with hub.serve() as url:
            _step(f"A GitHub of our own at {url}, with {pull.repository.full_name}#{pull.number}")
            settings = _settings(folder, url)
            for variable in list(settings)[:3]:
                _say(f"export {variable}={_shown(settings[variable])}")
            _step("reviewer serve")
            with _serving(folder, settings) as address:
                _say(f"listens on {address}; its log: {folder / 'log'}")
                _step(f"reviewer replay-delivery {payload.name}")
                begun = time.monotonic()
                _replay(payload, address, settings)
                if not _posted(pull):
                    _say((folder / "log").read_text()[-4000:])
                    return 1
                _tell(pull, time.monotonic() - begun)
                if keep:
                    _stay(address)
    return 0


def _pull_request(hub: FakeGitHub, folder: Path) -> tuple[FakePullRequest, Path]:
    """Open the pull request and record the event of it."""
    base, head = (_files(SAMPLES / "orders_service" / side) for side in ("base", "head"))
    repository = hub.repository("octo/shop", files=base)
    pull = repository.open_pull(
        files={**dict.fromkeys(base.keys() - head.keys()), **head},
        title="Print invoices",
        body="Adds an endpoint that renders an invoice.",
    )
    event = hub.event("pull_request", "opened", pull, installation=hub.install("octo"))
    payload = folder / "opened.json"
    payload.write_text(json.dumps(event), encoding="utf-8")
    return pull, payload


def _files(folder: Path) -> dict[str, bytes]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def _settings(folder: Path, url: str) -> dict[str, str]:
    """Return the three settings, and those that lead to a GitHub that is not GitHub's own."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file = folder / "app.private-key.pem"
    file.touch(mode=0o600)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    given = {
        "APP_ID": "1",
        "PRIVATE_KEY_FILE": str(file),
        "WEBHOOK_SECRET": _SECRET,
        "GITHUB_API_URL": url,
        "GITHUB_SERVER_URL": url,
        "DATA_FOLDER": str(folder / "data"),
        "DEBOUNCE_SECONDS": "1",
        "PORT": "0",
    }
    (folder / "data").mkdir()
    return {f"REVIEWER_SERVER_{name}": value for name, value in given.items()}


@contextmanager
def _serving(folder: Path, settings: Mapping[str, str]) -> Iterator[str]:
    """Run the service; yield its address."""
    log = folder / "log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [_COMMAND, "serve"], env=_environment(settings), stdout=sink, stderr=sink
        )
    try:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while "Listening on " not in (text := log.read_text()):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"The service did not start:\n{text}")
            time.sleep(_LOOK_SECONDS)
        yield text.split("Listening on ")[1].split()[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_PATIENCE_SECONDS)


def _replay(payload: Path, address: str, settings: Mapping[str, str]) -> None:
    subprocess.run(
        [_COMMAND, "replay-delivery", str(payload), "--event", "pull_request", "--url", address],
        env=_environment(settings),
        check=True,
    )


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    # Nothing of whoever runs this has a say: no model is asked, no other GitHub.
    mine = {k: v for k, v in os.environ.items() if not k.startswith(("REVIEWER_", "GITHUB_"))}
    return {**mine, **settings}


def _posted(pull: FakePullRequest) -> bool:
    """Wait until the check has a conclusion; it is concluded last."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if any(check.conclusion for check in pull.checks) and pull.comments:
            return True
        time.sleep(_LOOK_SECONDS)
    return False


def _tell(pull: FakePullRequest, seconds: float) -> None:
    _step(f"On the pull request after {seconds:.1f} s, one of them to wait for further pushes")
    for check in pull.checks:
        _say(f"check: {check.conclusion}, {check.title}")
    for thread in pull.threads:
        _say(f"comment on {thread.path}: {thread.body.splitlines()[0]}")
    _say("summary:\n")
    for comment in pull.comments:
        sys.stdout.write(comment.body.split("\n<!--", 1)[0] + "\n")


def _stay(address: str) -> None:
    _step(f"It goes on: {address}/health, {address}/metrics. Ctrl-C ends it")
    try:
        signal.pause()
    except KeyboardInterrupt:
        _say("ended")


def _step(text: str) -> None:
    sys.stdout.write(f"\n== {text}\n")
    sys.stdout.flush()


def _say(text: str) -> None:
    sys.stdout.write(f"   {text}\n")
    sys.stdout.flush()


def _shown(value: str) -> str:
    return "'…'" if value == _SECRET else value


if __name__ == "__main__":
    reader = argparse.ArgumentParser(description=__doc__, prog="make demo")
    reader.add_argument("--keep", action="store_true", help="go on until Ctrl-C")
    raise SystemExit(demonstrate(keep=reader.parse_args().keep))
