"""P20: a county with a million armed duties: what falls due at once, and the first page."""

import statistics
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from time import perf_counter

from sqlalchemy import text

from services.casework.app import app_of, make_edge
from services.casework.processes import duty_work
from services.casework.processes.arming import Arming
from services.casework.processes.duties import begin_work
from services.casework.queries.holding import Holdings, Place
from shared import timer
from shared.policy.day import moment_of
from shared.policy.pack import seed_pack
from shared.rights import Viewer
from tests.benchmarks.table import Row, Table
from tests.casework.acting import COUNTY_VIEW, PRINCIPAL_VIEW, TEACHER_VIEW
from tests.county import COUNTY_PATH, KLASS, LEDGER, MONDAY, PATH, SCHOOL, Told, at, found_county
from tests.followed import World, made_secrets, running, settings_of
from tests.stores import cloned, make_template

ARMED, DUE = 1_000_000, 10_000
KIND = "daily_roll"
CLASSES_A_SCHOOL, SCHOOLS = 20, 200
DUE_AT = at(MONDAY, 9, 0)
ROUNDS, LOOKS = 3, 40
PAGE = "/casework/today/duties"

# The others of the county: later, of other classes, held by others. Their events are not read.
OTHERS = text(
    "insert into duty (duty, ledger, kind, target_kind, target, school, path, period, starts_at,"
    " began_at, due_at, window_at, needed, holders, role, share, state, policy, calendar, rows,"
    " form) select gen_random_uuid(), d.ledger, d.kind, d.target_kind, 'class-' || n,"
    " 'school-' || n % :schools, :county || '/school-' || n % :schools || '/class-'"
    " || n % (:schools * :classes), d.period, d.starts_at, d.began_at,"
    " d.due_at + (30 + n % 300) * interval '1 day', d.window_at, 1, array[gen_random_uuid()],"
    " d.role, d.share, 'armed', d.policy, d.calendar, d.rows, d.form"
    " from (select * from duty where kind = :kind limit 1) d, generate_series(1, :count) n"
)
THEIR_TIMERS = text(
    "insert into timer (key, due_at, kind, ledger, args) select 'duty:' || duty, due_at,"
    " 'duty.due', ledger, jsonb_build_object('duty', duty) from duty where due_at > :after"
)
ANALYZE = ("analyze duty", "analyze timer")
LEFT = text("select count(*) from duty where state = 'armed' and due_at <= :at")


@asynccontextmanager
async def _county(server: str, folder: Path) -> AsyncIterator[World]:
    template = await make_template(server, "casework")
    async with made_secrets(server, folder) as secrets, cloned(template, at(MONDAY, 7)) as store:
        edge = make_edge(settings_of("casework", store, secrets, folder))
        async with running(edge, app_of(edge), secrets) as world:
            told = Told()
            await found_county(told, edge.keyring)
            await world.hear("enrollment", told.entries)
            yield world


async def _arm_due(world: World, day: int) -> None:
    """DUE duties of a class through the process itself, events and timers included."""
    pack = seed_pack()
    began = at(MONDAY + timedelta(days=day), 7, 30)
    async with world.engine.begin() as conn:
        rules = await world.edge.rulebook.rules(conn)
        work = await begin_work(conn, rules, Holdings(), LEDGER)
        for n in range(DUE):
            arming = Arming(
                code=KIND,
                kind=pack.file.duties[KIND],
                pack=pack,
                place=Place(path=PATH, klass=str(KLASS), school=SCHOOL),
                target=str(KLASS),
                period=f"{day}:{n}",
                starts_at=began,
                began_at=began,
            )
            assert await duty_work.arm(conn, work, arming)
            await duty_work.append(conn, work, whole=False)
        await duty_work.append(conn, work)


async def _others(world: World) -> None:
    values = {
        "kind": KIND,
        "count": ARMED,
        "schools": SCHOOLS,
        "classes": CLASSES_A_SCHOOL,
        "county": COUNTY_PATH,
    }
    async with world.engine.begin() as conn:
        await conn.execute(OTHERS, values)
        await conn.execute(THEIR_TIMERS, {"after": DUE_AT + timedelta(hours=12)})


async def _analyze(world: World) -> None:
    async with world.engine.connect() as conn:
        for statement in ANALYZE:
            await conn.exec_driver_sql(statement)


async def _fall_due(world: World, day: int, until: str = "09:00") -> float:
    """Seconds until everything that was due is breached and its next step armed."""
    when = moment_of(MONDAY + timedelta(days=day), until) + timedelta(seconds=1)
    # What was armed was armed long ago: the boards have followed it.
    await world.settled()
    await world.move_to(when)
    began = perf_counter()
    while await timer.tick(world.engine, world.edge.service.timers):
        pass
    took = perf_counter() - began
    async with world.engine.connect() as conn:
        assert (await conn.execute(LEFT, {"at": when})).scalar_one() == 0
    return took


async def _looks(world: World, viewer: Viewer) -> list[float]:
    """Milliseconds of each look at the first page's duties, after one that is not counted."""
    took: list[float] = []
    async with world.browser(viewer) as browser:
        for _ in range(LOOKS + 1):
            began = perf_counter()
            answer = await browser.get(PAGE)
            took.append((perf_counter() - began) * 1000)
            assert answer.status_code == 200, answer.text
    return took[1:]


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


async def run(server: str, table: Table) -> None:
    with tempfile.TemporaryDirectory() as name:
        async with _county(server, Path(name)) as world:
            await _arm_due(world, 0)
            await _others(world)
            await _analyze(world)
            pages = [await _looks(world, one) for one in VIEWERS]
            took = [await _fall_due(world, 0)]
            # Every other day: what climbs a day later is not due with them.
            for day in range(2, 2 * ROUNDS, 2):
                await _fall_due(world, day, until="08:59")  # what had climbed meanwhile
                await _arm_due(world, day)
                await _analyze(world)
                took.append(await _fall_due(world, day))
    what = f"{DUE:,} of {ARMED:,} armed duties fall due"
    table.add(Row("P20", what, "≤ 2 s", took, "", unit=" s", higher_is_better=False))
    note = "p95 of " + ", ".join(
        f"{label} {_p95(one):.0f} ms" for label, one in zip(LABELS, pages, strict=True)
    )
    what = f"the first page's duties with {ARMED:,} armed"
    milliseconds = [one for some in pages for one in some]
    table.add(Row("P20", what, "p95 ≤ 100 ms", milliseconds, "", note=note, unit=" ms"))


VIEWERS = (TEACHER_VIEW, PRINCIPAL_VIEW, COUNTY_VIEW)
LABELS = ("homeroom teacher", "principal", "county officer")
