"""Reading a file and comparing it with what is stored: the report, before anything is stored."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.imports import jobs, keeping
from services.enrollment.imports.assignments import Assigning
from services.enrollment.imports.calendar import Days
from services.enrollment.imports.charging import ask_casework
from services.enrollment.imports.deeds import encode
from services.enrollment.imports.findings import Findings, details, kept
from services.enrollment.imports.grouping import Grouping, read_grouping
from services.enrollment.imports.homes import read_homes
from services.enrollment.imports.jobs import Job
from services.enrollment.imports.places import Founding
from services.enrollment.imports.roll import Rolls
from services.enrollment.imports.roster import Roster
from services.enrollment.imports.scope import CountyUnclear, Scope, scope_of
from services.enrollment.imports.staff import Staffing
from services.enrollment.imports.stored import read_children, read_places, read_staff
from services.enrollment.sheets.parsed import Parsed, Question
from services.enrollment.sheets.reader import Wish, parse
from shared.edge import Edge, Moment

log = structlog.get_logger()

ROWS_A_STATEMENT = 2_000


async def check(edge: Edge, job: Job) -> None:
    """Read, compare, keep the report; go on to storing at once where nobody has to be asked."""
    moment = await edge.moment()
    key = await keeping.key_of(edge, job.id)
    try:
        async with edge.service.engine.connect() as conn:
            scope = await scope_of(
                conn,
                job.viewer,
                job.kind,
                moment.today,
                job.school,
                job.answers.get("county"),
            )
    except CountyUnclear as unclear:
        await _keep(edge, job, _ask_county(job, unclear), None, key)
        return
    parsed = await _parse(edge, job, scope, moment, key)
    found = Findings(parsed, dict(job.answers))
    await _compare(edge, found, scope, moment, job)
    await _keep(edge, job, found, scope, key)


async def _parse(edge: Edge, job: Job, scope: Scope, moment: Moment, key: bytes) -> Parsed[Any]:
    wish = Wish(
        kind=job.kind,
        account_school=scope.school or job.school,
        answers=job.answers,
        today=moment.today,
        name=job.file_name,
    )
    with keeping.opened_file(edge, job.id, key, job.file_name) as path:
        return await asyncio.to_thread(parse, path, wish)


def _ask_county(job: Job, unclear: CountyUnclear) -> Findings:
    found = Findings(Parsed(kind=job.kind), {})
    choices = tuple((one.code, one.name) for one in unclear.counties)
    text = "这份表是哪个县的？" if choices else "还没有县。请先建县。"
    found.ask(Question(id="county", text=text, option="county", choices=choices))
    return found


async def _compare(edge: Edge, found: Findings, scope: Scope, moment: Moment, job: Job) -> None:
    """What is stored is read first; comparing 50,000 rows then holds up nobody else's request."""
    rows = found.parsed.rows
    if found.parsed.kind == "assignments":
        await _assignments(edge, found, scope, moment, job)
        return
    codes = {row.school_code for row in rows if getattr(row, "school_code", "")}
    async with edge.service.engine.connect() as conn:
        places = await read_places(conn, scope.ledger, codes)
        founding = Founding(found, places, scope, moment.today)
        match found.parsed.kind:
            case "roster":
                children = await read_children(edge, conn, scope.ledger)
                grouping = await _grouping(conn, rows, scope, moment)
                homes = await read_homes(conn, scope.ledger, scope.county.name, moment.today)
                roster = Roster(found, founding, children, grouping, homes)
                await asyncio.to_thread(roster.compare, rows)
            case "staff":
                staff = await read_staff(edge, conn, scope.ledger)
                await asyncio.to_thread(Staffing(found, founding, staff).compare, rows)
            case "roll":
                children = await read_children(edge, conn, scope.ledger)
                await Rolls(found, founding, children, moment).compare(conn, rows)
            case _:
                Days(found, founding, moment).compare(rows)


async def _grouping(
    conn: AsyncConnection, rows: Sequence[Any], scope: Scope, moment: Moment
) -> Grouping:
    """A first roster may come before its county's rules: without the column nobody asks them."""
    if not any(row.groups for row in rows):
        return Grouping(moment.today, {})
    known = moment.rules.pack(scope.county.path, moment.today).file.codes.groups
    codes = {entry.zh: entry.code for entry in known}
    return await read_grouping(conn, scope.ledger, moment.today, codes)


async def _assignments(edge: Edge, found: Findings, scope: Scope, moment: Moment, job: Job) -> None:
    """People and places are ours; what is held already, casework says, outside a transaction."""
    async with edge.service.engine.connect() as conn:
        places = await read_places(conn, scope.ledger)
        children = await read_children(edge, conn, scope.ledger)
        staff = await read_staff(edge, conn, scope.ledger)
    founding = Founding(found, places, scope, moment.today)
    schemes = moment.rules.pack(scope.county.path, moment.today).file.schemes
    assigning = Assigning(found, founding, schemes, children, staff)
    await asyncio.to_thread(assigning.compare, found.parsed.rows)
    deeds = [deed for _, deed in assigning.rows]
    assigning.settle(await ask_casework(edge, job.viewer, deeds))


async def _keep(edge: Edge, job: Job, found: Findings, scope: Scope | None, key: bytes) -> None:
    """The report, the boxed details and deeds, and the state that follows, in one transaction."""
    report = kept(found)
    asked, bad = bool(report.report.questions), bool(report.report.rejected)
    goes_on = job.auto and not asked and (not bad or job.partial) and scope is not None
    state = "asked" if asked else "refused" if report.unreadable else "checked"
    nothing = goes_on and not found.deeds
    if nothing and (found.accepted or not bad):
        done = msgspec.structs.replace(report.report, stored=found.accepted > 0)
        report, state = msgspec.structs.replace(report, report=done), "done"
    elif goes_on and found.deeds:
        state = "storing"
    boxed = keeping.box(key, job.id, "details", msgspec.json.encode(details(found)))
    async with edge.service.engine.begin() as conn:
        await jobs.change(
            conn,
            job.id,
            ("reading",),
            state=state,
            ledger=scope.ledger if scope else None,
            path=scope.path if scope else job.path,
            report=msgspec.json.encode(report).decode(),
            details=boxed,
            done=0,
            total=len(found.deeds),
        )
        await conn.execute(jobs.CLEAR_ROWS, {"id": job.id})
        await _put_rows(conn, job.id, key, found)
    log.info("import_checked", kind=job.kind, state=state, rows=found.parsed.rows_read)


async def _put_rows(conn: Any, id: UUID, key: bytes, found: Findings) -> None:
    statement = (
        "insert into import_row (import, n, payload)"
        " select $1::uuid, * from unnest($2::int[], $3::bytea[])"
    )
    for start in range(0, len(found.deeds), ROWS_A_STATEMENT):
        some = found.deeds[start : start + ROWS_A_STATEMENT]
        boxes = [
            keeping.box(key, id, f"row {start + n}", encode(deed)) for n, deed in enumerate(some)
        ]
        numbers = list(range(start, start + len(some)))
        await conn.exec_driver_sql(statement, (id, numbers, boxes))


def again(job: Job, **answers: str) -> Job:
    """The job with more answers, to be read anew."""
    return replace(job, answers={**job.answers, **answers})
