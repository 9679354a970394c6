"""Rolls in the order that offices send them: late, over gaps, on Saturdays, many at one moment."""

import asyncio
from datetime import date
from typing import Any

import msgspec
import pytest
from sqlalchemy import text
from uuid_utils.compat import uuid7

from services.enrollment.aggregates import ATTENDANCE
from services.enrollment.bulk.rolls import RollEntry, submit_roll, submit_rolls
from services.enrollment.domain.roll import Absent, NoSchoolThatDay
from shared.policy.pack import seed_pack
from tests.enrollment.world import (
    CHILDREN,
    KLASS,
    OPENS,
    OTHER_TOWNSHIP,
    SCHOOL,
    Enrolled,
    at,
    day,
    enroll,
)

FIRST, SECOND, *_ = CHILDREN
# A Saturday on which the national calendar makes up for a holiday, and the Sunday after it.
MAKE_UP, SUNDAY_AFTER = date(2026, 10, 10), date(2026, 10, 11)


@pytest.fixture
async def school(county: Enrolled) -> Enrolled:
    await enroll(county)
    return county


async def entry(school: Enrolled, on: date, *away: Any, by: str = "teacher") -> RollEntry:
    absent = tuple(Absent(child=child, mark="unexcused", reason="unknown") for child in away)
    return RollEntry(viewer=await school.viewer(by), klass=KLASS, on=on, absent=absent)


async def take(school: Enrolled, on: date, *away: Any) -> None:
    """A roll of the day as a file brings it: it takes effect at once."""
    wish = await entry(school, on, *away, by="principal")
    (answer,) = await submit_rolls(school.world.edge, [wish], via="import")
    assert answer.refused is None, answer.refused
    while await school.world.tick():
        pass


async def story(school: Enrolled, child: Any) -> list[tuple[str, str]]:
    """(event, its day) of a child's attendance, as recorded."""
    kept = ("StudentAbsent", "AbsenceEnded", "AttendanceCorrected", "AbsenceStreakExceeded")
    found: list[tuple[str, str]] = []
    for one in await school.events(*kept):
        if one.subject == str(child):
            data = msgspec.json.decode(one.data)
            found.append((one.type.split(".")[1], data.get("on") or data["last_on"]))
    return found


async def test_a_roll_says_how_it_came_and_under_which_rules(school: Enrolled) -> None:
    await school.give("submit_roll", "teacher", klass=KLASS, on=day(0), via="offline")
    await take(school, day(0), FIRST)
    by_hand, by_file = await school.events("DailyRollSubmitted")
    assert (by_hand.via, by_file.via) == ("offline", "import")
    version = seed_pack().version
    assert by_hand.policyversion == by_file.policyversion == version
    assert by_hand.actorrole == "homeroom_teacher" and by_file.actorrole == "principal"
    assert by_hand.settlesat and by_file.settlesat


async def test_a_missing_roll_pauses_a_run_and_a_late_one_completes_it(school: Enrolled) -> None:
    """Trap 3: what nobody has said is neither absence nor presence."""
    await school.to(at(day(4), "09:30"))
    for number in (0, 1, 3):
        await take(school, day(number), FIRST)
    assert await school.events("AbsenceStreakExceeded") == []
    await take(school, day(2), FIRST)
    assert (await story(school, FIRST))[-1] == ("AbsenceStreakExceeded", str(day(3)))


async def test_a_late_absence_before_known_presences_makes_no_run(school: Enrolled) -> None:
    await school.to(at(day(5)))
    for number in range(4):
        await take(school, day(number), *([FIRST] if number in (0, 1, 2) else []))
    await take(school, day(4), FIRST)
    assert ("AbsenceEnded", str(day(3))) in await story(school, FIRST)
    assert await school.events("AbsenceStreakExceeded") == []


async def test_a_presence_without_an_event_splits_a_run_that_turns_up_late(
    school: Enrolled,
) -> None:
    """The presence of day 2 was no event, for nothing ended then; the rolls themselves know it."""
    await school.to(at(day(6)))
    await take(school, day(2))
    for number in (3, 4):
        await take(school, day(number), FIRST)
    for number in (0, 1):
        await take(school, day(number), FIRST)
    assert ("AbsenceEnded", str(day(2))) in await story(school, FIRST)
    assert await school.events("AbsenceStreakExceeded") == []


