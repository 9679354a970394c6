"""One recorded event as views and sentences read it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from shared.contracts.decode import decode


class Ref(NamedTuple):
    """Where an event stands: enough to find and to prove it."""

    service: str
    ledger: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`seq` is the place in the ledger; `data` a struct of a contract or Unknown."""

    type: str
    stream: str
    seq: int
    ledger: str
    service: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    via: str
    data: msgspec.Struct
    actor_role: str = ""
    on_behalf_of: str | None = None

    @property
    def ref(self) -> Ref:
        return Ref(self.service, self.ledger, self.seq)


def recorded_order(entry: Entry) -> tuple[datetime, str, str, int]:
    """The one order in which events are folded; no effect stands before its cause in it."""
    return entry.recorded_at, entry.service, entry.ledger, entry.seq


class _Body(msgspec.Struct, frozen=True, kw_only=True):
    type: str
    dataversion: int
    source: str
    occurredat: datetime
    stream: str
    actorid: str
    actorrole: str
    onbehalfof: str | None = None
    via: str
    ledgerseq: int
    time: datetime
    data: msgspec.Raw


_decoder = msgspec.json.Decoder(_Body)


def entry_of(body: bytes | str) -> Entry:
    """An entry from a stored body.

    Raises msgspec.DecodeError or ValidationError for a stranger's bytes, NewerVersion for data
    that this program is too old for.
    """
    read = _decoder.decode(body)
    _, ledger, service = read.source.split("/", 2)
    return Entry(
        type=read.type,
        stream=read.stream,
        seq=read.ledgerseq,
        ledger=ledger,
        service=service,
        occurred_at=read.occurredat.astimezone(UTC),
        recorded_at=read.time.astimezone(UTC),
        actor=read.actorid,
        via=read.via,
        data=decode(read.type, read.dataversion, read.data),
        actor_role=read.actorrole,
        on_behalf_of=read.onbehalfof,
    )
