"""The days of a run: morning rolls, what settles, what people do, the afternoon, the night."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from baoxue.simulation.clockwork import Clockwork
from baoxue.simulation.counties import CountyRun
from shared.event import SHANGHAI

MORNING, SETTLED, AFTERNOON = time(8, 10), time(8, 20, 1), time(16, 5)
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
        for number, day in enumerate(days[after:], after + 1):
            await self._day(day, until)
            self.progress(day, number, len(days))

    async def _day(self, day: date, until: datetime | None) -> None:
        places = [(one, one.plan.place_of(day)) for one in self.counties]
        school = [(one, place) for one, place in places if place is not None]
        for clock, act in ((MORNING, self._morning), (SETTLED, self._act), (AFTERNOON, self._late)):
            at = datetime.combine(day, clock, SHANGHAI)
            if until is not None and at >= until:
                return
            await self.clockwork.to(at)
            if clock == SETTLED:
                # Whoever acts on alerts sees those of the day; nobody else waits for anybody.
                await self.clockwork.settle()
            for county, place in school:
                await act(county, place, at)

    async def _morning(self, county: CountyRun, place: int, _at: datetime) -> None:
        await county.morning(place)

    async def _act(self, county: CountyRun, place: int, at: datetime) -> None:
        await county.act(place, at)

    async def _late(self, county: CountyRun, _place: int, _at: datetime) -> None:
        await county.afternoon()
