"""A class at one look: pupils, groups, flags, cases, targets, and the duties about it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

CLASS = text("select klass, school, name, grade, path, ledger from klass where klass = :klass")
PUPILS = text("select count(*) from child where klass = :klass")
GROUPS = text(
    "select g.grp, count(distinct g.child) as n from child_group g join child k using (child)"
    " where k.klass = :klass and g.since <= :on and (g.until is null or g.until >= :on)"
    " group by g.grp order by g.grp"
)
FLAGS = text(
    "select count(*) filter (where state = 'open') as open, count(*) as all from alert_row"
    " where klass = :klass and flagged_at >= :since"
)
CASES = text(
    "select count(*) filter (where closed_at is null) as open, count(*) as all from case_row"
    " where klass = :klass and opened_at >= :since"
)
UNCHARGED = text(
    "select count(*) from child k where k.klass = :klass and not exists (select 1 from"
    " responsibility r where r.target = k.child::text and r.scheme = :scheme"
    " and r.since <= :on and (r.until is null or r.until >= :on))"
)
LATEST = text(
    "select distinct on (kind) kind, state, due_at, ended_at, evidence, target from duty"
    " where target = any(:targets) and kind = any(:kinds) and state <> 'cancelled'"
    " order by kind, due_at desc"
)


async def of_class(conn: AsyncConnection, klass: UUID) -> Any | None:
    return (await conn.execute(CLASS, {"klass": klass})).first()


async def summary(conn: AsyncConnection, klass: UUID, on: Any, since: datetime) -> dict[str, Any]:
    """Counts of the class: pupils, groups on a day, flags and cases since a moment."""
    params = {"klass": klass, "on": on, "since": since}
    return {
        "pupils": (await conn.execute(PUPILS, params)).scalar_one(),
        "groups": {row.grp: row.n for row in await conn.execute(GROUPS, params)},
        "flags": (await conn.execute(FLAGS, params)).one(),
        "cases": (await conn.execute(CASES, params)).one(),
    }


async def uncharged(conn: AsyncConnection, klass: UUID, scheme: str, on: Any) -> int:
    """Children of the class that nobody has by name under a scheme."""
    params = {"klass": klass, "scheme": scheme, "on": on}
    return (await conn.execute(UNCHARGED, params)).scalar_one()


async def latest(conn: AsyncConnection, targets: list[str], kinds: list[str]) -> dict[str, Any]:
    """Of each kind the duty about one of the targets that falls due last."""
    rows = await conn.execute(LATEST, {"targets": targets, "kinds": kinds})
    return {row.kind: row for row in rows}
