"""The inbox, the digests and the preferences as people read them; duties and charges as heard."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts import duties as d
from shared.contracts.decode import decode
from shared.contracts.notify import (
    DigestSent,
    NotificationQueued,
    NotificationRead,
    PreferenceSet,
)
from shared.subscription import Entry

QUEUED = text(
    "insert into notice (notice, ledger, account, child, kind, about, path, queued_at)"
    " values (:notice, :ledger, :account, :child, :kind, :about, :path, :queued_at)"
    " on conflict (notice) do nothing"
)
READ = text("update notice set read_at = :read_at where notice = :notice and read_at is null")


DIGEST = text(
    "insert into digest (account, on_day, part, piece, sent_at, items) values (:account, :on,"
    " :part, :piece, :sent_at, cast(:items as jsonb)) on conflict do nothing"
)
OFF = text("insert into unwanted (account, what) values (:account, :what) on conflict do nothing")
ON = text("delete from unwanted where account = :account and what = :what")
ARMED = text(
    "insert into duty_heard (duty, ledger, kind, target, child, klass, school, path, due_at,"
    " holders, state) values (:duty, :ledger, :kind, :target, :child, :klass, :school, :path,"
    " :due_at, cast(:holders as uuid[]), 'armed') on conflict (duty) do nothing"
)
ENDED = text("update duty_heard set state = :state, ended_at = :at where duty = :duty")
BREACHED = text(
    "update duty_heard set state = 'breached', holders = cast(:holders as uuid[])"
    " where duty = :duty and ended_at is null"
)
REPLANNED = text("update duty_heard set due_at = :due_at where duty = :duty")
TOLD = text(
    "update duty_heard set told = told || cast(:to as uuid[])"
    " where duty = :duty and not told @> cast(:to as uuid[])"
)
CHARGED_KINDS = frozenset(("child", "guardian"))
CHARGE_TYPES = frozenset(
    f"casework.{kind.__name__}" for kind in (d.ResponsibilityAssigned, d.ResponsibilityEnded)
)
CHARGED = text(
    "insert into charge (ledger, scheme, tier, child, staff, since, until) values (:ledger,"
    " :scheme, :tier, :child, :staff, :since, :until) on conflict (staff, child, scheme, tier,"
    " since) do update set until = excluded.until"
)
CHARGE_ENDED = text(
    "update charge set until = :last where staff = :staff and child = :child"
    " and scheme = :scheme and tier = :tier and (until is null or until > :last)"
)
# A holding that ended before it began never was.
CHARGE_VOID = text("delete from charge where staff = :staff and child = :child and until < since")
DUTY_TYPES = frozenset(
    f"casework.{kind.__name__}"
    for kind in (
        d.DutyArmed,
        d.DutySatisfied,
        d.DutyBreached,
        d.DutyEscalated,
        d.DutyReplanned,
        d.DutyCancelled,
    )
)


async def project_inbox(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Notices in, reads after them; both in as few statements as kinds of events."""
    queued, read, digests = [], [], []
    for one in entries:
        envelope = one.envelope
        match decode(envelope.type, envelope.dataversion, envelope.data):
            case NotificationQueued() as event:
                facts = ("notice", "account", "child", "kind", "about")
                row = {name: getattr(event, name) for name in facts}
                place = {"ledger": one.ledger, "path": envelope.unitpath}
                queued.append(row | place | {"queued_at": envelope.recorded_at})
            case NotificationRead(notice=notice):
                read.append({"notice": notice, "read_at": envelope.recorded_at})
            case DigestSent() as sent:
                digests.append(_digest(one, sent))
            case PreferenceSet(account=account, what=what, on=on):
                await conn.execute(ON if on else OFF, {"account": account, "what": what})
            case _:
                pass
    if digests:
        await conn.execute(DIGEST, digests)
    if queued:
        await conn.execute(QUEUED, queued)
    if read:
        await conn.execute(READ, read)


def _digest(entry: Entry, sent: DigestSent) -> dict[str, Any]:
    return {
        "account": sent.account,
        "on": sent.on,
        "part": sent.part,
        "piece": entry.seq,
        "sent_at": entry.envelope.recorded_at,
        "items": msgspec.json.encode(sent.items).decode(),
    }


async def project_duties(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    """What casework tells of duties, one statement for each run of events of one kind."""
    statement: Any = None
    rows: list[dict[str, Any]] = []
    for one in entries:
        wanted, row = _change(one)
        if wanted is not statement and rows:
            await conn.execute(statement, rows)
            rows = []
        statement = wanted
        rows.append(row)
    if rows:
        await conn.execute(statement, rows)


def _change(entry: Entry) -> tuple[Any, dict[str, Any]]:
    envelope = entry.envelope
    match decode(envelope.type, envelope.dataversion, envelope.data):
        case d.DutyArmed() as armed:
            return ARMED, _armed(entry, armed)
        case d.DutySatisfied(duty=duty, at=at, late=late):
            return ENDED, {"duty": duty, "state": "late" if late else "satisfied", "at": at}
        case d.DutyCancelled(duty=duty):
            return ENDED, {"duty": duty, "state": "cancelled", "at": envelope.recorded_at}
        case d.DutyBreached(duty=duty, holders=holders):
            return BREACHED, {"duty": duty, "holders": holders}
        case d.DutyReplanned(duty=duty, due_at=due_at):
            return REPLANNED, {"duty": duty, "due_at": due_at}
        case d.DutyEscalated(duty=duty, to=to):
            return TOLD, {"duty": duty, "to": to}
        case other:
            raise AssertionError(f"{type(other).__name__} is not among the types followed")


def _armed(entry: Entry, armed: d.DutyArmed) -> dict[str, Any]:
    names = ("duty", "kind", "child", "klass", "school", "due_at", "holders")
    place = {"ledger": entry.ledger, "path": entry.envelope.unitpath, "target": armed.target.id}
    return {name: getattr(armed, name) for name in names} | place


async def project_charges(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Who answers for one child by hand, from which day to which; offices and units are left."""
    for one in entries:
        event = decode(one.envelope.type, one.envelope.dataversion, one.envelope.data)
        assert isinstance(event, d.ResponsibilityAssigned | d.ResponsibilityEnded)
        if event.holder.kind != "staff" or event.target.kind not in CHARGED_KINDS:
            continue
        await _take_charge(conn, one.ledger, event)


async def _take_charge(
    conn: AsyncConnection, ledger: str, event: d.ResponsibilityAssigned | d.ResponsibilityEnded
) -> None:
    held: dict[str, Any] = {
        "scheme": event.scheme,
        "tier": event.tier,
        "child": UUID(event.target.id),
        "staff": UUID(event.holder.id),
    }
    if isinstance(event, d.ResponsibilityAssigned):
        days = {"ledger": ledger, "since": event.since, "until": event.until}
        await conn.execute(CHARGED, held | days)
        return
    await conn.execute(CHARGE_ENDED, held | {"last": event.on - timedelta(days=1)})
    await conn.execute(CHARGE_VOID, {"staff": held["staff"], "child": held["child"]})
