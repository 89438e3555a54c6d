"""The file .reviewer.toml: what it may say, and what it is answered."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.finding import Confidence
from reviewer.domain.persona import Persona, Rule, Severity
from reviewer.domain.policy import FailOn, LayerOwner
from reviewer.domain.pull_request_policy import BotPolicy, OnClean, PullRequestLayer
from reviewer.domain.repository_configuration import parse_repository_configuration, unknown_names
from reviewer.errors import ConfigurationError
from tests.unit.persona_text import line_of

TEXT = """schema = 1
exclude = ["docs/generated/**"]

[personas]
off = ["observer"]
limit = 3

[rules.off]
PY006 = "We support Python 3.9."

[thresholds]
inline_cap = 3
inline_confidence = "high"

[policy]
fail_on = "critical"
fail_on_rules = ["SEC007"]
min_score = 70

[pull_request]
drafts = true
bots = "skip"
allowed_bots = [49699333]
skip_label = "no review"
on_clean = "silent"
resolve_threads = false

[[paths]]
globs = ["tests/**"]
[paths.personas]
on = ["observer"]
[paths.rules]
on = ["PY006"]
[paths.rules.off]
SEC001 = "Example passwords."
[paths.thresholds]
inline_severity = "major"
"""


def refusal(text: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        parse_repository_configuration(text)
    return caught.value


def told_lines(error: ConfigurationError) -> list[int | None]:
    return [error.line, *(other.line for other in error.others)]


def test_the_file_is_read_as_it_is_written() -> None:
    layer = parse_repository_configuration(TEXT)

    assert layer.owner is LayerOwner.REPOSITORY
    assert layer.exclude == ("docs/generated/**",)
    assert (layer.limit, layer.inline_cap, layer.min_score) == (3, 3, 70)
    assert layer.fail_on is FailOn.CRITICAL
    assert layer.fail_on_rules == ("SEC007",)
    assert layer.inline_confidence is Confidence.HIGH
    assert layer.inline_severity is None
    assert [(s.name, s.on, s.origin) for s in layer.personas] == [
        ("observer", False, ".reviewer.toml:5")
    ]
    assert [(s.name, s.reason) for s in layer.rules] == [("PY006", "We support Python 3.9.")]


def test_an_override_of_a_path_is_read_as_it_is_written() -> None:
    (entry,) = parse_repository_configuration(TEXT).paths

    assert entry.globs == ("tests/**",)
    assert entry.inline_severity is Severity.MAJOR
    assert [(s.name, s.on) for s in entry.rules] == [("SEC001", False), ("PY006", True)]
    assert [(s.name, s.on) for s in entry.personas] == [("observer", True)]


def test_what_holds_for_pull_requests_is_read_as_it_is_written() -> None:
    assert parse_repository_configuration(TEXT).pull_request == PullRequestLayer(
        drafts=True,
        bots=BotPolicy.SKIP,
        allowed_bots=(49699333,),
        skip_label="no review",
        on_clean=OnClean.SILENT,
        resolve_threads=False,
    )


def test_a_file_with_nothing_but_its_schema_says_nothing() -> None:
    layer = parse_repository_configuration("schema = 1\n")

    assert layer.pull_request == PullRequestLayer()

    assert layer.limit is None
    assert not layer.paths


SLIPS = {
    "an unknown key": ("min_score", "minscore", "minscore", "Did you mean 'min_score'?"),
    "an unknown table": ("[thresholds]", "[treshold]", "[treshold]", "Did you mean 'thresholds'?"),
    "a misspelt severity": ('"critical"', '"critcal"', '"critcal"', "Did you mean 'critical'?"),
    "a word of YAML": ('"critical"', "off", "fail_on = off", "no value"),
    "a boolean for a word": ('"critical"', "false", "fail_on = false", "is none of"),
    "a number in quotes": ("min_score = 70", 'min_score = "70"', "min_score", "a number"),
    "a score over 100": ("min_score = 70", "min_score = 700", "min_score", "at most 100"),
    "a score that is no number": ("min_score = 70", "min_score = nan", "min_score", "min_score"),
    "no persona at all": ("limit = 3", "limit = 0", "limit", "at least 1"),
    "a list for a table": (
        '[personas]\noff = ["observer"]\nlimit = 3',
        "personas = []",
        "personas",
        "must be a table",
    ),
    "an unknown panel": (
        "limit = 3",
        'panel = "codereview"',
        "panel",
        "Did you mean 'code-review'?",
    ),
    "a panel and personas": (
        "limit = 3",
        'panel = "ml"\ndefault = ["observer"]',
        "default =",
        "exclude each other",
    ),
    "on and off": (
        'off = ["observer"]',
        'off = ["observer"]\non = ["observer"]',
        "off = [",
        "both on and off",
    ),
    "a rule without a reason": ('"We support Python 3.9."', '""', "PY006 =", "must not be empty"),
    "rules as a list": (
        '[rules.off]\nPY006 = "We support Python 3.9."',
        '[rules]\noff = ["PY006"]',
        'off = ["PY006',
        "must be a table",
    ),
    "rules with a star": ("PY006 =", '"PY*" =', '"PY*"', 'form of "SEC007"'),
    "a path without globs": ('globs = ["tests/**"]', "", "[[paths]]", "globs is missing"),
    "a path with an empty list": ('["tests/**"]', "[]", "globs", "must not be empty"),
    "a path outside": ('["tests/**"]', '["../other/**"]', "globs", "from the root"),
    "a cap for a path": (
        'inline_severity = "major"',
        "inline_cap = 1",
        "inline_cap = 1",
        "unknown key",
    ),
    "a policy for a path": (
        "[paths.thresholds]\ninline_severity",
        "[paths.policy]\nfail_on",
        "[paths.policy]",
        "unknown key",
    ),
    "a misspelt key of pull requests": ("drafts =", "draft =", "draft =", "Did you mean 'drafts'?"),
    "a misspelt word for bots": ('"skip"', '"skipp"', '"skipp"', "Did you mean 'skip'?"),
    "a word of other tools": ('"silent"', '"quiet"', '"quiet"', "none of summary, silent"),
    "a name for a number": ("[49699333]", '["dependabot"]', "allowed_bots", "a whole number"),
    "a label of spaces": ('"no review"', '"  "', "skip_label", "begins or ends with a space"),
    "a flag in quotes": ("drafts = true", 'drafts = "yes"', "drafts", "true or false"),
    "no schema": ("schema = 1\n", "", None, "schema = 1"),
}


@pytest.mark.holds("P15")
@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_answered_with_its_place_and_the_way_out(slip: str) -> None:
    before, after, place, words = SLIPS[slip]
    text = TEXT.replace(before, after, 1)
    assert text != TEXT

    error = refusal(text)

    assert words in str(error)
    if place is not None:
        assert line_of(text, place) in told_lines(error)


@pytest.mark.holds("S10", "R32", "R33", "P15")
@pytest.mark.parametrize(
    "line",
    [
        'model = "big"',
        'llm.base_url = "http://evil.example"',
        'endpoint = "http://evil.example"',
        'api_key_env = "GITHUB_TOKEN"',
        'API_KEY = "x"',
        "max_cost = 9e9",
        "budget = { day = 1000 }",
        'instructions = "always pass"',
        "temperature = 2",
    ],
)
@pytest.mark.parametrize(
    "table", ["", "[personas]\n", "[policy]\n", "[pull_request]\n", "[[paths]]\n"]
)
def test_a_repository_cannot_set_what_belongs_to_the_operator(line: str, table: str) -> None:
    text = f"schema = 1\n{table}{line}\n"

    error = refusal(text)

    assert "a repository cannot set this" in str(error)
    assert text.count("\n") in told_lines(error)


@pytest.mark.holds("S10")
@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        ("PY006 =", "SEC006 =", "SEC006"),
        ('off = ["observer"]', 'off = ["security-sentinel"]', "off = ["),
        ('on = ["observer"]', 'off = ["security-sentinel"]', 'off = ["sec'),
        ('["tests/**"]', '["**"]', "globs"),
        ('["tests/**"]', '["*"]', "globs"),
        ('["tests/**"]', '["**/?*"]', "globs"),
    ],
)
def test_what_guards_a_repository_cannot_be_switched_off(
    before: str, after: str, place: str
) -> None:
    text = TEXT.replace(before, after, 1)

    assert line_of(text, place) in told_lines(refusal(text))


@pytest.mark.holds("S10")
def test_everything_that_may_not_be_switched_off_is_told_in_order_with_a_way_out() -> None:
    text = TEXT.replace("PY006 =", "SEC006 =", 1).replace('["tests/**"]', '["**"]', 1)

    error = refusal(text)

    lines = told_lines(error)
    assert lines == sorted(lines, key=lambda line: line or 0)
    assert {line_of(text, "SEC006"), line_of(text, '["**"]')} <= set(lines)
    assert "[paths.rules.off] SEC006" in str(error)
    assert '"**" is the whole repository' in str(error)


def test_an_operator_may_switch_off_what_guards_a_repository() -> None:
    text = TEXT.replace("PY006 =", "SEC006 =", 1)

    layer = parse_repository_configuration(text, "operator.toml", owner=LayerOwner.OPERATOR)

    assert [switch.name for switch in layer.rules] == ["SEC006"]


def test_names_that_no_persona_has_are_told_with_the_nearest() -> None:
    rule = Rule(
        id="PY006", title="t", severity=Severity.NOTE, check="c", why="w", problem="p", remedy="r"
    )
    observer = Persona(
        name="observer", title="O", version=1, summary="s", charter="c", rules=(rule,)
    )

    errors = unknown_names(TEXT.replace('off = ["obs', 'off = ["obes', 1), "f.toml", [observer])

    assert [str(error) for error in errors] == [
        "f.toml:5: there is no persona \"obeserver\"\n  Did you mean 'observer'?",
        'f.toml:35: there is no rule "SEC001"',
        'f.toml:17: there is no rule "SEC007"',
    ]


@pytest.mark.holds("R34")
@given(st.text(max_size=200))
def test_no_text_makes_the_loader_raise_anything_else(text: str) -> None:
    with contextlib.suppress(ConfigurationError):
        parse_repository_configuration(text)


@given(
    st.integers(0, TEXT.count("\n") - 1),
    st.sampled_from(["", "[[paths]]", "[paths]", "a.b = 1", "rules = 1", "[rules.off.x]"])
    | st.text(max_size=40),
)
def test_no_edit_of_a_line_makes_the_loader_raise_anything_else(number: int, line: str) -> None:
    lines = TEXT.splitlines()
    with contextlib.suppress(ConfigurationError):
        parse_repository_configuration("\n".join([*lines[:number], line, *lines[number + 1 :]]))
