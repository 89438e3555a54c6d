"""A GitHub with repositories that have the App, in a process of its own.

``python -m tests.benchmarks.service.town FOLDER COUNT…`` opens so many pull requests in one
repository for each installation, prints a JSON object a line, and then answers questions, one a
line, until its input ends: ``{"sign": …}`` writes signed deliveries into a file, ``{"tell": true}``
says what became of the pull requests and what this process has cost.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from reviewer.testing.fake_github import FakeGitHub, FakePullRequest

SECRET = "an example of a webhook secret"

BASE = {"app.py": "import subprocess\n\n\ndef greet() -> str:\n    return 'hello'\n"}
FAULTY = (
    f"{BASE['app.py']}\n\ndef render(name: str) -> None:\n"
    "    subprocess.run(f'render {name}', shell=True, check=True)\n"
)
_HEAD = "POST /webhooks/github HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"


class Town:
    """Installations with their pull requests.

    Args:
        folder: Where the repositories are.
        counts: How many pull requests each installation has.
    """

    def __init__(self, folder: Path, counts: list[int]) -> None:
        self.hub = FakeGitHub(folder)
        self.pulls: list[tuple[int, FakePullRequest]] = []
        for number, count in enumerate(counts):
            owner = f"team{number}"
            installation = self.hub.install(owner)
            repository = self.hub.repository(f"{owner}/shop", files=BASE)
            for pull in range(count):
                files = {"app.py": f"{FAULTY}\n\nORDER = {pull}\n"}
                opened = repository.open_pull(
                    branch=f"change-{pull}", files=files, title=f"Render {pull}", author="alice"
                )
                self.pulls.append((installation, opened))

    def sign(self, wanted: list[dict[str, Any]], file: Path) -> None:
        """Write deliveries down as they go over the wire."""
        lines = [json.dumps({"at": one["at"], "request": self._request(one)}) for one in wanted]
        file.write_text("\n".join(lines), encoding="utf-8")

    def _request(self, wanted: dict[str, Any]) -> str:
        installation, pull = self.pulls[wanted["pull"]]
        comment = None
        if wanted["name"] == "issue_comment":
            comment = pull.comments[0] if pull.comments else pull.comment("alice", "Good.")
        event = self.hub.event(
            wanted["name"], wanted["action"], pull, comment=comment, installation=installation
        )
        delivery = wanted.get("delivery", "")
        headers, body = self.hub.signed(event, SECRET, delivery=delivery)
        lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
        lines.append(f"Content-Length: {len(body)}\r\n\r\n")
        return f"{_HEAD}{''.join(lines)}{body.decode()}"

    def tell(self) -> dict[str, Any]:
        """Say what became of the pull requests."""
        with self.hub.lock:
            return {
                "pulls": [
                    {
                        "installation": installation,
                        "repository": pull.repository.full_name,
                        "number": pull.number,
                        "reviews": len(pull.reviews),
                        "checks": len(pull.checks),
                    }
                    for installation, pull in self.pulls
                ],
                "requests": len(self.hub.journal),
                "cpu_seconds": time.process_time(),
                "children_seconds": resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
                + resource.getrusage(resource.RUSAGE_CHILDREN).ru_stime,
            }


def main() -> None:
    """Serve until the input ends."""
    town = Town(Path(sys.argv[1]), [int(word) for word in sys.argv[2:]])
    with town.hub.serve() as url:
        print(json.dumps({"url": url}), flush=True)
        for line in sys.stdin:
            asked = json.loads(line)
            told: dict[str, Any] = {}
            if "sign" in asked:
                town.sign(asked["sign"], Path(asked["file"]))
            else:
                told = town.tell()
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
