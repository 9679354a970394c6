"""The whole plan of a county's run: its school days, its stories, its rolls. Pure and seeded."""

from dataclasses import dataclass, replace
from datetime import date

from baoxue.simulation.county import County, Wish, make_county
from baoxue.simulation.customs import WHOLE, Customs
from baoxue.simulation.rolls import Rolls
from baoxue.simulation.scripts import SCRIPTS
from baoxue.simulation.story import Casting, Episode, Script, cast
from baoxue.simulation.year import school_days

# Of a thousand children and a term, those who have a story.
STORIES_A_TERM = 13
# Away for three days when the run ends: one more makes the streak.
BRINK = Script(name="brink", weight=0, away=((-3, 1),), reason="truant", steps=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`days`: every school day of the run. `brink`: the class whose next roll makes an alert."""

    county: County
    days: tuple[date, ...]
    episodes: tuple[Episode, ...]
    brink: Episode | None = None
    customs: Customs = WHOLE

    def rolls(self) -> Rolls:
        careful = frozenset() if self.brink is None else frozenset((self.brink.child.klass,))
        return Rolls(self.county, self.days, self.episodes, careful)

    def place_of(self, day: date) -> int | None:
        """The place of a school day, if it is one of the run's."""
        return self.days.index(day) if day in self.days else None


def make_plan(wish: Wish, first: date, last: date) -> Plan:
    """A run from `first` to `last`, both included, whatever of it is school days."""
    county = make_county(wish)
    days = school_days(county.path, wish.terms, first, last)
    terms = [one for one in wish.terms if one.opens_on <= last and one.ends_on >= first]
    count = round(len(county.children) * STORIES_A_TERM / 1000 * len(terms))
    count = max(count, min(len(SCRIPTS), len(county.children) // 10))
    stories = cast(county, Casting(count=count, days=len(days), scripts=SCRIPTS))
    return Plan(county=county, days=days, episodes=stories)


def with_brink(plan: Plan, *, after: int = 0) -> Plan:
    """Somebody of a quiet class was away on the last three school days of the run.

    `after`: how many more days of the plan the run leaves to the console (0 or 1).
    """
    busy = {episode.child.klass for episode in plan.episodes}
    quiet = [one for one in plan.county.children if one.klass not in busy]
    child = max(quiet or plan.county.children, key=lambda one: (one.grade, one.hardship))
    brink = Episode(child=child, script=BRINK, first=len(plan.days) - after)
    return replace(plan, episodes=(*plan.episodes, brink), brink=brink)
