"""A roll that has settled becomes each child's attendance, hundreds of rolls at a time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.aggregates import ATTENDANCE, ROLL, attendance_stream, roll_stream
from services.enrollment.domain.attendance import Presence, SettleMark
from services.enrollment.domain.roll import SettledMark, Taken, marks_to_settle
from services.enrollment.queries.rules import pack_on, version_at
from services.enrollment.queries.sheets import classes_of
from shared.event import SYSTEM, Circumstances, business_day
from shared.event_store import BATCH_LIMIT_EVENTS, Batch, restore, unanswered
from shared.founding import EFFECTS
from shared.rulebook import Rules
from shared.timer import Timer

NAME = "enrollment.roll_to_absence"

# A present child matters where it may have been away until now or that day is marked already; most
# were not and have none. Whoever came back has a presence as the last mark.
CONCERNED = text(
    "select stream from current where ledger = :ledger and stream = any(:streams)"
    " and (doc like '%\"unexcused\"%' or doc like '%\"leaves\":[{%' or doc like any(:days)"
    ' or doc ~ \'"mark":"(sick|personal)","klass":"[^"]*"\\}\\],\')'
)
# Of many classes at once: of today's rolls, which are most, nothing is later.
LATER = text(
    "select c.stream, c.version, c.state, c.doc from"
    " unnest(cast(:afters as text[]), cast(:ends as text[])) as u(after, until)"
    " join current c on c.ledger = :ledger and c.stream > u.after and c.stream < u.until"
    " order by c.stream"
)


@dataclass(frozen=True, slots=True)
class Settled:
    """One roll whose marks take effect."""

    klass: UUID
    on: date
    version: int
    path: str
    marks: tuple[SettledMark, ...]

    @property
    def stream(self) -> str:
        return roll_stream(self.klass, self.on)

    def command_id(self, child: UUID) -> UUID:
        return uuid5(EFFECTS, f"{NAME}|{self.stream}|{self.version}|{child}")


async def settle(
    conn: AsyncConnection, rules: Rules, now: datetime, timers: Sequence[Timer]
) -> None:
    """Write what the rolls of `timers` (in due order) say; raises RulesMissing."""
    for ledger in sorted({timer.ledger for timer in timers}):
        due = [timer for timer in timers if timer.ledger == ledger]
        county = due[0].args["path"].split("/")[:3]
        policy = version_at(rules, "/".join(county), business_day(now))
        batch = Batch(_circumstances(ledger, policy, now, due[0]))
        await _Settling(conn, rules, now, ledger, batch).run(due)


def _circumstances(ledger: str, policy: str, now: datetime, first: Timer) -> Circumstances:
    command_id = uuid5(EFFECTS, f"{NAME}|{first.key}|{first.args['version']}")
    return Circumstances(
        ledger=ledger,
        actor=SYSTEM,
        via="system",
        policy_version=policy,
        command_id=command_id,
        now=now,
    )


@dataclass(slots=True)
class _Settling:
    """One ledger's rolls of one transaction."""

    conn: AsyncConnection
    rules: Rules
    now: datetime
    ledger: str
    batch: Batch

    async def run(self, timers: Sequence[Timer]) -> None:
        rolls = await self._rolls(timers)
        loaded = await self._load(rolls)
        after = await self._presences(rolls)
        concerned = [
            (roll, mark, roll.command_id(mark.child))
            for roll in rolls
            for mark in roll.marks
            if attendance_stream(mark.child) in loaded
        ]
        ids = dict.fromkeys(id for _, _, id in concerned)
        todo = await unanswered(self.conn, self.ledger, list(ids))
        for roll, mark, id in concerned:
            if id in todo:
                self._decide(roll, mark, id, after.get(mark.child, ()))
            if len(self.batch) >= BATCH_LIMIT_EVENTS:
                await self.batch.append(self.conn)
        await self.batch.append(self.conn)

    async def _rolls(self, timers: Sequence[Timer]) -> list[Settled]:
        """The rolls that still stand as they were when their timers were armed."""
        named = [(timer, roll_stream(*_key(timer))) for timer in timers]
        await self.batch.load(self.conn, ROLL, [stream for _, stream in named])
        rolls: list[Settled] = []
        for timer, stream in named:
            version, path = timer.args["version"], timer.args["path"]
            marks = marks_to_settle(self.batch.held(stream).state, version)
            rolls.append(Settled(*_key(timer), version, path, marks))
        return rolls

    async def _load(self, rolls: Sequence[Settled]) -> set[str]:
        """Bring the attendance of everybody concerned into memory; returns their streams."""
        marks = [mark for roll in rolls for mark in roll.marks]
        streams = {attendance_stream(m.child) for m in marks if _must(m)}
        present = {attendance_stream(m.child) for m in marks if not _must(m)} - streams
        days = [f'%"on":"{day}"%' for day in {roll.on for roll in rolls}]
        params = {"ledger": self.ledger, "streams": list(present), "days": days}
        if present:
            streams |= {row.stream for row in await self.conn.execute(CONCERNED, params)}
        await self.batch.load(self.conn, ATTENDANCE, sorted(streams))
        return streams

    async def _presences(self, rolls: Sequence[Settled]) -> dict[UUID, Sequence[Presence]]:
        """Presences after an absence, by child and in order, from later rolls that have settled.

        Only late rolls have any; most presences are no events, so the rolls themselves are read.
        """
        first = _first_absences(rolls)
        found: dict[UUID, list[Presence]] = defaultdict(list)
        for presence, present in await self._later(await self._classes_since(rolls, first)):
            for child in present & first.keys():
                found[child].append(presence)
        return {child: sorted(some, key=lambda one: one.on) for child, some in found.items()}

    async def _classes_since(
        self, rolls: Sequence[Settled], first: Mapping[UUID, date]
    ) -> dict[UUID, date]:
        """Every class that may show an absent child present, and the first day to look at."""
        if not first:
            return {}
        classes = await classes_of(self.conn, list(first))
        start: dict[UUID, date] = {}
        for roll in rolls:
            for mark in roll.marks:
                if mark.child in first:
                    for klass in classes.get(mark.child, set()) | {roll.klass}:
                        day = first[mark.child]
                        start[klass] = min(day, start.get(klass, day))
        return start

    async def _later(self, since: Mapping[UUID, date]) -> list[tuple[Presence, frozenset[UUID]]]:
        """Of each class the rolls after its day."""
        if not since:
            return []
        afters = [roll_stream(klass, day) for klass, day in since.items()]
        ends = [f"{ROLL.prefix}{klass}-~" for klass in since]
        params = {"ledger": self.ledger, "afters": afters, "ends": ends}
        found: list[tuple[Presence, frozenset[UUID]]] = []
        for row in (await self.conn.execute(LATER, params)).all():
            held = await restore(self.conn, self.ledger, ROLL, row)
            klass, on = UUID(row.stream[-47:-11]), date.fromisoformat(row.stream[-10:])
            present = _settled_presence(held.state, self.now)
            found.append((Presence(on=on, klass=klass, roll=row.stream), present))
        return found

    def _decide(
        self, roll: Settled, mark: SettledMark, command_id: UUID, later: Sequence[Presence]
    ) -> None:
        today = business_day(self.now)
        pack = pack_on(self.rules, roll.path, roll.on, today)
        command = SettleMark(
            child=mark.child,
            klass=roll.klass,
            on=roll.on,
            mark=mark.mark,
            reason=mark.reason,
            roll=roll.stream,
            was=mark.was,
            present_after=next((one for one in later if one.on > roll.on), None),
            streak_more_than_days=pack.values.absence.streak.more_than_days,
            rule=pack.version,
            calendar=self.rules.school_calendar().version_for(roll.path, roll.on),
            now=self.now,
        )
        self.batch.decide(
            attendance_stream(mark.child),
            command,
            unitpath=roll.path,
            subject=str(mark.child),
            command_id=command_id,
        )


def _key(timer: Timer) -> tuple[UUID, date]:
    return UUID(timer.args["klass"]), date.fromisoformat(timer.args["on"])


def _first_absences(rolls: Sequence[Settled]) -> dict[UUID, date]:
    first: dict[UUID, date] = {}
    for roll in rolls:
        for mark in roll.marks:
            if mark.mark != "present":
                first[mark.child] = min(roll.on, first.get(mark.child, roll.on))
    return first


def _must(mark: SettledMark) -> bool:
    return mark.mark != "present" or mark.was not in (None, "present")


def _settled_presence(state: Any, now: datetime) -> frozenset[UUID]:
    """Who was there by the last submission that has taken effect."""
    standing: Iterable[Any] = state.standing if isinstance(state, Taken) else ()
    settled = [one for one in standing if one.settles_at <= now]
    return frozenset(settled[-1].present) if settled else frozenset()
