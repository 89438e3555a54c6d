"""What stands in the engine's database of ours: JSON, sealed where the operator configures a key.

Records outlive an upgrade: what another version wrote is read as long as it only has fields more,
or lacks fields that have a default. Anything else asks for a new `APPLICATION_VERSION`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from types import GenericAlias
from typing import Any, Generic, TypeVar, cast, get_args

from pydantic import ConfigDict, TypeAdapter, ValidationError

from reviewer.domain.delivery import Delivery
from reviewer.domain.event import Event, OtherEvent
from reviewer.domain.review_order import Followup, ReviewOrder, RunEnd
from reviewer.errors import ReviewerError

_Value = TypeVar("_Value")

_LENIENT = ConfigDict(extra="ignore", allow_inf_nan=False)
_EVENTS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Event)}
_NOTHING = OtherEvent(name="", action="")


class UnreadableRecordError(ReviewerError):
    """What stands in the engine's database cannot be read; the text quotes nothing of it."""


class _Codec(Generic[_Value]):
    """Writes and reads one kind of value.

    Args:
        adapter: Of a tuple of one: a dataclass can be given no configuration from outside.
    """

    def __init__(self, adapter: TypeAdapter[tuple[_Value]]) -> None:
        self._adapter = adapter

    def plain(self, value: _Value) -> Any:  # noqa: ANN401 - what JSON knows
        return self._adapter.dump_python((value,), mode="json", warnings=False)[0]

    def read(self, plain: object) -> _Value:
        try:
            (value,) = self._adapter.validate_python((plain,))
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"][1:])
            raise UnreadableRecordError(f"{place[:200]}: {first['type']}") from None
        return value


_CODECS: dict[type, _Codec[Any]] = {}


def _codec(kind: type[_Value]) -> _Codec[_Value]:
    if kind not in _CODECS:
        one: Any = GenericAlias(tuple, (kind,))
        _CODECS[kind] = _Codec(TypeAdapter(one, config=_LENIENT))
    return cast("_Codec[_Value]", _CODECS[kind])


def _same(text: str) -> str:
    return text


@dataclass(frozen=True, kw_only=True)
class Wire:
    """Writes records and reads them.

    Args:
        seal: Makes of a text what may be stored.
        unseal: Makes the text of it again.
    """

    seal: Callable[[str], str] = _same
    unseal: Callable[[str], str] = _same

    def prepare(self) -> None:
        """Make now what is otherwise made for the first delivery, while others wait behind it."""
        kinds: tuple[type[Any], ...] = (Delivery, ReviewOrder, Followup, RunEnd)
        for kind in (*kinds, *_EVENTS.values()):
            _codec(kind)

    def write_delivery(self, delivery: Delivery) -> str:
        """Write a delivery with the event that it tells."""
        event = delivery.event
        kind: type[Any] = type(event)
        # A union of events would be read as the first kind that fits: the kind is written down.
        frame = _codec(Delivery).plain(replace(delivery, event=_NOTHING))
        frame["event"] = {"kind": kind.__name__, "fields": _codec(kind).plain(event)}
        return self._write(frame)

    def read_delivery(self, text: str) -> Delivery:
        """Read a delivery.

        Raises:
            UnreadableRecordError: It is none.
        """
        frame = self._read(text)
        told = frame.pop("event", None)
        kind = _EVENTS.get(told["kind"]) if isinstance(told, dict) else None
        if kind is None:
            raise UnreadableRecordError("event: an unknown kind")
        nothing = {"event": {field.name: "" for field in fields(OtherEvent)}}
        delivery = _codec(Delivery).read(frame | nothing)
        return replace(delivery, event=_codec(kind).read(told["fields"]))

    def write_order(self, order: ReviewOrder) -> str:
        """Write an order."""
        return self._write(_codec(ReviewOrder).plain(order))

    def read_order(self, text: str) -> ReviewOrder:
        """Read an order.

        Raises:
            UnreadableRecordError: It is none.
        """
        return _codec(ReviewOrder).read(self._read(text))

    def write_followup(self, followup: Followup) -> str:
        """Write what follows from a delivery."""
        return self._write(_codec(Followup).plain(followup))

    def read_followup(self, text: str) -> Followup:
        """Read what follows from a delivery.

        Raises:
            UnreadableRecordError: It is none.
        """
        return _codec(Followup).read(self._read(text))

    def write_end(self, end: RunEnd) -> str:
        """Write how a run ended."""
        return self._write(_codec(RunEnd).plain(end))

    def read_end(self, text: str) -> RunEnd:
        """Read how a run ended.

        Raises:
            UnreadableRecordError: It is none.
        """
        return _codec(RunEnd).read(self._read(text))

    def _write(self, plain: object) -> str:
        # ASCII: no database and no driver has an opinion about what is left of it.
        return self.seal(json.dumps(plain, separators=(",", ":")))

    def _read(self, text: str) -> dict[str, Any]:
        try:
            plain = json.loads(self.unseal(text))
        except ValueError:
            raise UnreadableRecordError("it is no JSON") from None
        if not isinstance(plain, dict):
            raise UnreadableRecordError("it is no JSON object")
        return plain
