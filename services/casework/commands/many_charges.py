"""Many responsibilities at once: a class's children, a leaver's handover, a sheet, a new year."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.aggregates import RESPONSIBILITY
from services.casework.commands.charges import (
    assigning,
    known_holder,
    place_of,
    tier_of,
    within,
)
from services.casework.commands.together import submit_batch
from services.casework.domain.responsibility import AssignResponsibility
from services.casework.queries.charges import stream_of
from shared.commands import Command, Done, Fields, FieldsInvalid
from shared.decider import CommandRejected
from shared.edge import Edge, allowed
from shared.event_store import Batch
from shared.rights import Grant, NotAllowed, Viewer

HELD = text(
    "select holder from responsibility where responsibility ="
    " cast(substr(:stream, length('responsibility-') + 1) as uuid)"
    " and since <= :since and (until is null or until >= :since) order by since"
)
# A handover is two events; so many stay below what one append takes.
MOST_ROWS = 240


class ChargeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One assignment; `instead`: whom it passes from."""

    scheme: str
    tier: str
    target: str
    holder: str
    since: date
    until: date | None = None
    holder_kind: Literal["staff", "office"] = "staff"
    instead: str | None = None


class ManyFields(Fields, frozen=True):
    rows: list[ChargeRow]
    next: str = "/casework/coverage"


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A row with its place, ready to be decided."""

    stream: str
    path: str
    subject: str | None
    command: AssignResponsibility


async def assign_many(edge: Edge, viewer: Viewer, fields: ManyFields) -> Done:
    """All of them or none, in one transaction; what is already so changes nothing."""
    if not 0 < len(fields.rows) <= MOST_ROWS:
        say = f"一次要有 1 到 {MOST_ROWS} 处。分几次指定。"
        raise FieldsInvalid(say, field="rows")
    async with edge.service.engine.connect() as conn:
        moment = await edge.moment(conn)
        ledger, grant, plan = await planned(conn, edge, viewer, fields.rows)
    path = plan[0].path
    told = edge.circumstances(
        moment, viewer, grant, ledger, path, command_id=fields.command_id, via=fields.via
    )

    async def work(conn: AsyncConnection, batch: Batch) -> str:
        await batch.load(conn, RESPONSIBILITY, [one.stream for one in plan])
        for one in plan:
            batch.decide(one.stream, one.command, unitpath=one.path, subject=one.subject)
        return plan[-1].stream

    outcome = await submit_batch(edge, told, plan[0].stream, work)
    return Done(outcome, within(fields.next))


async def planned(
    conn: AsyncConnection, edge: Edge, viewer: Viewer, rows: Sequence[ChargeRow]
) -> tuple[str, Grant, list[Planned]]:
    """The rows' places and tiers, each with the right at its own. Raises what a single one does."""
    moment = await edge.moment(conn)
    grants: dict[str, Grant] = {}
    known: set[tuple[str, str]] = set()
    ledgers: set[str] = set()
    plan: list[Planned] = []
    for row in rows:
        ledger, path = await place_of(conn, row.target)
        grants.setdefault(path, allowed(viewer, "responsibility.assign", path, moment))
        tier = tier_of(moment.rules.pack(path, moment.today), row.scheme, row.tier)
        if (row.holder_kind, row.holder) not in known:
            await known_holder(conn, ledger, row.holder_kind, row.holder)
            known.add((row.holder_kind, row.holder))
        ledgers.add(ledger)
        child = row.target if tier.target in {"child", "guardian"} else None
        stream = stream_of(ledger, row.scheme, row.tier, row.target)
        command = assigning(row, tier)
        plan.append(Planned(stream=stream, path=path, subject=child, command=command))
    if len(ledgers) != 1:
        raise FieldsInvalid("一次只指定一个县的。请分开提交。", field="rows")
    return ledgers.pop(), grants[plan[0].path], plan


async def compared(edge: Edge, viewer: Viewer, rows: Sequence[ChargeRow]) -> list[dict[str, Any]]:
    """What each row would come to today, without recording anything: for an import's report."""
    told: list[dict[str, Any]] = []
    async with edge.service.engine.connect() as conn:
        for row in rows:
            try:
                _, _, (plan,) = await planned(conn, edge, viewer, [row])
            except (CommandRejected, NotAllowed) as error:
                told.append({"state": "refused", "code": error.code, "say": error.say})
                continue
            held = (await conn.execute(HELD, {"stream": plan.stream, "since": row.since})).all()
            told.append(_compared(row, plan, [one.holder for one in held]))
    return told


def _compared(row: ChargeRow, plan: Planned, held: Sequence[str]) -> dict[str, Any]:
    if row.holder in held:
        return {"state": "same"}
    if plan.command.exactly_one and held:
        return {"state": "taken", "instead": held[0]}
    return {"state": "new"}


def of_form(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Rows out of a page's form: targets ticked for one holder, or a holder chosen for each row.

    `targets` with `scheme`, `tier`, `holder`. Or `row`: `SCHEME:TIER:TARGET` each, with
    `holder:ROW` and `instead:ROW`, else `holder` and `instead` for all of them. A row for which
    nobody was chosen is left for later.
    """
    if "rows" in values:
        return values
    shared = {k: values[k] for k in ("since", "until", "holder_kind") if values.get(k)}
    kept = {k: values[k] for k in ("command_id", "via", "next") if k in values}
    scheme, tier = values.get("scheme", ""), values.get("tier", "")
    named = [f"{scheme}:{tier}:{target}" for target in _list(values.get("targets"))]
    rows: list[dict[str, Any]] = []
    for name in (*named, *_list(values.get("row"))):
        row_scheme, _, rest = name.partition(":")
        row_tier, _, target = rest.partition(":")
        holder = values.get(f"holder:{name}") or values.get("holder")
        instead = values.get(f"instead:{name}") or values.get("instead")
        if holder:
            row = {"scheme": row_scheme, "tier": row_tier, "target": target, "holder": holder}
            rows.append(shared | row | ({"instead": instead} if instead else {}))
    return kept | {"rows": rows}


def _list(given: Any) -> list[str]:
    if isinstance(given, str):
        return [given] if given else []
    return [one for one in given or () if isinstance(one, str)]


COMMANDS = (Command("assign_responsibilities", ManyFields, assign_many, of_form),)
