"""What models said in earlier rounds, as far as it still counts in this one.

=========  ====================================================================================
settled    findings in files whose patch is the same: they stand, nobody is asked again
doubtful   findings in files that are looked at again, whose lines still read the same: nobody
           may clear them by a commit beside them (pains.md P08), but they are verified again
verdicts   what was said of rules about files whose patch is the same
absent     all of it from personas that do not review this time, kept for when they do
=========  ====================================================================================

A finding whose lines read differently is none of these: it is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reviewer.domain.anchor import anchored, in_same_patch, still_standing
from reviewer.domain.change import Change
from reviewer.domain.checklist import Scorecard, Verdict
from reviewer.domain.finding import Finding
from reviewer.domain.history import Heard, HeardAnswer, HeardFinding
from reviewer.domain.persona import Persona, Rule
from reviewer.domain.plan import is_open
from reviewer.domain.rounds import Delta
from reviewer.domain.sanitiser import cut_words

#: A reason is carried for as long as a file does not change; its beginning tells enough.
_REASON_WORDS = 20

#: Of several verdicts on files that do not differ, the one that says less counts.
_WEAKEST_FIRST = (Verdict.NOT_ASSESSED, Verdict.PASS, Verdict.NOT_APPLICABLE)

RuleKey = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Carried:
    """What still counts of earlier rounds.

    Args:
        settled: Findings that stand.
        doubtful: Findings that are to be verified again.
        verdicts: Verdict and reason by persona and rule, on files that nobody is asked about.
        answers: The same as it was heard.
        absent: What personas said that do not review this time.
        gaps: What cannot be shown of files that nobody is asked about, by path.
    """

    settled: tuple[Finding, ...] = ()
    doubtful: tuple[Finding, ...] = ()
    verdicts: Mapping[RuleKey, tuple[tuple[Verdict, str], ...]] = field(default_factory=dict)
    answers: tuple[HeardAnswer, ...] = ()
    absent: Heard = field(default_factory=Heard)
    gaps: tuple[tuple[str, str], ...] = ()

    def of(self, persona: str, rule_id: str) -> tuple[Finding, ...]:
        """Return the settled findings of a rule."""
        return tuple(f for f in self.settled if (f.persona, f.rule_id) == (persona, rule_id))


def carry(
    delta: Delta,
    change: Change,
    personas: Sequence[Persona],
    cards: Sequence[Scorecard],
    *,
    catalogue: Sequence[Persona],
) -> Carried:
    """Carry forward what still counts.

    A rule that tools have decided this time needs no model, and nothing is carried for it.

    Args:
        delta: What is different from the last round.
        change: What is reviewed.
        personas: Who reviews.
        cards: What tools answered, in the same order.
        catalogue: Every persona that could review; rules of others are gone with them.
    """
    rules = {(persona.name, rule.id): rule for persona in catalogue for rule in persona.rules}
    open_rules = {
        (persona.name, answer.rule_id)
        for persona, card in zip(personas, cards, strict=True)
        for answer in card.answers
        if (rule := persona.rule(answer.rule_id)) is not None and is_open(rule, answer)
    }
    names = {persona.name for persona in personas}
    settled: list[Finding] = []
    doubtful: list[Finding] = []
    absent: list[HeardFinding] = []
    for heard in delta.before.heard:
        key = (heard.finding.persona, heard.finding.rule_id)
        if key not in rules:
            continue
        heard = _bounded(heard, rules[key])  # noqa: PLW2901 - as the rule is today
        path = delta.path_today(heard.finding.path)
        file = change.by_path.get(path)
        if file is None:
            continue
        if not file.reviewed:
            absent.append(heard)
            continue
        same = in_same_patch(heard, file) if path in delta.unchanged else None
        standing = same or still_standing(heard, file)
        if standing is None:
            continue
        if key[0] not in names:
            absent.append(anchored(standing, file))
        elif key in open_rules and not _there(standing, (*settled, *doubtful)):
            counts = same is not None and path in delta.covered(*key)
            (settled if counts else doubtful).append(standing)
    answers = tuple(_answers(delta, open_rules))
    return Carried(
        settled=tuple(settled),
        doubtful=tuple(doubtful),
        verdicts=_verdicts(answers, change, personas),
        answers=answers,
        absent=Heard(
            answers=tuple(_restricted(delta, names, rules)),
            findings=tuple(absent),
        ),
        gaps=tuple(
            (path, delta.seen[path].gap) for path in sorted(delta.unchanged) if delta.seen[path].gap
        ),
    )


def _bounded(heard: HeardFinding, rule: Rule) -> HeardFinding:
    """Return a finding that is no worse than its rule, which may have been lowered since."""
    if rule.severity.at_least(heard.finding.severity):
        return heard
    return replace(heard, finding=replace(heard.finding, severity=rule.severity))


def _there(finding: Finding, others: Iterable[Finding]) -> bool:
    """Tell whether another finding of the same rule stands on the very same lines."""
    place = (finding.persona, finding.rule_id, finding.path, finding.location)
    return finding.location is not None and any(
        place == (f.persona, f.rule_id, f.path, f.location) for f in others
    )


def _answers(delta: Delta, open_rules: set[RuleKey]) -> Iterable[HeardAnswer]:
    """Yield the answers on rules that are asked, cut to the files for which they count."""
    for answer in delta.before.answers:
        paths = delta.still_about(answer)
        if paths and (answer.persona, answer.rule_id) in open_rules:
            yield replace(answer, paths=paths)


def _restricted(
    delta: Delta, names: set[str], rules: Mapping[RuleKey, Rule]
) -> Iterable[HeardAnswer]:
    """Yield the answers of those who do not review this time."""
    for answer in delta.before.answers:
        paths = delta.still_about(answer)
        exists = (answer.persona, answer.rule_id) in rules
        if paths and exists and answer.persona not in names:
            yield replace(answer, paths=paths)


def _verdicts(
    answers: Sequence[HeardAnswer], change: Change, personas: Sequence[Persona]
) -> dict[RuleKey, tuple[tuple[Verdict, str], ...]]:
    """Collect what was said of a rule about files of which it speaks."""
    people = {persona.name: persona for persona in personas}
    said: dict[RuleKey, tuple[tuple[Verdict, str], ...]] = {}
    for answer in answers:
        rule = people[answer.persona].rule(answer.rule_id)
        files = (change.by_path[path] for path in answer.paths)
        if rule is not None and any(rule.applies.includes(file) for file in files):
            key = (answer.persona, answer.rule_id)
            said[key] = (*said.get(key, ()), (answer.verdict, answer.reason))
    return said


def heard_after(
    carried: Carried,
    change: Change,
    *,
    answers: Sequence[HeardAnswer] = (),
    findings: Sequence[Finding] = (),
    whole: bool = True,
    unseen: Iterable[str] = (),
    gaps: Sequence[tuple[str, str]] = (),
) -> Heard:
    """Put together what models said, for the next round to carry forward.

    Args:
        carried: What still counts of earlier rounds.
        change: What is reviewed.
        answers: What was said this time, apart from findings, with the files that it is about.
        findings: What was found this time, after every check.
        whole: Whether everything that was asked was answered.
        unseen: Paths that were to be shown and were not, or not all of.
        gaps: What of a file cannot be shown, by its path.
    """
    everything = frozenset(file.path for file in change.reviewed)
    made = [*carried.settled, *findings]
    return Heard(
        answers=(
            *_condensed((*answers, *carried.answers), everything),
            *carried.absent.answers,
        ),
        findings=(
            *(anchored(f, change.by_path[f.path]) for f in made if f.path in change.by_path),
            *carried.absent.findings,
        ),
        whole=whole,
        unseen=frozenset(unseen),
        gaps=(*gaps, *carried.gaps),
    )


def _condensed(answers: Iterable[HeardAnswer], everything: frozenset[str]) -> Iterable[HeardAnswer]:
    """Yield each rule's answers once: what was not assessed where, and one word on the rest.

    Every file of which a rule speaks was asked about in this round or counts from an earlier one,
    so that a pass anywhere is one on all but the files that are named.
    """
    rules: dict[RuleKey, list[HeardAnswer]] = {}
    for answer in answers:
        rules.setdefault((answer.persona, answer.rule_id), []).append(answer)
    for said in rules.values():
        blind: dict[str, frozenset[str]] = {}
        for answer in said:
            if answer.verdict is Verdict.NOT_ASSESSED:
                paths = blind.get(answer.reason, frozenset())
                blind[answer.reason] = paths | (answer.paths or everything)
        for reason, paths in blind.items():
            yield replace(said[0], verdict=Verdict.NOT_ASSESSED, reason=_short(reason), paths=paths)
        seen = [answer for answer in said if answer.verdict is not Verdict.NOT_ASSESSED]
        if seen:
            best = min(seen, key=lambda answer: _WEAKEST_FIRST.index(answer.verdict))
            yield replace(best, reason=_short(best.reason), paths=frozenset())


def _short(reason: str) -> str:
    return cut_words(reason, _REASON_WORDS)
