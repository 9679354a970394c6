"""A term lived through under one pack: its facts, given to the functions that arm and end duties.

What people did stays what they did; what the rules make of it is decided anew. Nothing is written
and nothing is waited for.
"""

from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.duties.facts import CALENDAR, Fact
from services.casework.processes import duty_times
from services.casework.processes import duty_work as works
from services.casework.processes.duties import take_fact
from services.casework.processes.duty_work import DUE_TIMER, Work
from services.casework.processes.replanning import replan
from services.casework.queries.groups import Grouped, by_child
from services.casework.queries.holding import Holding, Place
from services.casework.whatif.flags import Flag, Flags, recorded_streak
from services.casework.whatif.memory import Memory
from shared.batch import Batch
from shared.event import SYSTEM, Circumstances, business_day
from shared.founding import EFFECTS
from shared.policy.calendar import UnitTerm
from shared.policy.day import moment_of
from shared.rulebook import Rules, RulesMissing

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """What both replays live through. `since`: when the planning of periods begins."""

    ledger: str
    term: UnitTerm
    since: datetime
    until: datetime
    facts: Sequence[Fact]
    holding: Holding
    children: Mapping[UUID, Any]
    groups: Sequence[Grouped]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """Every duty of the term, by id, as its row stands at the end; the flags in their order."""

    duties: Mapping[UUID, Any]
    flags: Sequence[Flag]


class Undrafted(Batch):
    """Streams decide and evolve as ever; their events are not put on paper."""

    def decide(self, stream: str, command: object, **_: Any) -> list[Any]:
        held = self.held(stream)
        events = held.aggregate.decider.decide(command, held.state)
        for event in events:
            held.state = held.aggregate.decider.evolve(held.state, event)
        return events


@dataclass(slots=True)
class Replay:
    term: Term
    rules: Rules
    memory: Memory
    work: Work
    flags: Flags = field(default_factory=Flags)

    @property
    def conn(self) -> AsyncConnection:
        return cast(AsyncConnection, self.memory)

    async def live(self) -> Lived:
        first = business_day(self.term.since)
        self.work.timers.append(duty_times.plan_timer(self.term.ledger, first, self.term.since))
        await works.append(self.conn, self.work)
        for fact in self.term.facts:
            await self._pass_time(fact.recorded_at)
            await self._take(fact)
        await self._pass_time(self.term.until)
        return Lived(duties=self.memory.duties, flags=self.flags.found)

    async def _take(self, fact: Fact) -> None:
        self._at(fact.recorded_at)
        if fact.type == CALENDAR:
            await replan(self.conn, self.work, fact)
        elif not recorded_streak(fact):
            places = self._places(fact)
            await take_fact(self.conn, self.work, fact, places)
            if raised := self.flags.take(fact, self._limit(fact)):
                await take_fact(self.conn, self.work, raised, places)
        await works.append(self.conn, self.work)

    async def _pass_time(self, until: datetime) -> None:
        for timers in self.memory.due(until):
            if not timers:  # all of them were armed anew, for another time
                continue
            self._at(timers[0].due_at)
            due = [one for one in timers if one.kind == DUE_TIMER]
            plans = [one for one in timers if one.kind == duty_times.PLAN_TIMER]
            if due:
                await duty_times.fall_due(self.conn, self.work, due)
            if plans:
                await duty_times.plan(self.conn, self.work, plans)
            await works.append(self.conn, self.work)

    def _at(self, now: datetime) -> None:
        self.work.batch.circumstances = replace(self.work.batch.circumstances, now=now)

    def _limit(self, fact: Fact) -> int | None:
        try:
            pack = self.rules.pack(fact.path, business_day(fact.at))
        except RulesMissing:
            return None
        return pack.values.absence.streak.more_than_days

    def _places(self, fact: Fact) -> dict[str, Place]:
        row = self.term.children.get(UUID(fact.child)) if fact.child else None
        if row is None:
            return {}
        klass = str(row.klass) if row.klass else None
        place = Place(path=row.path, klass=klass, school=row.school, child=row.child)
        return {str(row.child): place}


def replay(term: Term, rules: Rules) -> Lived:
    """The term's duties and flags under these rules."""
    circumstances = Circumstances(
        ledger=term.ledger,
        actor=SYSTEM,
        via="system",
        policy_version="",
        command_id=EFFECTS,
        now=term.since,
    )
    work = Work(term.ledger, Undrafted(circumstances), rules, term.holding)
    work.groups = by_child(term.groups)
    memory = Memory(term.children, term.groups)
    return at_once(Replay(term, rules, memory, work).live())


def opening(term: UnitTerm) -> datetime:
    return moment_of(term.opens_on, "00:00")


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """Run what never waits: everything that it asks for is in memory."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("a replay waits for nothing")
