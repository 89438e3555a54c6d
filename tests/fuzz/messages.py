"""The targets for what machines send: models' answers, SARIF, events of GitHub, the analyser."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from reviewer.adapters.analyser.fit import fit_reply, fit_review
from reviewer.adapters.analyser.wire import (
    Outcome,
    SentError,
    SentReview,
    Task,
    UnreadableError,
    read_outcome,
    read_task,
    write_outcome,
    write_task,
)
from reviewer.adapters.github.event_reader import read_event, read_payload
from reviewer.adapters.linters.notebook import read_notebook
from reviewer.adapters.providers.event_stream import EventStream
from reviewer.adapters.sarif.report import parse_sarif
from reviewer.domain.material import Material, Question, QuestionKind, Reply
from reviewer.domain.model_use import ModelUse
from reviewer.domain.persona import Persona
from reviewer.domain.recorded_delivery import read_recorded_delivery
from reviewer.domain.review import Review
from reviewer.errors import ConfigurationError, GitHubError, UserError
from reviewer.prompting.answer import ClaimedAnswer, Reading, ReadingState
from reviewer.prompting.item_scanner import LONGEST_TEXT, without_thoughts
from reviewer.prompting.reading import read_answers, read_verdicts
from reviewer.prompting.reply import MOST_QUOTES, read_reply
from reviewer.prompting.wire import MOST_ANSWERS, MOST_FINDINGS
from tests.fuzz.held import hold
from tests.fuzz.texts import text_of_any

#: Problems go into a repair prompt and into what people see.
_LONGEST_PROBLEM = 4_000


def read_model_answer(data: bytes) -> None:
    """Read a model's answer: what comes of it stood there, whole, and a cut adds nothing."""
    text = text_of_any(data)
    reading = read_answers(text)
    _hold_reading(reading, text)
    verdicts = read_verdicts(text)
    hold(len(verdicts.problem) <= _LONGEST_PROBLEM, "a problem without a bound")
    for verdict in verdicts.verdicts:
        hold(verdict.handle in _all_texts(text), "a verdict on what was not named")
    reply = read_reply(text)
    hold(bool(reply.answer) != bool(reply.problem), "neither an answer nor a problem, or both")
    hold(len(reply.quotes) <= MOST_QUOTES, "quotes without a bound")
    if reading.state is ReadingState.COMPLETE:
        _hold_cut(reading, text)


def _hold_reading(reading: Reading, text: str) -> None:
    hold((reading.state is ReadingState.UNUSABLE) == (not reading.answers), "a state of no answers")
    hold(len(reading.problem) <= _LONGEST_PROBLEM, "a problem without a bound")
    hold(len(reading.answers) <= MOST_ANSWERS, "answers without a bound")
    said = _all_texts(text)
    for answer in reading.answers:
        hold(len(answer.findings) <= MOST_FINDINGS, "findings without a bound")
        hold(set(_texts_of(answer)) <= said, "words that the model did not write")


def _texts_of(answer: ClaimedAnswer) -> Iterator[str]:
    yield from (answer.rule_id, answer.reason)
    for found in answer.findings:
        yield from (found.path, found.quote, found.headline, found.explanation, found.remedy)
        yield found.suggestion or found.path


def _all_texts(text: str) -> set[str]:
    """Return every whole string of JSON in a text: an own reading, quote by quote."""
    found: set[str] = set()
    decoder = json.JSONDecoder(strict=False)
    position = text.find('"')
    while position >= 0:
        try:
            value, _ = decoder.raw_decode(text, position)
        except ValueError:
            value = None
        if isinstance(value, str):
            found.add(value)
        position = text.find('"', position + 1)
    return found


