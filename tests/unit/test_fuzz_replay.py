"""What fuzzing found stays found: the corpus is read again, and changed a little, at every run."""

from __future__ import annotations

import json
import time
from random import Random

import pytest

from reviewer.adapters.analyser.fit import fit_review
from reviewer.adapters.analyser.wire import read_outcome
from tests.fuzz.held import PropertyError, hold
from tests.fuzz.messages import example_of_analyser, inputs_of_analyser
from tests.fuzz.mutation import LONGEST, mutated
from tests.fuzz.targets import CORPUS, TARGETS, corpus_of

#: Processor time a target: the suite has minutes for everything; `make fuzz` has all the time.
_SECONDS = 0.35
_MOST = 400
_FEWEST = 20
_CORPUS_BYTES = 300_000


@pytest.mark.holds("S5", "S7", "S9", "S13", "S19", "R28", "R29", "R30", "R34")
@pytest.mark.parametrize("name", TARGETS)
def test_every_input_of_the_corpus_holds(name: str) -> None:
    for data in corpus_of(name):
        TARGETS[name](data)


@pytest.mark.holds("S5", "S7", "S9", "S13", "S19", "R28", "R29", "R30", "R34")
@pytest.mark.parametrize("name", TARGETS)
def test_inputs_that_are_changed_a_little_hold_too(name: str) -> None:
    # The order is the seed's, how far it goes is the machine's: what fails once fails again.
    chance = Random(f"seed of {name}")  # noqa: S311 - no secret
    inputs = corpus_of(name)
    start = time.process_time()
    for count in range(_MOST):
        TARGETS[name](mutated(chance.choice(inputs), inputs, chance))
        if count >= _FEWEST and time.process_time() - start > _SECONDS:
            return


def test_each_target_has_a_corpus_and_the_corpus_is_small() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} == set(TARGETS)
    files = [path for path in CORPUS.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= _CORPUS_BYTES
    assert all(path.stat().st_size <= LONGEST for path in files)


def test_a_property_that_does_not_hold_is_told() -> None:
    hold(holds=True, otherwise="never said")
    with pytest.raises(PropertyError, match="said"):
        hold(holds=False, otherwise="said")


def test_a_seed_decides_every_change() -> None:
    inputs = corpus_of("diff")
    once, again = (
        [mutated(inputs[0], inputs, Random(number)) for number in range(200)]  # noqa: S311
        for _ in range(2)
    )
    assert once == again
    assert len(set(once)) > 150
    assert all(len(data) <= LONGEST for data in once)


def test_what_the_analyser_writes_today_reaches_all_of_its_target() -> None:
    kinds = [
        [name for name, part in json.loads(data)[0].items() if part is not None]
        for data in inputs_of_analyser()
    ]
    assert kinds[:4] == [["review"], ["review"], ["reply"], ["error"]]
    review, material, catalogue = example_of_analyser()
    for data in inputs_of_analyser()[:2]:
        sent = read_outcome(data).review
        assert sent is not None
        assert len(fit_review(sent, material, catalogue).findings) == len(review.findings)
