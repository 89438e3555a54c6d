"""What `make fuzz` has found, one test a hole, with the smallest input that showed it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reviewer.adapters.sarif.report import parse_sarif
from reviewer.domain.agent_definition import parse_agent_definition
from reviewer.domain.diff import parse_hunks, parse_patch
from reviewer.domain.history_text import decode
from reviewer.domain.sanitiser import fenced, logged_html, prose
from reviewer.domain.toml_document import parse_toml
from reviewer.domain.toml_place import places
from reviewer.errors import ConfigurationError, UserError
from reviewer.prompting.prompt_file import parse_prompt
from reviewer.prompting.prompt_template import parse_section

LONG = "x" * 5_000

pytestmark = pytest.mark.holds("S19")


@pytest.mark.parametrize("odd", [[], {}, None, 1, [["pass"]]])
def test_a_result_of_sarif_may_say_anything_as_its_kind(odd: object) -> None:
    place = {"physicalLocation": {"artifactLocation": {"uri": "a.py"}}}
    run = {"results": [{"kind": odd, "level": odd, "locations": [place]}]}
    content = json.dumps({"version": "2.1.0", "runs": [run]}).encode()
    report = parse_sarif(content, name="scan.sarif", root=Path("/srv/checkout"))
    assert [hit.path for hit in report.hits] == ["a.py"]


@pytest.mark.holds("R34")
@pytest.mark.parametrize("escape", ["\\UFFFFFFFF", "\\U00110000"])
def test_a_character_beyond_unicode_is_no_yaml(escape: str) -> None:
    text = f'---\nname: "{escape}"\ndescription: x\n---\nbody\n'
    with pytest.raises(ConfigurationError, match="a character that does not exist"):
        parse_agent_definition(text, ".claude/agents/a.md")


def test_a_number_without_end_is_no_hunk_header() -> None:
    for header in (f"@@ -{'9' * 5_000} +1 @@", f"@@ -1,{'9' * 5_000} +1 @@", "@@ -\u0663 +1 @@"):
        with pytest.raises(UserError, match="no hunk header"):
            parse_patch(f"--- a/x.c\n+++ b/x.c\n{header}\n-a\n+b\n")


@pytest.mark.holds("R28")
@pytest.mark.parametrize(
    "hunks",
    [
        "@@ -1 +1 @@\n-a\n+b\n@@ -1 +1 @@\n-c\n+d\n",
        "@@ -9 +9 @@\n-a\n+b\n@@ -1 +1 @@\n-c\n+d\n",
        "@@ -1 +1 @@\n-a\n+b\n@@ -2 +1 @@\n-c\n+d\n",
        "@@ -1 +1 @@\n-a\n+b\n@@ -1 +2 @@\n-c\n+d\n",
        "@@ -0,0 +0,1 @@\n+b\n",
        "@@ -1,2 +1,3 @@\n a\n b\n+c\n@@ -2,0 +3,1 @@\n+d\n",
    ],
)
def test_no_line_is_shown_by_two_hunks_or_stands_before_the_first(hunks: str) -> None:
    with pytest.raises(UserError, match="overlap or do not stand in their order"):
        parse_hunks(hunks)


@pytest.mark.parametrize(
    "hunks",
    [
        "@@ -1 +1 @@\n-a\n+b\n@@ -2 +2 @@\n-c\n+d\n",
        "@@ -0,0 +1,2 @@\n+a\n+b\n",
        "@@ -1,2 +0,0 @@\n-a\n-b\n",
        "@@ -1 +0,0 @@\n-a\n@@ -5,0 +5,2 @@\n+b\n+c\n",
    ],
)
def test_hunks_that_touch_are_in_order(hunks: str) -> None:
    assert parse_hunks(hunks).hunks


@pytest.mark.parametrize(
    ("name", "path"), [('"b/\\9x.py"', "9x.py"), ('"b/\\8.py"', "8.py"), ('"b/\\1019.py"', "A9.py")]
)
def test_a_digit_that_is_not_octal_is_itself(name: str, path: str) -> None:
    (file,) = parse_patch(f"--- {name.replace('b/', 'a/')}\n+++ {name}\n@@ -1 +1 @@\n-a\n+b\n")
    assert file.path == path


def test_a_combined_diff_without_a_name_is_refused() -> None:
    with pytest.raises(UserError, match="which file"):
        parse_patch("diff --cc \n@@@ -1 -1 +1 @@@\n")


def test_a_history_with_other_letters_is_none() -> None:
    assert decode("ä") is None


def test_a_prompt_without_a_section_says_so() -> None:
    with pytest.raises(ConfigurationError, match="there is no section"):
        parse_prompt(
            '+++\nschema = 1\nname = "contract"\nversion = 1\nsummary = "x"\noutput = "none"\n'
            'inputs = []\nnotes = "n"\n+++',
            "prompts/contract/v1.md",
        )


def test_lines_of_toml_end_at_line_feeds_alone() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_toml("a = ''\nb = '''\u2028\u2028\u2028", "file.toml")
    assert caught.value.line == 2


def test_the_places_of_a_text_that_is_no_toml_are_looked_for_all_the_same() -> None:
    assert places('"\\UFFFFFFFF" = 1\n')


@pytest.mark.holds("S9", "R45")
@pytest.mark.parametrize("blank", ["\u00a0", "\u3000", "\u2003 \t"])
def test_white_space_of_every_kind_hides_no_command_of_a_runner(blank: str) -> None:
    assert f"{blank}::" not in fenced(f"{blank}::add-mask::x")
    assert f"{blank}/review" not in fenced(f"{blank}/review")
    assert f"{blank}::" not in logged_html(f"{blank}::add-mask::x")


@pytest.mark.holds("S9", "R45")
@pytest.mark.parametrize("colons", ["::", ":::", "::;", "  ::."])
def test_colons_alone_begin_no_line(colons: str) -> None:
    assert prose(colons) == f"`{colons.strip()}`"


@pytest.mark.holds("S9", "R25")
@pytest.mark.parametrize("reference", ["3f9c2ab4", "GH-1"])
def test_letters_of_other_alphabets_make_no_reference_part_of_a_word(reference: str) -> None:
    assert prose(f"\u0431{reference}\u0431") == f"`\u0431{reference}\u0431`"


@pytest.mark.parametrize("endless", ["9" * 5_000, "(" * 5_000 + "1" + ")" * 5_000])
def test_a_template_without_end_is_told(endless: str) -> None:
    with pytest.raises(ConfigurationError, match="no template"):
        parse_section(f"{{{{ {endless} }}}}", path="prompts/review/v1.md", line=3)


@pytest.mark.parametrize(
    "section",
    ["{{ a | " + "f" * 5_000 + " }}", "{{ " + "v" * 5_000 + " }}", "{% " + "t" * 5_000 + " %}"],
)
def test_a_message_about_a_prompt_repeats_no_endless_name(section: str) -> None:
    text = (
        '+++\nschema = 1\nname = "contract"\nversion = 1\nsummary = "x"\noutput = "none"\n'
        f'inputs = []\nnotes = "n"\n+++\n\n+++ system\n{section}\n'
    )
    with pytest.raises(ConfigurationError) as caught:
        parse_prompt(text, "prompts/contract/v1.md")
    for error in (caught.value, *caught.value.others):
        assert len(error.message) < 400


@pytest.mark.parametrize("section", ["a\r\r\r{% if", "a\r\r\r{% include 'x' %}"])
def test_a_template_s_lines_end_at_line_feeds_alone(section: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_section(section, path="prompts/review/v1.md", line=3)
    assert caught.value.line == 3
