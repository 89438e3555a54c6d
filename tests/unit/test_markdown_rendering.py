"""The summary comment and inline comments: short, true, capped between findings, nothing live."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from reviewer.domain.finding import OutcomeKind
from reviewer.domain.published import Posted
from reviewer.rendering.document import ReviewDocument
from reviewer.rendering.markdown import BODY_LIMIT, render_inline_comment, render_markdown
from reviewer.testing.builders import build_change, build_file, build_finding, build_placed
from tests.golden.examples import (
    CLEAN,
    EXAMPLES,
    FINDINGS,
    HOSTILE_TEXT,
    NEEDS_MODEL,
    SHELL_FINDING,
    many_findings,
)

MARKDOWN = MarkdownIt("gfm-like", {"html": True, "linkify": False})
OURS = re.compile(r"</?(?:details|summary|sub)>")


@pytest.mark.holds("P01")
def test_a_clean_and_complete_review_is_one_line() -> None:
    assert render_markdown(ReviewDocument(review=CLEAN)).count("\n") == 1


@pytest.mark.parametrize("name", ["partial", "skipped", "failed", "superseded"])
def test_the_first_word_says_that_a_run_did_not_complete(name: str) -> None:
    text = render_markdown(EXAMPLES[name])
    assert text.startswith(f"**{name.capitalize()}: ")
    assert EXAMPLES[name].way_out in text
    assert not re.search("Nothing found|No mechanical finding|No finding|✅|✓", text)


def test_without_a_model_the_first_line_says_how_many_rules_need_one() -> None:
    first = render_markdown(ReviewDocument(review=NEEDS_MODEL)).split("\n")[0]
    assert first.startswith("**No mechanical finding; 1 of 4 rules need")


@pytest.mark.holds("S7")
def test_suspected_injection_is_never_clean() -> None:
    review = replace(CLEAN, injection_suspected=True)
    assert "Nothing found" not in render_markdown(ReviewDocument(review=review))


def test_an_error_and_its_hint_make_two_sentences_of_one_notice() -> None:
    review = replace(CLEAN, notices=('a.toml:2: unknown key "limt"\n  Known are: limit.',))
    text = render_markdown(ReviewDocument(review=review))
    assert '- a.toml:2: unknown key "limt". Known are: limit.\n' in text


@pytest.mark.holds("S9", "R26")
@pytest.mark.parametrize("name", EXAMPLES)
def test_all_html_is_ours_and_nothing_links_outside(name: str) -> None:
    document = EXAMPLES[name]
    comments = [render_inline_comment(document, placed) for placed in document.review.shown]
    for text in (render_markdown(document), *comments):
        for token in MARKDOWN.parse(text):
            for part in (token, *(token.children or ())):
                assert part.type not in {"link_open", "image"}
                if part.type in {"html_block", "html_inline"}:
                    tags = re.findall(r"<[^>]*>", part.content)
                    assert all(OURS.fullmatch(tag) for tag in tags), part.content


def test_links_go_to_the_lines_at_the_reviewed_commit() -> None:
    document = ReviewDocument(review=FINDINGS, repository_url="https://host.example/o/r")
    head = FINDINGS.change.head
    assert (
        f"[`app/api.py:13-17`](https://host.example/o/r/blob/{head}/app/api.py#L13-L17)"
        in render_markdown(document)
    )


@pytest.mark.holds("S9", "R13")
def test_a_path_cannot_leave_its_link() -> None:
    file = build_file("a](https://evil.example)<b>|`.py", after="x = 1\n")
    review = replace(
        FINDINGS, change=build_change(file), findings=(build_placed(build_finding(file, 1)),)
    )
    text = render_markdown(ReviewDocument(review=review, repository_url="https://host.example/o/r"))
    links = [
        str(part.attrs["href"])
        for token in MARKDOWN.parse(text)
        for part in token.children or ()
        if part.type == "link_open"
    ]
    assert [link.startswith("https://host.example/o/r/blob/") for link in links] == [True]


@pytest.mark.holds("P17")
@pytest.mark.parametrize("letter", ["a", "\u6f22"])
def test_a_body_over_the_cap_is_cut_between_findings_and_says_how_many_more(letter: str) -> None:
    file = build_file("app/big.py", after="".join(f"f({i})\n" for i in range(400)))
    findings = tuple(
        build_placed(
            build_finding(file, i + 1, headline=f"Finding {i} {letter * 100}"),
            OutcomeKind.SUMMARY,
            "more than 5 inline",
        )
        for i in range(400)
    )
    review = replace(FINDINGS, change=build_change(file), findings=findings)
    text = render_markdown(ReviewDocument(review=review))
    shown = text.count("- **Finding ")
    assert BODY_LIMIT * 0.8 < len(text.encode()) <= BODY_LIMIT
    assert "390 more to fix" in text
    assert f"… {400 - shown} more findings" in text
    assert text.count("<details>") == text.count("</details>")
    assert text.count("→ Pass a list") == shown


@pytest.mark.holds("P01")
@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 17, 18, 19, 21, 300])
def test_every_finding_is_shown_or_counted(number: int) -> None:
    review = many_findings(number)
    text = render_markdown(ReviewDocument(review=review))
    assert len(text.encode()) <= BODY_LIMIT
    places = re.findall(r"`app/big\.py:([^`]*)`", text)
    counted = sum(
        int(more[1])
        if (more := re.search(r"(\d+) places", place))
        else len(re.split(", | and ", place))
        for place in places
    )
    assert counted == len(review.shown) == number


def test_what_is_said_inline_is_not_explained_again_in_the_summary() -> None:
    here = render_markdown(ReviewDocument(review=FINDINGS))
    inline = frozenset(
        placed.finding.fingerprint
        for placed in FINDINGS.shown
        if placed.outcome.kind is OutcomeKind.INLINE
    )
    posted = render_markdown(ReviewDocument(review=FINDINGS, posted=Posted(inline=inline)))
    assert "Await `httpx.AsyncClient.get`" in here
    assert "Await `httpx.AsyncClient.get`" not in posted
    assert "Annotate parameters and the return value" in posted


def test_an_inline_comment_spends_at_most_eighty_words_on_prose() -> None:
    finding = replace(SHELL_FINDING, explanation="word " * 500)
    text = render_inline_comment(ReviewDocument(review=FINDINGS), build_placed(finding))
    prose = text.split("\n\n")[1]
    assert len(prose.split()) <= 80
    assert prose.rstrip().endswith(finding.remedy)


@pytest.mark.holds("P31")
def test_a_comment_never_shows_a_hard_coded_password() -> None:
    for document in (EXAMPLES["findings"], EXAMPLES["notices"]):
        assert "not-a-real-password" not in render_markdown(document)


@pytest.mark.holds("S9")
def test_hostile_text_gives_no_command_at_the_start_of_a_line() -> None:
    document = EXAMPLES["hostile"]
    assert "/dismiss all" in HOSTILE_TEXT
    for text in (
        render_markdown(document),
        render_inline_comment(document, document.review.shown[0]),
    ):
        assert not re.search(r"(?m)^\s*/\w", text)
        assert "<!--" not in text
