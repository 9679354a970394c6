"""Students: found by a part of their name, and the names behind every number."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse

from services.enrollment.pages.drawing import UNNAMED, begin, child_names, unit_within
from services.enrollment.queries.board import ledgers
from services.enrollment.queries.children import (
    LIST_LIMIT_ROWS,
    STATES,
    Candidate,
    ChildRow,
    candidates,
    listed,
    these,
)
from shared.console import Visit
from shared.contracts.words import word
from shared.edge import Edge
from shared.keyring import KeyDestroyed, Keys
from shared.plain_address import Offset
from shared.rights import Viewer
from shared.sealed import Sealed, SealError, open_sealed
from shared.session_http import viewer as signed_in
from shared.tokens import contains, query_tokens
from shared.viewing import viewing
from shared.web.models.layout import Link
from shared.web.models.office import NameRow, NamesPage

# The service opens candidates' names for itself to compare them; what is shown is the reader's.
PURPOSE = "name_search"
NAMES: Mapping[str, str] = {
    "all": "全部",
    "absent": "今天没来",
    "unexcused": "今天无故未到",
    "leave": "今天请假",
    "flag": "到预警线",
}
# A longer text is searched for as it is and shown by its beginning.
ASKED_SHOWN_CHARACTERS = 40
HEADS = ("姓名", "学校", "班", "座号", "今天")


def router(edge: Edge) -> APIRouter:
    """`/enrollment/children?text=&unit=&state=&after=`."""
    api = APIRouter(prefix="/enrollment/children")

    @api.get("")
    async def children(
        request: Request,
        viewer: Annotated[Viewer, Depends(signed_in)],
        text: str = "",
        unit: str = "",
        state: str = "all",
        after: Offset = 0,
    ) -> HTMLResponse:
        if state not in STATES:
            raise HTTPException(404)
        found = await begin(edge, request, viewer, "children", "child.view")
        if text.strip():
            page = await found_page(found, text.strip())
        else:
            page = await list_page(found, unit, state, max(after, 0))
        return await found.html("children.html", page, "children")

    return api


async def list_page(found: Visit, unit: str, state: str, after: int) -> NamesPage:
    path, about = None, ""
    async with viewing(found.edge.service.engine, found.viewer, "child.view", found.today) as conn:
        if unit and unit != "all":
            path, about = await unit_within(found, conn, unit, "child.view")
        rows, total = await listed(conn, state, found.today, path, after)
    kept = {"unit": unit} if unit else {}
    links = (Link(text=zh, href=_here(kept | {"state": key})) for key, zh in NAMES.items())
    more = after + len(rows) < total
    following = kept | {"state": state, "after": str(after + LIST_LIMIT_ROWS)}
    return NamesPage(
        title="学生",
        about=about,
        heads=HEADS,
        rows=tuple(await _rows(found, rows)),
        total=total,
        empty="这里没有学生。" if state == "all" else "没有这样的学生。",
        filters=tuple(links),
        chosen=NAMES[state],
        next_page=Link(text="下一页", href=_here(following)) if more else None,
    )


async def found_page(found: Visit, asked: str) -> NamesPage:
    """Everybody whose name holds the text, at most a page of them."""
    hits = await matching(found, asked)
    shown = [one.child for one in hits[:LIST_LIMIT_ROWS]]
    async with viewing(found.edge.service.engine, found.viewer, "child.view", found.today) as conn:
        rows = await these(conn, shown, found.today)
    more = len(hits) > LIST_LIMIT_ROWS
    return NamesPage(
        title=f"姓名里有“{_shown(asked)}”",
        about=f"先列 {LIST_LIMIT_ROWS} 人，多打一个字会更准" if more else "",
        heads=HEADS,
        rows=tuple(await _rows(found, rows)),
        total=len(hits),
        empty="你的范围里没有这个姓名。换一个字，或少打一个字再找。",
        filters=(Link(text="全部", href="/enrollment/children"),),
    )


def _shown(asked: str) -> str:
    return asked if len(asked) <= ASKED_SHOWN_CHARACTERS else asked[:ASKED_SHOWN_CHARACTERS] + "…"


async def matching(found: Visit, asked: str) -> list[Candidate]:
    """Children of the jurisdiction whose opened name holds the text, by the exact rule."""
    keyring, hits = found.edge.keyring, []
    async with viewing(found.edge.service.engine, found.viewer, "child.view", found.today) as conn:
        for ledger in await ledgers(conn):
            tokens = query_tokens(asked, await keyring.token_key(ledger, "identity"))
            rows = await candidates(conn, ledger, tokens) if tokens else []
            keys = await keyring.keys_for([str(r.child) for r in rows], PURPOSE, ["identity"])
            hits += [row for row in rows if _holds(row, asked, keys)]
    return hits


def _holds(row: Candidate, asked: str, keys: Keys) -> bool:
    key = keys.get((str(row.child), "identity"))
    if not row.name or key is None or isinstance(key, KeyDestroyed):
        return False
    assert isinstance(key, bytes)
    try:
        name = open_sealed(msgspec.convert(row.name, Sealed), str(row.child), "name", key)
    except SealError:
        return False
    return contains(name, asked)


async def _rows(found: Visit, rows: list[ChildRow]) -> list[NameRow]:
    names = await child_names(found, [(row.child, row.fields.get("name")) for row in rows])
    return [_row(row, names) for row in rows]


def _row(row: ChildRow, names: Mapping[UUID, str]) -> NameRow:
    return NameRow(
        name=names.get(row.child, UNNAMED),
        href=f"/enrollment/children/{row.child}",
        cells=(
            row.school_name or "",
            row.klass_name or ("已离开" if row.left_on else ""),
            str(row.seat) if row.seat else "",
            word(row.mark) if row.mark else "",
        ),
        urgent=row.mark == "unexcused",
    )


def _here(values: Mapping[str, str]) -> str:
    return f"/enrollment/children?{urlencode(values)}"
