"""Who hears of an alert: once each, as it was on that day, in their own inbox and no other."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from uuid_utils.compat import uuid7

from services.notify.commands import TABLE
from services.notify.domain.inbox import NoticeUnknown
from shared.commands import run
from shared.contracts import casework as c
from shared.contracts import enrollment as e
from shared.faults import NotNow
from shared.rights import NotAllowed
from tests.county import (
    CHILD,
    COUNTY,
    COUNTY_PATH,
    INSPECTOR,
    KLASS,
    MONDAY,
    OTHER_PATH,
    PATH,
    SCHOOL,
    STRANGER,
    TEACHER,
    TOWN,
    TOWNSHIP_PATH,
    Told,
    account,
    at,
    data_of,
    uid,
)
from tests.followed import World, viewer_of

ALERT = uid("alert")
TEACHER_VIEW = viewer_of(TEACHER, "homeroom_teacher", PATH)


def flag(casework: Told, on: date = MONDAY, child: UUID = CHILD) -> None:
    event = c.RiskFlagged(
        alert=ALERT,
        child=child,
        klass=KLASS,
        school=SCHOOL,
        kind="streak",
        first_on=on,
        last_on=on,
        days=4,
        rule="r",
        calendar="c",
        cause=None,
        note=None,
        report_due_at=at(on, 23),
        verify_due_at=at(on, 23),
    )
    casework.tell(event, PATH, child, at(on), f"alert-{ALERT}")


async def accounts(world: World) -> set[str]:
    return {data_of(one)["account"] for one in await world.events("NotificationQueued")}


async def test_teacher_township_and_county_hear_and_nobody_else(
    world: World, casework: Told
) -> None:
    flag(casework)
    await world.hear("casework", casework.entries)
    assert await accounts(world) == {account(who) for who in (TEACHER, TOWN, COUNTY)}
    queued = await world.events("NotificationQueued")
    told_about = {tuple(sorted(data_of(one)["persons"])) for one in queued}
    assert told_about == {tuple(sorted(str(who) for who in (TEACHER, TOWN, COUNTY)))}
    assert {one.causationid for one in queued} == {casework.entries[-1].envelope.id}


async def test_heard_again_or_rebuilt_each_has_one_notice(world: World, casework: Told) -> None:
    flag(casework)
    await world.hear("casework", casework.entries)
    async with world.engine.begin() as conn:
        await conn.execute(text("delete from checkpoint where subscription like 'notify.risk%'"))
    await world.hear("casework", casework.entries)
    assert len(await world.events("NotificationQueued")) == 3


async def test_told_are_the_persons_of_that_date(world: World, told: Told, casework: Told) -> None:
    newcomer, day = uid("newcomer"), MONDAY + timedelta(days=1)
    told.tell(e.HomeroomTeacherEnded(klass=KLASS, staff=TEACHER, on=day), PATH, KLASS, at(MONDAY))
    follows = e.HomeroomTeacherAssigned(klass=KLASS, staff=newcomer, valid_from=day)
    told.tell(follows, PATH, KLASS, at(MONDAY))
    told.tell(e.AccountOpened(staff=newcomer, account="new"), PATH, newcomer, at(MONDAY))
    await world.hear("enrollment", told.entries)
    flag(casework, MONDAY)
    flag(casework, day)
    await world.hear("casework", casework.entries)
    by_day: dict[str, set[str]] = {}
    for one in await world.events("NotificationQueued"):
        by_day.setdefault(str(one.causationid), set()).add(data_of(one)["account"])
    before, after = by_day.values()
    assert account(TEACHER) in before and "new" not in before
    assert "new" in after and account(TEACHER) not in after


async def test_a_case_and_an_overdue_report_are_told_too(world: World, casework: Told) -> None:
    opened = c.CaseOpened(
        case=uid("case"), alert=ALERT, child=CHILD, klass=KLASS, school=SCHOOL, reason="visited"
    )
    casework.tell(opened, PATH, CHILD, at(MONDAY), f"case-{uid('case')}")
    overdue = c.ReportOverdue(alert=ALERT, child=CHILD, due_at=at(MONDAY))
    casework.tell(overdue, PATH, CHILD, at(MONDAY), f"alert-{ALERT}")
    await world.hear("casework", casework.entries)
    kinds = [data_of(one)["kind"] for one in await world.events("NotificationQueued")]
    assert sorted(set(kinds)) == ["case_opened", "report_overdue"]
    assert len(kinds) == 6


async def test_a_child_not_heard_of_yet_waits(world: World, casework: Told) -> None:
    flag(casework, child=uid("nobody"))
    with pytest.raises(NotNow):
        await world.hear("casework", casework.entries)
    assert await world.events("NotificationQueued") == []


async def test_the_inbox_names_the_child_and_the_reading_is_recorded(
    world: World, casework: Told
) -> None:
    flag(casework)
    await world.hear("casework", casework.entries)
    async with world.browser(TEACHER_VIEW) as browser:
        page = await browser.get("/notify/inbox")
        part = await browser.get("/notify/today")
    assert page.status_code == part.status_code == 200
    assert "沙马木呷" in page.text and "沙马木呷" in part.text
    assert f"/casework/alerts/alert-{ALERT}" in page.text
    viewed = await world.events("RecordViewed", ledger="990101-access")
    assert {str(CHILD)} <= set(data_of(viewed[0])["subjects"])


async def test_nobody_sees_or_reads_the_notices_of_another(world: World, casework: Told) -> None:
    flag(casework)
    await world.hear("casework", casework.entries)
    stranger = viewer_of(STRANGER, "principal", OTHER_PATH)
    async with world.browser(stranger) as browser:
        page = await browser.get("/notify/inbox")
    assert "沙马木呷" not in page.text
    first = (await world.events("NotificationQueued"))[0]
    with pytest.raises(NoticeUnknown):
        await read(world, stranger, data_of(first)["notice"])


async def test_read_once_it_is_read(world: World, casework: Told) -> None:
    flag(casework)
    await world.hear("casework", casework.entries)
    mine = next(
        data_of(one)
        for one in await world.events("NotificationQueued")
        if data_of(one)["account"] == account(TEACHER)
    )
    await read(world, TEACHER_VIEW, mine["notice"])
    await read(world, TEACHER_VIEW, mine["notice"])
    assert len(await world.events("NotificationRead")) == 1
    async with world.browser(TEACHER_VIEW) as browser:
        assert "0 条未读" in (await browser.get("/notify/inbox")).text


async def test_an_inspector_has_no_inbox(world: World, casework: Told) -> None:
    inspector = viewer_of(INSPECTOR, "inspector", COUNTY_PATH)
    async with world.browser(inspector) as browser:
        assert (await browser.get("/notify/inbox")).status_code == 403


async def test_the_township_reminds_the_teacher_and_nobody_from_elsewhere_may(
    world: World, casework: Told
) -> None:
    values = {"command_id": uuid7(), "child": CHILD, "about": f"alert-{ALERT}"}
    town = viewer_of(TOWN, "township_officer", TOWNSHIP_PATH)
    for _ in range(2):
        await run(world.edge, town, TABLE["remind"], values)
    (queued,) = await world.events("NotificationQueued")
    assert (data_of(queued)["account"], data_of(queued)["kind"]) == (account(TEACHER), "reminder")
    assert queued.actorid == str(TOWN)
    stranger = viewer_of(STRANGER, "principal", OTHER_PATH)
    with pytest.raises(NotAllowed):
        await run(world.edge, stranger, TABLE["remind"], values | {"command_id": uuid7()})


async def read(world: World, viewer: Any, notice: str) -> None:
    await run(world.edge, viewer, TABLE["read_notice"], {"command_id": uuid7(), "notice": notice})
    await world.settled()
