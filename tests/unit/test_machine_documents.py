"""JSON, SARIF and HTML: valid, complete, deterministic, closed to what they show."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import jsonschema
import pytest
from typing_extensions import override

from reviewer.domain.finding import OutcomeKind
from reviewer.rendering.document import ReviewDocument
from reviewer.rendering.html import render_html
from reviewer.rendering.json_document import render_json
from reviewer.rendering.json_schema import review_schema
from reviewer.rendering.sarif import render_sarif
from tests.golden.examples import CLEAN, EXAMPLES, FINDINGS

SCHEMA = review_schema()


def loaded_json(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render_json(EXAMPLES[name]))
    return document


def sarif_run(name: str) -> dict[str, Any]:
    run: dict[str, Any] = json.loads(render_sarif(EXAMPLES[name]))["runs"][0]
    return run


@pytest.mark.parametrize("name", EXAMPLES)
def test_json_keeps_its_own_schema(name: str) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(loaded_json(name))


def test_the_schema_allows_no_other_key_and_describes_every_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for definition in (SCHEMA, *SCHEMA["$defs"].values()):
        assert definition["description"]
        if "properties" in definition:
            assert definition["additionalProperties"] is False
            assert sorted(definition["required"]) == sorted(definition["properties"])
            assert all("description" in value for value in definition["properties"].values())


def test_json_is_byte_identical_but_for_the_times() -> None:
    one = json.loads(render_json(ReviewDocument(review=FINDINGS, seconds={"b": 1.0, "a": 2.0})))
    other = json.loads(render_json(ReviewDocument(review=FINDINGS, seconds={"total": 0.1})))
    assert one.pop("seconds") == {"a": 2.0, "b": 1.0}
    assert other.pop("seconds") == {"total": 0.1}
    assert json.dumps(one) == json.dumps(other)


def test_json_has_every_finding_with_its_outcome_and_every_file() -> None:
    document = loaded_json("findings")
    assert len(document["findings"]) == len(FINDINGS.findings)
    assert document["findings"][-1]["outcome"]["kind"] == "duplicate"
    assert {file["path"] for file in loaded_json("not_reviewed")["change"]["files"]} == {
        *("app/api.py", "app/models.py", "poetry.lock", "data/big.jsonl")
    }


@pytest.mark.holds("P31")
@pytest.mark.parametrize("render", [render_json, render_sarif, render_html])
def test_a_hard_coded_password_is_in_no_document(render: Callable[[ReviewDocument], str]) -> None:
    assert "not-a-real-password" not in render(EXAMPLES["findings"])


@pytest.mark.holds("S22")
@pytest.mark.parametrize("render", [render_json, render_sarif])
def test_machine_documents_are_ascii(render: Callable[[ReviewDocument], str]) -> None:
    assert render(EXAMPLES["hostile"]).isascii()


@pytest.mark.parametrize("name", EXAMPLES)
def test_sarif_fits_the_official_schema(name: str) -> None:
    model = pytest.importorskip(
        "pydantic_sarif.model", reason="generated from the official SARIF schema"
    )
    model.StaticAnalysisResultsFormatSarifVersion210JsonSchema.model_validate_json(
        render_sarif(EXAMPLES[name])
    )


@pytest.mark.parametrize("name", EXAMPLES)
def test_sarif_results_point_to_their_rules_and_to_real_lines(name: str) -> None:
    review = EXAMPLES[name].review
    run = sarif_run(name)
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert len(run["results"]) == len(review.shown)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert re.fullmatch("[0-9a-f]{40}", result["partialFingerprints"]["personaReviewer/v1"])
        assert result["level"] in {"error", "warning", "note"}
        (location,) = result["locations"]
        region = location["physicalLocation"].get("region")
        if region is not None:
            assert 1 <= region["startLine"] <= region["endLine"]


@pytest.mark.holds("P03")
def test_sarif_says_when_not_everything_was_looked_at() -> None:
    assert sarif_run("clean")["invocations"] == [{"executionSuccessful": True}]
    for name in ("partial", "failed", "superseded"):
        (invocation,) = sarif_run(name)["invocations"]
        assert invocation["executionSuccessful"] is False
        assert invocation["toolExecutionNotifications"][0]["level"] == "warning"
    (invocation,) = sarif_run("not_reviewed")["invocations"]
    assert "poetry.lock" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_sarif_gives_removed_lines_no_region_of_the_head() -> None:
    (result,) = sarif_run("removed_lines")["results"]
    assert "region" not in result["locations"][0]["physicalLocation"]
    assert "app/auth.py:2-3 of the base" in result["message"]["text"]


@pytest.mark.holds("S9")
def test_sarif_messages_hold_no_link_and_no_placeholder() -> None:
    hostile = replace(
        FINDINGS.findings[0].finding, headline="[text](https://evil.example) {0}", co_signers=()
    )
    placed = replace(FINDINGS.findings[0], finding=hostile)
    run = json.loads(render_sarif(ReviewDocument(review=replace(FINDINGS, findings=(placed,)))))
    text = run["runs"][0]["results"][0]["message"]["text"]
    assert "](" not in text
    assert "{0" not in text


def test_security_rules_carry_github_s_severity() -> None:
    rules = {rule["id"]: rule for rule in sarif_run("findings")["tool"]["driver"]["rules"]}
    assert rules["SEC007"]["properties"]["security-severity"] == "9.5"
    assert "security-severity" not in rules["PY001"]["properties"]


class Page(HTMLParser):
    """Collects the elements and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(text)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


@pytest.mark.holds("S9")
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_page_loads_and_runs_nothing(name: str) -> None:
    page = Page(render_html(EXAMPLES[name]))
    forbidden = {"script", "img", "link", "iframe", "object", "embed", "a", "form", "svg", "base"}
    assert not forbidden & set(page.tags)
    names = {name for name, _ in page.attributes}
    assert not {"src", "href", "style", "srcset"} & names
    assert not [name for name in names if name.startswith("on")]


def test_the_policy_of_the_page_allows_its_own_style_alone() -> None:
    policy = dict(Page(render_html(EXAMPLES["hostile"])).attributes)["content"]
    text = render_html(EXAMPLES["hostile"])
    assert re.search(r"default-src 'none'; style-src 'sha256-[\w+/=]+';", text)
    assert policy


@pytest.mark.holds("P03")
def test_the_page_of_a_clean_review_is_green_and_of_no_other() -> None:
    for name in EXAMPLES:
        good = '<header class="good">' in render_html(EXAMPLES[name])
        assert good is (EXAMPLES[name].clean and not EXAMPLES[name].review.needs_model)
    assert '<header class="good">' in render_html(ReviewDocument(review=CLEAN))


def test_the_page_says_which_findings_it_leaves_to_the_json() -> None:
    placed = replace(
        FINDINGS.findings[0], outcome=replace(FINDINGS.findings[0].outcome, kind=OutcomeKind.INLINE)
    )
    review = replace(FINDINGS, findings=(placed,) * 230)
    assert "… 30 more findings" in render_html(ReviewDocument(review=review))
