"""A second look at the same content asks nobody and says the same; a new one asks what is new."""

from __future__ import annotations

import pytest

from reviewer.domain.change import Change, FileChange
from reviewer.llm.cache import MemoryCompletionCache
from reviewer.testing.builders import build_change, build_file
from tests.redteam.honest_model import BUG, CODE, PATH, honest_model
from tests.redteam.trial import Trial, review_of

HUNTER = ("bug-hunter",)
PANEL = ("bug-hunter", "architect", "test-automator")
#: A context in which one file of `module` fills a batch.
SMALL_CONTEXT = 9_000


def module(name: str, *, mark: str = "") -> FileChange:
    """Return a new file of some 1,800 tokens."""
    functions = [
        f"def {name}_{number}(items: list[int], size: int) -> int:\n"
        f'    """Return the sum of the first items{mark if number == 3 else ""}."""\n'
        f"    return sum(items[:size]) + {number}\n"
        for number in range(40)
    ]
    return build_file(f"app/{name}.py", after="\n\n".join(functions))


def found(trial: Trial) -> list[tuple[str, str, str]]:
    return [
        (p.finding.fingerprint, p.finding.headline, p.outcome.kind.value)
        for p in trial.review.findings
    ]


async def again(
    first: Change, second: Change, *, chosen: tuple[str, ...] = HUNTER, context: int | None = None
) -> tuple[Trial, Trial, list[str]]:
    """Review two changes one after the other; return also the prefixes that were asked again."""
    cache = MemoryCompletionCache()
    model = honest_model({"BUG002": [BUG]})
    one = await review_of(first, model, chosen=chosen, cache=cache, context_tokens=context)
    asked = len(model.calls)
    assert asked
    other = await review_of(
        second, model, chosen=chosen, cache=cache, run_id="second", context_tokens=context
    )
    return one, other, [call.request.prefix for call in model.calls[asked:]]


@pytest.mark.holds("S16", "R43", "P08")
@pytest.mark.parametrize("chosen", [HUNTER, PANEL])
async def test_the_same_content_is_never_asked_about_twice(chosen: tuple[str, ...]) -> None:
    change = build_change(build_file(PATH, after=CODE))
    one, other, prefixes = await again(change, change, chosen=chosen)
    assert prefixes == []
    assert found(one) == found(other) != []
    assert other.review.answers == one.review.answers
    use = other.review.model_use
    assert use is not None
    assert use.cost == 0
    assert use.cached == len(one.ledger.rows)


@pytest.mark.holds("S16", "R43", "P08")
async def test_a_commit_that_leaves_the_files_alone_asks_nobody() -> None:
    file = build_file(PATH, after=CODE)
    one, other, prefixes = await again(build_change(file), build_change(file, head="7" * 40))
    assert prefixes == []
    assert found(one) == found(other)


async def test_lines_that_move_without_a_change_ask_again_and_keep_the_finding() -> None:
    moved = build_file(PATH, after=f'"""Pages."""\n\n\n{CODE}')
    one, other, prefixes = await again(
        build_change(build_file(PATH, after=CODE)), build_change(moved)
    )
    assert prefixes
    assert [name for name, *_ in found(one)] == [name for name, *_ in found(other)]


async def test_of_several_batches_only_the_one_with_the_changed_file_is_asked_again() -> None:
    files = [module(name) for name in ("alpha", "beta", "gamma", "delta")]
    changed = [files[0], files[1], module("gamma", mark=" or of all"), files[3]]
    one, _, prefixes = await again(
        build_change(*files), build_change(*changed), chosen=PANEL, context=SMALL_CONTEXT
    )
    asked_at_first = len(one.ledger.rows)
    assert prefixes
    assert all("## app/gamma.py" in prefix for prefix in prefixes)
    assert len(set(prefixes)) == 1
    assert len(prefixes) < asked_at_first
