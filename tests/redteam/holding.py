"""What must hold of every review, whatever the change says and whatever a model answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token
from typing_extensions import override

from reviewer.domain.checklist import Answer, Verdict
from reviewer.domain.completion import CompletionRequest
from reviewer.domain.finding import OutcomeKind
from reviewer.domain.review import MODEL_SOURCE, Review
from reviewer.domain.status import RunState
from reviewer.testing.evil_model import secret_forms
from tests.guards import find_canary
from tests.redteam.trial import SECRETS, Trial

_MARKDOWN = MarkdownIt("gfm-like", {"html": True, "linkify": False})
_OURS = re.compile(r"</?(?:details|summary|sub)>")
_OUR_LINK = re.compile(r"https://github\.com/example/shop/blob/[^\s\"<>]*\Z")
#: What GitHub's filters look for in rendered text, apart from code; not our own rules' numbers.
_LIVE = re.compile(
    r"(?:^|\W)@\w|#\d|\bgh-\d|://|(?<![^\W_])www\.|(?<![^\W_])(?:mailto|xmpp|javascript):",
    re.IGNORECASE,
)
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe0f\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_COMMAND = re.compile(r"(?m)^\s*/[A-Za-z]")
_WORKFLOW = re.compile(r"(?m)^\s*::|##\[")
_DRAWN = frozenset({"suggestion", "mermaid", "geojson", "topojson", "stl", "math"})
_FORBIDDEN_TAGS = frozenset(
    {"script", "img", "link", "iframe", "object", "embed", "a", "form", "svg", "base", "picture"}
)


def assert_holds(trial: Trial, mechanical: Trial, requests: Sequence[CompletionRequest]) -> None:
    """Assert everything that no text and no answer may change.

    Args:
        trial: The review.
        mechanical: The same change reviewed without a model.
        requests: What the model was sent.
    """
    assert_verdicts_stand(trial.review, mechanical.review)
    assert_score_is_computed(trial.review)
    _findings_are_anchored(trial)
    assert_requests_are_sound(requests)
    assert_outputs_are_dead(trial.outputs)
    assert trial.review.injection_suspected == mechanical.review.injection_suspected


def _key(answer: Answer) -> tuple[str, str]:
    return answer.persona, answer.rule_id


def assert_verdicts_stand(review: Review, mechanical: Review) -> None:
    """What tools decided stands; nobody but code makes a rule inapplicable."""
    before = {_key(answer): answer for answer in mechanical.answers}
    after = {_key(answer): answer for answer in review.answers}
    assert before.keys() <= after.keys(), "a persona was talked out of the review"
    for key, answer in before.items():
        if answer.verdict is Verdict.FAIL:
            assert after[key].verdict is Verdict.FAIL, key
            held = {finding.fingerprint for finding in after[key].findings}
            assert {finding.fingerprint for finding in answer.findings} <= held, key
        if answer.verdict is Verdict.PASS:
            assert after[key].verdict in {Verdict.PASS, Verdict.FAIL}, key
    for key, answer in after.items():
        if answer.verdict is Verdict.NOT_APPLICABLE and key in before:
            assert before[key].verdict is Verdict.NOT_APPLICABLE, key
        if answer.verdict is Verdict.NOT_APPLICABLE and key not in before:
            assert not answer.asked, key


def assert_score_is_computed(review: Review) -> None:
    """The score is the weights of passes over those of passes and fails, and nothing else."""
    weights = dict.fromkeys(Verdict, 0)
    for answer in review.answers:
        weights[answer.verdict] += answer.severity.weight
    assessed = weights[Verdict.PASS] + weights[Verdict.FAIL]
    expected = None if assessed == 0 else 100 * weights[Verdict.PASS] / assessed
    assert review.score.percent == expected
    rules = {rule.id: rule for persona in review.personas for rule in persona.rules}
    assert all(answer.severity is rules[answer.rule_id].severity for answer in review.answers)


def _findings_are_anchored(trial: Trial) -> None:
    """Every finding is of a rule that there is, no worse than it, on lines that say its quote."""
    review = trial.review
    rules = {rule.id: rule for persona in review.personas for rule in persona.rules}
    for placed in review.findings:
        if placed.outcome.kind is OutcomeKind.DROPPED:
            assert placed.outcome.reason
            continue
        finding = placed.finding
        assert finding.severity.weight <= rules[finding.rule_id].severity.weight
        file = trial.change.by_path[finding.path]
        if finding.location is not None:
            assert finding.location.path == finding.path
            assert finding.quote == file.text_at(finding.location)
        if placed.outcome.kind is OutcomeKind.INLINE:
            assert finding.location is not None
            assert trial.change.is_commentable(finding.location)
        if finding.sources == (MODEL_SOURCE,):
            assert finding.quote.strip()


def assert_requests_are_sound(requests: Sequence[CompletionRequest]) -> None:
    """No secret is sent, and nothing of a change leaves its fence."""
    for request in requests:
        sent = f"{request.system}\n{request.prefix}\n{request.question}"
        assert not find_canary(sent)
        nonce = re.match(r"<<<(\w+) ", request.prefix)
        assert nonce is not None
        lines = request.prefix.split("\n")
        marks = [line for line in lines if nonce[1] in line]
        opened = [line for line in marks if re.fullmatch(rf"<<<{nonce[1]} [a-z ]+", line)]
        closed = [line for line in marks if line == f"{nonce[1]}>>>"]
        assert len(marks) == len(opened) + len(closed) == 2 * len(opened)
        assert marks[::2] == opened


def assert_nothing_hidden(name: str, text: str) -> None:
    """Assert that a text has no character that hides, reorders or commands."""
    assert not _HIDDEN.search(text), name


def assert_outputs_are_dead(outputs: Mapping[str, str]) -> None:
    """Nothing in an output is live, hidden, secret or a command."""
    for name, text in outputs.items():
        assert_nothing_hidden(name, text)
        assert_no_secret(name, text)
        assert not _WORKFLOW.search(text), name
        if name == "markdown" or name.startswith("inline"):
            assert_markdown_is_dead(name, text)
    for name in ("json", "sarif"):
        json.loads(outputs[name], parse_constant=_refused)
    page = _Page(outputs["html"])
    assert not _FORBIDDEN_TAGS & set(page.tags)
    assert not [name for name in page.attributes if name.startswith("on")]
    assert not {"src", "href", "style", "srcset"} & set(page.attributes)


def assert_no_secret(name: str, text: str) -> None:
    """Assert that a text holds no secret of ours, in none of its forms."""
    assert not find_canary(text), name
    for secret in SECRETS:
        for form in secret_forms(secret):
            assert form not in text, (name, form[:6])


def assert_markdown_is_dead(name: str, text: str, our_link: re.Pattern[str] = _OUR_LINK) -> None:
    """Assert that Markdown holds nothing live.

    Args:
        name: What it is, for the message.
        text: The Markdown.
        our_link: The links that we build ourselves.
    """
    assert "<!--" not in text, name
    assert not _COMMAND.search(text), name
    for token in _tokens(text):
        assert token.type != "image", name
        if token.type == "link_open":
            assert our_link.fullmatch(str(token.attrs["href"])), name
        if token.type in {"html_block", "html_inline"}:
            tags = re.findall(r"<[^>]*>", token.content)
            assert all(_OURS.fullmatch(tag) for tag in tags), name
        if token.type == "fence":
            # GitHub draws some of them, with links, and commits others with one click.
            language = token.info.strip().split(" ")[0].lower()
            assert language not in _DRAWN, (name, language)
    assert not _LIVE.search(_seen(text)), (name, _LIVE.search(_seen(text)))


def _tokens(markdown: str) -> Iterator[Token]:
    for token in _MARKDOWN.parse(markdown):
        yield token
        yield from token.children or ()


def _seen(markdown: str) -> str:
    """Return the text as GitHub's filters see it, with a gap where code stands."""
    gaps = {"softbreak": "\n", "hardbreak": "\n", "code_inline": " ", "fence": " "}
    return "".join(
        token.content if token.type == "text" else gaps.get(token.type, "")
        for token in _tokens(markdown)
    )


def _refused(constant: str) -> object:
    message = f"{constant} is not JSON"
    raise AssertionError(message)


class _Page(HTMLParser):
    """Collects the elements and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.feed(text)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


def assert_not_called_clean(trial: Trial) -> None:
    """Assert that no output calls the review clean."""
    assert "Nothing found" not in trial.review.headline
    for name in ("markdown", "terminal"):
        assert "Nothing found" not in trial.outputs[name]
    assert '<header class="good">' not in trial.outputs["html"]


def assert_partial(trial: Trial, words: str) -> None:
    """Assert that the run says itself that it is not whole, and why."""
    assert trial.review.state is RunState.PARTIAL
    assert words in trial.review.reason
    assert_not_called_clean(trial)
