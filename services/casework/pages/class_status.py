"""摸底、汇总、包班到人、奖惩: one page of a class, each step with what shows it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse

from services.casework.pages.drawing import pack_of
from services.casework.pages.known import people_named
from services.casework.pages.progress import STATE_WORDS
from services.casework.pages.terms import term_of
from services.casework.queries import class_status as status
from services.casework.queries.holding import look
from services.casework.queries.rules import unit_of
from shared.console import Visit, visit
from shared.contracts.words import time_words, until_words
from shared.edge import Edge, allowed
from shared.policy.pack import Pack
from shared.policy.parameter_words import value_words
from shared.rights import Viewer
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.tables import Cell, Section, TablesPage

EVERYBODY = "quanyuan"
SURVEY, COUNT, EVALUATION, REWARDS = (
    "baseline_survey",
    "registration_count",
    "year_evaluation",
    "rewards",
)


def router(edge: Edge) -> APIRouter:
    """`/casework/classes/{klass}/status`."""
    api = APIRouter(prefix="/casework")

    @api.get("/classes/{klass}/status")
    async def page(
        klass: UUID, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        moment = await edge.moment()
        async with edge.service.engine.connect() as conn:
            row = await status.of_class(conn, klass)
        if row is None:
            raise HTTPException(404)
        grant = allowed(viewer, "alert.view", row.path, moment)
        found = await visit(edge, request, viewer, "class.status", grant=grant, ledger=row.ledger)
        return await found.html("tables.html", await _page(found, row), "class")

    return api


async def _page(found: Visit, row: Any) -> TablesPage:
    pack = pack_of(found, row.path)
    engine = found.edge.service.engine
    async with engine.connect() as conn:
        school = await unit_of(conn, row.school)
        holding = await look(conn, row.ledger)
    assert school is not None, "a class has a school"
    term = await term_of(found, school)
    county = row.path.split("/")[2]
    async with viewing(engine, found.viewer, "alert.view", found.today) as conn:
        counts = await status.summary(conn, row.klass, found.today, term.since)
        without = await status.uncharged(conn, row.klass, EVERYBODY, found.today)
        duties = await status.latest(
            conn, [str(row.klass), row.school, county], [SURVEY, COUNT, EVALUATION, REWARDS]
        )
    teachers = holding.of_role("homeroom_teacher", holding.classes[str(row.klass)], found.today)
    names = await people_named(found, {str(one) for one in teachers})
    owner = names.get(str(teachers[0]), "") if teachers else ""
    return TablesPage(
        title=f"{school.name} {row.name}",
        about=f"{term.said}：摸底、汇总、包班到人、奖惩",
        back=f"/enrollment/classes/{row.klass}",
        sections=(
            _section("摸底", (_duty(pack, SURVEY, duties), _duty(pack, COUNT, duties))),
            _section("汇总", _summary(counts)),
            _section("包班到人", _owners(owner, without, counts["pupils"])),
            _section("奖惩", _rewards(found, pack, duties, counts)),
        ),
    )


def _section(title: str, rows: tuple[tuple[Cell, ...], ...]) -> Section:
    return Section(title=title, columns=("事", "情况"), rows=rows)


def _duty(pack: Pack, code: str, duties: dict[str, Any]) -> tuple[Cell, ...]:
    kind, row = pack.file.duties.get(code), duties.get(code)
    name = Cell(text=kind.zh if kind else code)
    if row is None:
        return name, Cell(text="还没有开始")
    ended = f"，{time_words(row.ended_at)}" if row.ended_at else ""
    due = f"期限 {until_words(row.due_at)}"
    said = STATE_WORDS[row.state] + ended
    return name, Cell(text=said, soft=due, urgent=row.state == "breached")


def _summary(counts: dict[str, Any]) -> tuple[tuple[Cell, ...], ...]:
    """Restricted labels are told as one number: a class page is seen by pupils too."""
    tagged = sum(counts["groups"].values())
    flags, cases = counts["flags"], counts["cases"]
    return (
        (Cell(text="学生"), Cell(text=f"{counts['pupils']} 名")),
        (Cell(text="登记在册的重点群体"), Cell(text=f"{tagged} 人次")),
        (
            Cell(text="预警"),
            Cell(text=f"{flags.all} 次，{flags.open} 次待核实", urgent=bool(flags.open)),
        ),
        (Cell(text="个案"), Cell(text=f"{cases.all} 件，{cases.open} 件在办")),
    )


def _owners(owner: str, without: int, pupils: int) -> tuple[tuple[Cell, ...], ...]:
    said = f"{without} 名学生没有包联教职工" if without else "每名学生都有人"
    return (
        (Cell(text="班主任"), Cell(text=owner or "无人", urgent=not owner)),
        (Cell(text="包学生"), Cell(text=said, soft=f"共 {pupils} 名", urgent=bool(without))),
    )


def _rewards(
    found: Visit, pack: Pack, duties: dict[str, Any], counts: dict[str, Any]
) -> tuple[tuple[Cell, ...], ...]:
    """What a year's judgement rests on: the class's open cases beside the bounds of the pack."""
    pupils, lost = counts["pupils"], counts["cases"].open
    share = f"{lost}/{pupils}"
    target, veto = pack.values.target.class_dropout, pack.values.target.class_veto
    within = not pupils or target.holds(lost, pupils)
    vetoed = bool(pupils) and veto.holds(lost, pupils)
    return (
        (
            Cell(text="在办个案占全班"),
            Cell(
                text=f"{share}，{'在目标之内' if within else '超出目标'}",
                soft=value_words(pack, "target.class_dropout.percent", found.lang),
                urgent=not within,
            ),
        ),
        (
            Cell(text="一票否决"),
            Cell(
                text="到否决线" if vetoed else "没有到否决线",
                soft=value_words(pack, "target.class_veto.percent", found.lang),
                urgent=vetoed,
            ),
        ),
        _duty(pack, EVALUATION, duties),
        _duty(pack, REWARDS, duties),
    )
