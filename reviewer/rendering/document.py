"""What every renderer starts from: a review, its times, and the words that outputs share."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from reviewer.domain.change import FileChange, Side
from reviewer.domain.checklist import NO_MODEL, Answer, Scorecard, Verdict
from reviewer.domain.finding import Finding, PlacedFinding
from reviewer.domain.model_use import ModelUse
from reviewer.domain.persona import Persona, Rule
from reviewer.domain.published import Posted
from reviewer.domain.review import Review
from reviewer.domain.selection import Choice, ChoiceKind
from reviewer.domain.status import RunState
from reviewer.rendering.code_frame import CodeFrames

_COMMIT = re.compile(r"[0-9a-f]{40,64}")

#: Where an error or its hint ends a line without a full stop of its own.
_SENTENCE_END = re.compile(r"(?<![.!?:;,])\s*\n\s*")

#: What stands for itself in the path of an address.
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")

_THOUSAND = 1_000
_MILLION = 1_000_000

#: How many places of one group are named.
_PLACES = 6

#: What a person can do about a run that did not complete.
WAYS_OUT = {
    RunState.PARTIAL: (
        "What could not be looked at counts neither way; the rest was judged. "
        "If a tool failed, run the review again."
    ),
    RunState.SKIPPED: "Nothing was judged.",
    RunState.SUPERSEDED: "A newer commit is under review; its summary takes this one's place.",
    RunState.FAILED: "Nothing was judged. Run the review again; if it fails again, report it.",
}

#: The order in which verdicts are counted for people.
VERDICT_WORDS = (
    (Verdict.FAIL, "fail"),
    (Verdict.PASS, "pass"),
    (Verdict.NOT_ASSESSED, "not assessed"),
    (Verdict.NOT_APPLICABLE, "not applicable"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """One persona's row of the scorecard.

    Args:
        title: Its name in sentences.
        why: Why it looked.
        card: Its answers and score.
        fails: Its failed answers, worst first.
    """

    title: str
    why: str
    card: Scorecard
    fails: tuple[Answer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingGroup:
    """Findings that differ in nothing but their place: one row with several places.

    Args:
        findings: At least one, best first.
        detailed: Whether the summary must explain them: no other comment does.
        place_note: Where they stand instead of on their lines, and why; empty for nothing to say.
    """

    findings: tuple[Finding, ...]
    detailed: bool
    place_note: str = ""

    @property
    def first(self) -> Finding:
        """The one that stands for all."""
        return self.findings[0]


@dataclass(frozen=True, kw_only=True)
class ReviewDocument:
    """A review ready to be rendered.

    Args:
        review: The review.
        seconds: How long each stage took; kept apart, so that all else is deterministic.
        repository_url: Where the repository can be read (``https://host/owner/name``), from our
            own configuration and never from the change; empty writes no links.
        pull_request_url: Where the pull request can be read, where there is one: removed lines
            have no page of their own at any commit that we name.
        advice: What people can do about a run that did not complete, instead of what is said
            otherwise.
        posted: What stands on the pull request, so that the summary need not explain it once
            more; None where nothing is posted.
    """

    review: Review
    seconds: Mapping[str, float] = field(default_factory=dict)
    repository_url: str = ""
    pull_request_url: str = ""
    advice: str = ""
    posted: Posted | None = None

    @cached_property
    def frames(self) -> CodeFrames:
        """The code frames of the findings."""
        return CodeFrames(
            change=self.review.change,
            findings=tuple(placed.finding for placed in self.review.findings),
        )

    @cached_property
    def _personas(self) -> dict[str, Persona]:
        return {persona.name: persona for persona in self.review.personas}

    @cached_property
    def _rules(self) -> dict[str, Rule]:
        return {rule.id: rule for persona in self.review.personas for rule in persona.rules}

    def title(self, persona: str) -> str:
        """Return a persona's name in sentences."""
        known = self._personas.get(persona)
        return known.title if known else persona.replace("-", " ").title()

    def rule_title(self, rule_id: str) -> str:
        """Return what a rule asks for; empty where it is not known."""
        rule = self._rules.get(rule_id)
        return rule.title if rule else ""

    @property
    def complete(self) -> bool:
        """Whether the run completed."""
        return self.review.state is RunState.COMPLETED

    @property
    def way_out(self) -> str:
        """What to do about a run that did not complete; empty where it did."""
        if self.advice:
            return self.advice
        if self.review.state is RunState.SKIPPED and self.review.change.not_reviewed:
            return "Nothing was judged; the files and the reasons are listed below."
        return WAYS_OUT.get(self.review.state, "")

    @property
    def notices(self) -> tuple[str, ...]:
        """What people must know apart from findings, each on one line: an error, then its hint."""
        own = () if self.posted is None else self.posted.notes
        return tuple(
            _SENTENCE_END.sub(". ", notice.strip()) for notice in (*self.review.notices, *own)
        )

    @property
    def clean(self) -> bool:
        """Whether there is nothing to say but that nothing was found."""
        review = self.review
        told = review.shown or review.left_open
        return self.complete and not told and not review.injection_suspected

    @property
    def looked(self) -> bool:
        """Whether the run looked into the change at all."""
        return self.review.state in {RunState.COMPLETED, RunState.PARTIAL}

    @property
    def head(self) -> str:
        """The head in short: seven digits of a commit, or the word for what it is."""
        return short_commit(self.review.change.head)

    @property
    def coverage(self) -> str:
        """How much of the change was reviewed: ``9 of 11 files``."""
        change = self.review.change
        total = len(change.files) + change.unlisted
        reviewed = len(change.reviewed) if self.review.selection.chosen else 0
        return (
            count(total, "file") if reviewed == total else f"{reviewed} of {count(total, 'file')}"
        )

    @property
    def answered(self) -> str:
        """How many rules were answered: ``38 of 41 rules answered``; empty without rules."""
        total = len(self.review.answers)
        left = self.review.score.count(Verdict.NOT_ASSESSED)
        return f"{total - left} of {count(total, 'rule')} answered" if total else ""

    @property
    def verdicts(self) -> str:
        """How the rules ended: ``4 fail, 30 pass, 5 not assessed``."""
        score = self.review.score
        return ", ".join(
            f"{n} {word}" for verdict, word in VERDICT_WORDS if (n := score.count(verdict))
        )

    @property
    def ledger(self) -> tuple[str, ...]:
        """Who answered, and how long it took; without a model it says so."""
        waiting = sum(answer.reason == NO_MODEL for answer in self.review.answers)
        need = (
            f", {count(waiting, 'rule')} need{'s' if waiting == 1 else ''} one" if waiting else ""
        )
        use = self.review.model_use
        # A run that did not look may well have asked; what it used is not known then.
        nobody = (f"no model{need}",) if self.looked else ()
        who = nobody if use is None else used(use)
        return (*who, *((self.duration,) if self.seconds else ()))

    @property
    def comments(self) -> str:
        """How many findings stand as comments of their own; empty where nothing is posted."""
        if self.posted is None or not self.review.shown:
            return ""
        own = [p.finding.fingerprint in self.posted.standing for p in self.review.shown]
        left = len(own) - sum(own)
        here = f", {left} told here only" if left and sum(own) else ""
        return f"{count(sum(own), 'comment')} in the code{here}"

    @property
    def differences(self) -> str:
        """What is different from the last review: ``2 fixed, 1 new``; empty for nothing."""
        since = self.review.since
        if since is None:
            return ""
        shown = {placed.finding.fingerprint for placed in self.review.shown}
        counts = (
            (len(since.fixed), "fixed"),
            (len(since.new & shown), "new"),
            (len(since.dismissed), "dismissed"),
        )
        return ", ".join(f"{number} {word}" for number, word in counts if number)

    @property
    def duration(self) -> str:
        """How long the run took: ``0.4 s``."""
        return f"{self.seconds.get('total', sum(self.seconds.values())):.1f} s"

    @cached_property
    def rows(self) -> tuple[ScoreRow, ...]:
        """The scorecard: personas with fails first, the worst score on top."""
        why = {choice.persona: choice.reason for choice in self.review.selection.choices}
        rows = [
            ScoreRow(
                title=self.title(card.persona),
                why=why.get(card.persona, ""),
                card=card,
                fails=tuple(
                    sorted(
                        (a for a in card.answers if a.verdict is Verdict.FAIL),
                        key=lambda answer: -answer.severity.weight,
                    )
                ),
            )
            for card in self.review.scorecards
        ]
        rows.sort(
            key=lambda row: (not row.fails, -1.0 if (p := row.card.score.percent) is None else p)
        )
        return tuple(rows)

    @property
    def would_also_apply(self) -> tuple[Choice, ...]:
        """Personas that were held back, with the reason."""
        return self.review.selection.of(ChoiceKind.WOULD_ALSO_APPLY)

    @property
    def not_reviewed(self) -> tuple[FileChange, ...]:
        """Files that nobody looked into."""
        return self.review.change.not_reviewed

    def signers(self, finding: Finding) -> tuple[str, ...]:
        """Return the titles of the personas that say it, the owner of the rule first."""
        return tuple(self.title(name) for name in (finding.persona, *finding.co_signers))

    def grouped(self, placed: Sequence[PlacedFinding]) -> tuple[FindingGroup, ...]:
        """Put findings of one file that say the same into one group, best first."""
        groups: dict[tuple[object, ...], list[Finding]] = {}
        for item in placed:
            finding = item.finding
            words = (finding.headline, finding.explanation, finding.remedy)
            where = (self._note_of(finding), self.posted is None or not self._stands(finding))
            key = (finding.path, finding.rule_id, finding.severity, *words, *where)
            groups.setdefault(key, []).append(finding)
        return tuple(
            FindingGroup(findings=tuple(findings), place_note=str(key[-2]), detailed=bool(key[-1]))
            for key, findings in groups.items()
        )

    def _stands(self, finding: Finding) -> bool:
        return self.posted is not None and finding.fingerprint in self.posted.standing

    def _note_of(self, finding: Finding) -> str:
        if self.posted is None:
            return ""
        reason = self.posted.demoted.get(finding.fingerprint, "")
        if finding.fingerprint not in self.posted.file_level:
            return reason
        return f"on the file: {reason}" if reason else "on the file"

    def url(self, finding: Finding) -> str:
        """Return where a finding can be read; empty where no address is known."""
        change = self.review.change
        location = finding.location
        if self.pull_request_url and location is not None and location.side is Side.BASE:
            # https://docs.github.com/en/pull-requests: a diff's anchor is the SHA-256 of the path.
            name = hashlib.sha256(finding.path.encode("utf-8", "replace")).hexdigest()
            return f"{self.pull_request_url}/files#diff-{name}L{location.start_line}"
        commit = change.base if location and location.side is Side.BASE else change.head
        if not self.repository_url or not _COMMIT.fullmatch(commit):
            return ""
        address = f"{self.repository_url}/blob/{commit}/{path_in_address(finding.path)}"
        if location is None:
            return address
        last = "" if location.end_line == location.start_line else f"-L{location.end_line}"
        return f"{address}#L{location.start_line}{last}"


def path_in_address(path: str) -> str:
    """Encode a path for an address, byte by byte: https://www.rfc-editor.org/rfc/rfc3986#section-2.1."""
    return "".join(
        chr(byte) if chr(byte) in _UNRESERVED else f"%{byte:02X}"
        for byte in path.encode("utf-8", "replace")
    )


def places_of(group: FindingGroup) -> str:
    """Return where a group stands: ``path:3, 7 and 12``, or ``path:3, 7, … (9 places)``."""
    lines = [str(f.location).rpartition(":")[2] for f in group.findings if f.location is not None]
    if len(lines) < len(group.findings) or len(lines) == 1:
        return place_of(group.first)
    if len(lines) > _PLACES:
        shown = ", ".join(lines[: _PLACES - 1])
        return f"{group.first.path}:{shown}, … ({len(lines)} places)"
    return f"{group.first.path}:{', '.join(lines[:-1])} and {lines[-1]}"


def place_of(finding: Finding) -> str:
    """Return where a finding stands: ``path:line``, or the path for a whole file."""
    if finding.location is None:
        return finding.path
    removed = " (removed)" if finding.location.side is Side.BASE else ""
    return f"{finding.location}{removed}"


def agreement(titles: Sequence[str]) -> str:
    """Say who says it: ``A``, ``A and B agree``, ``A, B and C agree``."""
    if len(titles) == 1:
        return titles[0]
    return f"{', '.join(titles[:-1])} and {titles[-1]} agree"


def short_commit(name: str) -> str:
    """Return seven digits of a commit's id; any other word as it is."""
    return name[:7] if _COMMIT.fullmatch(name) else name


def count(number: int, word: str) -> str:
    """Return ``1 file`` or ``2 files``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def used(use: ModelUse) -> tuple[str, ...]:
    """Say what a run used of models: who, with which prompts, tokens, and price.

    Args:
        use: What was used.
    """
    tokens = f"{thousands(use.usage.input)} tokens in"
    if use.usage.cache_read:
        tokens += f" ({thousands(use.usage.cache_read)} cached)"
    tokens += f", {thousands(use.usage.output)} out"
    kept = f"{count(use.cached, 'answer')} kept from before" if use.cached else ""
    failed = f"{count(use.failed, 'call')} failed" if use.failed else ""
    unsure = f"{count(use.uncertain, 'call')} counted at the worst case" if use.uncertain else ""
    said = (
        ", ".join(use.models),
        ", ".join(str(prompt) for prompt in use.prompts),
        tokens,
        _price(use),
        kept,
        failed,
        unsure,
    )
    return tuple(part for part in said if part)


def _price(use: ModelUse) -> str:
    """Say what it cost; an unknown price is said to be unknown and is never 0."""
    if use.cost is None:
        known = f"${use.known_cost:.3f} and " if use.known_cost else ""
        return f"{known}price unknown"
    spent = f"${use.cost:.3f}"
    return spent if use.ceiling is None else f"{spent} of ${use.ceiling:.2f}"


def thousands(number: int) -> str:
    """Write a number of tokens shortly: ``850``, ``12.4 k``, ``1.2 M``."""
    if number < _THOUSAND:
        return str(number)
    if number < _MILLION:
        return f"{number / _THOUSAND:.1f} k"
    return f"{number / _MILLION:.1f} M"
