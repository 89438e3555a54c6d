"""The literal text that a structural pattern needs is never more than a match really needs."""

from __future__ import annotations

import pytest

from reviewer.domain.pattern_text import holds, required_by


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({"pattern": "asyncio.run($$$ARGUMENTS)"}, "asyncio.run(main())"),
        ({"kind": "call", "regex": "^print"}, "print(1)"),
        ({"any": [{"pattern": "getenv($KEY)"}, {"pattern": "environ[$KEY]"}]}, "environ['a']"),
        ({"pattern": "$A = $A", "not": {"regex": "never"}}, "x = x"),
        (
            {"kind": "call", "inside": {"kind": "module", "regex": "import (fastapi|flask)"}},
            "import flask\nrun()",
        ),
        ({"pattern": {"context": "f(key=$V)", "selector": "keyword_argument"}}, "g(key=1)"),
        ({"any": [{"kind": "call"}, {"pattern": "getenv($KEY)"}]}, "anything()"),
        ({"regex": "(?i)Settings"}, "SETTINGS = 1"),
    ],
)
def test_a_text_with_a_match_holds_what_is_required(rule: dict[str, object], text: str) -> None:
    assert holds(required_by(rule), text.lower())


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({"pattern": "asyncio.run($$$ARGUMENTS)"}, "trio.run(main)"),
        ({"all": [{"kind": "call"}, {"has": {"regex": "^from_pretrained$"}}]}, "load()"),
        ({"any": [{"pattern": "getenv($KEY)"}, {"pattern": "environ[$KEY]"}]}, "key = 1"),
        ({"kind": "call", "inside": {"regex": "import (fastapi|flask)"}}, "run()"),
    ],
)
def test_a_text_without_a_name_of_the_pattern_need_not_be_searched(
    rule: dict[str, object], text: str
) -> None:
    assert not holds(required_by(rule), text)


def test_a_rule_that_is_no_rule_requires_nothing() -> None:
    assert required_by({"all": "x", "any": 3, "pattern": 4, "has": None, "regex": []}) == ()