def _hold_cut(reading: Reading, text: str) -> None:
    """Cut the text in many places: the answers are the first of the whole ones, and not all."""
    bare = without_thoughts(text[:LONGEST_TEXT].lstrip("\ufeff"))
    start = bare.find("{")
    try:
        whole, end = json.JSONDecoder(strict=False).raw_decode(bare, start)
    except ValueError:
        return
    if not isinstance(whole, dict) or "answers" not in whole or '"answers"' in bare[end:]:
        return  # several objects may differ when one of them is cut
    for length in range(0, end, max(1, end // 40)):
        cut = read_answers(bare[:length])
        hold(cut.state is not ReadingState.COMPLETE, "a cut answer counts as complete")
        hold(cut.answers == reading.answers[: len(cut.answers)], "a cut answer says something else")


def read_sarif(data: bytes) -> None:
    """Read SARIF: refused, or every hit is on a line of a path inside the repository."""
    try:
        report = parse_sarif(data, name="fuzz.sarif", root=Path("/srv/checkout"))
    except UserError:
        return
    for hit in report.hits:
        parts = hit.path.split("/")
        hold(not hit.path.startswith("/") and ".." not in parts, "a hit outside the repository")
        hold(all(part not in {"", "."} for part in parts), "a path that is not in its plain form")
        start, end = hit.start_line, hit.end_line
        hold((start is None) == (end is None), "half a place")
        hold(start is None or end is None or 1 <= start <= end, "a place that is none")
        hold(len(hit.message) <= 1_000, "a message without a bound")
    hold(all(str(note) for note in report.notes), "an empty note")


_EVENTS = (
    *("pull_request", "issue_comment", "pull_request_review_comment", "pull_request_review_thread"),
    *("check_run", "check_suite", "merge_group", "installation", "installation_repositories"),
    *("push", "pull_request_target", ""),
)


def read_github_event(data: bytes) -> None:
    """Read an event: refused in words, or told; what it tells can be written as UTF-8."""
    try:
        payload = read_payload(data)
    except GitHubError as error:
        hold(len(str(error)) < _LONGEST_PROBLEM, "an error without a bound")
        return
    for name in _EVENTS:
        try:
            event = read_event(name, payload)
        except GitHubError as error:
            hold(len(str(error)) < _LONGEST_PROBLEM, "an error without a bound")
            continue
        repr(event).encode()
    try:
        recorded = read_recorded_delivery(data)
    except UserError:
        return
    hold(bool(recorded.name), "a delivery without a name")
    read_payload(recorded.body)


@cache
def example_of_analyser() -> tuple[Review, Material, tuple[Persona, ...]]:
    """Return a review, what was sent to the analyser for it, and everybody whom it names."""
    # Late: the examples build a hundred objects, which only this target needs.
    from tests.unit.test_analyser_wire import (
        TRAVELLING,
        catalogue_of,
        material_of,
    )

    review = TRAVELLING["findings"]
    return review, material_of(review), catalogue_of(review)


def read_analyser(data: bytes) -> None:
    """Read what the analyser's process says: refused, or about this change and these rules only."""
    review, material, catalogue = example_of_analyser()
    try:
        task = read_task(data)
    except UnreadableError as error:
        hold(len(str(error)) < 300, "an error that repeats what came")
    else:
        content, sent = write_task(task)
        hold(read_task(content) == sent, "a task that is another one after its way")
    try:
        outcome = read_outcome(data)
    except UnreadableError as error:
        hold(len(str(error)) < 300, "an error that repeats what came")
        return
    hold(read_outcome(write_outcome(outcome)) == outcome, "an outcome that is another one")
    if outcome.error is not None:
        str(outcome.error.error).encode()
    try:
        if outcome.reply is not None:
            fit_reply(outcome.reply)
        if outcome.review is None:
            return
        fitted = fit_review(outcome.review, material, catalogue)
    except UnreadableError:
        return
    _hold_fitted(fitted, material, review, catalogue)


def _hold_fitted(
    fitted: Review, material: Material, example: Review, catalogue: Sequence[Persona]
) -> None:
    hold(fitted.change.by_path.keys() == material.change.by_path.keys(), "another change")
    severities = {rule.id: rule.severity for persona in catalogue for rule in persona.rules}
    for placed in fitted.findings:
        finding = placed.finding
        place = finding.location
        hold(finding.rule_id in severities, "a rule of nobody")
        hold(severities[finding.rule_id].at_least(finding.severity), "a severity above the rule's")
        hold(finding.path in material.change.by_path, "a file that is not in the change")
        hold(place is None or material.change.is_commentable(place), "a place without comments")
        hold(not finding.suggestion, "a suggestion that nobody wanted")
    if fitted.scorecards == example.scorecards:
        hold(fitted.score == example.score, "a forged score")


def inputs_of_analyser() -> tuple[bytes, ...]:
    """Return what the analyser writes today: what passes on the wire grows with the review."""
    review, material, _ = example_of_analyser()
    whole = write_outcome(Outcome(review=SentReview.of(review)))
    mistake = ConfigurationError(
        "wrong", path="c", line=3, others=[ConfigurationError("too", path="c", line=9, hint="So.")]
    )
    task = Task(material=material, question=Question(kind=QuestionKind.ASK, text="Why?"))
    return (
        whole,
        _elsewhere(whole),
        write_outcome(Outcome(reply=Reply(text="\u00e4", use=ModelUse(models=("m",))))),
        write_outcome(Outcome(error=SentError.of(mistake))),
        write_task(task)[0],
    )


def _elsewhere(content: bytes) -> bytes:
    """Move every finding to lines that the change does not show."""
    value = json.loads(content)
    review = value[0]["review"]
    answers = [answer for card in review["scorecards"] for answer in card["answers"]]
    for finding in (
        *(placed["finding"] for placed in review["findings"]),
        *(finding for answer in answers for finding in answer["findings"]),
    ):
        if finding.get("location"):
            finding["location"] |= {"start_line": 9_000, "end_line": 9_001}
    return json.dumps(value).encode()


def read_stream(data: bytes) -> None:
    """Read a provider's stream: however it is cut into chunks, the same events come."""
    whole = _events([data])
    hold(_events([data[i : i + 1] for i in range(len(data))]) == whole, "chunks change the events")
    middle = len(data) // 2
    hold(_events([data[:middle], b"", data[middle:]]) == whole, "chunks change the events")


def _events(chunks: list[bytes]) -> list[tuple[str, str, bool]]:
    stream = EventStream()
    events = [event for chunk in chunks for event in stream.feed(chunk)]
    return [(event.name, event.data, event.ended) for event in (*events, *stream.close())]


def read_jupyter(data: bytes) -> None:
    """Read a notebook: it is one or it is not."""
    read_notebook(text_of_any(data))
