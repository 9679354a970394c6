"""The own class on the own roll sheet: read many times a day, recorded once."""

from uuid import UUID, uuid5

from fastapi.responses import HTMLResponse
from sqlalchemy import text

from shared.access import AccessLog
from shared.console import Visit
from shared.contracts import access
from shared.edge import actor
from shared.reading import once_key
from shared.web.render import SECURITY_HEADERS, render

SEEN = text("select 1 from read_once where key = :key")
NOTE = text("insert into read_once (key, read_at) values (:key, :now) on conflict do nothing")
OWN = frozenset(("homeroom_teacher", "subject_teacher"))
ONCE = UUID("8d4a4f8e-5b7e-4a3f-9a55-7e2f6f0c1d21")


async def class_html(
    found: Visit, template: str, page: object, klass: UUID, active: str = "class"
) -> HTMLResponse:
    """Draw a page of a class; its own teacher's reading is recorded once a day."""
    if found.grant.role not in OWN or found.grant.unit != str(klass):
        return await found.html(template, page, active)
    layout = await found.layout(active)
    drawn = render(template, found.lang, layout=layout, page=page)
    await _record_once(found, klass)
    return HTMLResponse(drawn, headers=SECURITY_HEADERS)


async def _record_once(found: Visit, klass: UUID) -> None:
    """The event's command id is made of the view: after a crash between it and the note in
    `read_once` the same view is appended again, and is the same command.
    """
    engine, reading, moment = found.edge.service.engine, found.reading, found.moment
    log = AccessLog(service=found.edge.service.name, engine=engine)
    version = moment.rules.pack(reading.ledger, moment.today).version
    key = once_key(found.viewer.account, str(klass), found.today, reading.opened())

    async def first(wanted: str) -> bool:
        async with engine.connect() as conn:
            return (await conn.execute(SEEN, {"key": wanted})).first() is None

    async def append(ledger: str, event: access.Event) -> int:
        who = actor(found.viewer, found.grant)
        once = uuid5(ONCE, f"{ledger}|{key}")
        return await log.write(ledger, event, found.viewer, who, moment.now, version, once)

    if await reading.record_once(append, first, str(klass)):
        async with engine.begin() as conn:
            await conn.execute(NOTE, {"key": key, "now": moment.now})
        found.edge.service.waking.wake()
