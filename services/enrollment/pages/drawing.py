"""What the pages of enrollment draw alike: who looks, names, forms, days without school."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from fastapi import HTTPException, Request
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from services.enrollment.queries.board import ClassDay, class_day, unit_named
from services.enrollment.queries.roster import staff_names
from services.enrollment.queries.rules import pack_on
from shared.access_words import Purpose, Right
from shared.console import Visit, visit
from shared.edge import Edge, allowed
from shared.policy.day import moment_of
from shared.policy.pack import Pack
from shared.rights import NotAllowed, Viewer, covers, paths_for, purposes_for
from shared.sealed import Sealed
from shared.viewing import viewing

UNNAMED = "（没有姓名）"


async def begin(
    edge: Edge,
    request: Request,
    viewer: Viewer,
    page: str,
    right: Right,
    purpose: Purpose = "attendance",
) -> Visit:
    """Begin a list that shows what the viewer's jurisdiction holds. Raises NotAllowed."""
    chosen = fitting(viewer, (await edge.moment()).today, purpose)
    found = await visit(edge, request, viewer, page, purpose=chosen)
    if not paths_for(viewer, right, found.today):
        raise NotAllowed("你的职务没有这项权限。请联系县教育局。", right, "")
    return found


async def begin_class(
    edge: Edge,
    request: Request,
    viewer: Viewer,
    klass: UUID,
    page: str,
    right: Right,
    on: date | None = None,
) -> tuple[Visit, ClassDay]:
    """Begin a page about one class on a day (today). 404 outside the jurisdiction."""
    moment = await edge.moment()
    async with viewing(edge.service.engine, viewer, "roll.view", moment.today) as conn:
        row = await class_day(conn, klass, on or moment.today)
    if row is None:
        raise HTTPException(404)
    grant = allowed(viewer, right, row.path, moment)
    chosen = fitting(viewer, moment.today, "attendance")
    found = await visit(edge, request, viewer, page, grant=grant, ledger=row.ledger, purpose=chosen)
    return found, row


def fitting(viewer: Viewer, today: date, purpose: Purpose) -> Purpose | None:
    """The wished purpose where the viewer's roles have it, else their first one."""
    return purpose if purpose in purposes_for(viewer, today) else None


async def unit_within(
    found: Visit, conn: AsyncConnection, unit: str, right: Right
) -> tuple[str, str]:
    """(path, name) of a unit that a list is asked for. 404 unless it lies in the jurisdiction, or
    above it: the directory of units knows no jurisdiction, and names other counties as well.
    """
    named = await unit_named(conn, unit)
    held = paths_for(found.viewer, right, found.today)
    if named and any(covers(path, named[0]) or covers(named[0], path) for path in held):
        return named
    raise HTTPException(404)


async def child_names(found: Visit, rows: Iterable[tuple[UUID, Any]]) -> dict[UUID, str]:
    """(child, sealed name as stored) → name, opened through the page's one reading."""
    return await _opened(found, [(child, name) for child, name in rows if name])


async def people_names(found: Visit, staff: Iterable[UUID | None]) -> dict[UUID, str]:
    """Names of staff by their ids."""
    async with found.edge.service.engine.connect() as conn:
        sealed = await staff_names(conn, [one for one in staff if one])
    return await _opened(found, list(sealed.items()))


async def _opened(found: Visit, named: Sequence[tuple[UUID, Any]]) -> dict[UUID, str]:
    values = [(str(who), "name", msgspec.convert(name, Sealed)) for who, name in named]
    texts = await found.reading.open_all(values)
    return {who: text for (who, _), text in zip(named, texts, strict=True)}


def pack_of(found: Visit, path: str, on: date | None = None) -> Pack:
    return pack_on(found.moment.rules, path, on or found.today, found.today)


def cut_off_of(found: Visit, path: str, on: date) -> datetime:
    return moment_of(on, pack_of(found, path, on).values.roll.cut_off)


def still_ahead(found: Visit, path: str) -> datetime | None:
    """When today's roll is due at `path`, while that lies ahead; None once a class lacks it."""
    cut_off = cut_off_of(found, path, found.today)
    return cut_off if found.moment.now < cut_off else None


def no_school(found: Visit, path: str, on: date) -> str:
    """Why there is no school at `path` that day; empty where there is."""
    kind = found.moment.rules.calendar.is_school_day(on, path)
    return "" if kind.school else (kind.reason or "放假")


def command(name: str) -> str:
    return f"/enrollment/commands/{name}"


def new_id() -> str:
    return str(uuid7())


def as_uuid(value: str | None) -> UUID | None:
    try:
        return UUID(value or "")
    except ValueError:
        return None
