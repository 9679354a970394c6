"""Policy documents by version, and which department or committee has to do what."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from services.casework.pages.drawing import command, new_id, options, pack_of
from services.casework.pages.policy import begin_policy, sisters
from services.casework.pages.questions import day
from services.casework.queries import systems
from services.casework.queries.rules import Unit
from shared.console import Visit
from shared.edge import Edge, allowed
from shared.policy.pack import Pack
from shared.rights import Viewer, may
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.form import Field, Form, FormPage
from shared.web.models.layout import Link
from shared.web.models.tables import Cell, Section, TablesPage

DOCUMENTS, MATRIX = "/casework/policy/documents", "/casework/duty-matrix"


def router(edge: Edge) -> APIRouter:
    """`/casework/policy/documents`, `/casework/duty-matrix`, and the form of each."""
    api = APIRouter(prefix="/casework")

    @api.get("/policy/documents")
    async def page(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)], unit: str = ""
    ) -> HTMLResponse:
        found, where = await begin_policy(edge, request, viewer, unit, "documents")
        return await found.html("tables.html", await _documents(found, where), "policy")

    @api.get("/policy/documents/new")
    async def form(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)], unit: str = ""
    ) -> HTMLResponse:
        found, where = await _writing(edge, request, viewer, unit)
        return await found.html("form.html", _document_form(found, where), "policy")

    @api.get("/duty-matrix")
    async def matrix(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)], unit: str = ""
    ) -> HTMLResponse:
        found, where = await begin_policy(edge, request, viewer, unit, "duty_matrix")
        return await found.html("tables.html", await _matrix(found, where), "policy")

    @api.get("/duty-matrix/new")
    async def matrix_form(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)], unit: str = ""
    ) -> HTMLResponse:
        found, where = await _writing(edge, request, viewer, unit)
        return await found.html("form.html", _matrix_form(found, where), "policy")

    return api


async def _writing(edge: Edge, request: Request, viewer: Viewer, unit: str) -> tuple[Visit, Unit]:
    found, where = await begin_policy(edge, request, viewer, unit, "documents.new")
    allowed(viewer, "document.publish", where.path, found.moment)
    return found, where


def _action(found: Visit, where: Unit, text: str, href: str) -> tuple[Link, ...]:
    if not may(found.viewer, "document.publish", where.path, found.today):
        return ()
    return (Link(text=text, href=f"{href}/new?unit={where.unit}"),)


async def _documents(found: Visit, where: Unit) -> TablesPage:
    pack = pack_of(found, where.path)
    engine = found.edge.service.engine
    async with viewing(engine, found.viewer, "policy.view", found.today) as conn:
        rows = await systems.documents(conn)
    return TablesPage(
        title=f"制度和文件：{where.name}",
        about=f"{len({row.code for row in rows})} 种文件，{len(rows)} 个版本",
        filters=sisters(where),
        chosen="文件",
        actions=_action(found, where, "发布文件", DOCUMENTS),
        sections=tuple(_versions(found, pack, one.code, one.zh, rows) for one in _codes(pack)),
    )


def _codes(pack: Pack) -> Sequence[Any]:
    return pack.codes.documents


def _versions(found: Visit, pack: Pack, code: str, title: str, rows: Sequence[Any]) -> Section:
    """The versions of one document; the rules that cite its system stand beside it."""
    mine = [row for row in rows if row.code == code]
    holds = systems.standing(rows, code, found.today)
    of = [one.zh for one in pack.file.systems.values() if one.document == code]
    return Section(
        title=title,
        note="、".join(of),
        columns=("文件", "版本", "生效", "负责", "指纹"),
        rows=tuple(_version(row, row is holds) for row in mine),
        nothing="还没有发布。",
    )


def _version(row: Any, holds: bool) -> tuple[Cell, ...]:
    number = " ".join(part for part in (row.issuer, row.number) if part)
    return (
        Cell(text=row.title, soft=number),
        Cell(text=row.version, soft=row.unit_name or row.unit),
        Cell(text=row.valid_from.isoformat(), soft="现行" if holds else ""),
        Cell(text=row.owner),
        Cell(text=row.sha256[:16], soft=f"{row.ledger} casework {row.seq}"),
    )


def _document_form(found: Visit, where: Unit) -> FormPage:
    pack = pack_of(found, where.path)
    documents = options(pack.codes.documents)
    return _form(
        where,
        "发布文件",
        "publish_document",
        DOCUMENTS,
        (
            Field(name="code", label="哪一份", kind="choice", options=documents, required=True),
            Field(name="title", label="标题", required=True),
            Field(name="edition", label="版本", hint="如 2026-1", required=True),
            Field(name="issuer", label="发文机关"),
            Field(name="number", label="文号"),
            Field(name="owner", label="谁负责执行", required=True),
            day("valid_from", "从哪天起", found.moment.now, ahead=1),
            Field(
                name="content",
                label="正文",
                kind="area",
                hint="各岗位、家长或监护人的责任写在正文里；指纹由正文算出",
                required=True,
            ),
        ),
    )


async def _matrix(found: Visit, where: Unit) -> TablesPage:
    pack = pack_of(found, where.path)
    engine = found.edge.service.engine
    async with viewing(engine, found.viewer, "policy.view", found.today) as conn:
        rows = await systems.matrices(conn)
    return TablesPage(
        title="部门和村委会职责",
        about=f"{where.name}：{len(rows)} 个单位已经明确" if rows else f"{where.name}：还没有明确",
        filters=sisters(where),
        chosen="部门职责",
        actions=_action(found, where, "明确职责", MATRIX),
        sections=tuple(_adopted(pack, row) for row in rows),
        explain="" if rows else "各乡镇（街道）和县按年明确各部门、村委会做什么。",
    )


def _adopted(pack: Pack, row: Any) -> Section:
    return Section(
        title=row.unit_name or row.unit,
        note=f"{row.year} 年，{row.ledger} casework {row.seq}",
        columns=("部门", "职责"),
        rows=tuple(
            (Cell(text=_department(pack, code)), Cell(text="；".join(duties)))
            for code, duties in row.duties.items()
        ),
    )


def _department(pack: Pack, code: str) -> str:
    found = pack.code("departments", code)
    return found.zh if found else code


def _matrix_form(found: Visit, where: Unit) -> FormPage:
    pack = pack_of(found, where.path)
    return _form(
        where,
        "明确部门和村委会职责",
        "adopt_duty_matrix",
        MATRIX,
        (
            Field(name="year", label="哪一年", kind="number", value=(str(found.today.year),)),
            *(
                Field(
                    name=f"duty_{one.code}", label=one.zh, kind="area", hint="一行一条；没有就留空"
                )
                for one in pack.codes.departments
            ),
        ),
    )


def _form(where: Unit, title: str, name: str, back: str, fields: tuple[Field, ...]) -> FormPage:
    back = f"{back}?unit={where.unit}"
    return FormPage(
        title=f"{title}：{where.name}",
        back=back,
        form=Form(
            action=command(name),
            command_id=new_id(),
            version=0,
            submit="发布" if name == "publish_document" else "采用",
            fields=fields,
            hidden=(("unit", where.unit),),
            cancel=Link(text="先不写", href=back),
        ),
    )
