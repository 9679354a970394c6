"""Who answers for whom: rows of responsibilities, and the targets that a tier must cover."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts import duties as c
from shared.subscription import Entry

# The name space of responsibilities; any constant does, for ever.
RESPONSIBILITIES = UUID("0d9a4c55-7a52-5a0e-8a3f-6f5c7f0d2b44")

INSERT = text(
    "insert into responsibility (responsibility, ledger, scheme, tier, line, share, target_kind,"
    " target, holder_kind, holder, since, until, path) values (:responsibility, :ledger, :scheme,"
    " :tier, :line, :share, :target_kind, :target, :holder_kind, :holder, :since, :until, :path)"
    " on conflict (responsibility, holder, since) do update set until = excluded.until"
)
END = text(
    "update responsibility set until = cast(:on as date) - 1 where responsibility = :responsibility"
    " and holder = :holder and (until is null or until >= :on)"
)
VOID = text("delete from responsibility where responsibility = :responsibility and until < since")
# Nobody answers for a class any more that is closed.
OF_HOLDER = text(
    "select scheme, tier, target_kind, target, since, until, path from responsibility r"
    " where holder = :holder and (until is null or until >= :on) and not (target_kind = 'klass'"
    " and exists (select 1 from klass k where k.klass::text = r.target and k.closed_on <= :on))"
    " order by scheme, tier, target"
)
OF_CLASS = text(
    "select scheme, tier, target_kind, target, since, until, path from responsibility"
    " where (until is null or until >= :on) and (target = :klass or target = any"
    " (array(select child::text from child where klass = cast(:klass as uuid))))"
    " order by scheme, tier, target"
)
IN_FORCE = text(
    "select scheme, tier, target, holder_kind, holder, since from responsibility"
    " where ledger = :ledger and scheme = :scheme and since <= :on"
    " and (until is null or until >= :on) order by since, holder"
)
OF_TARGETS = text(
    "select scheme, tier, line, share, target_kind, target, holder_kind, holder, since, until"
    " from responsibility where target = any(:targets) and since <= :on"
    " and (until is null or until >= :on) order by scheme, tier, since"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One holder of one target under one tier."""

    scheme: str
    tier: str
    target: str
    holder_kind: str
    holder: str
    since: date


def stream_of(ledger: str, scheme: str, tier: str, target: str) -> str:
    """The stream of a target under a tier: the same for ever."""
    return f"responsibility-{uuid5(RESPONSIBILITIES, f'{ledger}|{scheme}|{tier}|{target}')}"


async def project_charges(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Rows follow the events; a holding that ended before it began is none."""
    begun: list[dict[str, Any]] = []

    async def flush() -> None:
        if begun:
            await conn.execute(INSERT, begun)
            begun.clear()

    for entry in entries:
        envelope = entry.envelope
        if not envelope.stream.startswith("responsibility-"):
            continue
        named = UUID(envelope.stream.removeprefix("responsibility-"))
        if envelope.type == "casework.ResponsibilityAssigned":
            event = msgspec.json.decode(envelope.data, type=c.ResponsibilityAssigned)
            begun.append(_row(event, named, entry.ledger, envelope.unitpath))
        elif envelope.type == "casework.ResponsibilityEnded":
            ended = msgspec.json.decode(envelope.data, type=c.ResponsibilityEnded)
            await flush()
            values = {"responsibility": named, "holder": ended.holder.id, "on": ended.on}
            await conn.execute(END, values)
            await conn.execute(VOID, {"responsibility": named})
    await flush()


def _row(event: c.ResponsibilityAssigned, named: UUID, ledger: str, path: str) -> dict[str, Any]:
    return {
        "responsibility": named,
        "ledger": ledger,
        "scheme": event.scheme,
        "tier": event.tier,
        "line": event.line,
        "share": event.share,
        "target_kind": event.target.kind,
        "target": event.target.id,
        "holder_kind": event.holder.kind,
        "holder": event.holder.id,
        "since": event.since,
        "until": event.until,
        "path": path,
    }


async def in_force(
    conn: AsyncConnection, ledger: str, scheme: str, on: date
) -> dict[tuple[str, str], list[Charge]]:
    """(tier, target) → who holds it on the day, by hand; derived holders are not among them."""
    found: dict[tuple[str, str], list[Charge]] = {}
    params = {"ledger": ledger, "scheme": scheme, "on": on}
    for row in await conn.execute(IN_FORCE, params):
        charge = Charge(**row._mapping)
        found.setdefault((charge.tier, charge.target), []).append(charge)
    return found
