"""The days of a run: morning rolls, what settles, what people do, the evening, office days."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from baoxue.simulation.clockwork import Clockwork
from baoxue.simulation.counties import CountyRun
from baoxue.simulation.year import FRIDAY
from shared.event import SHANGHAI

# In the evening of every school the calls about leave are made: after 18:00, before 20:30.
MORNING, SETTLED, EVENING, OFFICE = time(8, 10), time(8, 20, 1), time(18, 5), time(10, 5)
# Within longer ones offices work on, and have their own dates to keep.
LONGEST_PAUSE_DAYS = 10
A_DAY = timedelta(days=1)
# How far a run has come: day, number of days done, of all.
Progress = Callable[[date, int, int], None]


@dataclass(slots=True)
class Days:
    """Counties that share one clock live through the same days."""

    clockwork: Clockwork
    counties: Sequence[CountyRun]
    progress: Progress = lambda *_: None

    async def run(self, *, until: datetime | None = None, after: int = 0) -> None:
        """All days of the plans after the first `after`; of the last what lies before `until`."""
        days = sorted({day for one in self.counties for day in one.plan.days})
        between = office_days(days)
        evenings = sorted(
            [_at(day, EVENING) for day in days]
            + [_at(day, OFFICE) for some in between.values() for day in some]
        )
        following = dict(pairwise(evenings))
        for number, day in enumerate(days[after:], after + 1):
            for office in between.get(day, ()):
                await self._office(_at(office, OFFICE), following, until)
            await self._day(day, following, until)
            self.progress(day, number, len(days))

    async def _day(
        self, day: date, following: dict[datetime, datetime], until: datetime | None
    ) -> None:
        places = [(one, one.plan.place_of(day)) for one in self.counties]
        school = [(one, place) for one, place in places if place is not None]
        for clock, act in ((MORNING, self._morning), (SETTLED, self._act), (EVENING, self._late)):
            at = _at(day, clock)
            if until is not None and at >= until:
                return
            await self._move(at)
            if clock == SETTLED:
                # Whoever acts on alerts sees those of the day; nobody else waits for anybody.
                await self.clockwork.settle()
            for county, place in school:
                await act(county, place, at)
        await self._duties(at, following)

    async def _office(
        self, at: datetime, following: dict[datetime, datetime], until: datetime | None
    ) -> None:
        """A working day without school: what falls due is done, nothing else happens."""
        if until is None or at < until:
            await self._move(at)
            await self._duties(at, following)

    async def _duties(self, at: datetime, following: dict[datetime, datetime]) -> None:
        after = following.get(at, at + A_DAY)
        done = [await county.dutiful.at(at, after) for county in self.counties]
        if any(done):
            # What was done in time is counted before the time runs out.
            await self.clockwork.settle()

    async def _move(self, at: datetime) -> None:
        await self.clockwork.to(at)
        for county in self.counties:
            county.accounts.now = at

    async def _morning(self, county: CountyRun, place: int, _at: datetime) -> None:
        await county.morning(place)

    async def _act(self, county: CountyRun, place: int, at: datetime) -> None:
        await county.act(place, at)

    async def _late(self, county: CountyRun, _place: int, _at: datetime) -> None:
        await county.afternoon()


def office_days(days: Sequence[date]) -> dict[date, list[date]]:
    """Of each school day that ends a long pause, the weekdays of that pause."""
    return {
        next_: list(_weekdays(last + A_DAY, next_))
        for last, next_ in pairwise(days)
        if (next_ - last).days > LONGEST_PAUSE_DAYS
    }


def _weekdays(first: date, end: date) -> Iterator[date]:
    while first < end:
        if first.weekday() <= FRIDAY:
            yield first
        first += A_DAY


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, SHANGHAI)
