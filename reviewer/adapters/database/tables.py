"""The ledger's tables: every attempt of a call, with which prompt and model, and kept answers."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from reviewer.adapters.database.column_type import AnyText, ExactDecimal, SealedJson, UtcTime

#: SQLite numbers rows by itself only where the key is exactly INTEGER.
Key = BigInteger().with_variant(Integer, "sqlite")


class Table(DeclarativeBase):
    """What all tables share: one way to name constraints, so that a migration can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcTime,
        Decimal: ExactDecimal,
        str: AnyText,
        int: BigInteger,
        float: Double,
    }


class ModelVersion(Table):
    """A model as it was asked for, and as the provider named what answered."""

    __tablename__ = "model_version"
    __table_args__ = (UniqueConstraint("provider", "base_url", "asked_name", "answered_name"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    provider: Mapped[str]
    base_url: Mapped[str]
    asked_name: Mapped[str]
    answered_name: Mapped[str]


class PromptVersion(Table):
    """A prompt as it was sent."""

    __tablename__ = "prompt_version"
    __table_args__ = (UniqueConstraint("name", "version", "sha256"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    name: Mapped[str]
    version: Mapped[int]
    sha256: Mapped[str]


class LlmCall(Table):
    """One attempt of a call: a row of the ledger, changed once, when it ends."""

    __tablename__ = "llm_call"
    __table_args__ = (
        Index(None, "repository", "started_at"),
        Index(None, "installation", "started_at"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    attempt_id: Mapped[str] = mapped_column(unique=True)
    run_id: Mapped[str] = mapped_column(index=True)
    repository: Mapped[str]
    pull_request: Mapped[int | None]
    installation: Mapped[int | None]
    persona: Mapped[str]
    purpose: Mapped[str]
    rules: Mapped[list[str]] = mapped_column(JSON)
    prompt_version_id: Mapped[int] = mapped_column(ForeignKey("prompt_version.id"))
    model_version_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"))
    max_output_tokens: Mapped[int]
    temperature: Mapped[float | None]
    top_p: Mapped[float | None]
    effort: Mapped[str | None]
    number: Mapped[int]
    outcome: Mapped[str]
    failure: Mapped[str]
    finish: Mapped[str]
    fresh_input_tokens: Mapped[int]
    cache_read_tokens: Mapped[int]
    cache_write_tokens: Mapped[int]
    output_tokens: Mapped[int]
    reasoning_tokens: Mapped[int]
    usage_known: Mapped[bool]
    cost_dollars: Mapped[Decimal | None]
    latency_seconds: Mapped[float]
    started_at: Mapped[datetime] = mapped_column(index=True)

    prompt_version: Mapped[PromptVersion] = relationship(lazy="raise")
    model_version: Mapped[ModelVersion] = relationship(lazy="raise")


class KeptCompletion(Table):
    """An answer of a model under the key of everything that could change it."""

    __tablename__ = "completion_cache"

    key: Mapped[str] = mapped_column(primary_key=True)
    completion: Mapped[dict[str, Any]] = mapped_column(SealedJson)
    created_at: Mapped[datetime] = mapped_column(index=True)
    installation: Mapped[int | None] = mapped_column(index=True)
