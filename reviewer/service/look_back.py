"""Hold what models found against what was said in earlier rounds, before and after verifying.

Before, so that nobody pays for verifying what is not told; after, since a second look may have
taken from a late finding the severity for which alone it was told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reviewer.domain.carried import Carried
from reviewer.domain.change import Change
from reviewer.domain.checklist import Scorecard, Verdict
from reviewer.domain.finding import Finding, fingerprint
from reviewer.domain.hindsight import Hindsight
from reviewer.domain.history import HeardAnswer
from reviewer.domain.known_name import known_names
from reviewer.domain.rounds import Delta
from reviewer.prompting.answer import CheckedAnswers, DroppedClaim
from reviewer.service.consult_model import Opinion
from reviewer.service.plan_consultation import Consultation, PlannedBatch

REPEATED = "it says the same as a finding of an earlier round, which stands"
_REST = "nothing else was found"


@dataclass(frozen=True, kw_only=True)
class LookedBack:
    """What is left of models' findings beside those of earlier rounds.

    Args:
        opinions: What was said this time, and earlier findings that are to be verified again.
        carried: What counts of earlier rounds without that.
    """

    opinions: tuple[Opinion, ...]
    carried: Carried


class LookBack:
    """One run's view of what was said before.

    Args:
        delta: What is different from the last round.
        change: What is reviewed.
        carried: What counts of earlier rounds.
        cards: What tools answered.
    """

    def __init__(
        self, delta: Delta, change: Change, carried: Carried, cards: Sequence[Scorecard]
    ) -> None:
        self._delta = delta
        self._change = change
        self._carried = carried
        self._by_tools = frozenset(
            f.fingerprint for card in cards for answer in card.answers for f in answer.findings
        )

    def before_verifying(
        self, opinions: Sequence[Opinion], consultation: Consultation
    ) -> LookedBack:
        """Drop what must not be told, and put earlier findings beside what is to be verified.

        Args:
            opinions: What was found.
            consultation: What was asked.
        """
        carried = self._carried
        repeated = {
            twin.fingerprint
            for opinion in opinions
            for finding in opinion.checked.findings
            if (twin := _twin(finding, carried.doubtful)) is not None
            and twin.fingerprint == finding.fingerprint
        }
        doubtful = [f for f in carried.doubtful if f.fingerprint not in repeated]
        standing = [*carried.settled, *doubtful]
        named = self._named_apart(opinions, standing)
        left = self._objected(named, standing)
        again, alone = _beside(doubtful, consultation.batches)
        return LookedBack(
            opinions=(*left, *again),
            carried=replace(carried, settled=(*carried.settled, *alone), doubtful=()),
        )

    def after_verifying(self, opinions: Sequence[Opinion]) -> tuple[Opinion, ...]:
        """Drop what must not be told now that its severity is settled.

        Args:
            opinions: What is left of what was found.
        """
        return self._objected(opinions, ())

    def _named_apart(
        self, opinions: Sequence[Opinion], standing: Sequence[Finding]
    ) -> tuple[Opinion, ...]:
        """Give every place a name of its own, and what people know the one they know.

        Batches and rounds count lines that read the same each for themselves.

        Args:
            opinions: What was found.
            standing: What stands from earlier rounds; it keeps its names.
        """
        taken = {finding.fingerprint: finding for finding in standing}
        made = [finding for opinion in opinions for finding in opinion.checked.findings]
        known = known_names(
            made, self._delta, {f.fingerprint for f in made} | self._by_tools | taken.keys()
        )
        renamed: list[Opinion] = []
        for opinion in opinions:
            names: dict[str, str] = {}
            for finding in opinion.checked.findings:
                name = known.get(finding.fingerprint, finding.fingerprint)
                other = taken.get(name)
                if other is not None and not _same_place(finding, other):
                    name = self._free_name(finding, taken)
                names[finding.fingerprint] = name
                taken[name] = replace(finding, fingerprint=name)
            renamed.append(_renamed(opinion, names))
        return tuple(renamed)

    def _free_name(self, finding: Finding, taken: Mapping[str, Finding]) -> str:
        file = self._change.by_path[finding.path]
        repeat, name = 0, finding.fingerprint
        while name in taken:
            repeat += 1
            name = fingerprint(
                rule_id=finding.rule_id, file=file, location=finding.location, repeat=repeat
            )
        return name

    def _objected(
        self, opinions: Sequence[Opinion], standing: Sequence[Finding]
    ) -> tuple[Opinion, ...]:
        made = [finding for opinion in opinions for finding in opinion.checked.findings]
        absent = [heard.finding for heard in self._carried.absent.findings]
        present = [*self._carried.settled, *self._carried.doubtful, *absent, *made]
        hindsight = Hindsight(
            self._delta,
            self._change,
            self._by_tools | {finding.fingerprint for finding in present},
        )
        return tuple(self._reduced(opinion, hindsight, standing) for opinion in opinions)

    def _reduced(
        self, opinion: Opinion, hindsight: Hindsight, standing: Sequence[Finding]
    ) -> Opinion:
        proposals = {p.fingerprint: p.text for p in opinion.checked.proposals}
        kept: list[Finding] = []
        dropped: list[DroppedClaim] = []
        for finding in opinion.checked.findings:
            twin = _twin(finding, standing)
            proposal = proposals.get(finding.fingerprint, "")
            reason = REPEATED if twin is not None else hindsight.objection(finding, proposal)
            if reason is None:
                kept.append(hindsight.labelled(finding))
            else:
                dropped.append(_claim(finding, reason))
        if not dropped and kept == list(opinion.checked.findings):
            return opinion
        return replace(opinion, checked=_without(opinion, kept, dropped))


def _without(
    opinion: Opinion, kept: Sequence[Finding], dropped: Sequence[DroppedClaim]
) -> CheckedAnswers:
    """Take findings out of an answer; a rule that failed for these alone is no fail.

    Nor is it a pass where the file was asked about. Where it was only shown beside others, what
    was said of it in an earlier round counts.
    """
    checked = opinion.checked
    failing = {finding.rule_id for finding in kept}
    asked = _asked_paths(opinion)
    verdicts = []
    for rule_id, verdict, reason in checked.verdicts:
        claims = [claim for claim in dropped if claim.rule_id == rule_id]
        if verdict is not Verdict.FAIL or rule_id in failing or not claims:
            verdicts.append((rule_id, verdict, reason))
        elif any(claim.path in asked.get(rule_id, ()) for claim in claims):
            verdicts.append((rule_id, Verdict.NOT_ASSESSED, claims[0].reason))
        else:
            verdicts.append((rule_id, Verdict.PASS, _REST))
    return replace(
        checked,
        verdicts=tuple(verdicts),
        findings=tuple(kept),
        dropped=(*checked.dropped, *dropped),
    )


def _asked_paths(opinion: Opinion) -> Mapping[str, frozenset[str]]:
    """Return the files that each rule was asked about."""
    asks = opinion.batch.batch.asks
    return next((ask.paths for ask in asks if ask.persona == opinion.persona), {})


def _claim(finding: Finding, reason: str) -> DroppedClaim:
    return DroppedClaim(
        rule_id=finding.rule_id, path=finding.path, headline=finding.headline, reason=reason
    )


def _twin(finding: Finding, others: Sequence[Finding]) -> Finding | None:
    """Return another finding of the same rule on the same lines."""
    return next(
        (
            other
            for other in others
            if (other.persona, other.rule_id, other.path)
            == (finding.persona, finding.rule_id, finding.path)
            and _same_place(finding, other)
        ),
        None,
    )


def _same_place(one: Finding, other: Finding) -> bool:
    if one.location is None or other.location is None:
        return one.location is other.location
    return one.location.overlaps(other.location)


def _renamed(opinion: Opinion, names: Mapping[str, str]) -> Opinion:
    if all(old == new for old, new in names.items()):
        return opinion
    checked = opinion.checked
    return replace(
        opinion,
        checked=replace(
            checked,
            findings=tuple(replace(f, fingerprint=names[f.fingerprint]) for f in checked.findings),
            proposals=tuple(
                replace(p, fingerprint=names.get(p.fingerprint, p.fingerprint))
                for p in checked.proposals
            ),
        ),
    )


def _beside(
    doubtful: Sequence[Finding], batches: Sequence[PlannedBatch]
) -> tuple[list[Opinion], list[Finding]]:
    """Put earlier findings into the batches that show their lines; return also what none shows."""
    beside: list[Opinion] = []
    alone: list[Finding] = []
    for finding in doubtful:
        batch = next((planned for planned in batches if _shows(planned, finding)), None)
        if batch is None:
            alone.append(finding)
            continue
        checked = CheckedAnswers(verdicts=(), findings=(finding,), dropped=())
        beside.append(Opinion(persona=finding.persona, batch=batch, checked=checked))
    return beside, alone


def _shows(planned: PlannedBatch, finding: Finding) -> bool:
    sent = planned.text.sent.by_path.get(finding.path)
    if sent is None or finding.location is None:
        return sent is not None
    return finding.location.start_line in sent.lines(finding.location.side)


def heard_answers(opinions: Sequence[Opinion]) -> tuple[HeardAnswer, ...]:
    """Return what was said of each rule apart from what was found.

    A claim that was not believed makes its own file unassessed; on the others nothing was found.

    Args:
        opinions: What was said, after every check.
    """
    heard: list[HeardAnswer] = []
    for opinion in opinions:
        asked = _asked_paths(opinion)
        for rule_id, verdict, reason in opinion.checked.verdicts:
            paths = asked.get(rule_id, frozenset())
            claimed = {c.path for c in opinion.checked.dropped if c.rule_id == rule_id}
            blind = paths & claimed or paths
            if verdict is Verdict.NOT_ASSESSED and blind:
                heard.append(_heard(opinion, rule_id, verdict, reason, blind))
                paths -= blind
                reason = _REST  # noqa: PLW2901 - of what is left
            elif verdict is Verdict.FAIL:
                reason = _REST  # noqa: PLW2901 - the findings are kept by themselves
            if paths:
                other = verdict is Verdict.NOT_APPLICABLE
                rest = Verdict.NOT_APPLICABLE if other else Verdict.PASS
                heard.append(_heard(opinion, rule_id, rest, reason, paths))
    return tuple(heard)


def _heard(
    opinion: Opinion, rule_id: str, verdict: Verdict, reason: str, paths: frozenset[str]
) -> HeardAnswer:
    return HeardAnswer(
        persona=opinion.persona, rule_id=rule_id, verdict=verdict, reason=reason, paths=paths
    )
