"""A service that is watched from every side while everything happens that can happen in a run."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from typing_extensions import override

from reviewer.testing.fake_github import FakePullRequest
from tests.e2e.model_server import Refusal, model_server, passing, question_of
from tests.e2e.service_scene import BASE, FAULTY, OWNER, SECRET, Town, town, wait_for
from tests.guards import CANARIES, Guard

OPERATOR_TOKEN = "operator-token-of-these-tests-0123456789"
_KEY = base64.b64encode(b"\x01" * 32).decode()

#: Words of people and of models. None of them has a place in a log, a span, a figure, an event, or
#: a database whose texts are sealed.
WORDS: Mapping[str, str] = {
    "title": "Zanzibarquux",
    "description": "Yellowknifequux",
    "code": "Wollongongquux",
    "configuration": "Vladivostokquux",
    "answer": "Uppsalaquux",
}
#: What the model server refuses to hear about.
_UNHEARD = "not_to_be_asked_about"

_CONFIGURATION = (
    f"schema = 1 # {WORDS['configuration']}\n"
    f'exclude = ["{WORDS["configuration"]}/**"]\n[policy]\nfail_on = "major"\n'
)
_OPERATOR = """\
schema = 1
[model]
name = "openai:http://127.0.0.1:{port}/v1#gpt-4o-mini"
[budget.run]
dollars = 5
[budget.repository_day]
dollars = 20
[budget.installation_month]
dollars = 200
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenSpan:
    """A span as a collector gets it."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: Mapping[str, object]


@dataclass(kw_only=True)
class Seen:
    """Everything that was to be seen of a service, after it has ended.

    Args:
        lines: Its log, line by line.
        log: The same as text.
        spans: What the collector was sent.
        sent: The same as bytes.
        streams: What was told of each run at ``/runs/{id}/events``, by run.
        figures: What ``/metrics`` said at the end.
        runs: What ``/api/runs`` said at the end, by run.
        databases: The bytes of its files.
        secrets: What nobody may see.
        pulls: The pull requests, by what happens on them.
    """

    lines: list[dict[str, Any]] = field(default_factory=list)
    log: str = ""
    spans: list[SeenSpan] = field(default_factory=list)
    sent: bytes = b""
    streams: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    figures: str = ""
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    databases: bytes = b""
    secrets: list[str] = field(default_factory=list)
    pulls: dict[str, FakePullRequest] = field(default_factory=dict)

    def run_on(self, name: str) -> str:
        """Return the run on a pull request."""
        wanted = self.pulls[name].repository.full_name
        (run_id,) = [key for key, run in self.runs.items() if run["repository"] == wanted]
        return run_id

    def figure(self, series: str) -> float:
        """Return one figure, named with its labels as ``/metrics`` writes them."""
        found = [line for line in self.figures.splitlines() if line.startswith(f"{series} ")]
        assert len(found) == 1, f"{series}: {len(found)} figures"
        return float(found[0].split()[-1])


def _answered(body: Mapping[str, Any]) -> str:
    text = question_of(body)
    if _UNHEARD in text and "BUG001" in text:
        raise Refusal(400, f"the key {CANARIES['OPENAI_API_KEY']} may not ask this")
    finding: dict[str, object] = {
        "path": "app.py",
        "side": "head",
        "quote": "    return 'hello'",
        "headline": f"It greets nobody {WORDS['answer']}",
        "explanation": f"greet() → 'hello' {WORDS['answer']}, because no name is passed.",
        "remedy": "Pass the name.",
        "severity": "minor",
        "suggestion": None,
    }
    return passing(body, BUG003=[finding])


@contextmanager
def _collector() -> Iterator[tuple[str, list[bytes]]]:
    received: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def observed(folder: Path, guard: Guard) -> Iterator[Seen]:
    """Let everything happen, end the service, and give what was seen."""
    operator_file = folder / "operator.toml"
    with (
        _collector() as (endpoint, received),
        model_server(_answered) as model,
        pytest.MonkeyPatch.context() as patch,
        town(
            folder / "town",
            {
                "OPERATOR_TOKEN": OPERATOR_TOKEN,
                "OTLP_ENDPOINT": endpoint,
                "ENCRYPTION_KEYS": _KEY,
                "CONCURRENT_REVIEWS": "8",
                "CONCURRENT_REVIEWS_BY_INSTALLATION": "8",
                "LOG_LEVEL": "debug",
            },
        ) as place,
    ):
        operator_file.write_text(_OPERATOR.format(port=model.port))
        patch.setenv("REVIEWER_CONFIG", str(operator_file))
        place.service.start(guard)
        seen = Seen()
        _happen(place, seen)
        with httpx.Client(
            base_url=place.service.url,
            headers={"Authorization": f"Bearer {OPERATOR_TOKEN}"},
            trust_env=False,
            timeout=20,
        ) as client:
            listed = client.get("/api/runs", params={"limit": 100}).raise_for_status().json()
            seen.runs = {run["id"]: run for run in listed["runs"]}
            for run_id in seen.runs:
                seen.streams[run_id] = _stream(client, run_id)
            seen.figures = client.get("/metrics").raise_for_status().text
        assert place.service.end() == 0
        seen.log, seen.lines = place.service.log, list(place.service.lines)
        seen.sent = b"".join(received)
        seen.spans = [span for body in received for span in _spans(body)]
        data = place.service.folder / "data"
        seen.databases = b"".join(file.read_bytes() for file in sorted(data.glob("*.sqlite3*")))
        seen.secrets = [
            *CANARIES.values(),
            *(SECRET, OPERATOR_TOKEN, _KEY),
            *place.hub.tokens,
            *place.service.key.splitlines()[1:-1],
        ]
        yield seen


def _happen(place: Town, seen: Seen) -> None:
    """Open pull requests on which everything happens, and wait until it has."""
    hub, ended = place.hub, {}

    def opened(
        name: str, files: Mapping[str, str] | None = None, *, labels: tuple[str, ...] = ()
    ) -> FakePullRequest:
        repository = hub.repository(
            f"{OWNER}/{name}", files={**BASE, ".reviewer.toml": _CONFIGURATION}
        )
        pull = repository.open_pull(
            files=files or {"app.py": f"{FAULTY}# {WORDS['code']}\n"},
            title=f"Render {WORDS['title']}",
            body=f"So that it greets. {WORDS['description']}",
            author="alice",
            labels=labels,
        )
        seen.pulls[name] = pull
        return pull

    opened("whole")
    opened(
        "refused",
        {"app.py": f"{FAULTY}\n\n{_UNHEARD} = 1\n", "poetry.lock": f"# {WORDS['code']}\n" * 9},
    )
    opened("nothing", {"poetry.lock": "# nothing to look at\n"})
    moving = opened("moving")
    hub.fault(
        "*",
        f"/repos/{OWNER}/moving/pulls/1/files.*",
        act=lambda: moving.push({"other.py": "NUMBER = 1\n"}),
    )
    opened("limited")
    hub.fault(
        "GET",
        f"/repos/{OWNER}/limited/pulls/1",
        status=429,
        headers={"Retry-After": "86400"},
        body={"message": f"You have exceeded a secondary rate limit {CANARIES['GH_TOKEN']}"},
    )
    opened("gone")
    hub.fault(
        "GET",
        f"/repos/{OWNER}/gone/pulls/1",
        status=404,
        times=None,
        body={"message": f"Not Found {CANARIES['GITHUB_TOKEN']}"},
    )
    for pull in seen.pulls.values():
        place.deliver("pull_request", "opened", pull)
    whole = seen.pulls["whole"]
    place.deliver("issue_comment", "created", whole, comment=whole.comment("alice", "Thanks"))
    event = hub.event("pull_request", "opened", whole, installation=place.installation)
    headers, body = hub.signed(event, "not the secret of this service")
    for _ in range(80):
        assert place.service.send(headers, body) == httpx.codes.UNAUTHORIZED

    def all_ended() -> bool:
        for line in place.service.lines:
            if line["event"].startswith("review.") and line["event"] not in {
                "review.started",
                "review.progress",
            }:
                ended[line["repository"]] = line["event"]
        return len(ended) == len(seen.pulls)

    wait_for(all_ended, lambda: f"{ended}\n{place.service.log[-6000:]}")


def _stream(client: httpx.Client, run_id: str) -> list[dict[str, Any]]:
    answer = client.get(f"/runs/{run_id}/events").raise_for_status()
    return [
        json.loads(line.removeprefix("data: "))
        for line in answer.text.splitlines()
        if line.startswith("data: ")
    ]


def _spans(body: bytes) -> Iterator[SeenSpan]:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request = ExportTraceServiceRequest.FromString(body)
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield SeenSpan(
                    name=span.name,
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    attributes={
                        pair.key: getattr(pair.value, pair.value.WhichOneof("value"))
                        for pair in span.attributes
                    },
                )
