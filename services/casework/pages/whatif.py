"""What a pack would change: for programs as JSON, for people as a page before they activate it."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from services.casework.commands.records import RecordUnknown
from services.casework.commands.rules import read_pack
from services.casework.queries.rules import Unit, first_unit, unit_of
from services.casework.whatif.asking import WhatIf, what_if
from services.casework.whatif.comparing import Count, UnitChange
from shared.commands import body_of
from shared.edge import Edge, allowed
from shared.policy.pack import Pack
from shared.rights import NotAllowed, Viewer, paths_for
from shared.session_http import viewer as signed_in
from shared.web.models.tables import Cell, Section


def router(edge: Edge) -> APIRouter:
    """`POST /casework/whatif` with `content` and, if it is not the viewer's own, `unit`."""
    api = APIRouter(prefix="/casework")

    @api.post("/whatif")
    async def asked(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
        values = await body_of(request)
        found = await answer(edge, viewer, values)
        return Response(msgspec.json.encode(found), media_type="application/json")

    return api


async def answer(edge: Edge, viewer: Viewer, values: dict[str, Any]) -> WhatIf:
    """Raises NotAllowed, FieldsInvalid with the line, NoTermYet, AnswerUnderWay."""
    unit, moment = await of_viewer(edge, viewer, str(values.get("unit") or "")), await edge.moment()
    allowed(viewer, "policy.view", unit.path, moment)
    pack, _ = await read_pack(edge, str(values.get("content") or ""))
    return await what_if(edge, moment, unit.unit, unit.path, unit.ledger, pack)


async def of_viewer(edge: Edge, viewer: Viewer, code: str) -> Unit:
    """The unit asked for, else the first that the viewer's right reaches."""
    moment = await edge.moment()
    paths = paths_for(viewer, "policy.view", moment.today)
    if not paths:
        raise NotAllowed("你的职务没有这项权限。请联系县政策管理员。", "policy.view", "")
    async with edge.service.engine.connect() as conn:
        found = await unit_of(conn, code) if code else await first_unit(conn, paths)
    if found is None:
        raise RecordUnknown("没有这个单位。核对单位代码再提交。", field="unit")
    return found


def changes_sections(told: WhatIf, pack: Pack) -> tuple[Section, ...]:
    """The same answer for people: by unit, by kind of duty, and each flag that moves."""
    span = f"{told.since:%Y-%m-%d} 至 {told.until:%Y-%m-%d}，{told.facts} 件事重过一遍"
    rows = [*told.units, msgspec.structs.replace(told.total, name="合计")]
    return (
        Section(
            title="会改变什么",
            note=span,
            columns=("单位", "任务", "超期", "预警"),
            rows=tuple(_of_unit(one) for one in rows),
        ),
        Section(
            title="哪些任务",
            columns=("任务", "增", "减", "新超期", "不再超期", "改期"),
            rows=tuple(_of_kind(told, pack, kind) for kind in _kinds(told)),
            nothing="任务没有不同。",
        ),
        Section(
            title="哪些预警",
            columns=("从哪天起无故未到", "现行规则", "这份规则", "变化"),
            rows=tuple(
                tuple(
                    Cell(text=text)
                    for text in (
                        one.first_on.isoformat(),
                        one.now.isoformat() if one.now else "不预警",
                        one.then.isoformat() if one.then else "不预警",
                        FLAG_WORDS[one.change],
                    )
                )
                for one in told.flags[:FLAGS_SHOWN]
            ),
            note=f"{len(told.flags)} 次",
            nothing="预警没有不同。",
        ),
    )


FLAGS_SHOWN = 200
FLAG_WORDS = {"added": "新预警", "dropped": "不再预警", "earlier": "提前", "later": "推后"}


def _of_unit(one: UnitChange) -> tuple[Cell, ...]:
    duties, breached, flags = one.duties, one.breached, one.flags
    moved = f"，改期 {duties.moved}" if duties.moved else ""
    shifted = f"，提前 {flags.earlier}，推后 {flags.later}" if flags.earlier or flags.later else ""
    return (
        Cell(text=one.name, soft=one.unit),
        Cell(text=_count(duties) + moved, soft=f"{duties.now} → {duties.then}"),
        Cell(text=_count(breached), soft=f"{breached.now} → {breached.then}"),
        Cell(text=_count(flags) + shifted, soft=f"{flags.now} → {flags.then}"),
    )


def _count(one: Count) -> str:
    return f"增 {one.added}，减 {one.dropped}" if one.added or one.dropped else "不变"


def _kinds(told: WhatIf) -> list[str]:
    return sorted({line.kind for line in told.duties})


def _of_kind(told: WhatIf, pack: Pack, kind: str) -> tuple[Cell, ...]:
    lines = [line for line in told.duties if line.kind == kind]
    named = pack.file.duties.get(kind)
    changes = ("added", "dropped", "breached", "spared", "moved")
    counts = (sum(line.change == change for line in lines) for change in changes)
    return (
        Cell(text=named.zh if named else kind, soft=kind),
        *(Cell(text=str(n)) for n in counts),
    )
