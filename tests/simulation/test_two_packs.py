"""A small county lives through a school year under each of the two packs, duty by duty.

What is expected is reckoned here from what people do and from the calendar, not from the software.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from baoxue.simulation.year import terms_of
from services.casework.duties.facts import Fact, fact_of
from services.casework.queries.holding import Holding, Place, Span
from services.casework.whatif.replay import Lived, Term, replay
from shared.contracts import activities as a
from shared.contracts import casework as c
from shared.contracts import duties as d
from shared.contracts import enrollment as e
from shared.policy.calendar import SchoolCalendar, UnitTerm
from shared.policy.merging import shipped_pack
from shared.policy.pack import Pack, load_pack
from shared.policy.versions import Activation
from shared.rulebook import Rules
from tests.county import (
    CHILD,
    COUNTY,
    COUNTY_PATH,
    KLASS,
    LEDGER,
    PATH,
    PRINCIPAL,
    SCHOOL,
    SCHOOL_PATH,
    SECOND,
    TEACHER,
    TOWN,
    TOWNSHIP,
    TOWNSHIP_PATH,
    Told,
    at,
)

TERMS = [UnitTerm(LEDGER, one.code, one.opens_on, one.ends_on) for one in terms_of(2025)]
CALENDAR = SchoolCalendar((), TERMS)
FIRST, LAST = TERMS[0].opens_on, TERMS[-1].ends_on
DAYS = CALENDAR.school_days(FIRST, LAST, SCHOOL_PATH)
# Every so many school days: no roll at all, a roll at 08:50, leave, a run of absence.
NO_ROLL, LATE_ROLL, LEAVE, RUN = 10, 7, 9, 15


def pack_named(name: str) -> Pack:
    return load_pack(shipped_pack(name) or b"")


def has_roll(n: int) -> bool:
    return n % NO_ROLL != NO_ROLL - 1


def is_late(n: int) -> bool:
    return n % LATE_ROLL == LATE_ROLL - 1


def runs() -> list[tuple[int, int]]:
    """(first place, days) of the first child's runs, three and four days long in turn."""
    return [(n, 3 + n // RUN % 2) for n in range(1, len(DAYS) - 5, RUN)]


@dataclass(slots=True)
class Behaviour:
    """What people did in the year, told in the order in which it happened."""

    school: Told
    work: Told

    def live(self) -> list[Fact]:
        wishes: list[tuple[datetime, Any, str, UUID | None, str, Told]] = []
        wishes += [self._roll(n, day) for n, day in enumerate(DAYS) if has_roll(n)]
        for first, length in runs():
            wishes += [self._away(DAYS[n]) for n in range(first, first + length)]
            wishes += self._back(DAYS[first + length])
        for n, day in enumerate(DAYS):
            if n % LEAVE == 0:
                wishes += self._leave(day, called=n % (2 * LEAVE) == 0)
        wishes += [self._huddle(day) for day in mondays() if day.isocalendar()[1] % 2]
        wishes += [self._check(day) for day in months_end()]
        for when, event, path, subject, stream, told in sorted(wishes, key=lambda one: one[0]):
            told.tell(event, path, subject, when, stream)
        entries = [*self.school.entries, *self.work.entries]
        facts = [fact_of(entry.envelope) for entry in entries]
        return sorted(facts, key=lambda fact: (fact.recorded_at, fact.cause.seq))

    def _roll(self, n: int, day: date) -> Any:
        when = at(day, 8, 50 if is_late(n) else 20)
        roll = e.DailyRollSubmitted(
            klass=KLASS,
            on=day,
            present=[],
            absent=[],
            author="t",
            submitted_at=when,
            settles_at=when,
        )
        return when, roll, PATH, KLASS, f"roll-{KLASS}-{day}", self.school

    def _away(self, day: date) -> Any:
        away = e.StudentAbsent(
            child=CHILD, klass=KLASS, on=day, mark="unexcused", reason=None, roll="r"
        )
        return at(day, 9, 30), away, PATH, CHILD, f"attendance-{CHILD}", self.school

    def _back(self, day: date) -> list[Any]:
        """The child is back, and whoever looked into an alert says so."""
        stream = f"attendance-{CHILD}"
        back = e.AbsenceEnded(child=CHILD, klass=KLASS, on=day, roll="r")
        seen = c.RiskCleared(alert=UUID(int=day.toordinal()), reason="at_school", note=None)
        return [
            (at(day, 9, 30), back, PATH, CHILD, stream, self.school),
            (at(day, 10), seen, PATH, CHILD, f"alert-{day}", self.work),
        ]

    def _leave(self, day: date, *, called: bool) -> list[Any]:
        leave = e.LeaveGranted(child=SECOND, kind="sick", first_on=day, last_on=day, note=None)
        found = [(at(day, 10), leave, PATH, SECOND, f"attendance-{SECOND}", self.school)]
        if called:
            call = d.EveningCallLogged(
                child=SECOND,
                leave_on=day,
                called_at=at(day, 19),
                disposition="confirmed_sick",
                better=True,
                tomorrow=True,
                settled=None,
                help=False,
                notes=None,
            )
            found.append((at(day, 19), call, PATH, SECOND, f"calls-{SECOND}", self.work))  # pyright: ignore[reportArgumentType]
        return found

    def _huddle(self, day: date) -> Any:
        held = a.MeetingHeld(
            activity=UUID(int=day.toordinal()),
            kind="huddle",
            unit=SCHOOL,
            held_at=at(day, 16),
            chair=None,
            attended=[PRINCIPAL],
            absent=[],
            agenda="",
            minutes=None,
            attachment=None,
        )
        return at(day, 16), held, SCHOOL_PATH, None, f"activity-{day}", self.work

    def _check(self, day: date) -> Any:
        check = a.SelfCheckSubmitted(
            activity=UUID(int=day.toordinal()),
            unit=SCHOOL,
            month=f"{day:%Y-%m}",
            findings=None,
            problems=0,
            attachment=None,
        )
        return at(day, 15), check, SCHOOL_PATH, None, f"activity-c{day}", self.work


def in_term(day: date) -> bool:
    return any(term.opens_on <= day <= term.ends_on for term in TERMS)


def all_days() -> list[date]:
    return [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]


def mondays() -> list[date]:
    """The first day of each week of the terms: an opening in mid-week begins a week too."""
    opened = {term.opens_on for term in TERMS}
    return [day for day in all_days() if in_term(day) and (day.weekday() == 0 or day in opened)]


def months_end() -> list[date]:
    """The last day of each month that has a day in a term."""
    days = [day for day in all_days() if in_term(day)]
    return sorted({max(d for d in days if (d.year, d.month) == (o.year, o.month)) for o in days})


def term() -> Term:
    since = date(2025, 1, 1)
    paths = {LEDGER: COUNTY_PATH, TOWNSHIP: TOWNSHIP_PATH, SCHOOL: SCHOOL_PATH}
    kinds = {LEDGER: "division", TOWNSHIP: "division", SCHOOL: "school"}
    grants = {
        ("principal", SCHOOL): [Span(PRINCIPAL, since, None)],
        ("township_officer", TOWNSHIP): [Span(TOWN, since, None)],
        ("county_officer", LEDGER): [Span(COUNTY, since, None)],
    }
    place = Place(path=PATH, klass=str(KLASS), school=SCHOOL)
    homerooms = {str(KLASS): [Span(TEACHER, since, None)]}
    pupils = {
        one: SimpleNamespace(child=one, klass=KLASS, school=SCHOOL, path=PATH, left_on=None)
        for one in (CHILD, SECOND)
    }
    return Term(
        ledger=LEDGER,
        term=TERMS[0],
        since=at(FIRST, 0, 0),
        until=at(LAST + timedelta(days=1), 0, 0),
        facts=Behaviour(Told(), Told(service="casework")).live(),
        holding=Holding(kinds, paths, {str(KLASS): place}, homerooms, grants, {}, TERMS),
        children=pupils,
        groups=(),
    )


@pytest.fixture(scope="module")
def lived() -> dict[str, Lived]:
    """The year under each pack; what people did is the same in both."""
    year, found = term(), {}
    for name in ("seed", "rhythm2024"):
        pack = pack_named(name)
        activation = Activation(LEDGER, pack.sha256, date.min)
        rules = Rules([activation], {pack.sha256: pack}, CALENDAR, frozenset())
        found[name] = replay(year, rules)
    return found


def states(of: Lived, kind: str) -> Counter[str]:
    return Counter(row.state for row in of.duties.values() if row.kind == kind)


def test_rolls_are_judged_by_the_cut_off_of_their_pack(lived: dict[str, Lived]) -> None:
    """09:00 by the plans; 08:40 by the other, where a roll at 08:50 is late."""
    given = [n for n in range(len(DAYS)) if has_roll(n)]
    late = sum(map(is_late, given))
    none = len(DAYS) - len(given)
    assert states(lived["seed"], "daily_roll") == {"satisfied": len(given), "breached": none}
    assert states(lived["rhythm2024"], "daily_roll") == {
        "satisfied": len(given) - late,
        "late": late,
        "breached": none,
    }


def test_runs_are_flagged_by_the_line_of_their_pack(lived: dict[str, Lived]) -> None:
    """More than three days, more than two: a run of three is flagged under the second alone."""
    long = [n for n, length in runs() if length == 4]
    assert [flag.on for flag in lived["seed"].flags] == [DAYS[n + 3] for n in long]
    every = [DAYS[n + 2] for n, _ in runs()]
    assert [flag.on for flag in lived["rhythm2024"].flags] == every
    for of in lived.values():
        assert states(of, "first_visit") == {"cancelled": len(of.flags)}, "the child came back"


def test_a_run_must_be_explained_within_three_school_days(lived: dict[str, Lived]) -> None:
    """Back on the fourth day is in time, on the fifth is late: the same under both packs."""
    lengths = Counter(length for _, length in runs())
    for of in lived.values():
        assert states(of, "absence_streak") == {"satisfied": lengths[3], "late": lengths[4]}


def test_leave_is_called_about_for_every_child_by_the_second_pack_alone(
    lived: dict[str, Lived],
) -> None:
    """By the plans only lagging pupils and pupils in hardship are: this child is neither."""
    leaves = [n for n in range(len(DAYS)) if n % LEAVE == 0]
    called = [n for n in leaves if n % (2 * LEAVE) == 0]
    # The next call makes up, late, for an evening without one.
    late = sum(n < called[-1] for n in leaves if n not in called)
    assert states(lived["seed"], "leave_call") == {}
    found = states(lived["rhythm2024"], "leave_call")
    assert (found["satisfied"], found["late"]) == (len(called), late)
    assert found["breached"] == len(leaves) - len(called) - late


def test_every_second_weeks_meeting_is_missed_and_every_self_check_made(
    lived: dict[str, Lived],
) -> None:
    weeks = mondays()
    held = sum(day.isocalendar()[1] % 2 for day in weeks)
    for of in lived.values():
        assert states(of, "weekly_meeting") == {"satisfied": held, "breached": len(weeks) - held}
        assert states(of, "self_check") == {"satisfied": len(months_end())}


def test_reports_follow_the_rhythm_of_their_pack(lived: dict[str, Lived]) -> None:
    """15 March and 15 September; or by month, quarter, term and year: none was made."""
    assert sum(states(lived["seed"], "spring_report").values()) == 1
    assert states(lived["rhythm2024"], "spring_report") == {}
    # The last month ends after the year does.
    months = {"breached": len(months_end()) - 1, "armed": 1}
    assert states(lived["rhythm2024"], "school_monthly") == months
    assert states(lived["rhythm2024"], "city_term") == {"breached": len(TERMS)}
    assert states(lived["rhythm2024"], "county_quarter_1") == {"breached": 1}


def test_nothing_is_left_open_that_has_fallen_due(lived: dict[str, Lived]) -> None:
    for of in lived.values():
        end = at(LAST + timedelta(days=1), 0, 0)
        open_ = [row.kind for row in of.duties.values() if row.state == "armed"]
        due = [row.kind for row in of.duties.values() if row.state == "armed" and row.due_at <= end]
        assert due == [], open_
