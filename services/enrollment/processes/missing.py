"""A class without a roll at the cut-off of a school day: `DailyRollMissing`, never a guess."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.aggregates import ROLL, roll_stream
from services.enrollment.domain.roll import MarkRollMissing
from services.enrollment.queries.rules import pack_on, version_at
from services.enrollment.queries.sheets import classes_with_pupils
from shared.event import SYSTEM, Circumstances, business_day
from shared.event_store import BATCH_LIMIT_EVENTS, Batch
from shared.founding import EFFECTS
from shared.policy.day import moment_of
from shared.policy.pack import seed_pack
from shared.rulebook import Rules, RulesMissing
from shared.timer import Timer, arm

NAME = "enrollment.missing_rolls"
MISSING = "missing"

TAKEN = text(
    "select stream from current where ledger = :ledger and stream = any(:streams)"
    " and state = 'taken'"
)


async def arm_first(conn: AsyncConnection, ledger: str, path: str, now: datetime) -> None:
    """When a county is founded: its first cut-off, on that very day if it is still to come."""
    today = business_day(now)
    cut_off = moment_of(today, seed_pack().values.roll.cut_off)
    await _arm(conn, ledger, path, today if now < cut_off else today + timedelta(days=1), None)


async def check(
    conn: AsyncConnection, rules: Rules, now: datetime, timers: Sequence[Timer]
) -> None:
    """Note the missing rolls of each timer's day, and arm the next day's.

    Each firing arms the next, so that days skipped by a moved clock or a stopped machine are looked
    at one after another, and each of them once.
    """
    for timer in timers:
        day, path = date.fromisoformat(timer.args["day"]), timer.args["path"]
        later = await _check_day(conn, rules, now, timer.ledger, path, day, timer.due_at)
        if timer.args["daily"]:
            await _arm(conn, timer.ledger, path, day + timedelta(days=1), rules)
        for at in later:
            key = f"{MISSING}:{timer.ledger}:{at.isoformat()}"
            args = {"day": day.isoformat(), "path": path, "daily": False}
            await arm(conn, Timer(key, at, MISSING, timer.ledger, args))


async def _arm(
    conn: AsyncConnection, ledger: str, path: str, day: date, rules: Rules | None
) -> None:
    due = moment_of(day, _cut_off(rules, path, day))
    args = {"day": day.isoformat(), "path": path, "daily": True}
    await arm(conn, Timer(f"{MISSING}:{ledger}", due, MISSING, ledger, args))


def _cut_off(rules: Rules | None, path: str, day: date) -> str:
    try:
        pack = rules.pack(path, day) if rules else seed_pack()
    except RulesMissing:
        pack = seed_pack()
    return pack.values.roll.cut_off


async def _check_day(
    conn: AsyncConnection,
    rules: Rules,
    now: datetime,
    ledger: str,
    county: str,
    day: date,
    due_at: datetime,
) -> set[datetime]:
    """Returns the cut-offs of that day that are still to come: a school may have its own."""
    untaken = await _untaken(conn, rules, ledger, day)
    if not untaken:
        return set()
    today = business_day(now)
    batch = Batch(_circumstances(ledger, version_at(rules, county, day), day, now))
    await batch.load(conn, ROLL, [roll_stream(klass, day) for klass, _ in untaken])
    later: set[datetime] = set()
    for klass, path in untaken:
        cut_off = moment_of(day, pack_on(rules, path, day, today).values.roll.cut_off)
        if cut_off > due_at:
            later.add(cut_off)
            continue
        _mark(batch, klass, path, day, cut_off, now)
        if len(batch) >= BATCH_LIMIT_EVENTS:
            await batch.append(conn)
    await batch.append(conn)
    return later


def _mark(
    batch: Batch, klass: UUID, path: str, day: date, cut_off: datetime, now: datetime
) -> None:
    stream = roll_stream(klass, day)
    command = MarkRollMissing(klass=klass, on=day, cut_off_at=cut_off, school_day=True, now=now)
    command_id = uuid5(EFFECTS, f"{NAME}|{stream}|{cut_off.isoformat()}")
    batch.decide(stream, command, unitpath=path, subject=str(klass), command_id=command_id)


async def _untaken(
    conn: AsyncConnection, rules: Rules, ledger: str, day: date
) -> list[tuple[UUID, str]]:
    """Classes (with their paths) that had school and pupils that day, and no roll stands."""
    classes = await classes_with_pupils(conn, ledger, day)
    if not classes:
        return []
    calendar = rules.school_calendar()
    due = [one for one in classes if calendar.is_school_day(day, one[1]).school]
    streams = [roll_stream(klass, day) for klass, _ in due]
    rows = await conn.execute(TAKEN, {"ledger": ledger, "streams": streams})
    taken = {row.stream for row in rows}
    return [one for one in due if roll_stream(one[0], day) not in taken]


def _circumstances(ledger: str, policy: str, day: date, now: datetime) -> Circumstances:
    return Circumstances(
        ledger=ledger,
        actor=SYSTEM,
        via="system",
        policy_version=policy,
        command_id=uuid5(EFFECTS, f"{NAME}|{ledger}|{day}"),
        now=now,
    )
