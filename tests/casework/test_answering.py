"""Who answered for a child on a day, and what follows from a handover: trap 12 among it."""

import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from uuid_utils.compat import uuid7

from services.casework.queries.held import held_by
from shared.contracts import enrollment as e
from shared.policy.pack import seed_pack
from tests.casework.acting import COUNTY_VIEW, PRINCIPAL_VIEW, give
from tests.county import (
    CHILD,
    KLASS,
    MONDAY,
    PATH,
    SCHOOL,
    SCHOOL_PATH,
    SECOND,
    TEACHER,
    Told,
    at,
    sealed_name,
    uid,
)
from tests.followed import World

NEWCOMER = uid("newcomer")
HANDOVER = date(2026, 12, 1)
A_DAY = timedelta(days=1)
CHARGE = {"scheme": "baobao", "tier": "teacher_child"}


async def newcomer(world: World, told: Told) -> None:
    """Another homeroom teacher takes the class over on a day that is both people's."""
    when = at(MONDAY)
    name = await sealed_name(world.edge.keyring, NEWCOMER, "白玛央金")
    hired = e.StaffRegistered(staff=NEWCOMER, unit=SCHOOL, staff_number="T9", fields={"name": name})
    told.tell(hired, SCHOOL_PATH, NEWCOMER, when)
    ended = e.HomeroomTeacherEnded(klass=KLASS, staff=TEACHER, on=HANDOVER)
    told.tell(ended, PATH, KLASS, when)
    began = e.HomeroomTeacherAssigned(klass=KLASS, staff=NEWCOMER, valid_from=HANDOVER)
    told.tell(began, PATH, KLASS, when)
    await world.hear("enrollment", told.entries)


async def answers(world: World, on: date) -> list[dict[str, Any]]:
    async with world.browser(COUNTY_VIEW, "application/json") as browser:
        answer = await browser.get(f"/casework/children/{CHILD}/answers?on={on}")
    assert answer.status_code == 200, answer.text
    return answer.json()["answers"]


async def test_the_day_before_a_handover_is_the_formers_and_the_day_itself_the_newcomers(
    world: World, told: Told
) -> None:
    await newcomer(world, told)
    for on, teacher in ((HANDOVER - A_DAY, TEACHER), (HANDOVER, NEWCOMER)):
        (one,) = [a for a in await answers(world, on) if a["tier"] == "homeroom_class"]
        assert (one["holder"], one["how"]) == (str(teacher), "derived")
        assert one["source"]["type"] == "enrollment.HomeroomTeacherAssigned"
    async with world.browser(COUNTY_VIEW) as browser:
        html = (await browser.get(f"/casework/children/{CHILD}/answers?on={HANDOVER}")).text
    assert "白玛央金" in html and "班主任包班" in html
    assert "学籍 " in html and "enrollment 990101" not in html


async def test_an_assignment_is_told_with_its_days_and_the_event_it_rests_on(
    world: World, told: Told
) -> None:
    await newcomer(world, told)
    held = {**CHARGE, "target": str(CHILD)}
    await give(
        world, "assign_responsibility", COUNTY_VIEW, **held, holder=str(TEACHER), since=MONDAY
    )
    await give(
        world,
        "assign_responsibility",
        COUNTY_VIEW,
        **held,
        holder=str(NEWCOMER),
        since=HANDOVER,
        instead=str(TEACHER),
    )
    events = await world.events("ResponsibilityAssigned")
    for on, holder, seq in (
        (MONDAY, TEACHER, events[0].ledgerseq),
        (HANDOVER - A_DAY, TEACHER, events[0].ledgerseq),
        (HANDOVER, NEWCOMER, events[1].ledgerseq),
    ):
        mine = of_charge(await answers(world, on))
        assert [(one["holder"], one["source"]["seq"]) for one in mine] == [(str(holder), seq)]
    (before,) = of_charge(await answers(world, MONDAY - A_DAY))
    assert before["how"] == "hole"


def of_charge(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in told if (one["scheme"], one["tier"]) == tuple(CHARGE.values())]


async def test_a_child_that_was_nowhere_has_nobody(world: World, told: Told) -> None:
    assert await answers(world, date(2026, 8, 31)) == []


