"""会议和工作记录: what a unit recorded of its work, and the forms on which it records more."""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import text

from services.casework.pages.activity_forms import (
    ACTIVITIES,
    EVENTS,
    NOUNS,
    Activity,
    Asking,
)
from services.casework.pages.coverage_look import Looked, Named, candidates, named
from services.casework.pages.drawing import begin, command, fitting, new_id, pack_of
from services.casework.queries.activities import listed
from shared.console import Visit, visit
from shared.contracts.words import time_words
from shared.edge import Edge, allowed
from shared.policy.pack import Pack
from shared.rights import EVERYWHERE, Viewer, covers, paths_for
from shared.sealed import Sealed
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.form import Form, FormPage, Option
from shared.web.models.layout import Link
from shared.web.models.work import ActivitiesPage, ActivityRow

HERE = "/casework/activities"
UNIT = text("select unit, name, path, ledger from unit where unit = :unit")
# A form names at most so many pupils: a village's or a grade's, not a county's.
PUPILS_SHOWN = 200
PUPILS = text(
    "select child::text as child from child where (path = :path or path like :path || '/%')"
    " and klass is not null order by path, seat, child limit :limit"
)
LISTS = {"attended": "到会", "sample": "抽查", "children": "走访"}
FACTS = ("agenda", "topic", "title", "month", "place")


def router(edge: Edge) -> APIRouter:
    """`/casework/activities` and `/casework/activities/do/{name}`."""
    api = APIRouter(prefix=HERE)

    @api.get("")
    async def page(
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
        kind: str = "",
        unit: str | None = None,
    ) -> HTMLResponse:
        found = await begin(edge, request, viewer, "activities", "duty.view")
        if kind and kind not in ACTIVITIES:
            raise HTTPException(404)
        drawn = await _page(found, kind, unit)
        return await found.html("activities.html", drawn, "duties")

    @api.get("/do/{name}")
    async def form(
        name: str,
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
        unit: str,
    ) -> HTMLResponse:
        if name not in ACTIVITIES:
            raise HTTPException(404)
        return await _form_page(edge, request, viewer, name, unit)

    return api


async def _page(found: Visit, kind: str, unit: str | None) -> ActivitiesPage:
    kinds = [EVENTS[kind]] if kind else [EVENTS[name] for name in ACTIVITIES]
    async with viewing(found.edge.service.engine, found.viewer, "duty.view", found.today) as conn:
        rows = await listed(conn, kinds, unit)
    words = await _words(found, rows)
    names = await named(found, {row.actor for row in rows})
    every = (Link(text="全部", href=HERE),)
    of_kind = (Link(text=a.label, href=f"{HERE}?kind={n}") for n, a in ACTIVITIES.items())
    return ActivitiesPage(
        title="会议和工作记录",
        about=f"共 {len(rows)} 条" if rows else "还没有记录。按“登记”写第一条。",
        back="/casework/duties",
        filters=(*every, *of_kind),
        chosen=ACTIVITIES[kind].label if kind else "全部",
        rows=tuple(_row(row, names, words, pack_of(found, row.path)) for row in rows),
        record=await _record(found),
    )


async def _words(found: Visit, rows: Sequence[Any]) -> dict[int, str]:
    """Minutes, findings and comments, opened where the viewer's role may."""
    sealed: list[tuple[int, tuple[str, str, Sealed]]] = []
    for row in rows:
        for field in ("minutes", "findings", "comments", "notes"):
            if row.data.get(field):
                value = msgspec.convert(row.data[field], Sealed)
                sealed.append((row.seq, (str(row.activity), field, value)))
    opened = await found.reading.open_all([one for _, one in sealed])
    return {seq: said for (seq, _), said in zip(sealed, opened, strict=True)}


def _row(row: Any, names: Named, words: dict[int, str], pack: Pack) -> ActivityRow:
    entries = (*pack.codes.meetings, *pack.codes.trainings, *pack.codes.publicity)
    code = next((one.zh for one in (*entries, *pack.codes.targets) if one.code == row.code), "")
    facts = [str(row.data[name]) for name in FACTS if row.data.get(name)]
    facts += [f"{word} {len(row.data[n])} 人" for n, word in LISTS.items() if row.data.get(n)]
    if row.kind == "SelfCheckSubmitted":
        facts.append(f"{row.data['problems']} 个问题")
    if row.kind == "TargetSet":
        facts.append(str(row.data["value"]))
    return ActivityRow(
        title=code or NOUNS[row.kind],
        unit=names.holder(row.unit),
        day=time_words(row.happened_at),
        said="，".join(facts),
        who=names.holder(row.actor),
        words=words.get(row.seq, ""),
    )


async def _record(found: Visit) -> tuple[Link, ...]:
    """The forms for the unit of the viewer's own grant, where there is one."""
    paths = paths_for(found.viewer, "activity.record", found.today)
    unit = next((path.rpartition("/")[2] for path in paths if path != EVERYWHERE), "")
    if not unit.isdigit():
        return ()
    return tuple(
        Link(text=a.label, href=f"{HERE}/do/{name}?{urlencode({'unit': unit})}")
        for name, a in ACTIVITIES.items()
    )


async def _form_page(
    edge: Edge, request: Request, viewer: Viewer, name: str, unit: str
) -> HTMLResponse:
    async with edge.service.engine.connect() as conn:
        moment = await edge.moment(conn)
        row = (await conn.execute(UNIT, {"unit": unit})).first()
    if row is None:
        raise HTTPException(404)
    grant = allowed(viewer, "activity.record", row.path, moment)
    purpose = fitting(viewer, moment.today, "oversight")
    found = await visit(
        edge, request, viewer, f"activity.{name}", grant=grant, ledger=row.ledger, purpose=purpose
    )
    one = ACTIVITIES[name]
    asking = await _asking(found, one, row)
    form = Form(
        action=command(name),
        command_id=new_id(),
        version=0,
        submit=one.label,
        fields=one.ask(asking),
        hidden=(("unit", unit),),
        cancel=Link(text="先不登记", href=HERE),
    )
    page = FormPage(title=one.label, back=HERE, form=form, about=row.name)
    return await found.html("form.html", page, "duties")


async def _asking(found: Visit, one: Activity, row: Any) -> Asking:
    pack, now = pack_of(found, row.path), found.moment.now
    people, pupils = (), ()
    if one.people:
        able = await candidates(found, row.path, Looked([row.path], found.today), "")
        own = [o.staff for o in able]
        names = await named(found, own)
        people = tuple(Option(value=o, label=names.holder(o)) for o in own)
    if one.pupils:
        pupils = await _pupils(found, row)
    return Asking(pack, now, people, pupils)


async def _pupils(found: Visit, row: Any) -> tuple[Option, ...]:
    """Children of the unit; of a village, to which no child's path leads, those of its township.

    Only for who reaches so far: the village's own people write in words whom they looked up.
    """
    paths = paths_for(found.viewer, "duty.view", found.today)
    async with found.edge.service.engine.connect() as conn:
        for path in (row.path, row.path.rpartition("/")[0]):
            if not any(covers(top, path) for top in paths):
                continue
            rows = await conn.execute(PUPILS, {"path": path, "limit": PUPILS_SHOWN})
            if children := [one.child for one in rows]:
                names = await named(found, children)
                return tuple(Option(value=one, label=names.holder(one)) for one in children)
    return ()
