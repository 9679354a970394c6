"""The units below an officer's own today, worst first, and their schools' last days."""

from collections.abc import Sequence
from datetime import date, timedelta

from services.enrollment.pages.drawing import no_school, still_ahead
from services.enrollment.queries.board import (
    ClassDay,
    SchoolDay,
    board,
    school_days,
    unit_names,
)
from shared.console import Visit
from shared.viewing import viewing
from shared.web.models.today import SchoolDays, UnitDay, UnitsPart

DAYS_SHOWN = 20
# Twenty school days lie within this, but for the summer, when there is nothing to show.
DAYS_SEARCHED = 60


async def units_part(found: Visit) -> UnitsPart:
    """Townships of a county, schools of a township."""
    days = _last_school_days(found)
    async with viewing(found.edge.service.engine, found.viewer, "board.view", found.today) as conn:
        rows = [
            row
            for row in await board(conn, found.today)
            if row.taken or (row.enrolled and not no_school(found, row.path, found.today))
        ]
        schools = await school_days(conn, days)
        level = 0 if found.grant.path == "*" else found.grant.path.count("/") + 1
        below = sorted({_segment(row.path, level) for row in rows})
        names = await unit_names(conn, [*below, *{one.school for one in schools}])
    drawn = [
        _unit(found, code, names, [r for r in rows if _segment(r.path, level) == code])
        for code in below
    ]
    early = {row.school for row in rows if not row.taken and still_ahead(found, row.path)}
    townships = any(names.get(code, ("", ""))[1] == "division" for code in below)
    return UnitsPart(
        title="各乡镇今天" if townships else "各学校今天",
        unit_word="乡镇" if townships else "学校",
        rows=tuple(sorted(drawn, key=_worst)),
        total=_day(found, "all", "合计", rows),
        schools=_multiples(schools, names, days, early),
    )


def _last_school_days(found: Visit) -> list[date]:
    calendar, path = found.moment.rules.calendar, found.grant.path
    first = found.today - timedelta(days=DAYS_SEARCHED)
    return list(calendar.school_days(first, found.today, path))[-DAYS_SHOWN:]


def _segment(path: str, level: int) -> str:
    segments = path.split("/")
    return segments[min(level, len(segments) - 1)]


def _worst(row: UnitDay) -> tuple[float, int, str]:
    return -(row.per_thousand or 0.0), row.taken - row.due, row.unit


def _unit(
    found: Visit, code: str, names: dict[str, tuple[str, str]], rows: Sequence[ClassDay]
) -> UnitDay:
    return _day(found, code, names.get(code, (code, ""))[0], rows)


def _day(found: Visit, code: str, name: str, rows: Sequence[ClassDay]) -> UnitDay:
    taken = [row for row in rows if row.taken]
    ahead = [due for row in rows if not row.taken and (due := still_ahead(found, row.path))]
    pupils = sum(row.expected or 0 for row in taken)
    unexcused = sum(row.unexcused for row in taken)
    children = f"/enrollment/children?unit={code}"
    return UnitDay(
        unit=code,
        name=name,
        href=f"/enrollment/classes?unit={code}",
        taken=len(taken),
        due=len(rows),
        pupils=pupils,
        absent=sum((row.expected or 0) - (row.present or 0) for row in taken),
        absent_href=f"{children}&state=absent",
        unexcused=unexcused,
        unexcused_href=f"{children}&state=unexcused",
        missing_href=f"/enrollment/classes?unit={code}&state=missing",
        per_thousand=unexcused * 1000 / pupils if pupils else None,
        waiting=len(ahead),
        due_at=max(ahead, default=None),
    )


def _multiples(
    schools: Sequence[SchoolDay],
    names: dict[str, tuple[str, str]],
    days: Sequence[date],
    early: set[str],
) -> tuple[SchoolDays, ...]:
    """One a school, worst today first; a day on which a class was not called is a gap.

    Those in `early` owe today's rolls later today, and lack none yet.
    """
    by_school: dict[str, dict[date, SchoolDay]] = {}
    for one in schools:
        by_school.setdefault(one.school, {})[one.day] = one
    drawn = [
        (
            _multiple(
                school, names.get(school, (school, ""))[0], of, days, lacks=school not in early
            ),
            of.get(days[-1]),
        )
        for school, of in by_school.items()
        if days
    ]
    drawn.sort(key=lambda pair: (-((pair[1] and pair[1].per_thousand) or 0.0), pair[0].name))
    return tuple(one for one, _ in drawn)


def _multiple(
    school: str, name: str, of: dict[date, SchoolDay], days: Sequence[date], *, lacks: bool
) -> SchoolDays:
    last = of.get(days[-1])
    rate = last.per_thousand if last else None
    lacking = last.due - last.taken if last and lacks else 0
    return SchoolDays(
        name=name,
        href=f"/enrollment/classes?unit={school}",
        days=tuple(of[day].per_thousand if day in of else None for day in days),
        latest=f"缺 {lacking} 班" if lacking else ("—" if rate is None else f"{rate:.1f}"),
    )
