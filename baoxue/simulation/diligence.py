"""How people are about their duties: most do them in time, some late, a few never. Seeded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from random import Random

# Of a thousand duties of a form, how many are done late and how many never; the rest in time.
USUAL = (50, 30)
FORMS: Mapping[str, tuple[int, int]] = {
    "leave_call": (60, 40),
    # A meeting or a visit of another week makes up for none: it is held, or it is not.
    "meeting": (0, 60),
    "visit": (60, 50),
    "child": (60, 50),
}
BY_WEEK = "weekly_visit"
FIRST_PART, LAST_PART = 0.1, 0.9
LATE_HOURS = (12, 60)


class Will(Enum):
    """What somebody means to do about a duty."""

    IN_TIME = "in_time"
    LATE = "late"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Intent:
    """`part` of the time there is after which it is done; `delay` after the due time, if late."""

    will: Will
    part: float
    delay: timedelta

    def due_now(self, window: datetime, due: datetime, now: datetime, following: datetime) -> bool:
        """Whether it is done at `now`; `following`: when there will be time for it again."""
        match self.will:
            case Will.IN_TIME:
                planned = window + (due - window) * self.part
                return now <= due and (now >= planned or following > due)
            case Will.LATE:
                return now >= due + self.delay
            case Will.NEVER:
                return False


def intent(seed: str, form: str, kind: str, name: str) -> Intent:
    """The same for the same duty of the same county, in every run; `name` tells it from others."""
    rng = Random(f"{seed} duty {kind} {name}")
    late, never = FORMS.get(form, USUAL)
    drawn, part = rng.randrange(1000), rng.uniform(FIRST_PART, LAST_PART)
    delay = timedelta(hours=rng.randint(*LATE_HOURS))
    if drawn < never:
        return Intent(Will.NEVER, part, delay)
    if drawn < never + late and kind != BY_WEEK:
        return Intent(Will.LATE, part, delay)
    return Intent(Will.IN_TIME, part, delay)