async def test_what_a_leaver_holds_is_handed_over_row_by_row(world: World, told: Told) -> None:
    await newcomer(world, told)
    several = [{**CHARGE, "target": str(one)} for one in (CHILD, SECOND)]
    rows = [{**one, "holder": str(TEACHER), "since": MONDAY.isoformat()} for one in several]
    await give(world, "assign_responsibilities", PRINCIPAL_VIEW, rows=rows)
    async with world.browser(PRINCIPAL_VIEW) as browser:
        html = (await browser.get(f"/casework/handover/{TEACHER}")).text
        assert "吉克阿依" in html and "包保：教师包人" in html and "白玛央金" in html
        names = [":".join((*CHARGE.values(), one["target"])) for one in several]
        form = {
            "command_id": str(uuid7()),
            "row": names,
            "holder": str(NEWCOMER),
            "instead": str(TEACHER),
            "since": HANDOVER.isoformat(),
            "next": "//elsewhere.example/",
        }
        path = "/casework/commands/assign_responsibilities"
        sent = await browser.post(path, data=form)
    assert sent.status_code == 303 and sent.headers["location"] == "/casework/coverage"
    ended = await world.events("ResponsibilityEnded")
    told_ = [json.loads(bytes(one.data)) for one in ended]
    assert [one["successor"]["id"] for one in told_] == [str(NEWCOMER)] * 2
    assert await held_from(world, TEACHER, HANDOVER) == []
    assert len(await held_from(world, NEWCOMER, HANDOVER)) == 3


async def held_from(world: World, staff: UUID, on: date) -> list[str]:
    async with world.engine.connect() as conn:
        return [one.by for one in await held_by(conn, staff, seed_pack(), on)]


async def test_a_new_years_sheet_keeps_who_teaches_on_and_leaves_holes_for_the_rest(
    world: World, told: Told
) -> None:
    row = {**CHARGE, "target": str(CHILD), "holder": str(TEACHER), "since": MONDAY.isoformat()}
    await give(world, "assign_responsibilities", PRINCIPAL_VIEW, rows=[row])
    moved = e.StudentEnrolled(
        child=SECOND, klass=KLASS, school=SCHOOL, grade=9, seat=None, on=date(2026, 12, 1)
    )
    told.tell(moved, PATH, SECOND, at(MONDAY))
    await world.hear("enrollment", told.entries)
    path = f"/casework/coverage/year?scheme=baobao&since=2027-02-01&unit={KLASS}"
    async with world.browser(PRINCIPAL_VIEW) as browser:
        html = (await browser.get(path)).text
    assert "共 2 处，其中 1 处要另选人" in html
    assert f'value="{TEACHER}" selected' in html and "去年没有人负责" in html


async def test_who_answers_for_a_child_does_so_in_its_new_class(world: World, told: Told) -> None:
    row = {**CHARGE, "target": str(CHILD), "holder": str(TEACHER), "since": MONDAY.isoformat()}
    await give(world, "assign_responsibilities", PRINCIPAL_VIEW, rows=[row])
    there = f"{SCHOOL_PATH}/{uid('class 9-9')}"
    moved = e.StudentEnrolled(
        child=CHILD, klass=uid("class 9-9"), school=SCHOOL, grade=9, seat=None, on=MONDAY
    )
    told.tell(moved, there, CHILD, at(MONDAY))
    await world.hear("enrollment", told.entries)
    asked = text("select path from responsibility where target = :child")
    async with world.engine.connect() as conn:
        assert (await conn.execute(asked, {"child": str(CHILD)})).scalars().all() == [there]


@pytest.mark.parametrize("closed", [True, False])
async def test_nobody_who_has_left_is_given_anything(
    world: World, told: Told, closed: bool
) -> None:
    await newcomer(world, told)
    opened = e.AccountOpened(staff=NEWCOMER, account="t9")
    told.tell(opened, SCHOOL_PATH, NEWCOMER, at(MONDAY))
    if closed:
        gone = e.AccountClosed(staff=NEWCOMER, account="t9", reason="left")
        told.tell(gone, SCHOOL_PATH, NEWCOMER, at(MONDAY))
    await world.hear("enrollment", told.entries)
    body = {**CHARGE, "target": str(CHILD), "holder": str(NEWCOMER), "since": MONDAY.isoformat()}
    async with world.browser(COUNTY_VIEW, "application/json") as browser:
        answer = await browser.post(
            "/casework/commands/assign_responsibility",
            json={"command_id": str(uuid7()), **body},
        )
    assert answer.status_code == (422 if closed else 200), answer.text