async def test_a_corrected_roll_takes_a_day_out_of_the_run(school: Enrolled) -> None:
    await school.to(at(day(5)))
    for number in range(3):
        await take(school, day(number), FIRST)
    await take(school, day(1))
    await take(school, day(3), FIRST)
    assert ("AttendanceCorrected", str(day(1))) in await story(school, FIRST)
    assert await school.events("AbsenceStreakExceeded") == []


async def test_a_make_up_saturday_counts_and_a_sunday_takes_no_roll(school: Enrolled) -> None:
    calendar = (await school.world.edge.moment()).rules.school_calendar()
    path = "990000/990100/990101/990101001/2199010001"
    assert calendar.is_school_day(MAKE_UP, path).school
    for on in (date(2026, 10, 8), date(2026, 10, 9), MAKE_UP, date(2026, 10, 12)):
        await take(school, on, FIRST)
    assert (await story(school, FIRST))[-1] == ("AbsenceStreakExceeded", "2026-10-12")
    wish = await entry(school, SUNDAY_AFTER, FIRST)
    (answer,) = await submit_rolls(school.world.edge, [wish], via="web")
    assert isinstance(answer.refused, NoSchoolThatDay)


async def test_one_jump_over_days_settles_and_notes_each_in_due_order(school: Enrolled) -> None:
    await school.give("submit_roll", "teacher", klass=KLASS, on=day(0))
    await school.world.move_to(at(day(3), "10:00"))
    while await school.world.tick():
        pass
    missing = [
        msgspec.json.decode(one.data)["on"] for one in await school.events("DailyRollMissing")
    ]
    assert missing == [str(day(number)) for number in (1, 2, 3)]
    happened = [one.occurredat for one in await school.events("DailyRollMissing")]
    assert happened[0].startswith(f"{day(1)}T01:00")


async def test_a_whole_file_settles_as_day_by_day(school: Enrolled) -> None:
    """All of a month's rolls settle at one moment, in whatever order their timers are taken."""
    await school.to(at(day(5)))
    rows = [day(4), day(2), day(0), day(3), day(1)]
    entries = [
        await entry(school, on, FIRST, *([SECOND] if on != day(2) else []), by="principal")
        for on in rows
    ]
    answers = await submit_rolls(school.world.edge, entries, via="import")
    assert all(answer.changed for answer in answers)
    while await school.world.tick():
        pass
    streaks = await school.events("AbsenceStreakExceeded")
    assert {one.subject for one in streaks} == {str(FIRST)}
    state = await attendance(school, SECOND)
    assert [run.days for run in state.runs()] == [2, 2]


async def test_rolls_of_a_file_and_of_a_hand_race_and_both_are_kept(school: Enrolled) -> None:
    await school.to(at(day(1)))
    days = [date(2026, 9, n) for n in (7, 8, 9, 10, 11, 14, 15, 16, 17, 18)]
    file = [await entry(school, on, FIRST, by="principal") for on in days]
    hand = [await entry(school, on, SECOND) for on in days]
    bulk = submit_rolls(school.world.edge, file, via="import")
    singles = [submit_roll(school.world.edge, one, via="web") for one in hand]
    answers, others = await asyncio.gather(bulk, asyncio.gather(*singles))
    assert all(one.refused is None for one in [*answers, *others])
    rolls = await school.events("DailyRollSubmitted")
    assert len(rolls) == 2 * len(days)
    assert all(one.streamversion in (1, 2) for one in rolls)


