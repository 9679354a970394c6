"""The envelope: how an event becomes bytes once, and how those bytes are read back."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from uuid_utils.compat import uuid7

BODY_LIMIT_BYTES = 32 * 1024
# What the append adds between head and tail: sequence, time, version, a clock that is behind.
COMPOSED_LIMIT_BYTES = 160
# Where the members before `subject` have ended: specversion, id, type, dataversion, source.
SOURCE_LIMIT_BYTES = 512
SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY_TIME = time(12, 0)  # a fact known only to the day stands at noon

Via = Literal["web", "cli", "import", "integration", "offline", "migration", "system"]

_ESCAPED_NUL = b"\\u0000"
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_encoder = msgspec.json.Encoder(decimal_format="string")


class EventRefused(ValueError):
    """An event that must not be stored: too large, or with characters that no store keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did it: person (uuid, or `system`), the role acted in, and the unit of that role."""

    id: str
    role: str
    unit: str
    on_behalf_of: str | None = None


SYSTEM = Actor(id="system", role="system", unit="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Everything an envelope says that is not the event itself. `cause_at`: time of the cause."""

    ledger: str
    actor: Actor
    via: Via
    policy_version: str
    command_id: UUID
    now: datetime
    correlation_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None
    cause_at: datetime | None = None


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A stored body, read back; field order is the stored order. `data` stays bytes."""

    specversion: str
    id: str
    type: str
    dataversion: int
    source: str
    subject: str | None = None
    occurredat: str
    stream: str
    unitpath: str
    actorid: str
    actorrole: str
    actorunit: str
    onbehalfof: str | None = None
    via: str
    policyversion: str
    correlationid: str
    causationid: str | None = None
    traceparent: str | None = None
    commandid: str
    occurredprecision: str | None = None
    settlesat: str | None = None
    ledgerseq: int
    time: str
    streamversion: int
    clockbehindms: int | None = None
    data: msgspec.Raw

    # A stranger's source or time raises ValueError, when it is asked for.
    @property
    def ledger(self) -> str:
        _, ledger, _ = self.source.split("/")
        return ledger

    @property
    def service(self) -> str:
        _, _, service = self.source.split("/")
        return service

    @property
    def recorded_at(self) -> datetime:
        return datetime.fromisoformat(self.time)

    @property
    def occurred_at(self) -> datetime:
        return datetime.fromisoformat(self.occurredat)


class _Head(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    specversion: str
    id: str
    type: str
    dataversion: int
    source: str
    subject: str | None = None
    occurredat: str
    stream: str
    unitpath: str
    actorid: str
    actorrole: str
    actorunit: str
    onbehalfof: str | None = None
    via: str
    policyversion: str
    correlationid: str
    causationid: str | None = None
    traceparent: str | None = None
    commandid: str
    occurredprecision: str | None = None
    settlesat: str | None = None


class Draft(NamedTuple):
    """An event serialised but for its place: the append composes head ‖ place ‖ tail."""

    stream: str
    version: int
    command: UUID
    ordinal: int
    type: str
    head: str
    tail: str


_decoder = msgspec.json.Decoder(Envelope)
# What reading bytes that are no body of ours raises: no JSON, no UTF-8, no such time; too deep.
UNREADABLE = (ValueError, RecursionError)


def read(body: str | bytes) -> Envelope:
    """The envelope of a stored body. Raises one of UNREADABLE for a stranger's."""
    return _decoder.decode(body)


def subject_mark(source: str) -> bytes:
    """What stands before the subject in every stored body of `source`."""
    return f',"source":"{source}","subject":"'.encode()


def subject_of(body: bytes, mark: bytes) -> bytes:
    """The subject of a stored body, without reading the rest; empty when it has none."""
    start = body.find(mark, 0, SOURCE_LIMIT_BYTES)
    if start < 0:
        return b""
    start += len(mark)
    found = body[start : body.find(b'"', start)]
    return found if b"\\" not in found else (read(body).subject or "").encode()


def utc_text(at: datetime) -> str:
    """UTC with six digits and `Z`, as the store renders its own times."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def business_day(at: datetime) -> date:
    """The date in Asia/Shanghai."""
    return at.astimezone(SHANGHAI).date()


def noon(day: date) -> datetime:
    """Where a fact that is known only to the day stands in time (12:00 in Asia/Shanghai)."""
    return datetime.combine(day, DAY_TIME, SHANGHAI)


def end_of_day(day: date) -> datetime:
    """24:00 in Asia/Shanghai."""
    return datetime.combine(day + timedelta(days=1), time(0, 0), SHANGHAI)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where an event belongs and when it happened (a date: only the day is known)."""

    service: str
    stream: str
    version: int
    ordinal: int
    type: str
    unitpath: str
    subject: str | None
    happened: datetime | date
    settles_at: datetime | None = None
    dataversion: int = 1


def draft(data: object, at: Placed, circumstances: Circumstances) -> Draft:
    """Serialise one event. Raises EventRefused if it is too large or holds U+0000."""
    head = _encoder.encode(_head(at, circumstances))[:-1] + b',"ledgerseq":'
    tail = b',"data":' + _encode_data(data, at) + b"}"
    if len(head) + len(tail) + COMPOSED_LIMIT_BYTES > BODY_LIMIT_BYTES:
        raise EventRefused(f"{at.type} in {at.stream}: larger than {BODY_LIMIT_BYTES} bytes")
    return Draft(
        at.stream,
        at.version,
        circumstances.command_id,
        at.ordinal,
        at.type,
        head.decode(),
        tail.decode(),
    )


def _encode_data(data: object, at: Placed) -> bytes:
    try:
        encoded = _encoder.encode(data)
    except UnicodeEncodeError as error:
        raise EventRefused(f"{at.type} in {at.stream}: text that is not Unicode") from error
    # The plain search first: the pattern costs 8 µs, and next to no text needs it.
    if _ESCAPED_NUL in encoded and _NUL.search(encoded):
        raise EventRefused(f"{at.type} in {at.stream}: U+0000 in a text")
    return encoded


def _head(at: Placed, c: Circumstances) -> _Head:
    day_only = not isinstance(at.happened, datetime)
    happened = at.happened if isinstance(at.happened, datetime) else noon(at.happened)
    return _Head(
        specversion="1.0",
        id=str(uuid7()),
        type=at.type,
        dataversion=at.dataversion,
        source=f"/{c.ledger}/{at.service}",
        subject=at.subject,
        occurredat=utc_text(happened),
        stream=at.stream,
        unitpath=at.unitpath,
        actorid=c.actor.id,
        actorrole=c.actor.role,
        actorunit=c.actor.unit,
        onbehalfof=c.actor.on_behalf_of,
        via=c.via,
        policyversion=c.policy_version,
        correlationid=c.correlation_id or str(c.command_id),
        causationid=c.causation_id,
        traceparent=c.traceparent,
        commandid=str(c.command_id),
        occurredprecision="day" if day_only else None,
        settlesat=utc_text(at.settles_at) if at.settles_at else None,
    )
