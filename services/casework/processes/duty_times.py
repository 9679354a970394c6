"""When time does something to duties: they fall due, they climb, and new periods begin."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.aggregates import DUTY
from services.casework.domain.duty import Escalate, FallDue
from services.casework.duties.due import climbed_at
from services.casework.duties.periods import period_beginning
from services.casework.processes import duty_work as works
from services.casework.processes.arming import Arming
from services.casework.processes.duties import begin_work, each, take_earlier
from services.casework.processes.duty_loading import foresee
from services.casework.processes.duty_work import DUE_TIMER, Work
from services.casework.queries import duty_rows as rows
from services.casework.queries.duty_rows import OpenDuty, as_json
from services.casework.queries.holding import Holdings, Place
from shared.event import business_day
from shared.founding import EFFECTS
from shared.policy.day import moment_of
from shared.policy.duty_schema import DutyKind
from shared.policy.pack import Pack
from shared.rulebook import Rulebook, RulesMissing
from shared.timer import Handler, Timer, arm_many

CLIMB_TIMER = "duty.climb"
PLAN_TIMER = "duty.plan"
ACCOUNTABLE = "principal"
A_MOMENT = timedelta(microseconds=1)
LEDGERS = text(
    "select l.ledger from ledger l where l.ledger not like '%-access' and not exists"
    " (select 1 from timer t where t.kind = 'duty.plan' and t.ledger = l.ledger)"
)
UNITS = ("school", "township", "county", "village")
OneLedger = Callable[[AsyncConnection, Work, Sequence[Timer]], Awaitable[None]]


def handlers(rulebook: Rulebook, holdings: Holdings) -> dict[str, Handler]:
    """The timers of duties, for the service's table."""
    return {
        DUE_TIMER: _by_ledger(rulebook, holdings, fall_due),
        CLIMB_TIMER: _by_ledger(rulebook, holdings, _climb),
        PLAN_TIMER: _by_ledger(rulebook, holdings, plan),
    }


def _by_ledger(rulebook: Rulebook, holdings: Holdings, handle: OneLedger) -> Handler:
    async def run(conn: AsyncConnection, timers: Sequence[Timer]) -> None:
        rules = await rulebook.rules(conn)
        for ledger in sorted({timer.ledger for timer in timers}):
            work = await begin_work(conn, rules, holdings, ledger)
            await handle(conn, work, [timer for timer in timers if timer.ledger == ledger])
            await works.append(conn, work)

    return run


async def fall_due(conn: AsyncConnection, work: Work, timers: Sequence[Timer]) -> None:
    """A breach, unless what it was about is no longer there."""
    duties = await rows.by_ids(conn, [UUID(timer.args["duty"]) for timer in timers])
    gone = await _gone(conn, duties)
    await work.batch.load(conn, DUTY, [duty.stream for duty in duties])
    for duty in duties:
        kind = work.pack_of(duty).file.duties.get(duty.kind)
        if duty.child in gone and (kind is None or kind.in_school_time):
            await works.cancel(conn, work, duty, "target_gone", None)
        else:
            _breach(work, duty, kind)
        await works.append(conn, work, whole=False)


async def _gone(conn: AsyncConnection, duties: Sequence[OpenDuty]) -> set[UUID]:
    children = [duty.child for duty in duties if duty.child]
    found = await conn.execute(rows.CHILDREN, {"children": children})
    return {row.child for row in found if row.klass is None and row.left_on is not None}


def _place(duty: OpenDuty) -> Place:
    klass = str(duty.klass) if duty.klass else None
    return Place(path=duty.path, klass=klass, school=duty.school, child=duty.child)


def _breach(work: Work, duty: OpenDuty, kind: DutyKind | None) -> None:
    """Whoever held it on the day that it was due answers, whoever holds it now."""
    pack = work.pack_of(duty)
    on = business_day(duty.due_at - A_MOMENT)
    holders = duty.holders
    if kind is not None and not kind.each_holder:
        holders = work.holding.holders(kind.holder, pack, _place(duty), duty.target, on)
    command = FallDue(holders=holders, now=work.now)
    command_id = uuid5(EFFECTS, f"due|{duty.duty}")
    if not works.give(work, duty.stream, command, pack, duty.path, duty.child, command_id):
        return
    works.note(work, duty, work.now)
    _arm_climb(work, duty, pack, 0)


def _arm_climb(work: Work, duty: OpenDuty, pack: Pack, step: int) -> None:
    """The next one up has a time; whoever comes after that one gets it when that one is told."""
    kind = pack.file.duties.get(duty.kind)
    if kind is None or step >= len(kind.climb):
        return
    climb = kind.climb[step]
    ground = work.ground(duty.path, pack, business_day(duty.due_at - A_MOMENT))
    at = climbed_at(climb.after, duty.due_at, ground)
    args = {"duty": str(duty.duty), "step": step, "role": climb.to}
    work.timers.append(Timer(f"climb:{duty.duty}:{step}", at, CLIMB_TIMER, work.ledger, args))


