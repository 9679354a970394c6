"""From a streak to an alert: once, growing, never taken back."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from shared.rulebook import RulesMissing
from tests.county import CHILD, LEDGER, MONDAY, PATH, SCHOOL, SECOND, Told, at, data_of
from tests.followed import World

PROCESS = "casework.absence_to_risk"
THURSDAY = MONDAY + timedelta(days=3)


async def test_the_shipped_rules_are_in_force_when_a_county_is_founded(
    world: World, told: Told
) -> None:
    (activated,) = await world.events("PolicyVersionActivated")
    assert activated.stream == f"unit-{LEDGER}"
    moment = await world.edge.moment()
    assert moment.rules.pack(PATH, date(2026, 9, 1)).values.absence.streak.more_than_days == 3


async def test_the_fourth_day_raises_one_alert_with_its_rule_and_calendar(
    world: World, told: Told
) -> None:
    told.streak()
    await world.move_to(at(THURSDAY))
    await world.hear("enrollment", told.entries)
    (flagged,) = await world.events("RiskFlagged")
    assert (flagged.subject, flagged.unitpath) == (str(CHILD), PATH)
    assert flagged.occurredprecision == "day"
    assert flagged.causationid == told.entries[-1].envelope.id
    data = data_of(flagged)
    assert (data["rule"], data["calendar"]) == ("0123456789abcdef", "fedcba9876543210")
    assert (data["school"], data["days"]) == (SCHOOL, 4)
    assert data["report_due_at"] == "2026-11-19T16:00:00Z"


async def test_heard_again_or_rebuilt_it_stays_one_alert(world: World, told: Told) -> None:
    told.streak()
    await world.hear("enrollment", told.entries)
    await world.hear("enrollment", told.entries)
    async with world.engine.begin() as conn:
        await conn.execute(text("delete from checkpoint where subscription = :s"), {"s": PROCESS})
    await world.hear("enrollment", told.entries)
    assert len(await world.events("RiskFlagged")) == 1


async def test_boards_rebuilt_from_the_events_are_the_same(world: World, told: Told) -> None:
    told.streak()
    await world.hear("enrollment", told.entries)
    board = text("select stream, version, state, days, path, view from alert_row order by stream")
    async with world.engine.begin() as conn:
        before = (await conn.execute(board)).all()
        await conn.execute(text("delete from alert_row"))
        await conn.execute(text("delete from checkpoint where subscription = 'casework.boards'"))
    await world.settled()
    async with world.engine.connect() as conn:
        assert (await conn.execute(board)).all() == before != []


async def test_the_run_goes_on_and_the_alert_grows(world: World, told: Told) -> None:
    told.streak()
    told.absent(THURSDAY + timedelta(days=1))
    told.absent(THURSDAY + timedelta(days=4))
    await world.hear("enrollment", told.entries)
    extended = await world.events("RiskExtended")
    assert [data_of(one)["days"] for one in extended] == [5, 6]


async def test_a_broken_run_does_not_go_on_before_it_crosses_the_line_again(
    world: World, told: Told
) -> None:
    told.streak()
    told.present(THURSDAY + timedelta(days=1))
    told.absent(THURSDAY + timedelta(days=4))
    await world.hear("enrollment", told.entries)
    assert await world.events("RiskExtended") == []


async def test_another_streak_extends_the_open_alert(world: World, told: Told) -> None:
    told.streak()
    told.present(THURSDAY + timedelta(days=1))
    told.streak(MONDAY + timedelta(days=7))
    await world.hear("enrollment", told.entries)
    assert len(await world.events("RiskFlagged")) == 1
    assert len(await world.events("RiskExtended")) == 1


async def test_a_run_that_had_ended_raises_nothing(world: World, told: Told) -> None:
    told.exceeded(MONDAY, THURSDAY, 4, ended=True)
    await world.hear("enrollment", told.entries)
    assert await world.events("RiskFlagged") == []


async def test_absences_alone_raise_nothing_so_a_recalled_roll_leaves_no_trace(
    world: World, told: Told
) -> None:
    for number in range(3):
        told.absent(MONDAY + timedelta(days=number))
    await world.hear("enrollment", told.entries)
    assert await world.events("RiskFlagged") == []


async def test_a_late_correction_is_noted_and_takes_nothing_back(world: World, told: Told) -> None:
    told.streak()
    told.corrected(MONDAY, THURSDAY + timedelta(days=2))
    await world.hear("enrollment", told.entries)
    (changed,) = await world.events("AttendanceChanged")
    assert (data_of(changed)["was"], data_of(changed)["now"]) == ("unexcused", "sick")
    async with world.engine.connect() as conn:
        row = (await conn.execute(text("select state, view from alert_row"))).one()
    assert row.state == "open"
    assert '"review":true' in row.view


async def test_many_children_are_one_append_each_with_its_own_cause(
    world: World, told: Told
) -> None:
    told.streak()
    told.streak(child=SECOND)
    await world.hear("enrollment", told.entries)
    flagged = await world.events("RiskFlagged")
    assert {one.subject for one in flagged} == {str(CHILD), str(SECOND)}
    assert len({one.causationid for one in flagged}) == 2


async def test_a_ledger_not_founded_here_waits(world: World) -> None:
    early = Told()
    early.streak()
    with pytest.raises(RulesMissing):
        await world.hear("enrollment", early.entries, PROCESS)
    assert await world.events() == []
