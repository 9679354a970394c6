"""Counties, units, terms: what is founded, registered, moved, renamed, closed, opened."""

from dataclasses import replace
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.aggregates import SERVICE, UNIT
from services.enrollment.bulk.writing import Step, write
from services.enrollment.commands.acting import TERMS, UNITS, Acting, acting
from services.enrollment.domain import unit as domain
from services.enrollment.domain.codes import CodeMalformed, is_county
from services.enrollment.domain.unit_state import UnitKind
from services.enrollment.processes import missing
from services.enrollment.queries.places import require_not_elsewhere, unit_place
from shared.commands import Command, Done, Fields
from shared.edge import Edge
from shared.founding import SIMULATED, found_ledgers
from shared.rights import Viewer

ACCOUNTS_PAGE, CALENDAR_PAGE, FIRST = "/enrollment/accounts", "/enrollment/calendar", "/"
ORIGIN = text("select origin from ledger where ledger = :ledger")


class CountyFields(Fields, frozen=True):
    """`code`: six digits. `province`, `city`: names of what is above, where they are known."""

    code: str
    name: str
    province: str | None = None
    city: str | None = None


class UnitFields(Fields, frozen=True):
    """`parent`: the code of the unit above; `valid_from`: today unless given."""

    unit: str
    kind: UnitKind
    name: str
    parent: str
    valid_from: date | None = None


class MoveFields(Fields, frozen=True):
    unit: str
    parent: str
    on: date | None = None


class RenameFields(Fields, frozen=True):
    unit: str
    name: str
    on: date | None = None


class CloseFields(Fields, frozen=True):
    unit: str
    on: date | None = None


class TermFields(Fields, frozen=True):
    """`term`: a code that a school's own term shares with the county's, such as 2026-1."""

    unit: str
    term: str
    name: str
    opens_on: date
    ends_on: date


async def found_county(edge: Edge, viewer: Viewer, fields: CountyFields) -> Done:
    """Its ledgers, its first event, and the units from the province down to it."""
    if not is_county(fields.code):
        raise CodeMalformed(f"县级区划代码 {fields.code} 应是 6 位数字。请核对。", field="code")
    act = await acting(edge, viewer, fields)
    path = county_path(fields.code)
    told = act.told(("county.found",), fields.code, path)
    domain_name = edge.service.settings.domain
    steps = _founding(act, fields, await _origin(edge, fields.code))

    async def before(conn: AsyncConnection) -> None:
        await found_ledgers(conn, domain_name, fields.code, SERVICE)

    async def after(conn: AsyncConnection) -> None:
        await missing.arm_first(conn, fields.code, path, act.moment.now)

    outcome = await write(edge, told, steps, before=before, after=after)
    known = outcome.repeated or not outcome.envelopes
    return Done(replace(outcome, repeated=known), FIRST)


def county_path(code: str) -> str:
    """Province and city are told by the county's own digits."""
    return f"{code[:2]}0000/{code[:4]}00/{code}"


def _founding(act: Acting, fields: CountyFields, origin: str) -> list[Step]:
    now, today = act.moment.now, act.moment.today
    code, path = fields.code, county_path(fields.code)
    found = domain.FoundCounty(code=code, name=fields.name, origin=origin, now=now)
    steps = [Step(aggregate=UNIT, stream=f"unit-{code}", command=found, path=path)]
    names = (fields.province or f"{code[:2]}0000 省", fields.city or f"{code[:4]}00 市")
    above = ""
    for unit, name in zip(path.split("/"), (*names, fields.name), strict=True):
        register = domain.RegisterUnit(
            unit=unit,
            kind="division",
            name=name,
            parent_path=above,
            valid_from=today,
            now=now,
        )
        above = f"{above}/{unit}" if above else unit
        steps.append(Step(aggregate=UNIT, stream=f"unit-{unit}", command=register, path=above))
    return steps


async def _origin(edge: Edge, code: str) -> str:
    """Of the ledger that is there, else as `found_ledgers` will name it."""
    async with edge.service.engine.connect() as conn:
        held = (await conn.execute(ORIGIN, {"ledger": code})).scalar()
        simulated = (await conn.execute(SIMULATED)).scalar_one()
    end = "/simulated" if simulated else ""
    return held or f"{edge.service.settings.domain}/{code}/{SERVICE}{end}"