async def test_the_board_agrees_with_the_streams_after_everything(school: Enrolled) -> None:
    await school.give("submit_roll", "teacher", **_away(day(0), FIRST, SECOND))
    await school.give("submit_roll", "teacher", **_away(day(0), FIRST))
    await school.to(at(day(0), "08:30"))
    leave = {"child": FIRST, "kind": "sick", "first_on": day(0), "last_on": day(0)}
    await school.give("grant_leave", "teacher", **leave)
    async with school.world.engine.connect() as conn:
        rows = (await conn.execute(text("select child, mark from absence where mark <> ''"))).all()
        board = (await conn.execute(text("select * from roll_day"))).one()
        members = (await conn.execute(text("select count(*) from membership"))).scalar_one()
    assert [tuple(row) for row in rows] == [(FIRST, "sick")]
    assert (board.expected, board.present, board.submission) == (5, 4, 2) and board.corrected
    assert members == len(CHILDREN)


async def test_a_seat_is_changed_and_a_class_left_without_a_second_place(school: Enrolled) -> None:
    placed = {"child": FIRST, "klass": KLASS}
    await school.give("enroll_child", "registrar", **placed, seat=40, on=OPENS)
    left = {"on": day(2), "reason": "transferred"}
    await school.give("leave_class", "registrar", **placed, **left)
    async with school.world.engine.connect() as conn:
        found = await conn.execute(
            text("select seat, since, until from membership where child = :c"), {"c": FIRST}
        )
        assert [tuple(row) for row in found] == [(40, OPENS, day(2))]


async def test_what_lies_below_a_moved_unit_moves_with_it(school: Enrolled) -> None:
    await take(school, day(0), FIRST)
    leave = {"child": SECOND, "kind": "sick", "first_on": day(1), "last_on": day(1)}
    await school.give("grant_leave", "teacher", **leave)
    await school.give("move_unit", "officer", unit=SCHOOL, parent=OTHER_TOWNSHIP)
    new = f"990000/990100/990101/{OTHER_TOWNSHIP}/{SCHOOL}/{KLASS}"
    async with school.world.engine.connect() as conn:
        for table in ("klass", "child", "membership", "roll_day", "absence", "leave_given"):
            rows = await conn.execute(
                text(f"select distinct path from {table} where path like :p"), {"p": f"%{KLASS}"}
            )
            assert [row.path for row in rows] == [new], table
    await take(school, day(0), FIRST, SECOND)
    assert (await school.events("DailyRollSubmitted"))[-1].unitpath == new


async def test_the_board_shows_what_a_recall_leaves(school: Enrolled) -> None:
    await school.give("submit_roll", "teacher", **_away(day(0), FIRST))
    await school.give("submit_roll", "teacher", **_away(day(0), SECOND))
    await school.give("recall_roll", "teacher", klass=KLASS, on=day(0), recalls=2)
    assert await _board(school) == ((1, 5, 4), [FIRST])
    await school.give("recall_roll", "teacher", klass=KLASS, on=day(0), recalls=1)
    assert await _board(school) == ((None, None, None), [])


async def test_leave_that_ended_is_leave_no_more(school: Enrolled) -> None:
    leave = {"child": FIRST, "kind": "sick", "first_on": day(0), "last_on": day(4)}
    await school.give("grant_leave", "teacher", **leave)
    await school.give("end_leave", "teacher", child=FIRST, on=day(2))
    async with school.world.engine.connect() as conn:
        found = await conn.execute(text("select first_on, last_on from leave_given"))
        assert [tuple(row) for row in found] == [(day(0), day(1))]


async def _board(school: Enrolled) -> tuple[tuple[Any, ...], list[Any]]:
    """(submission, expected, present) of the one roll, and who is absent by it."""
    async with school.world.engine.connect() as conn:
        row = (await conn.execute(text("select submission, expected, present from roll_day"))).one()
        away = await conn.execute(text("select child from absence where mark is not null"))
        return tuple(row), [one.child for one in away]


def _away(on: date, *children: Any) -> dict[str, Any]:
    absent = [{"child": str(child), "mark": "unexcused"} for child in children]
    return {"klass": KLASS, "on": on, "absent": absent, "command_id": uuid7()}


async def attendance(school: Enrolled, child: Any) -> Any:
    async with school.world.engine.connect() as conn:
        found = await conn.execute(
            text("select state, doc from current where stream = :s"),
            {"s": f"{ATTENDANCE.prefix}{child}"},
        )
        row = found.one()
    return msgspec.json.decode(row.doc, type=ATTENDANCE.states[row.state])
