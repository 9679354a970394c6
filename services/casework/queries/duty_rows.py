"""Duties as rows: read and written in the transaction that appends their events."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.domain.duty_events import Cause

# Evidence and arming of one ledger come one after the other, or each could miss the other.
# The time is asked for when the lock is held.
LOCK = text(
    "with held as materialized (select pg_advisory_xact_lock(hashtextextended('duties ' ||"
    " :ledger, 0))) select clock() as now from held"
)
OPEN = (
    "select duty, kind, target_kind, target, child, klass, school, path, starts_at, due_at,"
    " began_at, needed, holders, role, policy, state from duty"
)
OPEN_OF_TARGETS = text(
    OPEN + " where ledger = :ledger and state in ('armed', 'breached')"
    " and target = any(:targets) order by due_at, duty"
)
BY_IDS = text(OPEN + " where duty = any(cast(:duties as uuid[]))")
AHEAD = text(
    OPEN + " where ledger = :ledger and state = 'armed' and due_at > :now"
    " and (path = :path or path like :path || '/%') order by due_at, duty"
)
KNOWN = text("select duty from duty where duty = any(cast(:duties as uuid[]))")
INSERT = text(
    "insert into duty (duty, ledger, kind, target_kind, target, child, klass, school, path, period,"
    " starts_at, began_at, due_at, window_at, needed, holders, role, share, state, policy,"
    " calendar, rows, cause, form) values (:duty, :ledger, :kind, :target_kind, :target, :child,"
    " :klass, :school, :path, :period, :starts_at, :began_at, :due_at, :window_at, :needed,"
    " cast(:holders as uuid[]), :role, :share, 'armed', :policy, :calendar,"
    " cast(:rows as text[]), cast(:cause as jsonb), :form) on conflict (duty) do nothing"
)
UPDATE = text(
    "update duty d set state = u.state, got = u.got, ended_at = u.ended_at, due_at = u.due_at,"
    " evidence = cast(u.evidence as jsonb) from unnest(cast(:duty as uuid[]),"
    " cast(:state as text[]), cast(:got as int[]), cast(:ended_at as timestamptz[]),"
    " cast(:due_at as timestamptz[]), cast(:evidence as text[]))"
    " as u(duty, state, got, ended_at, due_at, evidence) where d.duty = u.duty"
)
TOLD = text(
    "update duty d set told = d.told || cast(u.told as jsonb) from unnest(cast(:duty as uuid[]),"
    " cast(:told as text[])) as u(duty, told) where d.duty = u.duty"
)
KEEP_FACT = text(
    "insert into duty_fact (ledger, kind, target, at, actor, service, source_ledger, seq)"
    " values (:ledger, :kind, :target, :at, :actor, :service, :source_ledger, :seq)"
    " on conflict do nothing"
)
FACTS = text(
    "select kind, target, at, actor, service, source_ledger, seq from duty_fact"
    " where ledger = :ledger and target = any(:targets) and at >= :since order by at, seq"
)
GROUPS_OF = text(
    "select child, grp, since, until from child_group where child = any(cast(:children as uuid[]))"
)
GROUPED = text(
    "select distinct k.child, k.klass, k.school, k.path from child k join child_group g"
    " using (child) where k.ledger = :ledger and k.klass is not null and g.grp = any(:groups)"
    " and g.since <= :on and (g.until is null or g.until >= :on) order by k.child"
)
CHILDREN = text(
    "select child, klass, school, path, left_on from child"
    " where child = any(cast(:children as uuid[]))"
)


@dataclass(frozen=True, slots=True)
class OpenDuty:
    """A duty that is armed or breached, as its row says."""

    duty: UUID
    kind: str
    target_kind: str
    target: str
    child: UUID | None
    klass: UUID | None
    school: str | None
    path: str
    starts_at: datetime
    due_at: datetime
    began_at: datetime
    needed: int
    holders: tuple[UUID, ...]
    role: str
    policy: str
    state: str

    @property
    def stream(self) -> str:
        return f"duty-{self.duty}"


def open_duty(row: Row[Any]) -> OpenDuty:
    return OpenDuty(**{**row._mapping, "holders": tuple(row.holders)})


def just_armed(values: Mapping[str, Any]) -> OpenDuty:
    """The duty that the values of INSERT make."""
    held = {name: values[name] for name in OpenDuty.__dataclass_fields__ if name in values}
    return OpenDuty(**held | {"holders": tuple(values["holders"]), "state": "armed"})


async def lock(conn: AsyncConnection, ledger: str) -> datetime:
    """Hold a ledger's duties until the transaction ends; answers the clock's time."""
    return (await conn.execute(LOCK, {"ledger": ledger})).scalar_one()


async def open_of(conn: AsyncConnection, ledger: str, targets: Collection[str]) -> list[OpenDuty]:
    """Open duties about any of the targets."""
    rows = await conn.execute(OPEN_OF_TARGETS, {"ledger": ledger, "targets": list(targets)})
    return [open_duty(row) for row in rows]


async def by_ids(conn: AsyncConnection, duties: Collection[UUID]) -> list[OpenDuty]:
    rows = await conn.execute(BY_IDS, {"duties": list(duties)})
    return [open_duty(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Known:
    """What may be evidence for a kind of duty about a target, or end it (`ends`)."""

    kind: str
    target: str
    at: datetime
    actor: str
    cause: Cause


def ends(kind: str) -> str:
    """What a fact is kept as that would end a duty of the kind undone; no kind is called so."""
    return f"-{kind}"


async def facts_since(
    conn: AsyncConnection, ledger: str, targets: Collection[str], since: datetime
) -> list[Known]:
    params = {"ledger": ledger, "targets": list(targets), "since": since}
    return [
        Known(
            row.kind,
            row.target,
            row.at,
            row.actor,
            Cause(service=row.service, ledger=row.source_ledger, seq=row.seq),
        )
        for row in await conn.execute(FACTS, params)
    ]


async def keep_facts(conn: AsyncConnection, ledger: str, facts: Sequence[Known]) -> None:
    """A repeat changes nothing."""
    rows = [
        {
            "ledger": ledger,
            "kind": one.kind,
            "target": one.target,
            "at": one.at,
            "actor": one.actor,
            "service": one.cause.service,
            "source_ledger": one.cause.ledger,
            "seq": one.cause.seq,
        }
        for one in facts
    ]
    if rows:
        await conn.execute(KEEP_FACT, rows)


async def save(conn: AsyncConnection, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        await conn.execute(statement, list(rows))


async def change(
    conn: AsyncConnection, statement: Any, changes: Sequence[Mapping[str, Any]]
) -> None:
    """UPDATE or TOLD: rows by their duty, each at most once."""
    if changes:
        columns = {name: [one[name] for one in changes] for name in changes[0]}
        await conn.execute(statement, columns)


def as_json(value: object) -> str:
    return msgspec.json.encode(value).decode()
