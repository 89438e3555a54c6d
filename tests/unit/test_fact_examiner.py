"""The fact examiner runs the facts that the evidence names, each once."""

from __future__ import annotations

from reviewer.adapters.facts.examiner import FactExaminer
from reviewer.domain.change import Change
from reviewer.domain.evidence import Evidence, EvidenceKind
from reviewer.domain.facts.observation import Observation, Sighting
from reviewer.testing.builders import build_change, build_file


def evidence(*names: str) -> Evidence:
    return Evidence(kind=EvidenceKind.FACT, codes=names)


async def test_each_named_fact_is_asked_once_and_its_answer_is_kept_apart() -> None:
    asked: list[str] = []

    def fault(change: Change) -> Observation:
        asked.append("fault")
        return Observation(hits=(Sighting(path=change.files[0].path, message="seen"),))

    def idle(_: Change) -> Observation:
        asked.append("idle")
        return Observation(inapplicable="no image is built here")

    def blind(_: Change) -> Observation:
        asked.append("blind")
        return Observation(unexamined=(("a.py", "no head text"),))

    def never(_: Change) -> Observation:
        raise AssertionError

    examiner = FactExaminer({"fault": fault, "idle": idle, "blind": blind, "never": never})
    change = build_change(build_file("a.py", after="x\n"))
    seen = await examiner.examine(change, [evidence("fault", "idle"), evidence("fault", "blind")])
    assert asked == ["fault", "idle", "blind"]
    assert [(hit.code, hit.path, hit.message) for hit in seen.hits] == [("fault", "a.py", "seen")]
    assert [entry.code for entry in seen.inapplicable] == ["idle"]
    assert [(gap.code, gap.path) for gap in seen.unexamined] == [("blind", "a.py")]


async def test_a_fact_that_does_not_exist_is_a_gap() -> None:
    seen = await FactExaminer({}).examine(build_change(), [evidence("no-such-fact")])
    assert [(gap.code, gap.reason) for gap in seen.unexamined] == [
        ("no-such-fact", "there is no fact no-such-fact")
    ]


async def test_the_facts_that_ship_are_the_default() -> None:
    seen = await FactExaminer().examine(build_change(), [evidence("no-such-fact")])
    assert len(seen.unexamined) == 1
