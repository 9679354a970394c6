"""规则: which pack holds where and since when, every value with its source, and the register."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from services.casework.pages import policy_words as words
from services.casework.pages.whatif import of_viewer
from services.casework.queries import rules
from services.casework.queries.rules import Activated, Unit
from shared.console import Visit, visit
from shared.edge import Edge, allowed
from shared.event import read
from shared.policy.duty_schema import Cited
from shared.policy.pack import Pack
from shared.rights import Viewer, covers, may
from shared.session_http import viewer as signed_in
from shared.web.models.layout import Link
from shared.web.models.tables import Cell, Section, TablesPage

PAGES = (
    ("规则", "/casework/policy"),
    ("依据登记", "/casework/policy/basis"),
    ("8 项制度", "/casework/systems"),
    ("过程完成情况", "/casework/progress"),
    ("计划与实际", "/casework/plans"),
    ("文件", "/casework/policy/documents"),
    ("部门职责", "/casework/duty-matrix"),
)


def router(edge: Edge) -> APIRouter:
    """`/casework/policy`, `/casework/policy/basis`."""
    api = APIRouter(prefix="/casework")

    @api.get("/policy")
    async def page(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)], unit: str = ""
    ) -> HTMLResponse:
        found, where = await begin_policy(edge, request, viewer, unit, "policy")
        return await found.html("tables.html", await _page(found, where), "policy")

    @api.get("/policy/basis")
    async def basis(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)], unit: str = ""
    ) -> HTMLResponse:
        found, where = await begin_policy(edge, request, viewer, unit, "policy.basis")
        page = _register(found.moment.rules.pack(where.path, found.today), where)
        return await found.html("tables.html", page, "policy")

    return api


async def begin_policy(
    edge: Edge, request: Request, viewer: Viewer, code: str, page: str
) -> tuple[Visit, Unit]:
    """A page about the rules of a unit, the viewer's own unless another is named."""
    where = await of_viewer(edge, viewer, code)
    moment = await edge.moment()
    grant = allowed(viewer, "policy.view", where.path, moment)
    return await visit(edge, request, viewer, page, grant=grant, ledger=where.ledger), where


def sisters(where: Unit) -> tuple[Link, ...]:
    return tuple(Link(text=text, href=f"{href}?unit={where.unit}") for text, href in PAGES)


async def _page(found: Visit, where: Unit) -> TablesPage:
    pack = found.moment.rules.pack(where.path, found.today)
    async with found.edge.service.engine.connect() as conn:
        activated = await rules.activated(conn, where.ledger)
    above_or_below = [
        one for one in activated if covers(one.path, where.path) or covers(where.path, one.path)
    ]
    edits = may(found.viewer, "policy.activate", where.path, found.today)
    return TablesPage(
        title=f"规则：{where.name}",
        about=f"现行 {pack.file.name}，版本 {pack.version}",
        filters=sisters(where),
        chosen="规则",
        actions=(
            Link(text="改常用参数", href=f"/casework/policy/values?unit={where.unit}"),
            Link(text="编辑规则包", href=f"/casework/policy/edit?unit={where.unit}"),
        )
        if edits
        else (),
        explain="近的单位先于远的：学校、乡镇、县、市、省、国家。新规则只管启用那天以后，以前的事按当时的规则。",
        sections=(
            _in_force(found, above_or_below),
            words.values_section(pack, found.lang),
            words.duties_section(pack),
            words.mechanisms_section(pack),
        ),
    )


def _in_force(found: Visit, activated: list[Activated]) -> Section:
    """Every activation, those to come among them; what each unit's own is."""
    return Section(
        title="启用过的规则包",
        columns=("单位", "规则包", "从哪天起", "依据"),
        rows=tuple(_activation(found, one) for one in activated),
    )


def _activation(found: Visit, one: Activated) -> tuple[Cell, ...]:
    event = read(one.body)
    pack = found.moment.rules.packs.get(one.sha256)
    recorded = f"{event.recorded_at:%Y-%m-%d} 登记，版本 {one.sha256[:16]}"
    return (
        Cell(text=one.name, soft=one.unit),
        Cell(text=pack.file.name if pack else one.sha256[:16], soft=recorded),
        Cell(
            text=one.valid_from.isoformat(),
            soft="还没有生效" if one.valid_from > found.today else "",
        ),
        Cell(text=rules.basis_of(event)),
    )


def _register(pack: Pack, where: Unit) -> TablesPage:
    """The legal-basis register: laws and documents first, then rows of the source plans."""
    entries = pack.file.sources.items()
    laws = [(id, one) for id, one in entries if isinstance(one, Cited)]
    quoted = [(id, one) for id, one in entries if isinstance(one, str)]
    return TablesPage(
        title=f"依据登记：{where.name}",
        about=f"{len(laws)} 份文件，{len(quoted)} 条方案原文，现行 {pack.file.name}",
        filters=sisters(where),
        chosen="依据登记",
        sections=(
            Section(
                title="文件",
                columns=("文件", "发文机关", "文号", "日期", "条款", "适用范围", "规则据此"),
                rows=tuple(_law(pack, id, one) for id, one in laws),
                nothing="这份规则包没有登记文件。",
            ),
            Section(
                title="方案原文和其他来源",
                columns=("来源", "原文", "规则据此"),
                rows=tuple(
                    (Cell(text=id), Cell(text=text), Cell(text=_cited_for(pack, id)))
                    for id, text in quoted
                ),
            ),
        ),
    )


def _law(pack: Pack, id: str, one: Cited) -> tuple[Cell, ...]:
    parts = (one.issuer, one.number, one.date, one.article, one.scope)
    return (
        Cell(text=one.title, soft=id),
        *(Cell(text=part or "—") for part in parts),
        Cell(text=_cited_for(pack, id)),
    )


def _cited_for(pack: Pack, source: str) -> str:
    return "、".join(words.rests_on(pack, source)) or "—"