async def register_unit(edge: Edge, viewer: Viewer, fields: UnitFields) -> Done:
    """Below a unit that stands; rights are those above it."""
    async with edge.service.engine.connect() as conn:
        act = await acting(edge, viewer, fields, conn)
        parent = await unit_place(conn, fields.parent)
    path = f"{parent.path}/{fields.unit}"
    command = domain.RegisterUnit(
        unit=fields.unit,
        kind=fields.kind,
        name=fields.name,
        parent_path=parent.path,
        valid_from=fields.valid_from or act.moment.today,
        now=act.moment.now,
    )
    told = act.told(UNITS, parent.ledger, parent.path)

    async def before(conn: AsyncConnection) -> None:
        await require_not_elsewhere(conn, f"{UNIT.prefix}{fields.unit}", told.ledger)

    step = _step(fields, command, path)
    return await act.write(told, step, before=before, next=ACCOUNTS_PAGE)


async def move_unit(edge: Edge, viewer: Viewer, fields: MoveFields) -> Done:
    """Everything below it moves along; who does it holds both places."""
    async with edge.service.engine.connect() as conn:
        act = await acting(edge, viewer, fields, conn)
        place, parent = await unit_place(conn, fields.unit), await unit_place(conn, fields.parent)
    act.require(UNITS, parent.path)
    command = domain.MoveUnit(
        unit=fields.unit,
        parent_path=parent.path,
        on=fields.on or act.moment.today,
        now=act.moment.now,
    )
    told = act.told(UNITS, place.ledger, place.path)
    # The envelope names where the unit was: boards find by it what lay below.
    return await act.write(told, _step(fields, command, place.path), next=ACCOUNTS_PAGE)


async def rename_unit(edge: Edge, viewer: Viewer, fields: RenameFields) -> Done:
    async with edge.service.engine.connect() as conn:
        act = await acting(edge, viewer, fields, conn)
        place = await unit_place(conn, fields.unit)
    on = fields.on or act.moment.today
    command = domain.RenameUnit(unit=fields.unit, name=fields.name, on=on, now=act.moment.now)
    told = act.told(UNITS, place.ledger, place.path)
    return await act.write(told, _step(fields, command, place.path), next=ACCOUNTS_PAGE)


async def close_unit(edge: Edge, viewer: Viewer, fields: CloseFields) -> Done:
    async with edge.service.engine.connect() as conn:
        act = await acting(edge, viewer, fields, conn)
        place = await unit_place(conn, fields.unit)
    on = fields.on or act.moment.today
    command = domain.CloseUnit(unit=fields.unit, on=on, now=act.moment.now)
    told = act.told(UNITS, place.ledger, place.path)
    return await act.write(told, _step(fields, command, place.path), next=ACCOUNTS_PAGE)


async def open_term(edge: Edge, viewer: Viewer, fields: TermFields) -> Done:
    """Outside its terms a unit has no school days."""
    async with edge.service.engine.connect() as conn:
        act = await acting(edge, viewer, fields, conn)
        place = await unit_place(conn, fields.unit)
    command = domain.OpenTerm(
        unit=fields.unit,
        term=fields.term,
        name=fields.name,
        opens_on=fields.opens_on,
        ends_on=fields.ends_on,
        now=act.moment.now,
    )
    told = act.told(TERMS, place.ledger, place.path)
    done = await act.write(told, _step(fields, command, place.path), next=CALENDAR_PAGE)
    edge.rulebook.forget()
    return done


def _step(
    fields: UnitFields | MoveFields | RenameFields | CloseFields | TermFields,
    command: domain.UnitCommand,
    path: str,
) -> Step:
    return Step(
        aggregate=UNIT,
        stream=f"{UNIT.prefix}{fields.unit}",
        command=command,
        path=path,
        expected=fields.version,
    )


COMMANDS = (
    Command("found_county", CountyFields, found_county),
    Command("register_unit", UnitFields, register_unit),
    Command("move_unit", MoveFields, move_unit),
    Command("rename_unit", RenameFields, rename_unit),
    Command("close_unit", CloseFields, close_unit),
    Command("open_term", TermFields, open_term),
)
