"""Alert rules and the dashboard ask only for figures that exist, and rules fire when meant."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import Counter, Gauge, Histogram, Info
from prometheus_client.metrics import MetricWrapperBase

from reviewer.adapters.metrics.figures import Figures
from tests.guards import ROOT

ALERTS = ROOT / "deploy" / "alerts.yml"
DASHBOARD = ROOT / "deploy" / "dashboard.json"
ALERTS_TEST = ROOT / "tests" / "integration" / "alerts_test.yml"

#: What Prometheus itself and the client's own collectors add to every series.
TARGET_LABELS = {"instance", "job", "le"}
PROCESS = {"process_resident_memory_bytes", "process_cpu_seconds_total"}

_SERIES = re.compile(r"\b((?:reviewer|process|python)_[a-z_]+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r"([a-z_]+)\s*(?:=~|!~|!=|=)\s*\"")
_GROUPING = re.compile(r"\b(?:by|on|without)\s*\(([^)]*)\)")
#: What PromQL says without being a figure.
_WORDS = re.compile(r"\b[a-z_]{3,}\b(?=\s*\()")
_FUNCTIONS = {
    *("absent", "histogram_quantile", "increase", "max", "min", "rate", "sum"),
    *("by", "on", "and", "or"),
}


def _samples() -> dict[str, set[str]]:
    """Return every series that exists, with its labels."""
    found: dict[str, set[str]] = {name: set() for name in PROCESS}
    for figure in vars(Figures(process=False)).values():
        if not isinstance(figure, MetricWrapperBase):
            continue
        name, labels = figure._name, set(figure._labelnames)  # noqa: SLF001 - nothing else tells
        endings: tuple[str, ...] = ("",)
        if isinstance(figure, Counter):
            endings = ("_total",)
        elif isinstance(figure, Histogram):
            endings = ("_bucket", "_count", "_sum")
        else:
            assert isinstance(figure, Gauge)
        found |= {f"{name}{ending}": labels for ending in endings}
    assert issubclass(Info, MetricWrapperBase)
    return found | {"reviewer_build_info": {"version"}}


SAMPLES = _samples()


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    document = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    listed: list[dict[str, Any]] = document["panels"]
    return listed


def expressions() -> Iterator[tuple[str, str]]:
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel.get("targets", ()):
            yield f"{panel['title']} {target['refId']}", target["expr"]


@pytest.mark.parametrize(("name", "expression"), list(expressions()))
def test_an_expression_asks_for_figures_and_labels_that_exist(name: str, expression: str) -> None:
    asked = _SERIES.findall(expression)
    assert asked, name
    labels = set(TARGET_LABELS)
    for series, matchers in asked:
        assert series in SAMPLES, f"there is no {series}"
        labels |= SAMPLES[series]
        assert set(_MATCHER.findall(matchers)) <= SAMPLES[series] | TARGET_LABELS
    for grouping in _GROUPING.findall(expression):
        assert {part.strip() for part in grouping.split(",")} <= labels
    assert set(_WORDS.findall(expression)) <= _FUNCTIONS
    assert expression.count("(") == expression.count(")")
    assert expression.count("{") == expression.count("}")


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_says_how_urgent_it_is_what_happens_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert re.fullmatch(r"Reviewer[A-Z][A-Za-z]+", rule["alert"])
    assert rule["annotations"]["summary"]
    assert len(rule["annotations"]["runbook"]) > 60
    assert "\n" not in rule["annotations"]["runbook"]


def test_alerts_have_names_of_their_own_and_cover_the_objectives() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    assert {
        "ReviewerAcknowledgesSlowly",
        "ReviewerBeginsLate",
        "ReviewerIsSlow",
        "ReviewerFails",
        "ReviewerQueueIsOld",
        "ReviewerBurnsBudget",
    } <= set(names)


@pytest.mark.parametrize(
    ("series", "objective"),
    [
        ("reviewer_webhook_acknowledge_seconds_bucket", 1),
        ("reviewer_run_queue_seconds_bucket", 120),
        ("reviewer_review_seconds_bucket", 600),
    ],
)
def test_a_bucket_ends_where_an_objective_is(series: str, objective: float) -> None:
    # Between the ends of a bucket a quantile is a guess.
    text = Figures(process=False).exposition().decode()
    ends = set(re.findall(rf'^{series}\{{.*?le="([^"]+)"', text, re.MULTILINE))
    assert str(float(objective)) in ends


def test_panels_have_a_place_a_source_and_names_of_their_own() -> None:
    listed = panels()
    assert len({panel["id"] for panel in listed}) == len(listed)
    shown = [panel for panel in listed if panel["type"] != "row"]
    assert len({panel["title"] for panel in shown}) == len(shown)
    for panel in shown:
        assert panel["datasource"]["uid"] == "${datasource}"
        refs = [target["refId"] for target in panel["targets"]]
        assert sorted(set(refs)) == refs
    boxes = sorted((p["gridPos"]["y"], p["gridPos"]["x"], p["gridPos"]) for p in listed)
    for (_, _, before), (_, _, after) in pairwise(boxes):
        assert before["x"] + before["w"] <= 24
        beside = before["x"] + before["w"] <= after["x"] and before["y"] == after["y"]
        assert beside or before["y"] + before["h"] <= after["y"]


def test_legends_name_labels_that_the_expression_keeps() -> None:
    for panel in panels():
        for target in panel.get("targets", ()):
            named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            kept = {
                part.strip()
                for grouping in _GROUPING.findall(target["expr"])
                for part in grouping.split(",")
            }
            assert named <= kept | {"instance"}


@pytest.fixture
def promtool(allowed_program: Callable[[Path | str], None]) -> str:
    """Prometheus's own checker, where it is installed."""
    path = shutil.which("promtool")
    if path is None:
        pytest.skip("promtool is not installed")
    allowed_program(path)
    return path


def _run(*command: str) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, cwd=ROOT, env={}
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_reads_the_rules(promtool: str) -> None:
    _run(promtool, "check", "rules", str(ALERTS))


def test_the_rules_fire_when_they_are_meant_to(promtool: str) -> None:
    _run(promtool, "test", "rules", str(ALERTS_TEST))


def test_prometheus_reads_every_query_of_the_dashboard(promtool: str, tmp_path: Path) -> None:
    queries = [
        {
            "record": "asked:query",
            "expr": expression.replace("$__rate_interval", "5m").replace("$__range", "1h"),
            "labels": {"number": str(number)},
        }
        for number, (_, expression) in enumerate(expressions())
    ]
    file = tmp_path / "queries.yml"
    groups = {"groups": [{"name": "dashboard", "rules": queries}]}
    file.write_text(json.dumps(groups), encoding="utf-8")
    _run(promtool, "check", "rules", str(file))
