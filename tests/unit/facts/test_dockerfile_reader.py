"""Dockerfiles as people write them, read into stages and instructions."""

from __future__ import annotations

import pytest

from reviewer.domain.facts.dockerfile_reader import expand, instructions, stages


def read(text: str) -> list[tuple[str, str, int, int]]:
    return [
        (entry.keyword, entry.arguments, entry.first, entry.last) for entry in instructions(text)
    ]


def test_continuation_lines_and_comments_inside_them_are_one_instruction() -> None:
    text = "RUN a \\\n  # why\n\n  && b\nUSER 1\n"

    assert read(text) == [("RUN", "a && b", 1, 4), ("USER", "1", 5, 5)]


def test_a_here_document_belongs_to_its_instruction() -> None:
    text = "RUN <<EOF\nFROM x\nUSER root\nEOF\nUSER 1000\n"

    assert [keyword for keyword, *_ in read(text)] == ["RUN", "USER"]
    assert read(text)[0][2:] == (1, 3)


def test_two_here_documents_and_one_with_tabs() -> None:
    text = "COPY <<ONE <<-'TWO' /x/\none\nONE\n\ttwo\n\tTWO\nUSER 1\n"

    assert [entry[0::2] for entry in read(text)] == [("COPY", 1), ("USER", 6)]


def test_a_here_document_that_never_ends_takes_the_rest() -> None:
    assert [entry[0] for entry in read("RUN <<EOF\nUSER root\n")] == ["RUN"]


def test_arithmetic_and_here_strings_are_no_here_documents() -> None:
    assert [keyword for keyword, *_ in read("RUN echo $((1<<2)) && cat <<<word\nUSER 1\n")] == [
        "RUN",
        "USER",
    ]


def test_the_escape_directive_changes_the_continuation() -> None:
    assert read("# escape=`\nRUN a `\n b\nCOPY c:\\ d\n") == [
        ("RUN", "a b", 2, 3),
        ("COPY", "c:\\ d", 4, 4),
    ]


def test_lower_case_and_onbuild_and_carriage_returns() -> None:
    assert read("from x\r\nonbuild user root\r\n") == [
        ("FROM", "x", 1, 1),
        ("ONBUILD", "user root", 2, 2),
    ]


def test_a_stage_knows_its_image_through_arguments_and_other_stages() -> None:
    text = (
        "ARG V=3.12\nFROM --platform=linux/amd64 python:${V}-slim AS Base\nENV A=1\n"
        "FROM base AS last\nUSER 1\n"
    )
    base, last = stages(text)

    assert base.image == "python:3.12-slim"
    assert last.origin == "python:3.12-slim"
    assert [entry.keyword for entry in last.lineage] == ["ENV", "USER"]


def test_a_variable_without_a_value_leaves_the_image_unknown() -> None:
    (stage,) = stages("ARG IMAGE\nFROM ${IMAGE}\n")

    assert stage.image is None
    assert stage.origin is None


def test_variables_with_defaults_and_alternatives() -> None:
    assert expand("a:${V:-1}", {}) == "a:1"
    assert expand("a${V:+-x}", {"V": "1"}) == "a-x"
    assert expand("a${V:+-x}", {}) == "a"
    assert expand("$V", {}) is None


def test_flags_stand_before_the_operands() -> None:
    (entry,) = instructions("COPY --from=build --chown=1:1 /a /b\n")

    assert entry.flags == "--from=build --chown=1:1 "
    assert entry.operands == "/a /b"


@pytest.mark.holds("S19")
def test_hostile_files_are_read_to_the_end() -> None:
    texts = (
        "RUN " + "a" * 200_000 + " \\\n" + "#\n" * 100_000,
        "".join(f"FROM s{number} AS s{number + 1}\n" for number in range(20_000)),
        "RUN " + "<<A " * 50_000 + "\n",
    )
    for text in texts:
        for stage in stages("FROM x\n" + text)[-1:]:
            assert stage.lineage is not None
            assert stage.origin is not None
