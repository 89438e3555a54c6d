"""What each wrong command is told, word by word, and both sides of each bound of a command."""

from __future__ import annotations

import pytest

from reviewer.domain.command import (
    LONGEST_COMMENT,
    MOST_PERSONAS,
    Command,
    CommandName,
    Malformed,
    Reading,
    holds_command,
    read_commands,
)

OPTION = "There are no options here."
NO_WORDS = "It takes no words."
FOLLOW = "Only “full”, “as” and “panel” may follow."
NAMES = "Names of personas are lower-case words joined by “-”."
FINDING = "It needs the short name of one finding, 7 to 40 of the digits 0-9 and a-f."


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("/help me", NO_WORDS),
        ("/pause now", NO_WORDS),
        ("/resume now", NO_WORDS),
        ("/personas all", NO_WORDS),
        ("/config x", NO_WORDS),
        ("/cost x", NO_WORDS),
        ("/review --full", OPTION),
        ("/review full=yes", OPTION),
        ("/review full -x", OPTION),
        ("/review all", FOLLOW),
        ("/review full full", FOLLOW),
        ("/review as", "“as” needs names with commas between them."),
        ("/review as a b", "“as” needs names with commas between them."),
        ("/review panel", "“panel” needs one name."),
        ("/review panel a b", "“panel” needs one name."),
        ("/review panel A", "That is no name of a panel."),
        (f"/review panel {'a' * 41}", "That is no name of a panel."),
        ("/review as A", NAMES),
        ("/review as a,,b", NAMES),
        ("/review as a--b", NAMES),
        (f"/review as {'a' * 41}", NAMES),
        (f"/review as {','.join(f'p{n}' for n in range(21))}", "At most 20 personas can be named."),
        ("/explain", FINDING),
        ("/explain abcdef", FINDING),
        (f"/explain {'a' * 41}", FINDING),
        ("/explain abcdefg", FINDING),
        ("/explain abcdef1 why", FINDING),
        ("/undismiss ABCDEF1", FINDING),
        ("/dismiss", FINDING),
        ("/dismiss reason first", FINDING),
        ("/dismiss abcdef1 --force", OPTION),
        (f"/dismiss abcdef1 {'x' * 301}", "A reason has at most 300 characters."),
        ("/ask", "It needs a question."),
        ("/ask --model x", OPTION),
        (f"/ask {'x' * 1_001}", "The text has at most 1,000 characters."),
        ("/plan --deep", OPTION),
        (f"/plan {'x' * 8_001}", "The text has at most 8,000 characters."),
    ],
)
def test_a_wrong_command_is_told_what_is_wrong(line: str, problem: str) -> None:
    name = CommandName(line[1:].split(maxsplit=1)[0])
    assert read_commands(line) == Reading(refused=(Malformed(name=name, problem=problem),))


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/review", Command(name=CommandName.REVIEW)),
        ("/review full", Command(name=CommandName.REVIEW, full=True)),
        ("/review as a", Command(name=CommandName.REVIEW, personas=("a",))),
        ("/review as b1-c , a,b1-c", Command(name=CommandName.REVIEW, personas=("b1-c", "a"))),
        (
            f"/review full as {'a' * 40}",
            Command(name=CommandName.REVIEW, full=True, personas=("a" * 40,)),
        ),
        (
            f"/review as {','.join(f'p{n}' for n in range(MOST_PERSONAS))}",
            Command(name=CommandName.REVIEW, personas=tuple(f"p{n}" for n in range(MOST_PERSONAS))),
        ),
        ("/review panel deep", Command(name=CommandName.REVIEW, panel="deep")),
        ("/review full panel deep", Command(name=CommandName.REVIEW, full=True, panel="deep")),
        ("/explain abcdef1", Command(name=CommandName.EXPLAIN, finding="abcdef1")),
        (f"/explain {'a' * 40}", Command(name=CommandName.EXPLAIN, finding="a" * 40)),
        ("/undismiss 0123456", Command(name=CommandName.UNDISMISS, finding="0123456")),
        ("/dismiss abcdef1", Command(name=CommandName.DISMISS, finding="abcdef1")),
        (
            "/dismiss abcdef1   it is -- fine  ",
            Command(name=CommandName.DISMISS, finding="abcdef1", text="it is -- fine"),
        ),
        (
            f"/dismiss abcdef1 {'x' * 300}",
            Command(name=CommandName.DISMISS, finding="abcdef1", text="x" * 300),
        ),
        ("/ask why?", Command(name=CommandName.ASK, text="why?")),
        ("/ask\n\nwhy?\nand how\n", Command(name=CommandName.ASK, text="why?\nand how")),
        (f"/ask {'x' * 1_000}", Command(name=CommandName.ASK, text="x" * 1_000)),
        ("/plan", Command(name=CommandName.PLAN)),
        (f"/plan {'x' * 8_000}", Command(name=CommandName.PLAN, text="x" * 8_000)),
        ("/help", Command(name=CommandName.HELP)),
        ("   /cost  ", Command(name=CommandName.COST)),
        ("/pause\nand more", Command(name=CommandName.PAUSE)),
    ],
)
def test_a_right_command_is_read_up_to_its_bounds(line: str, command: Command) -> None:
    reading = read_commands(line)
    assert reading == Reading(commands=(command,))
    assert reading.speaks_to_us
    assert reading.asks_model is (
        command.name in {CommandName.REVIEW, CommandName.PLAN, CommandName.ASK}
    )


def test_three_commands_are_carried_out_and_four_are_refused() -> None:
    three = "/help\n/cost\n/config"
    assert [command.name for command in read_commands(three).commands] == ["help", "cost", "config"]
    assert not read_commands(three).asks_model
    assert read_commands(f"{three}\n/pause") == Reading(
        refused=(
            Malformed(name=CommandName.PAUSE, problem="A comment may hold at most 3 commands."),
        )
    )


def test_one_command_of_a_comment_may_ask_a_model() -> None:
    assert read_commands("/review\n/help").asks_model
    problem = "Only one command of a comment may ask a model."
    assert read_commands("/review\n/help\n/ask why") == Reading(
        refused=(Malformed(name=CommandName.ASK, problem=problem),)
    )


def test_of_many_slips_three_are_told() -> None:
    reading = read_commands("/help a\n/cost b\n/config c\n/pause d")
    assert [slip.name for slip in reading.refused] == ["help", "cost", "config"]
    assert reading.speaks_to_us
    assert not reading.asks_model


def test_a_comment_as_long_as_github_takes_is_read_and_no_longer_one() -> None:
    body = "/help\n"
    assert holds_command(body + "x" * (LONGEST_COMMENT - len(body)))
    assert not holds_command(body + "x" * (LONGEST_COMMENT - len(body) + 1))
    assert LONGEST_COMMENT == 65_536


@pytest.mark.parametrize("body", ["", "help", "    /help", "//help", "/helpx", "/help.", "`/help`"])
def test_other_text_says_nothing_to_us(body: str) -> None:
    assert read_commands(body) == Reading()
    assert not read_commands(body).speaks_to_us


def test_a_text_of_several_lines_ends_at_the_next_command_and_other_commands_take_one() -> None:
    reading = read_commands("/ask one\n  two\n\n/help\nthree")
    assert reading.commands == (
        Command(name=CommandName.ASK, text="one\n  two"),
        Command(name=CommandName.HELP),
    )
