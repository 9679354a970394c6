"""People decide about alerts: verified it becomes a case that somebody answers for, once."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from uuid_utils.compat import uuid7

from services.casework.domain.refusals import NotInThisPhase
from shared import timer
from shared.commands import FieldsInvalid
from shared.contracts import enrollment as e
from shared.event_store import Conflict
from shared.rights import NotAllowed
from tests.casework.acting import flagged, give
from tests.county import (
    CHILD,
    KLASS,
    LEDGER,
    MONDAY,
    OTHER_PATH,
    PATH,
    PRINCIPAL,
    STRANGER,
    TEACHER,
    TOWNSHIP,
    Told,
    at,
    data_of,
    uid,
)
from tests.followed import World, viewer_of


async def test_verified_it_is_a_case_with_owner_and_reports_in_one_append(
    world: World, told: Told
) -> None:
    alert = await flagged(world, told)
    done = await give(world, "verify_risk", alert=alert, reason="visited", note="母亲电话不通")
    events = await world.events()
    at_once = [one for one in events if one.commandid == str(done.outcome.envelopes[0].commandid)]
    assert [one.type.split(".")[1] for one in at_once] == [
        "RiskVerified",
        "CaseOpened",
        "CaseAssigned",
        "DropoutReported",
        "DropoutReported",
    ]
    assert data_of(at_once[2]) | {"case": ""} == {
        "case": "",
        "owner": str(TEACHER),
        "role": "homeroom_teacher",
    }
    assert [data_of(one)["to_unit"] for one in at_once[3:]] == [TOWNSHIP, LEDGER]
    assert {(one.actorid, one.onbehalfof) for one in at_once[3:]} == {("system", str(TEACHER))}
    assert data_of(at_once[0])["note"]["class"] == "narrative"
    assert b"\xe6\xaf\x8d" not in bytes(at_once[0].data)


async def test_without_a_homeroom_teacher_the_principal_answers(world: World, told: Told) -> None:
    ended = e.HomeroomTeacherEnded(klass=KLASS, staff=TEACHER, on=MONDAY - timedelta(days=7))
    told.tell(ended, PATH, KLASS, at(MONDAY))
    alert = await flagged(world, told)
    await give(world, "verify_risk", alert=alert, reason="called")
    (assigned,) = await world.events("CaseAssigned")
    assert data_of(assigned)["owner"] == str(PRINCIPAL)


async def test_on_the_day_of_a_handover_the_newcomer_answers(world: World, told: Told) -> None:
    day, newcomer = MONDAY + timedelta(days=3), uid("newcomer")
    told.tell(e.HomeroomTeacherEnded(klass=KLASS, staff=TEACHER, on=day), PATH, KLASS, at(MONDAY))
    follows = e.HomeroomTeacherAssigned(klass=KLASS, staff=newcomer, valid_from=day)
    told.tell(follows, PATH, KLASS, at(MONDAY))
    alert = await flagged(world, told)
    await give(world, "verify_risk", alert=alert, reason="called")
    (assigned,) = await world.events("CaseAssigned")
    assert data_of(assigned)["owner"] == str(newcomer)


async def test_a_form_sent_twice_is_one_case(world: World, told: Told) -> None:
    alert, once = await flagged(world, told), uuid7()
    first = await give(world, "verify_risk", alert=alert, reason="visited", command_id=once)
    again = await give(world, "verify_risk", alert=alert, reason="visited", command_id=once)
    assert (first.outcome.repeated, again.outcome.repeated) == (False, True)
    assert len(await world.events("CaseOpened")) == 1


async def test_an_old_form_is_a_conflict(world: World, told: Told) -> None:
    alert = await flagged(world, told)
    told.absent(MONDAY + timedelta(days=4))
    await world.hear("enrollment", told.entries)
    with pytest.raises(Conflict):
        await give(world, "verify_risk", alert=alert, reason="visited", version=1)
    with pytest.raises(Conflict):
        await give(world, "clear_risk", alert=alert, reason="at_school", version=1)


async def test_the_second_of_two_decisions_is_refused(world: World, told: Told) -> None:
    alert = await flagged(world, told)
    await give(world, "clear_risk", alert=alert, reason="on_leave")
    with pytest.raises(NotInThisPhase):
        await give(world, "verify_risk", alert=alert, reason="visited")
    assert await world.events("CaseOpened") == []


async def test_a_reason_that_the_rules_do_not_know_is_refused(world: World, told: Told) -> None:
    alert = await flagged(world, told)
    with pytest.raises(FieldsInvalid):
        await give(world, "verify_risk", alert=alert, reason="because")


async def test_who_has_no_say_here_decides_nothing(world: World, told: Told) -> None:
    alert = await flagged(world, told)
    stranger = viewer_of(STRANGER, "principal", OTHER_PATH)
    with pytest.raises(NotAllowed):
        await give(world, "verify_risk", stranger, alert=alert, reason="visited")
    assert await world.events("RiskVerified") == []


async def test_a_child_nobody_finds_is_flagged_at_once_and_only_once(
    world: World, told: Told
) -> None:
    await give(world, "flag_risk", child=CHILD, kind="whereabouts", note="搬走了")
    with pytest.raises(Exception, match="等核实"):
        await give(world, "flag_risk", child=CHILD, kind="manual", sign="mood")
    told.streak()
    await world.hear("enrollment", told.entries)
    assert len(await world.events("RiskFlagged")) == 1
    assert len(await world.events("RiskExtended")) == 1


async def test_what_a_teacher_sees_may_raise_an_alert(world: World, told: Told) -> None:
    seen = {"child": CHILD, "observed_at": at(MONDAY, 8, 5), "kind": "mood", "notes": "不说话"}
    await give(world, "log_observation", **seen)
    await give(world, "log_observation", **(seen | {"kind": "peers", "sign": "near_dropout"}))
    assert len(await world.events("ObservationLogged")) == 2
    (raised,) = await world.events("RiskFlagged")
    assert data_of(raised)["sign"] == "near_dropout"
    async with world.engine.connect() as conn:
        states = (await conn.execute(text("select state from alert_row order by 1"))).scalars()
        assert list(states) == ["open", "unflagged"]


async def until_nothing_is_due(world: World) -> None:
    while await world.tick():
        pass


async def test_unreported_at_midnight_it_is_overdue_once_whoever_looks(
    world: World, told: Told
) -> None:
    await flagged(world, told)
    await until_nothing_is_due(world)
    assert await world.events("ReportOverdue") == []
    await world.move_to(at(MONDAY + timedelta(days=4), 0, 0))
    await asyncio.gather(until_nothing_is_due(world), until_nothing_is_due(world))
    (overdue,) = await world.events("ReportOverdue")
    assert data_of(overdue)["due_at"] == "2026-11-19T16:00:00Z"
    assert overdue.subject == str(CHILD)


async def test_reported_or_cleared_in_time_nothing_is_overdue(world: World, told: Told) -> None:
    alert = await flagged(world, told)
    await give(world, "verify_risk", alert=alert, reason="visited")
    await world.move_to(at(MONDAY + timedelta(days=4), 0, 0))
    assert await world.tick()
    assert await world.events("ReportOverdue") == []


async def test_two_copies_mark_a_report_overdue_once(world: World, told: Told) -> None:
    await flagged(world, told)
    await world.move_to(at(MONDAY + timedelta(days=4), 0, 1))
    handlers = world.edge.service.timers
    done = await asyncio.gather(*(timer.tick(world.engine, handlers) for _ in range(4)))
    assert sum(done) >= 1
    assert len(await world.events("ReportOverdue")) == 1


async def test_a_correction_after_the_case_was_opened_is_seen_in_the_case(
    world: World, told: Told
) -> None:
    alert = await flagged(world, told)
    await give(world, "verify_risk", alert=alert, reason="visited")
    told.corrected(MONDAY, MONDAY + timedelta(days=5))
    await world.hear("enrollment", told.entries)
    noted = await world.events("AttendanceChanged")
    assert sorted(one.stream.partition("-")[0] for one in noted) == ["alert", "case"]


async def test_away_again_after_the_return_is_a_relapse_not_a_new_alert(
    world: World, told: Told
) -> None:
    alert = await flagged(world, told)
    done = await give(world, "verify_risk", alert=alert, reason="visited")
    case = UUID(done.next.rsplit("case-", 1)[1])
    await give(world, "reinstate", case=case, on=MONDAY + timedelta(days=3))
    told.present(MONDAY + timedelta(days=4))
    told.streak(MONDAY + timedelta(days=7))
    await world.move_to(at(MONDAY + timedelta(days=10), 9))
    await world.hear("enrollment", told.entries)
    assert len(await world.events("RiskFlagged")) == 1
    (relapse,) = await world.events("RelapseDetected")
    assert data_of(relapse)["on"] == "2026-11-26"


async def test_records_follow_the_child_into_another_school(world: World, told: Told) -> None:
    alert = await flagged(world, told)
    klass = uid("other klass")
    path = f"{OTHER_PATH}/{klass}"
    moved = e.StudentEnrolled(
        child=CHILD, klass=klass, school="2199010002", grade=8, seat=None, on=MONDAY
    )
    told.tell(moved, path, CHILD, at(MONDAY + timedelta(days=3), 9))
    await world.hear("enrollment", told.entries)
    with pytest.raises(NotAllowed):
        await give(world, "verify_risk", alert=alert, reason="visited")
    stranger = viewer_of(STRANGER, "principal", OTHER_PATH)
    assert (await give(world, "verify_risk", stranger, alert=alert, reason="called")).next
