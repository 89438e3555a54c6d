"""Column types that give back exactly what was stored: times, money, any text, sealed text."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, String
from sqlalchemy.types import TypeDecorator, TypeEngine
from typing_extensions import override

from reviewer.adapters.database.sealing import sealer_of


class UtcTime(TypeDecorator[datetime]):
    """A time with a zone, stored in UTC; SQLite has no zones and drops it, always the same one."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = DateTime(timezone=True)
    cache_ok: bool | None = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone says nothing")
        return value.astimezone(UTC)

    @override
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal number as text: SQLite would make a binary fraction of it."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = String
    cache_ok: bool | None = True

    @override
    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class AnyText(TypeDecorator[str]):
    """Text of others: half a character, which no database takes, is stored as its number.

    A folder's name that is no UTF-8 and a model's name in hostile JSON hold such halves.
    """

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = String
    cache_ok: bool | None = True

    @override
    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _storable(value)


class SealedText(TypeDecorator[str]):
    """Text of others that says something of them: sealed where there is a key."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = String
    cache_ok: bool | None = True

    @override
    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else sealer_of(dialect).seal(_storable(value))

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else sealer_of(dialect).unseal(value)


class SealedJson(TypeDecorator[Any]):
    """A JSON object; where there is a key, a JSON string of the object sealed."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = JSON
    cache_ok: bool | None = True

    @override
    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if value is None:
            return None
        text = json.dumps(value)
        sealed = sealer_of(dialect).seal(text)
        return value if sealed == text else sealed

    @override
    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return json.loads(sealer_of(dialect).unseal(value)) if isinstance(value, str) else value


def _storable(text: str) -> str:
    # PostgreSQL refuses NUL.
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")
