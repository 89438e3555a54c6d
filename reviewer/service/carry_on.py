"""Carry earlier findings of models through a round that asks none: no key clears nothing."""

from __future__ import annotations

from dataclasses import replace

from reviewer.domain.carried import carry, heard_after
from reviewer.domain.checklist import Scorecard
from reviewer.domain.judgement import Judgement
from reviewer.domain.rounds import Delta
from reviewer.service.combine_answers import combine_carried
from reviewer.service.prepare_review import Preparation
from reviewer.service.scope_answers import scope_answers


def carry_on(ready: Preparation, cards: tuple[Scorecard, ...], delta: Delta) -> Judgement:
    """Put what models found in earlier rounds, and still stands, beside what tools answered.

    Args:
        ready: What is reviewed, by whom, under which policy.
        cards: What tools answered.
        delta: What is different from the last round.
    """
    carried = carry(delta, ready.change, ready.chosen, cards, catalogue=ready.catalogue)
    # Nobody is there to verify: what stands is told as it was.
    carried = replace(carried, settled=(*carried.settled, *carried.doubtful), doubtful=())
    scoped, dropped = scope_answers(combine_carried(cards, carried), ready.policy)
    return Judgement(
        cards=scoped, dropped=dropped, heard=heard_after(carried, ready.change, whole=True)
    )
