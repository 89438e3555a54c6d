"""Texts are sealed and opened again, whatever they look like."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from reviewer.adapters.database.column_type import SealedJson, SealedText
from reviewer.adapters.database.sealing import Sealer, use_sealer
from reviewer.errors import UserError

KEYS = [base64.b64encode(bytes([number]) * 32).decode() for number in range(3)]

texts = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["sealed:1:", "plain:1:", "sealed:1:plain:1:x", "plain:1:sealed:1:x", ""]
)


@given(texts)
def test_without_a_key_every_text_comes_back(text: str) -> None:
    sealer = Sealer()

    assert sealer.unseal(sealer.seal(text)) == text


@pytest.mark.holds("P31")
@given(texts)
def test_with_keys_every_text_comes_back_and_is_hidden(text: str) -> None:
    stored = Sealer(KEYS[:1]).seal(text)

    assert stored.startswith("sealed:1:")
    assert len(text) <= len("sealed:1:") or text not in stored
    assert Sealer([KEYS[1], KEYS[0]]).unseal(stored) == text


@given(texts)
def test_a_text_of_before_the_key_comes_back(text: str) -> None:
    assert Sealer(KEYS).unseal(Sealer().seal(text)) == text


def test_the_first_key_seals() -> None:
    stored = Sealer([KEYS[2], KEYS[0]]).seal("x")

    assert Sealer([KEYS[2]]).unseal(stored) == "x"
    with pytest.raises(UserError, match="another key"):
        Sealer([KEYS[0]]).unseal(stored)
    with pytest.raises(UserError, match="no key is configured"):
        Sealer().unseal(stored)


def test_the_same_text_is_never_sealed_the_same() -> None:
    sealer = Sealer(KEYS)

    assert sealer.seal("x") != sealer.seal("x")


def test_nothing_stays_nothing() -> None:
    dialect = sqlite.dialect()
    use_sealer(dialect, Sealer(KEYS))

    for column in (SealedText(), SealedJson()):
        assert column.process_bind_param(None, dialect) is None
        assert column.process_result_value(None, dialect) is None


@pytest.mark.holds("S20")
def test_two_databases_of_one_process_have_their_own_keys() -> None:
    sealed, plain = sqlite.dialect(), sqlite.dialect()
    use_sealer(sealed, Sealer(KEYS))
    column = SealedText()

    assert column.process_bind_param("x", plain) == "x"
    stored = column.process_bind_param("x", sealed)
    assert stored != "x"
    assert column.process_result_value(stored, sealed) == "x"