async def _climb(conn: AsyncConnection, work: Work, timers: Sequence[Timer]) -> None:
    """The next one up is told, once; who that is, is looked up when it happens."""
    duties = await rows.by_ids(conn, [UUID(timer.args["duty"]) for timer in timers])
    by_id = {str(duty.duty): duty for duty in duties}
    await work.batch.load(conn, DUTY, [duty.stream for duty in duties])
    told: list[dict[str, object]] = []
    for timer in timers:
        duty, step, role = by_id[timer.args["duty"]], timer.args["step"], timer.args["role"]
        to = duty.holders
        if role != "holder":
            to = _told(work, role, duty)
        command = Escalate(step=step, role=role, to=to)
        command_id = uuid5(EFFECTS, f"climb|{duty.duty}|{step}")
        pack = work.pack_of(duty)
        if works.give(work, duty.stream, command, pack, duty.path, duty.child, command_id):
            step_told = [{"step": step, "role": role, "to": [str(one) for one in to]}]
            step_told[0]["at"] = work.now.isoformat()
            told.append({"duty": duty.duty, "told": as_json(step_told)})
            _arm_climb(work, duty, pack, step + 1)
    await rows.change(conn, rows.TOLD, told)


def _told(work: Work, role: str, duty: OpenDuty) -> tuple[UUID, ...]:
    """责任人：校长: where nobody in a school has the role, its one accountable person is told."""
    place, today = _place(duty), business_day(work.now)
    return work.holding.of_role(role, place, today) or work.holding.of_role(
        ACCOUNTABLE, place, today
    )


async def ensure_plans(conn: AsyncConnection, now: datetime) -> None:
    """Every ledger has the timer that begins its periods; counties founded before had none."""
    today = business_day(now)
    ledgers = (await conn.execute(LEDGERS)).scalars().all()
    await arm_many(conn, [plan_timer(ledger, today, now) for ledger in ledgers])


def plan_timer(ledger: str, day: date, at: datetime) -> Timer:
    return Timer(f"plan:{ledger}", at, PLAN_TIMER, ledger, {"day": day.isoformat()})


async def plan(conn: AsyncConnection, work: Work, timers: Sequence[Timer]) -> None:
    """The periods that begin on the day; the next day's timer takes this one's place."""
    for timer in timers:
        day = date.fromisoformat(timer.args["day"])
        begun = [*_of_units(work, day), *await _of_children(conn, work, day)]
        armings = [one for arming in begun for one in each(work, arming)]
        await foresee(conn, work, armings)
        for one in armings:
            if duty := await works.arm(conn, work, one):
                await take_earlier(conn, work, one.kind, duty)
            await works.append(conn, work, whole=False)
        later = day + timedelta(days=1)
        work.timers.append(plan_timer(work.ledger, later, moment_of(later, "00:00")))


def _periodic(pack: Pack) -> Iterator[tuple[str, DutyKind]]:
    return (item for item in pack.file.duties.items() if item[1].arm.every)


def _of_units(work: Work, day: date) -> Iterator[Arming]:
    places: list[tuple[str, str, Place]] = []
    for kind in UNITS:
        for unit in work.holding.units(kind, day):
            school = unit if kind == "school" else None
            places.append((kind, unit, Place(path=work.holding.paths[unit], school=school)))
    places += [("klass", klass, place) for klass, place in work.holding.classes.items()]
    for target_kind, target, place in places:
        pack = _pack(work, place.path, day)
        for code, kind in _periodic(pack) if pack else ():
            if kind.target == target_kind:
                yield from _beginning(work, pack, code, kind, place, target, day)


async def _of_children(conn: AsyncConnection, work: Work, day: date) -> list[Arming]:
    """Periodic duties about children are for the members of their groups."""
    packs = {pack.sha256: pack for pack in work.rules.packs.values()}
    found: list[Arming] = []
    for pack in packs.values():
        for code, kind in _periodic(pack):
            if kind.target != "child":
                continue
            params = {"ledger": work.ledger, "groups": list(kind.arm.groups), "on": day}
            for row in await conn.execute(rows.GROUPED, params):
                place = Place(
                    path=row.path, klass=str(row.klass), school=row.school, child=row.child
                )
                if _pack(work, row.path, day) is pack:
                    found += _beginning(work, pack, code, kind, place, str(row.child), day)
    return found


def _pack(work: Work, path: str, day: date) -> Pack | None:
    try:
        return work.rules.pack(path, day)
    except RulesMissing:
        return None


def _beginning(
    work: Work, pack: Pack | None, code: str, kind: DutyKind, place: Place, target: str, day: date
) -> Iterator[Arming]:
    assert pack is not None, "periods begin under rules"
    period = period_beginning(kind, day, work.ground(place.path, pack, day))
    if period is None:
        return
    began = moment_of(day, "00:00")
    yield Arming(
        code=code,
        kind=kind,
        pack=pack,
        place=place,
        target=target,
        period=period,
        starts_at=began,
        began_at=began,
    )
