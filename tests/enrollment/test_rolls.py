"""From a roll to absences and long runs: sent, settled, corrected, recalled, missing, excused."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.enrollment.bulk.rolls import RollEntry, submit_roll, submit_rolls
from services.enrollment.domain.roll import (
    Absent,
    RecallByAnother,
    RecallTooLate,
    RollIncomplete,
)
from shared.event_store import Conflict
from shared.rights import NotAllowed, Viewer
from tests.enrollment.world import (
    CHILDREN,
    KLASS,
    OPENS,
    OTHER_KLASS,
    SCHOOL,
    Enrolled,
    at,
    day,
    enroll,
    uid,
)

FIRST, SECOND, *_ = CHILDREN


@pytest.fixture
async def school(county: Enrolled) -> Enrolled:
    await enroll(county)
    return county


def away(on: date, *children: Any, mark: str = "unexcused") -> dict[str, Any]:
    return {
        "klass": str(KLASS),
        "on": on.isoformat(),
        "absent": [{"child": str(child), "mark": mark} for child in children],
    }


async def types(school: Enrolled) -> list[str]:
    kept = ("StudentAbsent", "AbsenceEnded", "AttendanceCorrected", "AbsenceStreakExceeded")
    return [one.type.split(".")[1] for one in await school.events(*kept)]


async def test_four_unexcused_days_exceed_the_limit_once(school: Enrolled) -> None:
    for number in range(5):
        await school.to(at(day(number)))
        await school.give("submit_roll", "teacher", **away(day(number), FIRST))
        await school.to(at(day(number), "08:11"))
    assert (await types(school)).count("StudentAbsent") == 5
    (streak,) = await school.events("AbsenceStreakExceeded")
    assert streak.subject == str(FIRST) and b'"days":4' in bytes(streak.data)


async def test_a_roll_settles_after_its_window_and_not_before(school: Enrolled) -> None:
    await school.give("submit_roll", "teacher", **away(day(0), FIRST))
    await school.to(at(day(0), "08:09"))
    assert await types(school) == []
    await school.to(at(day(0), "08:11"))
    assert await types(school) == ["StudentAbsent"]


async def test_a_recalled_roll_never_takes_effect(school: Enrolled) -> None:
    await school.give("submit_roll", "teacher", **away(day(0), FIRST))
    recall = {"klass": KLASS, "on": day(0), "recalls": 1}
    with pytest.raises(RecallByAnother):
        await school.give("recall_roll", "principal", **recall)
    await school.give("recall_roll", "teacher", **recall)
    await school.to(at(day(0), "08:30"))
    assert await types(school) == []


async def test_after_the_window_a_roll_is_corrected_not_recalled(school: Enrolled) -> None:
    await school.give("submit_roll", "teacher", **away(day(0), FIRST))
    await school.to(at(day(0), "08:11"))
    with pytest.raises(RecallTooLate):
        await school.give("recall_roll", "teacher", klass=KLASS, on=day(0), recalls=1)
    await school.give("submit_roll", "teacher", **away(day(0), FIRST, mark="sick"))
    await school.to(at(day(0), "08:22"))
    assert await types(school) == ["StudentAbsent", "AttendanceCorrected"]


async def test_what_a_recalled_correction_corrected_still_settles(school: Enrolled) -> None:
    await school.give("submit_roll", "teacher", **away(day(0), FIRST))
    await school.give("submit_roll", "teacher", **away(day(0), FIRST, SECOND))
    await school.give("recall_roll", "teacher", klass=KLASS, on=day(0), recalls=2)
    await school.to(at(day(0), "08:11"))
    (absent,) = await school.events("StudentAbsent")
    assert absent.subject == str(FIRST)


async def test_a_late_roll_settles_at_once(school: Enrolled) -> None:
    await school.to(at(day(1)))
    await school.give("submit_roll", "teacher", **away(day(0), FIRST))
    await school.to(at(day(1), "08:01"))
    (absent,) = await school.events("StudentAbsent")
    assert absent.occurredprecision == "day" and absent.occurredat.startswith(str(day(0)))


async def test_a_class_without_a_roll_at_the_cut_off_is_missing_once(school: Enrolled) -> None:
    await school.to(at(day(1), "08:00"))
    missing = await school.events("DailyRollMissing")
    assert [one.stream for one in missing] == [f"roll-{KLASS}-{day(0)}"]
    await school.give("submit_roll", "teacher", **away(day(1)))
    await school.to(at(day(5), "08:00"))
    days = [one.stream[-10:] for one in await school.events("DailyRollMissing")]
    assert days == [str(day(n)) for n in (0, 2, 3, 4)]


async def test_the_forms_shape_is_the_same_roll(school: Enrolled) -> None:
    present = [str(child) for child in CHILDREN if child != FIRST]
    form: dict[str, Any] = {"present": present, "sick": str(FIRST)}
    done = await school.give("submit_roll", "teacher", klass=str(KLASS), on=str(day(0)), **form)
    (sent,) = done.outcome.envelopes
    assert b'"mark":"sick","reason":"sick"' in bytes(sent.data)
    assert done.next == f"/enrollment/classes/{KLASS}/rolls/{day(0)}"
    present.remove(str(SECOND))
    with pytest.raises(RollIncomplete):
        await school.give("submit_roll", "teacher", klass=str(KLASS), on=str(day(0)), **form)


async def test_a_form_drawn_before_a_roll_stood_is_a_conflict(school: Enrolled) -> None:
    await school.give("submit_roll", "teacher", **away(day(0)), version=0)
    with pytest.raises(Conflict):
        await school.give("submit_roll", "principal", **away(day(0), FIRST), version=0)
    await school.give("submit_roll", "principal", **away(day(0), FIRST), version=1)


async def test_a_roll_sent_twice_is_one_event_and_says_so(school: Enrolled) -> None:
    wish = away(day(0), FIRST) | {"command_id": uid("roll")}
    first = await school.give("submit_roll", "teacher", **wish)
    again = await school.give("submit_roll", "teacher", **wish)
    assert again.outcome.repeated and again.outcome.envelopes == first.outcome.envelopes
    assert len(await school.events("DailyRollSubmitted")) == 1


async def test_a_reason_is_a_correction_with_its_own_mark(school: Enrolled) -> None:
    await school.give("submit_roll", "teacher", **away(day(0), FIRST))
    tap = {"klass": KLASS, "on": day(0), "child": FIRST}
    await school.give("set_reason", "teacher", **tap, reason="sick", version=1)
    await school.to(at(day(0), "08:11"))
    (absent,) = await school.events("StudentAbsent")
    assert b'"mark":"sick"' in bytes(absent.data)


async def test_leave_excuses_what_was_recorded(school: Enrolled) -> None:
    await school.give("submit_roll", "teacher", **away(day(0), FIRST))
    await school.to(at(day(0), "08:11"))
    leave = {"child": FIRST, "kind": "sick", "first_on": day(0), "last_on": day(2)}
    await school.give("grant_leave", "teacher", **leave, note="发烧")
    (corrected,) = await school.events("AttendanceCorrected")
    assert b'"basis":"leave"' in bytes(corrected.data)
    (granted,) = await school.events("LeaveGranted")
    assert "发烧".encode() not in bytes(granted.data)
    await school.give("end_leave", "teacher", child=FIRST, on=day(1))
    assert len(await school.events("LeaveEnded")) == 1


async def test_nobody_elsewhere_takes_the_roll_or_moves_a_child(school: Enrolled) -> None:
    with pytest.raises(NotAllowed):
        await school.give("submit_roll", "stranger", **away(day(0)))
    with pytest.raises(NotAllowed):
        await school.give("change_child", "stranger", child=FIRST, name="别名")
    await school.give("register_child", "stranger", name="外校", klass=OTHER_KLASS)


async def test_a_principal_takes_it_on_the_teachers_behalf(school: Enrolled) -> None:
    done = await school.give("submit_roll", "principal", **away(day(0)))
    (sent,) = done.outcome.envelopes
    assert (sent.actorid, sent.onbehalfof) == (str(uid("principal")), str(uid("teacher")))


async def test_two_hundred_rolls_at_once_are_what_one_by_one_would_be(school: Enrolled) -> None:
    """Ten days of two classes, each roll corrected nineteen times: in bulk here, singly there."""
    twins = tuple(uid(f"twin {n}") for n in range(5))
    twin = uid("twin class")
    await school.give("open_class", klass=twin, **CLASS_VALUES)
    for seat, child in enumerate(twins, 1):
        values = {"child": child, "name": "同", "klass": twin, "seat": seat, "on": OPENS}
        await school.give("register_child", **values)
    principal = await school.viewer("principal")
    bulk, single = (
        list(two_hundred(principal, *one)) for one in ((KLASS, CHILDREN), (twin, twins))
    )
    edge = school.world.edge
    answers = await submit_rolls(edge, bulk, via="cli")
    ones = [await submit_roll(edge, one, via="cli", wait=False) for one in single]
    assert [(one.version, one.changed, one.corrected, one.refused) for one in answers] == [
        (one.version, one.changed, one.corrected, one.refused) for one in ones
    ]
    assert all(one.repeated for one in await submit_rolls(edge, bulk, via="cli"))
    await school.to(at(day(0), "08:30"))
    assert await story(school, KLASS, CHILDREN) == await story(school, twin, twins)


CLASS_VALUES = {"school": SCHOOL, "grade": 8, "name": "2班", "valid_from": OPENS}
ROLLS, DAYS = 200, [date(2026, 11, n) for n in (2, 3, 4, 5, 6, 9, 10, 11, 12, 13)]
TIMES = ("submitted_at", "settles_at")


def two_hundred(viewer: Viewer, klass: UUID, children: Sequence[UUID]) -> Iterator[RollEntry]:
    for turn in range(ROLLS // len(DAYS)):
        for number, on in enumerate(DAYS):
            who = children[(turn * 3 + number) % 5]
            absent = Absent(child=who, mark="unexcused", reason="not_known")
            yield RollEntry(viewer=viewer, klass=klass, on=on, absent=(absent,))


async def story(school: Enrolled, klass: UUID, children: Sequence[UUID]) -> list[str]:
    """Everything recorded of rolls and attendance of a class, ids taken out."""
    names = {str(klass): "klass"} | {str(one): f"child {n}" for n, one in enumerate(children)}
    found = []
    for one in await school.events():
        if one.stream.startswith(("roll-", "attendance-")) and str(klass) in one.unitpath:
            data = msgspec.json.decode(bytes(one.data))
            kept = {name: value for name, value in data.items() if name not in TIMES}
            line = f"{one.stream} {one.streamversion} {one.type} {kept}"
            for id, name in names.items():
                line = line.replace(id, name)
            found.append(line)
    assert found
    return sorted(found)
