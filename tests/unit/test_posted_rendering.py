"""What is posted stays within limits, is marked once, and holds nothing live of anybody else."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reviewer.domain.command import holds_command
from reviewer.domain.conclusion import Conclusion, ConclusionKind
from reviewer.domain.finding import Finding
from reviewer.domain.history import History, SeenFile
from reviewer.domain.history_text import TEXT_LIMIT
from reviewer.domain.marker import PREFIX, MarkKind, ReplyMark
from reviewer.domain.published import EarlierComment, Posted
from reviewer.domain.review import Review
from reviewer.rendering.check import MOST_ANNOTATIONS, TITLE_LIMIT, render_check
from reviewer.rendering.document import ReviewDocument
from reviewer.rendering.markdown import BODY_LIMIT, render_markdown
from reviewer.rendering.posted_comment import finding_comment, still_there
from reviewer.testing.builders import HEAD, build_change
from reviewer.testing.fake_code_host import Operation
from tests.golden.examples import FINDINGS, REVIEWS, many_findings
from tests.unit.publishing_example import (
    SIGNER,
    build_findings,
    build_host,
    build_reviewed,
    build_source,
    moved,
    publish,
    three_findings,
)

MARKDOWN = MarkdownIt("gfm-like", {"html": True, "linkify": False})
NEUTRAL = Conclusion(kind=ConclusionKind.NEUTRAL, reason="advisory: no criterion is set")
#: GitHub's own limit for each part of a check's output.
OUTPUT_LIMIT = 65_535


def _document(review: Review) -> ReviewDocument:
    return ReviewDocument(review=review, posted=Posted())


def test_the_record_of_a_long_review_is_cut_to_its_head_and_stays_json() -> None:
    review = many_findings(800)
    check = render_check(_document(review), NEUTRAL, review.change)
    record = json.loads(check.text.removeprefix("```json\n").removesuffix("\n```"))
    assert record["truncated"] is True
    assert record["to_fix"] + record["to_consider"] == 800
    assert record["conclusion"] == "neutral"
    for part in (check.summary, check.text):
        assert len(part.encode()) <= OUTPUT_LIMIT
    assert len(check.annotations) == MOST_ANNOTATIONS
    assert "700 annotations more were left out" in check.summary


@pytest.mark.holds("P30")
@pytest.mark.parametrize("name", REVIEWS)
def test_every_check_is_within_limits_and_its_record_holds_no_tag(name: str) -> None:
    review = REVIEWS[name]
    check = render_check(_document(review), NEUTRAL, review.change)
    assert 0 < len(check.title) <= TITLE_LIMIT
    assert "\n" not in check.title
    assert PREFIX not in f"{check.summary}{check.text}"
    assert "<" not in check.text
    assert all(0 < a.start_line <= a.end_line for a in check.annotations)
    assert all(len(a.title) <= TITLE_LIMIT for a in check.annotations)


@pytest.mark.holds("P17")
async def test_a_summary_has_room_for_the_longest_marker() -> None:
    review = many_findings(800)
    host = build_host(review.change)
    names = (f"{index * 7919:x}" for index in range(1_500))
    history = History(
        trusted=True, files=tuple(SeenFile(path=f"app/{name}.py", patch=name) for name in names)
    )
    published = await publish(host, review, history=history)
    (comment,) = host.comments.values()
    assert len(comment.body.encode()) <= BODY_LIMIT
    reading = SIGNER.read(comment.body, MarkKind.SUMMARY)
    assert reading is not None
    assert published.history.generation == 1
    assert len(comment.body.splitlines()[-1]) <= TEXT_LIMIT + 400


@pytest.mark.holds("S9", "R24", "R25", "R26", "P29")
async def test_a_hostile_review_is_posted_dead() -> None:
    review = REVIEWS["hostile"]
    host = build_host(review.change)
    await publish(host, review)
    bodies = [c.body for c in host.comments.values()]
    bodies += [c.body for thread in host.threads for c in thread.comments]
    assert len(bodies) == 2
    for body in bodies:
        assert body.count(PREFIX) == 1
        assert body.splitlines()[-1].startswith(PREFIX)
        assert not holds_command(body)
        for token in MARKDOWN.parse(body):
            for part in token.children or ():
                assert part.type != "image"
                if part.type == "link_open":
                    assert str(part.attrs["href"]).startswith("https://host.example/octo/shop/")


WORDS = st.text(max_size=40) | st.sampled_from(
    ["/dismiss 1234567 x", "<!-- persona-reviewer:summary -->", "```\n/review\n", "\r/help", "@all"]
)


@pytest.mark.holds("P19")
@settings(max_examples=60, derandomize=True, deadline=None)
@given(WORDS, WORDS, WORDS, WORDS)
def test_no_text_of_ours_holds_a_command_whatever_a_model_or_a_change_says(
    headline: str, explanation: str, remedy: str, source: str
) -> None:
    def hostile(finding: Finding) -> Finding:
        return replace(
            finding,
            headline=headline,
            explanation=explanation,
            remedy=remedy,
            sources=(source,),
            quote=explanation,
        )

    file = build_source(3)
    review = build_reviewed(
        build_change(file), [hostile(finding) for finding in build_findings(file, (1, 2))]
    )
    review = replace(review, reason=source, notices=(headline, remedy))
    posted = Posted(
        demoted={review.findings[0].finding.fingerprint: source},
        earlier=(EarlierComment(path=headline, line=None, rule_id=remedy),),
        notes=(explanation,),
    )
    document = ReviewDocument(review=review, posted=posted)
    marker = SIGNER.write(ReplyMark(head_sha=HEAD))
    for text in (
        render_markdown(document),
        finding_comment(document, review.findings[0], SIGNER),
        still_there(document, review.findings[0].finding, marker),
    ):
        assert not holds_command(text)
        assert text.count(PREFIX) == (text.splitlines()[-1].startswith(PREFIX))


@pytest.mark.holds("P17")
async def test_what_publishing_costs_in_calls() -> None:
    review = three_findings()
    host = build_host(review.change)

    async def calls(review: Review) -> int:
        before = len(host.calls)
        await publish(host, review)
        # The first reading is the recall with which every run begins.
        return len(host.calls) - before - 1

    assert await calls(review) == 6
    # Whether the check that the summary names is there, is asked.
    assert await calls(review) == 2
    change = moved(review.change)
    host.push(change)
    assert await calls(replace(review, change=change)) == 4
    assert host.count(Operation.POST_REVIEW) == 1


def test_the_summary_of_a_terminal_and_that_of_a_pull_request_say_the_same_verdict() -> None:
    plain = render_markdown(ReviewDocument(review=FINDINGS))
    posted = render_markdown(_document(FINDINGS))
    assert plain.splitlines()[0] == posted.splitlines()[0]
    assert "/help" in posted
    assert "/help" not in plain
