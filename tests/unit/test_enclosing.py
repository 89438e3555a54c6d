"""Functions and classes around a line, told without a parser, in several languages."""

from __future__ import annotations

import time

import pytest

from reviewer.prompting.enclosing import Blocks

PYTHON = """\
import os

class Cart:
    size = 1

    @property
    def total(
        self,
        tax: int,
    ) -> int:
        if tax:
# a comment at the margin ends nothing
            return 1
        return 2

    async def pay(self):
        pass

def after():
    return 1
"""
BRACES = """\
const handler = async (request, response) => {
  if (request) {
    send();
  } else {
    wait();
  }
};
void Run(int a)
{
    if (a)
    {
        go();
    }
}
func (s *Store) Get(key string) error {
	return nil
}
"""
RUBY = """\
module Shop
  class Cart
    def total
      1
    end
  end
end
"""


@pytest.mark.holds("P28")
@pytest.mark.parametrize(
    ("text", "line", "spans"),
    [
        (PYTHON, 1, []),
        (PYTHON, 4, [(3, 17)]),
        (PYTHON, 9, [(6, 14), (3, 17)]),
        (PYTHON, 13, [(6, 14), (3, 17)]),
        (PYTHON, 17, [(16, 17), (3, 17)]),
        (PYTHON, 20, [(19, 20)]),
        (BRACES, 5, [(1, 7)]),
        (BRACES, 12, [(8, 14)]),
        (BRACES, 16, [(15, 17)]),
        (RUBY, 4, [(3, 5), (2, 6), (1, 7)]),
    ],
)
def test_the_blocks_around_a_line_come_innermost_first(
    text: str, line: int, spans: list[tuple[int, int]]
) -> None:
    found = Blocks(text.splitlines()).around(line)
    assert [(block.start, block.end) for block in found] == spans


def test_a_signature_of_several_lines_ends_where_the_body_begins() -> None:
    block = Blocks(PYTHON.splitlines()).around(12)[0]
    assert (block.head, block.body) == (7, 11)


def test_a_line_outside_the_text_is_in_no_block() -> None:
    blocks = Blocks(["def f():", "    pass"])
    assert blocks.around(0) == blocks.around(3) == ()


@pytest.mark.holds("S19")
@pytest.mark.parametrize("text", ["(" * 50_000 + "{", "a) " * 20_000 + "{", "\t" * 50_000 + "x"])
def test_hostile_lines_take_no_time(text: str) -> None:
    began = time.perf_counter()
    Blocks([text] * 20)
    assert time.perf_counter() - began < 1


def test_deep_nesting_is_linear_enough() -> None:
    began = time.perf_counter()
    Blocks([" " * n + "def f():" for n in range(2_000)])
    assert time.perf_counter() - began < 2
