"""A review: findings merged, ranked and capped, and a headline that cannot lie."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from reviewer.domain.change import Change
from reviewer.domain.checklist import Answer, Score, Scorecard, Verdict, score
from reviewer.domain.evidence import Hit
from reviewer.domain.finding import (
    Confidence,
    Finding,
    Outcome,
    OutcomeKind,
    PlacedFinding,
)
from reviewer.domain.history import Heard, KnownFinding, Since
from reviewer.domain.model_use import ModelUse
from reviewer.domain.persona import Persona, Severity
from reviewer.domain.run_event import FailureCause
from reviewer.domain.selection import Selection
from reviewer.domain.status import RunState

#: Outcomes that are comments of their own.
COMMENTS = frozenset({OutcomeKind.INLINE, OutcomeKind.FILE_LEVEL})

#: Source of a finding that a model made.
MODEL_SOURCE = "model"

#: Two findings are alike when the shorter one shares this part of its telling words.
_ALIKE = 0.5

#: Findings are looked up by stretches of so many lines.
_STRETCH = 16
_STEM = 6
_SHORT = 4
_WORD = re.compile(r"[a-z_]+")

#: How many comments stand inline at most, unless the configuration says otherwise (P01).
DEFAULT_INLINE_CAP = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What a finding needs to stand inline.

    Args:
        inline_cap: At most this many findings stand inline.
        inline_severity: The least severity.
        inline_confidence: The least confidence.
    """

    inline_cap: int = DEFAULT_INLINE_CAP
    inline_severity: Severity = Severity.MINOR
    inline_confidence: Confidence = Confidence.MEDIUM


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLinter:
    """What the repository's own linters report anyway, read as data at the base commit.

    Args:
        source: ``Finding.sources`` entry that is covered (``ruff S602``).
        name: The linter, as people know it (``ruff``).
        path: The file that configures it.
    """

    source: str
    name: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The result of a run; everything that is rendered or published is read from here.

    Args:
        state: Where the run ended.
        reason: Why, for every state but ``completed``; may add to ``completed``.
        cause: What kind of thing kept the run from doing all of its work; None for nothing.
        change: What was reviewed.
        personas: The chosen personas, in the order of the selection.
        selection: Who was chosen, and why.
        scorecards: One a chosen persona, in the same order.
        findings: Every finding with its outcome, best first.
        notices: What people must know apart from findings (a broken configuration, a scoped
            SEC rule, "your own ruff reports 3 of these").
        other_analysers: Hits of ``--evidence`` files on changed lines that no rule claims.
        injection_suspected: Whether hidden or reviewer-directed text was seen; forbids "clean".
        model: The model that answered; None for mechanical evidence alone.
        model_use: What was used of models, and what it cost; None without one.
        since: What is different from the round before; None without one.
        look: Names who looked and how, for the next round (`History.look`).
        left_open: What earlier rounds found and nobody looked at again; it counts all the same.
            Found out by whoever publishes.
        heard: What models said, for the next round; nothing that is rendered.
    """

    state: RunState
    reason: str = ""
    cause: FailureCause | None = None
    change: Change
    personas: tuple[Persona, ...]
    selection: Selection
    scorecards: tuple[Scorecard, ...]
    findings: tuple[PlacedFinding, ...]
    notices: tuple[str, ...] = ()
    other_analysers: tuple[Hit, ...] = ()
    injection_suspected: bool = False
    model: str | None = None
    model_use: ModelUse | None = None
    since: Since | None = None
    look: str = ""
    left_open: tuple[KnownFinding, ...] = ()
    heard: Heard = field(default_factory=Heard, repr=False)

    @property
    def answers(self) -> tuple[Answer, ...]:
        """Every answer of every chosen persona."""
        return tuple(answer for card in self.scorecards for answer in card.answers)

    @property
    def score(self) -> Score:
        """The overall score, over all rules of all chosen personas."""
        return score(self.answers)

    @property
    def shown(self) -> tuple[PlacedFinding, ...]:
        """The findings that people see: neither duplicates nor dropped nor dismissed."""
        hidden = {OutcomeKind.DUPLICATE, OutcomeKind.DROPPED, OutcomeKind.DISMISSED}
        return tuple(placed for placed in self.findings if placed.outcome.kind not in hidden)

    @property
    def to_fix(self) -> tuple[PlacedFinding, ...]:
        """Critical or major, with at least medium confidence."""
        return tuple(placed for placed in self.shown if placed.finding.to_fix)

    @property
    def to_consider(self) -> tuple[PlacedFinding, ...]:
        """The rest of what people see."""
        return tuple(placed for placed in self.shown if not placed.finding.to_fix)

    @property
    def needs_model(self) -> int:
        """How many rules were not assessed."""
        return self.score.count(Verdict.NOT_ASSESSED)

    @property
    def _counts(self) -> str:
        groups = ((len(self.to_fix), "to fix"), (len(self.to_consider), "to consider"))
        return ", ".join(f"{count} {words}" for count, words in groups if count)

    @property
    def headline(self) -> str:
        """The verdict in one line.

        Only a completed run with every rule answered, and at least one of them looked into, may
        say that nothing was found.
        """
        earlier = (self.earlier,) if self.left_open else ()
        if self.state is RunState.PARTIAL:
            counts = (self._counts,) if self.shown else ()
            return f"Partial: {'; '.join((*counts, *earlier, self.reason))}"
        if self.state is not RunState.COMPLETED:
            return f"{self.state.value.capitalize()}: {self.reason}"
        if self.shown:
            return "; ".join((self._counts, *earlier))
        if self.left_open:
            return f"No new finding; {self.earlier}"
        if self.injection_suspected:
            return "No finding, but text that addresses the reviewer was seen"
        return self._without_finding

    @property
    def earlier(self) -> str:
        """How many findings of earlier rounds are left open; empty for none."""
        number = len(self.left_open)
        verb = "was" if number == 1 else "were"
        return f"{number} from earlier {verb} not looked at again" if number else ""

    @property
    def _without_finding(self) -> str:
        total = len(self.answers)
        if self.needs_model:
            left = f"{self.needs_model} of {total} rules"
            if self.model is not None:
                return f"No finding; {left} could not be judged"
            verb = "needs" if self.needs_model == 1 else "need"
            return f"No mechanical finding; {left} {verb} a model"
        number = len(self.change.reviewed)
        files = f"{number} {'file' if number == 1 else 'files'}"
        dismissed = sum(p.outcome.kind is OutcomeKind.DISMISSED for p in self.findings)
        if dismissed:
            these = "1 finding" if dismissed == 1 else f"{dismissed} findings"
            return f"Nothing else found in {files}; people dismissed {these}"
        if self.score.percent is None:
            return f"No rule applies to what changes in {files}"
        return f"Nothing found in {files}"


def merge(
    findings: Sequence[Finding], personas: Sequence[Persona], *, standing: Collection[str] = ()
) -> tuple[PlacedFinding, ...]:
    """Join findings that say the same of the same spot into one, co-signed by the others.

    Two findings are one when they stand on overlapping lines of one file and are of one rule,
    of one family, shown by one source (a linter's code that two personas claim), or, where a
    model speaks, alike in their words. Two findings
    of one persona's one rule on different spots stay two.

    Args:
        findings: All findings of all personas.
        personas: The chosen personas in the order of the selection, which breaks ties.
        standing: Fingerprints that people see as comments already; of equals, these stay.

    Returns:
        Every finding; the joined ones as ``duplicate`` of the one that stays.
    """
    rank = {persona.name: index for index, persona in enumerate(personas)}
    order = sorted(
        findings,
        key=lambda f: (
            _badness(f),
            f.fingerprint not in standing,
            rank.get(f.persona, len(rank)),
        ),
    )
    kept: list[Finding] = []
    spots = _Spots()
    duplicates: list[PlacedFinding] = []
    for finding in order:
        twin = next((i for i in spots.near(finding) if _same(finding, kept[i])), None)
        if twin is None:
            spots.add(len(kept), finding)
            kept.append(finding)
            continue
        other = kept[twin]
        signers = dict.fromkeys((*other.co_signers, finding.persona, *finding.co_signers))
        signers.pop(other.persona, None)
        kept[twin] = replace(
            other,
            co_signers=tuple(signers),
            sources=tuple(dict.fromkeys((*other.sources, *finding.sources))),
        )
        spots.add(twin, kept[twin])
        duplicates.append(
            PlacedFinding(
                finding=finding,
                outcome=Outcome(
                    kind=OutcomeKind.DUPLICATE,
                    reason=f"says the same as {other.rule_id} of {other.persona}",
                    of=other.fingerprint,
                ),
            )
        )
    undecided = Outcome(kind=OutcomeKind.SUMMARY)
    return (*(PlacedFinding(finding=f, outcome=undecided) for f in kept), *duplicates)


class _Spots:
    """Knows which findings may be of one spot, so that not all are compared with all.

    Two that say the same stand in one file and share a line, and have their family, a source or a
    model's words in common (`_same`).
    """

    def __init__(self) -> None:
        self._indexes: dict[tuple[str, object, str], set[int]] = defaultdict(set)

    def add(self, index: int, finding: Finding) -> None:
        """Remember a finding by its place in a list; again where it has got more sources."""
        traits = (f"family {finding.family}", "", *(f"source {s}" for s in finding.sources))
        for block in self._blocks(finding):
            for trait in traits:
                self._indexes[finding.path, block, trait].add(index)

    def near(self, finding: Finding) -> list[int]:
        """Return those that may say the same, in the order of the list."""
        traits = {f"family {finding.family}", *(f"source {s}" for s in finding.sources)}
        # Whoever speaks in words may say the same as anybody; tools only as a model.
        traits.add("" if MODEL_SOURCE in finding.sources else f"source {MODEL_SOURCE}")
        found: set[int] = set()
        for block in self._blocks(finding):
            for trait in traits:
                found |= self._indexes.get((finding.path, block, trait), set())
        return sorted(found)

    @staticmethod
    def _blocks(finding: Finding) -> list[object]:
        """Return the stretches of lines that a finding touches; one without lines has its own."""
        place = finding.location
        if place is None:
            return [None]
        stretches = range(place.start_line // _STRETCH, place.end_line // _STRETCH + 1)
        return [(place.side, stretch) for stretch in stretches]


def _badness(finding: Finding) -> tuple[int, int]:
    confidence = (Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW).index(finding.confidence)
    return (-finding.severity.weight, confidence)


def _same(one: Finding, other: Finding) -> bool:
    """Tell whether two findings of one file say the same of the same spot."""
    if (one.location is None) != (other.location is None):
        return False
    if (
        one.location is not None
        and other.location is not None
        and not one.location.overlaps(other.location)
    ):
        return False
    shared = set(one.sources) & set(other.sources) - {MODEL_SOURCE}
    return one.family == other.family or bool(shared) or _say_the_same(one, other)


def _say_the_same(one: Finding, other: Finding) -> bool:
    """Tell whether two texts on one spot, a model's among them, are of the same fault.

    Tools that say the same have a code or a family in common; a model has only its words.
    """
    if MODEL_SOURCE not in {*one.sources, *other.sources}:
        return False
    words, others = (_telling(f"{f.headline} {f.explanation}") for f in (one, other))
    return bool(words) and len(words & others) >= _ALIKE * min(len(words), len(others))


def _telling(text: str) -> frozenset[str]:
    """Return the words that tell something, cut to their stems."""
    return frozenset(word[:_STEM] for word in _WORD.findall(text.lower()) if len(word) >= _SHORT)


def place(
    merged: Iterable[PlacedFinding],
    change: Change,
    *,
    thresholds: Thresholds | None = None,
    thresholds_of: Callable[[str], Thresholds] | None = None,
    own_linters: Sequence[OwnLinter] = (),
    standing: Collection[str] = (),
    held: Collection[str] = (),
) -> tuple[PlacedFinding, ...]:
    """Rank the findings and give each its outcome.

    Inline stands what is severe and sure enough, on a commentable line, the first of its rule in
    its file (of a critical rule, the first with its remedy), and within the cap, which is applied
    after ranking. Everything else goes to the summary and says why. What stands as a comment from
    an earlier round keeps its place, whatever holds now, and fills the cap first. What there was
    no room for then stays in the summary: people know it, and a comment now would be noise.

    Args:
        merged: What `merge` returned.
        change: What was reviewed.
        thresholds: What a finding needs to stand inline; its cap holds for the whole change.
        thresholds_of: What findings of one path need, where paths differ.
        own_linters: What the repository's own linters report anyway.
        standing: Fingerprints that people see as comments already.
        held: Fingerprints that people were told of in the summary for want of room.
    """
    limits = thresholds or Thresholds()
    covered = {own.source: own for own in own_linters}
    merged = tuple(merged)
    live = [placed.finding for placed in merged if placed.outcome.kind is OutcomeKind.SUMMARY]
    rest = [placed for placed in merged if placed.outcome.kind is not OutcomeKind.SUMMARY]
    position = {file.path: index for index, file in enumerate(change.files)}
    live.sort(key=lambda finding: _rank(finding, position.get(finding.path, -1)))
    stays = [finding.fingerprint in standing for finding in live]
    inline: dict[tuple[str, str, str], Finding] = {}
    for finding, stays_here in zip(live, stays, strict=True):
        if stays_here:
            inline.setdefault(_advice(finding), finding)
    room = limits.inline_cap - sum(stays)
    placed: list[PlacedFinding] = []
    for finding, stays_here in zip(live, stays, strict=True):
        if stays_here:
            outcome = _comment(finding, change)
        elif finding.fingerprint in held:
            outcome = Outcome(
                kind=OutcomeKind.SUMMARY, reason="told in the summary before", held=True
            )
        else:
            needs = limits if thresholds_of is None else thresholds_of(finding.path)
            needs = replace(needs, inline_cap=limits.inline_cap)
            outcome = _for_summary(finding, needs, covered, inline, room) or _comment(
                finding, change
            )
            if outcome.kind in COMMENTS:
                inline[_advice(finding)] = finding
                room -= 1
        placed.append(PlacedFinding(finding=finding, outcome=outcome))
    return (*placed, *rest)


def _rank(finding: Finding, position: int) -> tuple[object, ...]:
    """Order by severity, confidence, agreement, then as the change goes."""
    line = 0 if finding.location is None else finding.location.start_line
    return (*_badness(finding), -len(finding.co_signers), position, line, finding.rule_id)


def _advice(finding: Finding) -> tuple[str, str, str]:
    """Return what a reader need be told once a file: the rule, or each remedy of a critical one.

    A critical rule holds faults of several kinds (a shell, a query, a certificate); who mends
    the first has not mended the second.
    """
    critical = finding.severity is Severity.CRITICAL
    return finding.rule_id, finding.path, finding.remedy if critical else ""


def _for_summary(
    finding: Finding,
    limits: Thresholds,
    covered: dict[str, OwnLinter],
    inline: dict[tuple[str, str, str], Finding],
    room: int,
) -> Outcome | None:
    """Return why a finding stands in the summary alone; None where it needs not."""
    summary = OutcomeKind.SUMMARY
    own = next((covered[s] for s in finding.sources if s in covered), None)
    first = inline.get(_advice(finding))
    if own is not None:
        return Outcome(kind=summary, reason=f"your own {own.name} reports this ({own.path})")
    if not finding.severity.at_least(limits.inline_severity):
        return Outcome(kind=summary, reason=f"severity below {limits.inline_severity.value}")
    if not finding.confidence.at_least(limits.inline_confidence):
        return Outcome(kind=summary, reason=f"confidence below {limits.inline_confidence.value}")
    if not finding.habit_kept:
        return Outcome(kind=summary, reason="the code around it does not keep this rule either")
    if first is not None:
        where = "" if first.location is None else f" at line {first.location.start_line}"
        reason = f"same rule as{where}"
        return Outcome(kind=summary, reason=reason, of=first.fingerprint, held=True)
    if room <= 0:
        return Outcome(kind=summary, reason=f"more than {limits.inline_cap} inline", held=True)
    return None


def _comment(finding: Finding, change: Change) -> Outcome:
    """Return the place of a finding that is told in a comment of its own."""
    if finding.location is None or not change.is_commentable(finding.location):
        return Outcome(kind=OutcomeKind.FILE_LEVEL, reason="about the file as a whole")
    return Outcome(kind=OutcomeKind.INLINE)
